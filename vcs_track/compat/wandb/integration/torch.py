"""Models of PyTorch: ``wandb.watch`` logs them, and wandb has nothing here.

::

    wandb.watch(model, log="all", log_freq=100)
"""

from __future__ import annotations

__all__: list[str] = []

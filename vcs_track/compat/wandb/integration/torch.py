"""Models of PyTorch: ``wandb.watch`` logs them, and this module has nothing, as wandb's.

::

    wandb.watch(model, log="all", log_freq=100)
"""

from __future__ import annotations

__all__: list[str] = []

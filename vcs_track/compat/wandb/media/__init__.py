"""What wandb calls media: values of a row that are files."""

from __future__ import annotations

__all__: list[str] = []

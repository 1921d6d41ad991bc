"""What scripts take from ``wandb.util``."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from vcs_track.compat.wandb.errors import Error
from vcs_track.compat.wandb.names import generate_id

__all__ = ["generate_id", "get_module", "make_artifact_name_safe"]


def get_module(name: str, required: str | bool | None = None, lazy: bool = True) -> Any:
    """Return a module, or None where it is not installed.

    Args:
        name: Its name.
        required: What to say where it has to be there.
        lazy: Without effect.

    Raises:
        Error: If it has to be there, and is not.
    """
    del lazy
    try:
        return import_module(name)
    except ImportError:
        if required:
            raise Error(str(required)) from None
        return None


def make_artifact_name_safe(name: str) -> str:
    """Return *name* with signs replaced that no artifact can have.

    Example:
        >>> from vcs_track.compat.wandb.util import make_artifact_name_safe
        >>> make_artifact_name_safe("my model/v1")
        'my_model_v1'
    """
    safe = re.sub(r"[^a-zA-Z0-9_\-.]", "_", name)
    return safe if len(safe) <= 128 else f"{safe[:63]}..{safe[-63:]}"

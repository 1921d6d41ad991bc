"""Which files ``log_code`` keeps."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["chosen"]

_SKIPPED = {"wandb", ".wandb", ".runs", ".git", "__pycache__"}


def chosen(root: Path, include: Any, exclude: Any) -> dict[str, Path]:
    """Return paths by the names that they get.

    Args:
        root: The folder.
        include: Whether to keep a path. Default: Python files.
        exclude: Whether to leave one out. Default: none.
    """
    root = root.absolute()
    keeps = _called(include, root) if include else lambda path: path.endswith(".py")
    leaves = _called(exclude, root) if exclude else lambda _: False
    found = {}
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in _SKIPPED)
        for name in sorted(files):
            path = root.joinpath(folder, name)
            if keeps(str(path)) and not leaves(str(path)):
                found[f"code/{path.relative_to(root).as_posix()}"] = path
    return found


def _called(choice: Any, root: Path) -> Callable[[str], bool]:
    """Return *choice* as a function of the path alone."""
    try:
        both = len(inspect.signature(choice).parameters) > 1
    except (TypeError, ValueError):
        both = False
    return lambda path: bool(choice(path, str(root)) if both else choice(path))

"""Code that is kept as files: the script of ``save_code``, the folder of ``log_code``."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.plumbing.worktree import find_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.porcelain.run import Run as Native

__all__ = ["chosen", "keep_script", "script_name"]

_SKIPPED = {"wandb", ".wandb", ".runs", ".git", "__pycache__"}


def chosen(root: Path, include: Any, exclude: Any) -> dict[str, Path]:
    """Return paths by the names that they get.

    Args:
        root: The folder.
        include: Whether to keep a path. Default: Python files, ``requirements.txt`` and
            what builds an image.
        exclude: Whether to leave one out. Default: none.
    """
    root = root.absolute()
    keeps = _called(include, root) if include else _is_code
    leaves = _called(exclude, root) if exclude else lambda _: False
    found = {}
    for folder, below, files in os.walk(root):
        below[:] = sorted(name for name in below if name not in _SKIPPED)
        for name in sorted(files):
            path = root.joinpath(folder, name)
            if keeps(str(path)) and not leaves(str(path)):
                found[path.relative_to(root).as_posix()] = path
    return found


def _is_code(path: str) -> bool:
    name = Path(path).name
    return name.endswith(".py") or name == "requirements.txt" or name.startswith("Dockerfile")


def script_name(program: str | None) -> str | None:
    """Return the script of this process, from the top of its repository.

    Args:
        program: Its path, where somebody said so.

    Returns:
        None where there is no script, or it is elsewhere.
    """
    path = Path(program or sys.argv[0]).absolute()
    top = find_root(Path.cwd()) or Path.cwd()
    if not path.is_file() or top.absolute() not in path.parents:
        return None
    return path.relative_to(top.absolute()).as_posix()


def keep_script(native: Native, program: str | None) -> None:
    """Keep the script of this process as a file of the run.

    Args:
        native: The run of the store.
        program: Its path, where somebody said so.
    """
    path = Path(program or sys.argv[0]).absolute()
    if not path.is_file():
        return
    top = find_root(path.parent) or Path.cwd()
    below = path.relative_to(top).as_posix() if top in path.parents else path.name
    native.add_file(path, f"code/{below}")


def _called(choice: Any, root: Path) -> Callable[[str], bool]:
    """Return *choice* as a function of the path alone."""
    try:
        both = len(inspect.signature(choice).parameters) > 1
    except (TypeError, ValueError):
        both = False
    return lambda path: bool(choice(path, str(root)) if both else choice(path))

"""What git ignores, linked into a work tree that was made for a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["check_link", "link", "link_option"]

_F = TypeVar("_F", bound="Callable[..., Any] | click.Command")


def link_option(command: _F) -> _F:
    """Add ``--link``, files and folders that git ignores."""
    option: Callable[[_F], _F] = click.option(
        "--link", "links", metavar="PATH", multiple=True,
        help="Link a file or folder that git ignores, such as data (can be repeated)",
    )  # fmt: skip
    return option(command)


def check_link(path: str, top: Path, folder: Path) -> None:
    """Refuse what cannot be linked.

    Args:
        path: From the top of the work tree.
        top: Top of the work tree that has it.
        folder: Top of the other one.

    Raises:
        InvalidValueError: If it is not there, or is part of the code.
    """
    _places(path, top, folder)


def link(path: str, top: Path, folder: Path) -> None:
    """Link what is at *path* in one work tree into another.

    Args:
        path: From the top of the work tree.
        top: Top of the work tree that has it.
        folder: Top of the other one.

    Raises:
        InvalidValueError: If it is not there, or is part of the code.
    """
    source, target = _places(path, top, folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source.resolve(), target_is_directory=source.is_dir())


def _places(path: str, top: Path, folder: Path) -> tuple[Path, Path]:
    source = top / path
    if not source.resolve().is_relative_to(top.resolve()) or not source.exists():
        raise InvalidValueError(
            f"there is no '{path}' in '{top}'", hint="name it from the top of the work tree"
        )
    target = folder / source.relative_to(top)
    if os.path.lexists(target):
        raise InvalidValueError(f"'{path}' is part of the code", hint="only link what is not")
    return source, target

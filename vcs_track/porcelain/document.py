"""Documents written for people, beside the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import InvalidValueError
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_document"]


def write_document(path: Path, text: str, *, force: bool = False) -> None:
    """Write a text to a file of its own, all of it or nothing.

    Args:
        path: The file to make.
        text: What it holds.
        force: Replace *path* when it is there.

    Raises:
        InvalidValueError: If *path* exists.
        StorageError: If the disk refuses; what was there is still there then.

    Example:
        >>> from pathlib import Path
        >>> from vcs_track.porcelain.document import write_document
        >>> write_document(Path("page.html"), "<p>text</p>")
        >>> Path("page.html").read_text()
        '<p>text</p>'
    """
    path = path.absolute()
    if not force and (path.exists() or path.is_symlink()):
        raise InvalidValueError(f"'{path}' exists", hint="choose another name, or add --force")
    with fsio.storage_errors(f"write '{path}'"):
        if force:
            fsio.replace(path, text.encode("utf-8"))
        else:
            fsio.publish(path, text.encode("utf-8"))

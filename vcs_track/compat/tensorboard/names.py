"""Tags and runs as TensorBoard has them, any text, and as the store has them."""

from __future__ import annotations

from vcs_track.compat import quoting
from vcs_track.errors import InvalidValueError

__all__ = ["run_name", "shown", "stored"]


def stored(tag: str) -> str | None:
    """Return the tag under which *tag* is stored, None where it is too long.

    Example:
        >>> from vcs_track.compat.tensorboard.names import shown, stored
        >>> stored("train/loss"), stored("/a//b"), shown(stored("/a//b"))
        ('train/loss', '%_/a/%_/b', '/a//b')
    """
    try:
        return quoting.stored(tag)
    except InvalidValueError:
        return None


def shown(name: str) -> str:
    """Return the tag that is stored as *name*."""
    return quoting.shown(name)


def run_name(name: str, folder: str) -> str | None:
    """Return a name for the run, None where it is too long.

    Args:
        name: As TensorBoard calls it.
        folder: The name of its folder, which stands for the folder of logs itself.
    """
    for one in (folder if name == "." else name, folder):
        try:
            return quoting.key_of(one)
        except InvalidValueError:
            continue
    return None

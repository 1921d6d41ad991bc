"""Tags as DeepBoard has them, pairs of split and label, and as the store has them."""

from __future__ import annotations

from vcs_track.compat import quoting
from vcs_track.compat.quoting import key_of, shown

__all__ = ["key_of", "pair_of", "shown", "stored"]


def stored(tag: str) -> str:
    """Return the name of the series for *tag*.

    Raises:
        InvalidValueError: If it is longer than a name may be.

    Example:
        >>> from vcs_track.compat.deepboard.names import shown, stored
        >>> stored("train/loss"), stored("/loss"), shown(stored("x/"))
        ('train/loss', 'loss', 'x/')
    """
    if tag[:1] == "/" and tag.count("/") == 1:
        tag = tag[1:]  # a tag without a split, as DeepBoard shows it
    return quoting.stored(tag)


def pair_of(tag: str) -> tuple[str, str]:
    """Return what stands before the first slash, and what behind it.

    Example:
        >>> from vcs_track.compat.deepboard.names import pair_of
        >>> pair_of("train/loss"), pair_of("loss"), pair_of("a/b/c")
        (('train', 'loss'), ('', 'loss'), ('a', 'b/c'))
    """
    split, slash, label = tag.partition("/")
    return (split, label) if slash else ("", split)

"""Tags as DeepBoard has them, any text, and as the store has them.

They are those of :mod:`vcs_track.compat.tag_names`, but for a slash in front.
"""

from __future__ import annotations

from vcs_track.compat import tag_names
from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import values

__all__ = ["key_of", "pair_of", "shown", "stored"]


def stored(tag: str) -> str:
    """Return the name of the series for *tag*.

    Raises:
        InvalidValueError: If it is longer than a name may be.

    Example:
        >>> from vcs_track.compat.deepboard.names import shown, stored
        >>> stored("train/loss"), stored("x/"), shown(stored("x/"))
        ('train/loss', 'x/%_', 'x/')
    """
    if tag[:1] == "/" and tag.count("/") == 1:
        tag = tag[1:]  # a tag without a split, as DeepBoard shows it
    return tag_names.stored(tag)


def key_of(name: str) -> str:
    """Return the name under which the value *name* is stored.

    Raises:
        InvalidValueError: If it is longer than a name may be.
    """
    text = tag_names.printable(name)
    return values.check_name(text if text.strip() else tag_names.quoted(text) or tag_names.EMPTY)


def shown(name: str) -> str:
    """Return the tag whose series has *name*.

    A name that :func:`stored` would not give is a tag as it is.
    """
    if "%" not in name:
        return name
    tag = tag_names.unquoted(name)
    try:
        return tag if tag is not None and name in (stored(tag), key_of(tag)) else name
    except InvalidValueError:
        return name


def pair_of(tag: str) -> tuple[str, str]:
    """Return what stands before the first slash, and what behind it.

    Example:
        >>> from vcs_track.compat.deepboard.names import pair_of
        >>> pair_of("train/loss"), pair_of("loss"), pair_of("a/b/c")
        (('train', 'loss'), ('', 'loss'), ('a', 'b/c'))
    """
    split, slash, label = tag.partition("/")
    return (split, label) if slash else ("", split)

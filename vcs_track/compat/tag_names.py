"""Names of series that may be any text, and the tags under which the store has them.

What the store takes stays as it is. In anything else the signs that it refuses are written as
``%XX``, so that different names stay apart and come back as they were.
"""

from __future__ import annotations

import re
from typing import Final

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import values

__all__ = ["EMPTY", "printable", "quoted", "shown", "stored", "unquoted"]

EMPTY: Final = "%_"  # a part of a name that has no signs
_ESCAPE: Final = re.compile("%(?=[0-9A-F]{2}|_)")
_ESCAPED: Final = re.compile(b"%([0-9A-F]{2})")
_REFUSED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def stored(name: str) -> str:
    """Return the tag of the series *name*.

    Raises:
        InvalidValueError: If it is longer than a tag may be.

    Example:
        >>> from vcs_track.compat.tag_names import shown, stored
        >>> stored("train/loss"), stored("/x"), shown(stored("/x"))
        ('train/loss', '%_/x', '/x')
    """
    text = printable(name)
    ends = len(text) - len(text.lstrip()), len(text.rstrip())
    if ends[0] < ends[1]:
        text = quoted(text[: ends[0]]) + text[ends[0] : ends[1]] + quoted(text[ends[1] :])
    else:
        text = quoted(text)
    return values.check_tag("/".join(part or EMPTY for part in text.split("/")))


def printable(text: str) -> str:
    """Return *text* with what cannot be printed written as ``%XX``."""
    return _REFUSED.sub(lambda found: quoted(found[0]), _ESCAPE.sub("%25", text))


def quoted(text: str) -> str:
    """Return *text* with each sign written as ``%XX``."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def unquoted(name: str) -> str | None:
    """Return the text that :func:`printable` or :func:`stored` wrote so.

    None where neither can have.
    """
    data = _ESCAPED.sub(_byte, name.replace(EMPTY, "").encode("utf-8", "surrogatepass"))
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def shown(tag: str) -> str:
    """Return the name of the series that has *tag*.

    A tag that :func:`stored` would not give is a name as it is.
    """
    if "%" not in tag:
        return tag
    name = unquoted(tag)
    try:
        return name if name is not None and stored(name) == tag else tag
    except InvalidValueError:
        return tag

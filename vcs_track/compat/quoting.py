"""Tags as other tools have them, any text, and as the store has them.

What the store takes stays as it is. In anything else the signs that it refuses are written as
``%XX``, so that different tags stay apart and come back as they were.
"""

from __future__ import annotations

import re
from typing import Final

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import values

__all__ = ["key_of", "shown", "stored"]

_ESCAPE: Final = re.compile("%(?=[0-9A-F]{2}|_)")
_ESCAPED: Final = re.compile(b"%([0-9A-F]{2})")
_EMPTY: Final = "%_"  # a part of a tag that has no signs
_REFUSED: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def stored(tag: str) -> str:
    """Return the name of the series for *tag*.

    Raises:
        InvalidValueError: If it is longer than a name may be.

    Example:
        >>> from vcs_track.compat.quoting import shown, stored
        >>> stored("train/loss"), stored("x/"), shown(stored("x/"))
        ('train/loss', 'x/%_', 'x/')
    """
    text = _printable(tag)
    ends = len(text) - len(text.lstrip()), len(text.rstrip())
    if ends[0] < ends[1]:
        text = _quoted(text[: ends[0]]) + text[ends[0] : ends[1]] + _quoted(text[ends[1] :])
    else:
        text = _quoted(text)
    return values.check_tag("/".join(part or _EMPTY for part in text.split("/")))


def _printable(text: str) -> str:
    return _REFUSED.sub(_escaped, _ESCAPE.sub("%25", text))


def key_of(name: str) -> str:
    """Return the name under which the value *name* is stored.

    Raises:
        InvalidValueError: If it is longer than a name may be.
    """
    text = _printable(name)
    return values.check_name(text if text.strip() else _quoted(text) or _EMPTY)


def _escaped(match: re.Match[str]) -> str:
    return _quoted(match[0])


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def shown(name: str) -> str:
    """Return the tag whose series has *name*.

    A name that :func:`stored` would not give is a tag as it is.
    """
    if "%" not in name:
        return name
    data = _ESCAPED.sub(_byte, name.replace(_EMPTY, "").encode("utf-8", "surrogatepass"))
    try:
        tag = data.decode("utf-8", "surrogatepass")
        return tag if name in (stored(tag), key_of(tag)) else name
    except (UnicodeDecodeError, InvalidValueError):
        return name


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])

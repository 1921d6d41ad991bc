"""The wire form of protocol buffers: numbered fields, and nothing about their meaning.

A field is known by its key, which is its number and its wire type; one with an unknown key is
passed over by whoever reads, as the form wants it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vcs_track.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BYTES",
    "FIXED32",
    "FIXED64",
    "VARINT",
    "double_of",
    "double_to",
    "fields",
    "float_of",
    "float_to",
    "length_to",
    "packed",
    "signed",
    "text_of",
    "varint",
    "varint_to",
]

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
_GROUP: Final = 3
_END: Final = 4
FIXED32: Final = 5

_NUMBERED: Final = (VARINT, BYTES)
_SIZES: Final = {FIXED64: 8, FIXED32: 4}
_DOUBLE: Final = struct.Struct("<d")
_FLOAT: Final = struct.Struct("<f")
_WORD: Final = (1 << 64) - 1
_MOST: Final = 1 << 20  # fields of a message, numbers of a field
_LARGEST_FLOAT: Final = 3.4028235677973366e38  # what is beyond it rounds to infinity


def _torn() -> CorruptError:
    return CorruptError("a message ends within a field")


def _many() -> CorruptError:
    return CorruptError("a message has more than a million parts")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the number at *at*, and where it ends."""
    value = shift = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _WORD, place + 1
        shift += 7
    raise _torn()


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Return key and content of each field of a message.

    Args:
        data: The message.

    Returns:
        The key is ``number << 3 | wire type``. The content of a VARINT is a number from 0,
        that of all others their bytes. What is in groups is left out.

    Raises:
        CorruptError: If it is none, or has more than a million fields.

    Example:
        >>> from vcs_track.formats.wire import BYTES, VARINT, fields, length_to, varint_to
        >>> message = varint_to(2, 300) + length_to(4, b"ab")
        >>> fields(message) == [(2 << 3 | VARINT, 300), (4 << 3 | BYTES, b"ab")]
        True
    """
    found: list[tuple[int, int | bytes]] = []
    at, end, depth = 0, len(data), 0
    while at < end:
        key = data[at]
        at += 1
        if key >= 0x80:
            key, at = _varint(data, at - 1)
        kind = key & 7
        if kind in _NUMBERED:
            # Most numbers are short; a call for each would double the time.
            number = data[at] if at < end else 0x80
            number, at = (number, at + 1) if number < 0x80 else _varint(data, at)
            value: int | bytes = number
            if kind == BYTES:
                value = data[at : at + number]
                at += number
        elif kind in _SIZES:
            value = data[at : at + _SIZES[kind]]
            at += _SIZES[kind]
        else:
            depth = _deeper(depth, kind)
            continue
        if at > end:
            raise _torn()
        if not depth:
            found.append((key, value))
            if len(found) > _MOST:
                raise _many()
    if depth:
        raise _torn()
    return found


def _deeper(depth: int, kind: int) -> int:
    """Return how many groups are open behind the beginning or the end of one."""
    if kind == _GROUP:
        return depth + 1
    if kind == _END and depth:
        return depth - 1
    raise CorruptError(f"a message has a field of wire type {kind}")


# ---- from fields to values ---------------------------------------------------------------


def double_of(content: int | bytes) -> float:
    """Return the number of a FIXED64 field."""
    assert isinstance(content, bytes)
    return float(_DOUBLE.unpack(content)[0])


def float_of(content: int | bytes) -> float:
    """Return the number of a FIXED32 field."""
    assert isinstance(content, bytes)
    return float(_FLOAT.unpack(content)[0])


def signed(content: int | bytes) -> int:
    """Return the number of a VARINT field that may be negative."""
    assert isinstance(content, int)
    return content - (1 << 64) if content >> 63 else content


def text_of(content: int | bytes) -> str:
    """Return the text of a BYTES field; what is no UTF-8 is replaced."""
    assert isinstance(content, bytes)
    return content.decode("utf-8", "replace")


def packed(content: int | bytes, code: str) -> tuple[float, ...]:
    """Return the numbers of a field that has many, packed or just one.

    Args:
        content: Of a BYTES field, or of another one.
        code: As in :mod:`struct`; ``v`` for varints.

    Raises:
        CorruptError: If they do not fill the field, or are more than a million.
    """
    if isinstance(content, int):
        return (content,)
    size = 1 if code == "v" else struct.calcsize(f"<{code}")
    if len(content) > _MOST * size:
        raise _many()
    if code == "v":
        found, at = [], 0
        while at < len(content):
            number, at = _varint(content, at)
            found.append(number)
        return tuple(found)
    if len(content) % size:
        raise _torn()
    return struct.unpack(f"<{len(content) // size}{code}", content)


# ---- from values to fields ---------------------------------------------------------------


def varint(value: int) -> bytes:
    """Return an integer of 64 bits, which may be negative, as a varint."""
    value &= _WORD
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def varint_to(number: int, value: int) -> bytes:
    """Return the field *number* with an integer."""
    return varint(number << 3 | VARINT) + varint(value)


def length_to(number: int, *parts: bytes) -> bytes:
    """Return the field *number* with bytes, or with a message of fields."""
    content = b"".join(parts)
    return varint(number << 3 | BYTES) + varint(len(content)) + content


def double_to(number: int, value: float | Iterable[float]) -> bytes:
    """Return the field *number* with a double, or with many packed."""
    if isinstance(value, int | float):
        return varint(number << 3 | FIXED64) + _DOUBLE.pack(value)
    values = list(value)
    return length_to(number, struct.pack(f"<{len(values)}d", *values)) if values else b""


def float_to(number: int, value: float) -> bytes:
    """Return the field *number* with a float; beyond its range it is infinite."""
    if abs(value) >= _LARGEST_FLOAT:
        value = float("inf") if value > 0 else float("-inf")
    return varint(number << 3 | FIXED32) + _FLOAT.pack(value)

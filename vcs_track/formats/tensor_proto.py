"""Tensors as event files have them: TensorFlow's TensorProto, read and written.

Numbers and strings; of what else there is only the shape is told.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import CorruptError
from vcs_track.formats.wire import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    fields,
    length_to,
    packed,
    signed,
    varint_to,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST", "Tensor", "decode_tensor", "doubles_to", "strings_to"]

MOST: Final = 1 << 20  # elements

_DOUBLE: Final = 2
_STRING: Final = 7
_BFLOAT: Final = 14
_HALF: Final = 19
_NARROW: Final = (3, 4, 5, 6, 17)  # integers that share a field with int32
# How the elements of each type lie in 'tensor_content'.
_CONTENT: Final = {
    1: "f", _DOUBLE: "d", 3: "i", 4: "B", 5: "h", 6: "b", 9: "q", 10: "?", _BFLOAT: "H", 17: "H",
    _HALF: "e", 22: "I", 23: "Q",
}  # fmt: skip
# The field that has them one by one otherwise, and how they lie in it.
_FIELDS: Final = {
    1: (5, "f", FIXED32), _DOUBLE: (6, "d", FIXED64), 9: (10, "v", VARINT), 10: (11, "v", VARINT),
    _BFLOAT: (13, "v", VARINT), _HALF: (13, "v", VARINT), 22: (16, "v", VARINT),
    23: (17, "v", VARINT), **dict.fromkeys(_NARROW, (7, "v", VARINT)),
}  # fmt: skip
_SIGNED: Final = (3, 5, 6, 9)


class Tensor(NamedTuple):
    """A tensor.

    Attributes:
        shape: Its sides; empty for one element alone.
        values: Its elements, row by row: numbers or bytes; None where they are of a type that
            is not read.
    """

    shape: tuple[int, ...]
    values: tuple[Any, ...] | None


def decode_tensor(data: bytes) -> Tensor:
    """Return the tensor of a message.

    Raises:
        CorruptError: If the elements are more than the shape has, or more than :data:`MOST`,
            strings are fewer, or the shape is none.

    Example:
        >>> from vcs_track.formats.tensor_proto import decode_tensor, doubles_to
        >>> decode_tensor(doubles_to([0.5, 1.0], (1, 2)))
        Tensor(shape=(1, 2), values=(0.5, 1.0))
    """
    dtype, content = 0, b""
    shape: tuple[int, ...] = ()
    parts: dict[int, list[int | bytes]] = {}
    for key, value in fields(data):
        if key == 1 << 3 | VARINT:
            dtype = signed(value)
        elif key == 2 << 3 | BYTES and isinstance(value, bytes):
            shape = _shape(value)
        elif key == 4 << 3 | BYTES and isinstance(value, bytes):
            content = value
        else:
            parts.setdefault(key, []).append(value)
    if dtype == _STRING:
        found = parts.get(8 << 3 | BYTES, [])
        # None stands for others: a long one could stand for a million.
        if len(found) != math.prod(shape):
            raise _wrong_number(len(found), shape)
        return Tensor(shape, tuple(found))
    if dtype not in _CONTENT:
        return Tensor(shape, None)
    numbers = packed(content, _CONTENT[dtype]) if content else _one_by_one(dtype, parts)
    if dtype == _BFLOAT and content:
        numbers = _brain(numbers)
    return Tensor(shape, _filled(numbers, shape))


def _shape(data: bytes) -> tuple[int, ...]:
    sides = []
    for key, value in fields(data):
        if key == 2 << 3 | BYTES and isinstance(value, bytes):
            sizes = [signed(size) for at, size in fields(value) if at == 1 << 3 | VARINT]
            sides.append(sizes[-1] if sizes else 0)
    if any(side < 0 for side in sides) or math.prod(sides) > MOST:
        raise CorruptError(f"a tensor has the shape {sides!s:.60}")
    return tuple(sides)


def _one_by_one(dtype: int, parts: dict[int, list[int | bytes]]) -> tuple[float, ...]:
    number, code, alone = _FIELDS[dtype]
    found: list[float] = []
    for content in parts.get(number << 3 | BYTES, []) + parts.get(number << 3 | alone, []):
        found += packed(content, code)
    numbers = tuple(found)
    if dtype == _HALF:
        halves = [int(bits) & 0xFFFF for bits in numbers]
        return struct.unpack(f"<{len(halves)}e", struct.pack(f"<{len(halves)}H", *halves))
    if dtype == _BFLOAT:
        return _brain(numbers)
    if dtype in _SIGNED:
        return tuple(signed(int(bits)) for bits in numbers)
    return tuple(map(bool, numbers)) if _CONTENT[dtype] == "?" else numbers


def _brain(numbers: Sequence[float]) -> tuple[float, ...]:
    """Return floats of which these are the upper halves."""
    words = [(int(bits) & 0xFFFF) << 16 for bits in numbers]
    return struct.unpack(f"<{len(words)}f", struct.pack(f"<{len(words)}I", *words))


def _filled(values: tuple[float, ...], shape: tuple[int, ...]) -> tuple[float, ...]:
    """Return as many as *shape* has: the last one stands for those behind it."""
    count = math.prod(shape)
    if len(values) > count:
        raise _wrong_number(len(values), shape)
    return values + (values[-1:] or (0,)) * (count - len(values))


def _wrong_number(count: int, shape: tuple[int, ...]) -> CorruptError:
    return CorruptError(f"a tensor has {count} elements, its shape {math.prod(shape)}")


# ---- writing -----------------------------------------------------------------------------


def doubles_to(values: Sequence[float], shape: Sequence[int] = ()) -> bytes:
    """Return the message of a tensor of doubles."""
    content = struct.pack(f"<{len(values)}d", *values)
    return varint_to(1, _DOUBLE) + _shape_to(shape) + length_to(4, content)


def strings_to(values: Sequence[bytes], shape: Sequence[int] | None = None) -> bytes:
    """Return the message of a tensor of strings, one row by default."""
    sides = (len(values),) if shape is None else shape
    head = varint_to(1, _STRING) + _shape_to(sides)
    return head + b"".join(length_to(8, value) for value in values)


def _shape_to(shape: Sequence[int]) -> bytes:
    return length_to(2, *(length_to(2, varint_to(1, side)) for side in shape))

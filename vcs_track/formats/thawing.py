"""Typed values, back from labelled JSON.

See ``docs/format/canonical-json.md``.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError
from vcs_track.formats.canonical import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

__all__ = ["MAX_BITS", "MAX_REPR", "PathText", "Repr", "collide", "is_short", "thaw"]

MAX_REPR: Final = 4096
# The interpreter refuses decimal text of more than 4300 digits.
MAX_BITS: Final = 13_000
_MOST_ALIKE: Final = 1024  # members of one hash: what honest numbers hardly ever have


@dataclass(frozen=True, slots=True)
class Repr:
    """A value that could not be kept, as it printed itself.

    Attributes:
        type: ``module.Class`` of the value.
        text: Its ``repr``, at most 4096 characters, without memory addresses.
    """

    type: str
    text: str

    def __str__(self) -> str:
        return self.text


class PathText(str):
    """The text of a path that was recorded; works wherever a path is expected."""

    __slots__ = ()

    def __fspath__(self) -> str:
        return str.__str__(self)


def thaw(plain: object) -> Any:
    """Return the value that *plain* stands for; the inverse of :func:`freeze`.

    Paths come back as :class:`PathText`, arrays as nested lists; values that could not be
    kept and kinds of a later version come back as :class:`Repr`.

    Raises:
        CorruptError: If a typed value is malformed.

    Example:
        >>> from vcs_track.formats.typed_json import thaw
        >>> thaw({"betas": {"$": "tuple", "v": [0.9, 0.99]}})
        {'betas': (0.9, 0.99)}
    """
    try:
        return _thaw(plain)
    except RecursionError:
        raise CorruptError("a typed value is nested too deep") from None


def _thaw(plain: object) -> Any:
    if isinstance(plain, dict):
        if "$" in plain:
            return _thaw_label(plain)
        # Most values are neither, and a call costs more than all the rest.
        return {k: _thaw(item) if type(item) in _NESTED else item for k, item in plain.items()}
    if isinstance(plain, list):
        return [_thaw(item) if type(item) in _NESTED else item for item in plain]
    return plain


_NESTED: Final = (dict, list)


def _thaw_label(plain: dict[str, Any]) -> object:
    kind = plain["$"]
    thawer = _THAWERS.get(kind) if isinstance(kind, str) else None
    try:
        if thawer is not None:
            return thawer(plain["v"])
        if kind == "repr":
            return Repr(_expect(plain["type"], str), _expect(plain["v"], str))
        text = dumps(plain).decode()[:MAX_REPR]
        return Repr(f"unknown label {_expect(kind, str)[:40]}", text)
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise CorruptError(
            f"a value has the label '{kind!s:.40}' and does not fit it: {error}"
        ) from None


def _expect(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"found {type(value).__name__}, expected {kind.__name__}")
    return value


def _thaw_list(v: Any) -> list[Any]:
    return [_thaw(item) for item in _expect(v, list)]


def _thaw_float(v: Any) -> float:
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}[v]


def _thaw_int(v: Any) -> int:
    return int(_expect(v, str), 16 if "x" in v else 10)


def _thaw_bytes(v: Any) -> bytes:
    return base64.b64decode(_expect(v, str), validate=True)


def _thaw_complex(v: Any) -> complex:
    real, imaginary = _thaw_list(v)
    return complex(_expect(real, float), _expect(imaginary, float))


def _thaw_decimal(v: Any) -> object:
    from decimal import Decimal

    value = Decimal(_expect(v, str))
    if value.is_snan():
        raise ValueError("it cannot be compared")
    return value


def _thaw_fraction(v: Any) -> object:
    from fractions import Fraction

    numerator, denominator = (_expect(part, int) for part in _thaw_list(v))
    if not is_short(numerator, denominator):
        raise ValueError("it is too long")
    return Fraction(numerator, denominator)


def _thaw_timedelta(v: Any) -> timedelta:
    days, seconds, microseconds = (_expect(part, int) for part in _expect(v, list))
    return timedelta(days, seconds, microseconds)


def is_short(*numbers: int) -> bool:
    """Return whether a fraction of these is soon made, and can be printed."""
    return all(number.bit_length() <= MAX_BITS for number in numbers)


def collide(members: Collection[Any]) -> bool:
    """Return whether so many have one hash that a set takes forever."""
    if len(members) <= _MOST_ALIKE or all(type(member) is str for member in members):
        return False
    return max(Counter(map(hash, members)).values()) > _MOST_ALIKE


def _thaw_members(v: Any) -> list[Any]:
    members = _thaw_list(v)
    if collide(members):
        raise ValueError("its members have one hash")
    return members


def _thaw_map(v: Any) -> dict[Any, Any]:
    pairs = _thaw_list(v)
    if collide([key for key, _ in pairs]):
        raise ValueError("its names have one hash")
    return dict(pairs)


_THAWERS: Final[dict[str, Callable[[Any], object]]] = {
    "f": _thaw_float,
    "i": _thaw_int,
    "bytes": _thaw_bytes,
    "bytearray": lambda v: bytearray(_thaw_bytes(v)),
    "path": lambda v: PathText(_expect(v, str)),
    "tuple": lambda v: tuple(_thaw_list(v)),
    "set": lambda v: set(_thaw_members(v)),
    "frozenset": lambda v: frozenset(_thaw_members(v)),
    "date": lambda v: date.fromisoformat(_expect(v, str)),
    "time": lambda v: time.fromisoformat(_expect(v, str)),
    "datetime": lambda v: datetime.fromisoformat(_expect(v, str)),
    "timedelta": _thaw_timedelta,
    "complex": _thaw_complex,
    "decimal": _thaw_decimal,
    "fraction": _thaw_fraction,
    "array": _thaw_list,
    "map": _thaw_map,
}

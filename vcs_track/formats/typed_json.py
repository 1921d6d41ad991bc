"""Python values in JSON without loss: what JSON lacks gets a label.

Pure functions; ``docs/format/canonical-json.md`` lists the labels. Numpy and torch values
are recognised by how they behave, so neither is imported here.
"""

from __future__ import annotations

import base64
import math
import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PathText", "Repr", "freeze", "thaw"]

_DEPTH: Final = 60
_LONGEST_REPR: Final = 4096
_LONGEST_ARRAY: Final = 64
_ADDRESS: Final = re.compile(" at 0x[0-9a-fA-F]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class PathText(str):
    """A path as text; it works wherever a path does."""

    __slots__ = ()

    def __fspath__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Repr:
    """A value of a type that is not kept: its type and its ``repr``.

    Attributes:
        type: Module and name of the type.
        text: Its ``repr``, cut at 4,096 characters.
    """

    type: str
    text: str

    def __str__(self) -> str:
        return self.text


def freeze(value: Any) -> Any:
    """Return *value* as plain JSON, with labels where JSON lacks a type.

    Never fails: a type that is not known, a cycle, or nesting deeper than 60 becomes a
    labelled ``repr``. Numbers of numpy and torch become plain numbers, so that queries can
    compare them.

    Example:
        >>> from vcs_track.formats.typed_json import freeze, thaw
        >>> freeze({"lr": 0.1, "shape": (3, 4)})
        {'lr': 0.1, 'shape': {'$': 'tuple', 'v': [3, 4]}}
        >>> thaw(freeze({"lr": float("inf"), "shape": (3, 4)}))
        {'lr': inf, 'shape': (3, 4)}
    """
    return _freeze(value, 0)


def _label(kind: str, value: Any) -> dict[str, Any]:
    return {"$": kind, "v": value}


def _text(value: str) -> str:
    return _SURROGATE.sub("\ufffd", value)


def _freeze(value: Any, depth: int) -> Any:
    if value is None or value is True or value is False:
        return value
    plain = _EXACT.get(type(value))
    if plain is not None:
        return plain(value)
    if depth > _DEPTH:
        return _repr(value)
    nested = _freeze_nested(value, depth + 1)
    return _repr(value) if nested is _UNKNOWN else nested


_UNKNOWN: Final = object()


def _freeze_nested(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return _freeze_dict(value, depth)
    if type(value) is list:
        return [_freeze(item, depth) for item in value]
    if type(value) is tuple:
        return _label("tuple", [_freeze(item, depth) for item in value])
    if isinstance(value, set | frozenset):
        items = [_freeze(item, depth) for item in value]
        kind = "set" if isinstance(value, set) else "frozenset"
        return _label(kind, sorted(items, key=canonical.dumps))
    if hasattr(value, "as_posix") and hasattr(value, "__fspath__"):
        return _label("path", _text(value.as_posix()))
    if isinstance(value, PathText):
        return _label("path", str(value))
    if isinstance(value, Enum):
        return _repr(value)
    if is_dataclass(value) and not isinstance(value, type | Repr):
        return _freeze_dict({f.name: getattr(value, f.name) for f in fields(value)}, depth)
    return _freeze_foreign(value, depth)


def _freeze_foreign(value: Any, depth: int) -> Any:
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return _freeze_array(value, depth)
    for base, plain in _BASES.items():  # subclasses, such as numpy.float64
        if isinstance(value, base):
            return plain(base(value))
    if isinstance(value, tuple):
        return _label("tuple", [_freeze(item, depth) for item in value])
    if isinstance(value, list):
        return [_freeze(item, depth) for item in value]
    if type(value).__name__ == "Namespace" and hasattr(value, "__dict__"):
        return _freeze_dict(vars(value), depth)
    if hasattr(value, "keys") and hasattr(value, "__getitem__"):
        try:
            return _freeze_dict({key: value[key] for key in value.keys()}, depth)  # noqa: SIM118
        except Exception:  # noqa: BLE001 -- a foreign mapping may do anything; its repr is kept
            return _UNKNOWN
    return _UNKNOWN


def _freeze_dict(value: Mapping[Any, Any], depth: int) -> Any:
    if "$" not in value and all(type(key) is str and not _SURROGATE.search(key) for key in value):
        return {key: _freeze(item, depth) for key, item in value.items()}
    pairs = [[_freeze(key, depth), _freeze(item, depth)] for key, item in value.items()]
    return _label("map", sorted(pairs, key=lambda pair: canonical.dumps(pair[0])))


def _freeze_array(value: Any, depth: int) -> Any:
    try:
        shape = tuple(int(side) for side in value.shape)
        if not shape:
            plain = value.item()
            known = isinstance(plain, bool | int | float | str | bytes | complex)
            return _freeze(plain, depth) if known else _UNKNOWN
        if math.prod(shape) <= _LONGEST_ARRAY:
            items = _freeze(value.tolist(), depth)
            return {"$": "array", "dtype": str(value.dtype), "shape": list(shape), "v": items}
    except Exception:  # noqa: BLE001 -- a tensor on a device may refuse; its repr is kept
        return _UNKNOWN
    return {"$": "repr", "type": _type_name(value), "v": f"array{shape} of {value.dtype}"}


def _type_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _repr(value: Any) -> dict[str, Any]:
    if isinstance(value, Repr):
        return {"$": "repr", "type": value.type, "v": value.text}
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 -- a broken __repr__ must not stop a training
        text = f"<repr failed: {type(error).__name__}>"
    # An address would make equal values differ between two runs.
    text = _ADDRESS.sub("", _text(text))[:_LONGEST_REPR]
    return {"$": "repr", "type": _text(_type_name(value)), "v": text}


def _freeze_float(value: float) -> Any:
    if math.isfinite(value):
        return value
    return _label("f", "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")


def _freeze_int(value: int) -> Any:
    if canonical.MIN_INT <= value <= canonical.MAX_INT:
        return value
    # Decimal digits of a huge integer are slow to make, and Python bounds them.
    return _label("i", str(value) if value.bit_length() <= 13_000 else hex(value))


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_BASES: Final[dict[type, Callable[[Any], Any]]] = {
    int: _freeze_int,
    float: _freeze_float,
    str: _text,
    bytes: lambda value: _label("bytes", _base64(value)),
}

_EXACT: Final[dict[type, Callable[[Any], Any]]] = {
    **_BASES,
    bytearray: lambda value: _label("bytearray", _base64(value)),
    complex: lambda value: _label(
        "complex", [_freeze_float(value.real), _freeze_float(value.imag)]
    ),
    datetime: lambda value: _label("datetime", value.isoformat()),
    date: lambda value: _label("date", value.isoformat()),
    time: lambda value: _label("time", value.isoformat()),
    timedelta: lambda value: _label("timedelta", [value.days, value.seconds, value.microseconds]),
    Decimal: lambda value: _label("decimal", str(value)),
    Fraction: lambda value: _label(
        "fraction", [_freeze_int(value.numerator), _freeze_int(value.denominator)]
    ),
}


# ---- back ------------------------------------------------------------------------------


def thaw(plain: Any) -> Any:
    """Return the Python value that :func:`freeze` turned into *plain*.

    Arrays come back as lists, types and labels that are not known as :class:`Repr`.

    Raises:
        CorruptError: If a label is not one, or what it labels does not fit.
    """
    if isinstance(plain, list):
        return [thaw(item) for item in plain]
    if not isinstance(plain, dict):
        return plain
    if "$" not in plain:
        return {key: thaw(item) for key, item in plain.items()}
    label = _LABELS.get(plain["$"]) if isinstance(plain["$"], str) else None
    if label is None:
        return Repr(f"unknown label {str(plain['$'])[:40]}", str(plain.get("v"))[:_LONGEST_REPR])
    try:
        return label(plain)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise CorruptError(
            f"a value has the label '{str(plain['$'])[:40]}' and does not fit it: {error}",
            hint="a newer vcs-track may have written it",
        ) from None


def _thaw_float(plain: dict[str, Any]) -> float:
    if plain["v"] not in ("NaN", "Infinity", "-Infinity"):
        raise ValueError(plain["v"])
    return float(plain["v"])


_LABELS: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "f": _thaw_float,
    "i": lambda plain: int(plain["v"], 16 if "x" in plain["v"] else 10),
    "bytes": lambda plain: base64.b64decode(plain["v"], validate=True),
    "bytearray": lambda plain: bytearray(base64.b64decode(plain["v"], validate=True)),
    "complex": lambda plain: complex(*map(thaw, plain["v"])),
    "tuple": lambda plain: tuple(map(thaw, plain["v"])),
    "set": lambda plain: set(map(thaw, plain["v"])),
    "frozenset": lambda plain: frozenset(map(thaw, plain["v"])),
    "path": lambda plain: PathText(plain["v"]),
    "datetime": lambda plain: datetime.fromisoformat(plain["v"]),
    "date": lambda plain: date.fromisoformat(plain["v"]),
    "time": lambda plain: time.fromisoformat(plain["v"]),
    "timedelta": lambda plain: timedelta(*plain["v"]),
    "decimal": lambda plain: Decimal(plain["v"]),
    "fraction": lambda plain: Fraction(*map(thaw, plain["v"])),
    "array": lambda plain: thaw(plain["v"]),
    "map": lambda plain: {thaw(key): thaw(item) for key, item in plain["v"]},
    "repr": lambda plain: Repr(plain["type"], plain["v"]),
}

"""Typed values: what JSON has no form for, as labelled JSON.

Every value is kept without loss or labelled as a ``repr``, never changed in silence.
Numpy, torch and the like are recognised by how they behave, so none is imported here.
See ``docs/format/canonical-json.md``.
"""

from __future__ import annotations

import base64
import math
import re
from collections import UserString
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.canonical import MAX_INT, MIN_INT, dumps, is_ascii
from vcs_track.formats.oid import FORMATS
from vcs_track.formats.thawing import (
    MAX_BITS,
    MAX_REPR,
    PathText,
    Repr,
    collide,
    is_short,
    thaw,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["MAX_REPR", "PathText", "Repr", "freeze", "is_plain", "thaw"]

# Canonical JSON allows 64 open brackets; 4 are left for the object around the value.
_MAX_DEPTH: Final = 60
_LEAF_DEPTH: Final = 3
_SHALLOW: Final = 400  # so many brackets cannot nest too deep for the interpreter
_MAX_ELEMENTS: Final = 64
_MAX_DIMENSIONS: Final = 8
_MAX_HASHED: Final = 64 << 20

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


def freeze(value: object, notes: list[str] | None = None) -> Any:
    """Return *value* as plain JSON, with labels where JSON lacks a type.

    Never fails, whatever the value is or does.

    Args:
        value: Anything.
        notes: Told, one line each, about texts whose lone surrogates were replaced.

    Returns:
        What ``canonical.dumps`` accepts, with at most 60 open brackets; :func:`thaw` turns
        it back.

    Example:
        >>> from vcs_track.formats.typed_json import freeze
        >>> freeze({"lr": 0.1, "betas": (0.9, 0.99), "end": float("inf")})
        {'lr': 0.1, 'betas': {'$': 'tuple', 'v': [0.9, 0.99]}, 'end': {'$': 'f', 'v': 'Infinity'}}
    """
    return _Freezer(notes).freeze(value, 0)


def is_plain(data: bytes) -> bool:
    """Return whether :func:`thaw` certainly leaves this JSON text as it is."""
    # Single bytes are found fastest. A stranger may write a dollar as an escape.
    labels = (b"$" in data and b'"$"' in data) or (b"\\" in data and b"\\u" in data)
    return not labels and data.count(b"{") + data.count(b"[") < _SHALLOW


class _Freezer:
    """One call of :func:`freeze`, and what is open above the current value."""

    __slots__ = ("_hashable", "_notes", "_open")

    def __init__(self, notes: list[str] | None) -> None:
        self._notes = notes
        self._open: set[int] = set()
        # Above 0 inside members of sets and keys, which must be hashable when thawed.
        self._hashable = 0

    def freeze(self, value: object, depth: int) -> object:
        """Return the plain form of *value*; *depth* brackets are open around it."""
        kind = type(value)
        if value is None or kind is bool:
            return value
        scalar = _SCALARS.get(kind)
        if scalar is not None:
            return scalar(value)
        if isinstance(value, str) and kind is str:
            return self._text(value)
        try:
            return self._other(value, depth)
        except Exception:  # noqa: BLE001  # code of the user runs in here and may raise anything
            return self._repr(value)

    def _other(self, value: object, depth: int) -> object:
        if isinstance(value, (Enum, type)):
            return self._repr(value)
        if isinstance(value, Repr):
            return _label("repr", self._text(value.text)[:MAX_REPR], type=self._text(value.type))
        if isinstance(value, (int, float, complex, str, bytes, memoryview)):
            return self._subclass(value)
        if isinstance(value, UserString):
            return self._text(str(value))
        if hasattr(type(value), "__fspath__"):
            return self._path(value)
        if isinstance(value, (set, frozenset, Mapping, Sequence)) or _is_record(value):
            return self._container(value, depth)
        # Asked of the class: a configuration object may hold a value named "shape".
        if hasattr(type(value), "dtype") and hasattr(type(value), "shape"):
            return self._array(value, depth)
        return self._exact(value)

    def _subclass(self, value: Any) -> object:
        """Return the plain form of an instance of a subclass of a plain type."""
        if isinstance(value, PathText):
            return self._path(value)
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, int):
            return _freeze_int(int.__int__(value))
        if isinstance(value, float):
            return _freeze_float(float.__float__(value))
        if isinstance(value, complex):
            return _freeze_complex(complex(value.real, value.imag))
        return _freeze_bytes(value)

    def _exact(self, value: Any) -> object:
        name = _name(type(value))
        if name == "decimal.Decimal" and not value.is_snan():
            return _label("decimal", str(value))
        if name == "fractions.Fraction" and is_short(value.numerator, value.denominator):
            parts = (value.numerator, value.denominator)
            return _label("fraction", [_freeze_int(part) for part in parts])
        return self._repr(value)

    def _path(self, value: Any) -> object:
        text = value.as_posix() if hasattr(type(value), "as_posix") else value.__fspath__()
        if not isinstance(text, str):
            return self._repr(value)
        return _label("path", self._text(str.__str__(text)))

    def _text(self, text: str) -> str:
        if text.isascii() or not _SURROGATE.search(text):
            return text
        if self._notes is not None:
            self._notes.append(f"the text {text[:40]!a} is not valid Unicode, parts were replaced")
        return _SURROGATE.sub("\ufffd", text)

    # ---- containers --------------------------------------------------------------------

    def _container(self, value: Any, depth: int) -> object:
        opened = 3 if isinstance(value, Mapping) or _is_record(value) else 2
        too_deep = depth + opened + _LEAF_DEPTH > _MAX_DEPTH
        if isinstance(value, range) or id(value) in self._open or too_deep:
            return self._repr(value)
        self._open.add(id(value))
        try:
            return self._opened(value, depth)
        finally:
            self._open.discard(id(value))

    def _opened(self, value: Any, depth: int) -> object:
        if isinstance(value, Mapping):
            return self._mapping(dict(value.items()), value, depth)
        if _is_record(value):
            return self._mapping(_fields(value), value, depth)
        if isinstance(value, tuple):
            return _label("tuple", [self.freeze(item, depth + 2) for item in value])
        if isinstance(value, (set, frozenset)):
            kind = "frozenset" if isinstance(value, frozenset) or self._hashable else "set"
            if collide(value):
                return self._repr(value)
            members = [self._member(item, depth + 2) for item in value]
            return _label(kind, sorted(members, key=dumps))
        if self._hashable:
            return self._repr(value)
        return [self.freeze(item, depth + 1) for item in value]

    def _member(self, value: object, depth: int) -> object:
        self._hashable += 1
        try:
            return self.freeze(value, depth)
        finally:
            self._hashable -= 1

    def _mapping(self, items: dict[Any, Any], value: object, depth: int) -> object:
        if self._hashable:
            return self._repr(value)
        if "$" in items or not all(map(_is_text, items)):
            if collide(items):
                return self._repr(value)
            pairs = [
                [self._member(key, depth + 3), self.freeze(item, depth + 3)]
                for key, item in items.items()
            ]
            return _label("map", sorted(pairs, key=lambda pair: dumps(pair[0])))
        if is_ascii(items):
            return items
        plain: dict[str, object] = {}
        for key, item in items.items():
            name = self._text(str.__str__(key))
            while name in plain:
                # Two names that differ only in what was replaced.
                name += "\ufffd"
            plain[name] = self.freeze(item, depth + 1)
        return plain

    # ---- arrays and the rest -----------------------------------------------------------

    def _array(self, value: Any, depth: int) -> object:
        shape = tuple(int(side) for side in value.shape)
        if not shape:
            return self._number(value)
        if hasattr(value, "index") or not hasattr(value, "tolist"):
            # A column of a data frame: its labels have no place in an array.
            return self._repr(value)
        count = math.prod(shape)
        needed = depth + 1 + len(shape) + _LEAF_DEPTH
        if count > _MAX_ELEMENTS or len(shape) > _MAX_DIMENSIONS or needed > _MAX_DEPTH:
            text = f"array{shape} of {value.dtype}{_array_hash(value, count)}"
            return _label("repr", text, type=_name(type(value)))
        items = value.tolist()
        if self._hashable or str(value.dtype) == "object" or "time64" in str(value.dtype):
            return self._repr(value)
        plain = self.freeze(items, depth + 1)
        return _label("array", plain, dtype=str(value.dtype), shape=list(shape))

    def _number(self, value: Any) -> object:
        """Return the number that an array without dimensions holds."""
        if "time" in str(value.dtype):
            # Nanoseconds would come out as a bare integer.
            return self._repr(value)
        item = value.item() if hasattr(value, "item") else value.numpy().item()
        if type(item) in (bool, int, float, complex, str, bytes):
            return self.freeze(item, 0)
        return _freeze_float(float(item)) if hasattr(item, "__float__") else self._repr(value)

    def _repr(self, value: object) -> object:
        if isinstance(value, type) or _name(type(value)) in _FUNCTIONS:
            # The repr of a function is its address; of a method, that of its object.
            text = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
        else:
            text = _printed(value)
        name = self._text(_name(type(value)))
        return _label("repr", self._text(text)[:MAX_REPR], type=name)


_FUNCTIONS: Final = frozenset({
    "builtins.function", "builtins.method", "builtins.builtin_function_or_method",
})  # fmt: skip


def _label(kind: str, content: object, **more: object) -> dict[str, object]:
    return {"$": kind, **more, "v": content}


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _is_text(key: object) -> bool:
    return isinstance(key, str) and not isinstance(key, Enum)


def _printed(value: object) -> str:
    try:
        # An address would make equal values differ between two runs.
        return _ADDRESS.sub("", repr(value))
    except Exception:  # noqa: BLE001  # a broken __repr__ must not stop a training
        return f"<unprintable {type(value).__qualname__}>"


def _is_record(value: object) -> bool:
    """Return whether *value* is an object with named fields."""
    kind = type(value)
    return (
        hasattr(kind, "__dataclass_fields__")
        or hasattr(kind, "__attrs_attrs__")
        or hasattr(kind, "__pydantic_fields__")
        or (issubclass(kind, tuple) and hasattr(kind, "_fields"))
        or _name(kind) in ("argparse.Namespace", "types.SimpleNamespace")
    )


def _fields(value: Any) -> dict[str, object]:
    kind: Any = type(value)
    names: Iterable[str]
    if isinstance(value, tuple):
        return dict(zip(kind._fields, value, strict=True))
    if hasattr(kind, "__attrs_attrs__"):
        names = [field.name for field in kind.__attrs_attrs__]
    elif hasattr(kind, "__dataclass_fields__"):
        names = kind.__dataclass_fields__
    elif hasattr(kind, "__pydantic_fields__"):
        names = kind.__pydantic_fields__
    else:
        names = vars(value)
    return {name: getattr(value, name) for name in names if hasattr(value, name)}


def _array_hash(value: Any, count: int) -> str:
    """Return the first digits of the hash of the elements, if it has one."""
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        if str(value.dtype) == "object" or count * value.dtype.itemsize > _MAX_HASHED:
            return ""
        digits = FORMATS["sha256"].hash(value.tobytes())
    except Exception:  # noqa: BLE001  # other people's arrays raise what they like
        return ""
    return f", sha256 {digits[:16]}"


# ---- scalars -------------------------------------------------------------------------


def _freeze_float(x: float) -> object:
    if math.isfinite(x):
        return x
    return _label("f", "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity")


def _freeze_int(number: int) -> object:
    if MIN_INT <= number <= MAX_INT:
        return number
    return _label("i", hex(number) if number.bit_length() > MAX_BITS else str(number))


def _freeze_complex(number: complex) -> object:
    return _label("complex", [_freeze_float(number.real), _freeze_float(number.imag)])


def _freeze_bytes(data: bytes | memoryview) -> object:
    return _label("bytes", base64.b64encode(bytes(data)).decode())


def _freeze_bytearray(data: bytearray) -> object:
    return _label("bytearray", base64.b64encode(data).decode())


def _freeze_timedelta(span: timedelta) -> object:
    return _label("timedelta", [span.days, span.seconds, span.microseconds])


_SCALARS: Final[dict[type, Callable[[Any], object]]] = {
    float: _freeze_float,
    int: _freeze_int,
    complex: _freeze_complex,
    bytes: _freeze_bytes,
    bytearray: _freeze_bytearray,
    # Exact types only: a subclass may be finer, as the nanoseconds of pandas.
    date: lambda value: _label("date", value.isoformat()),
    time: lambda value: _label("time", value.isoformat()),
    datetime: lambda value: _label("datetime", value.isoformat()),
    timedelta: _freeze_timedelta,
}

"""Canonical JSON: one sequence of bytes for one value.

The only file that names the JSON library, and the form does not depend on it: a
formatter in plain Python takes over when the library's digits ever differ. See
``docs/format/canonical-json.md``.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import orjson

from vcs_track.errors import CorruptError, InvalidTypeError, InvalidValueError, VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "MAX_DEPTH",
    "MAX_INT",
    "MAX_MEMORY",
    "MIN_INT",
    "check",
    "dumps",
    "dumps_loose",
    "dumps_numbers",
    "dumps_rows",
    "format_float",
    "is_ascii",
    "load_numbers",
    "loads",
    "loads_loose",
]

MAX_DEPTH: Final = 64
MIN_INT: Final = -(1 << 63)
MAX_INT: Final = (1 << 64) - 1
MAX_MEMORY: Final = 512 << 20

_NON_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_FULL_NUMBER_TYPES: Final[frozenset[type]] = frozenset({int, float, bool})
_NUMBER_TYPES: Final = _FULL_NUMBER_TYPES | {type(None)}
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_LONG_NUMBER = re.compile(rb"\d{19}")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
# Signed bytes: an opening bracket counts 1, a closing one -1.
_WEIGHTS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Bytes in memory that stand behind each mark of a text: three of these make an object of 400.
_WEIGHT: Final = {b"{": 384, b"[": 64, b",": 64, b":": 64}
_MOST_QUOTES: Final = 1 << 22
_LITTLE: Final = 64 << 20


class _RefusedError(Exception):
    """A value with no canonical form; collects the way to it on the way out."""

    def __init__(self, kind: type[VcsTrackError], reason: str, hint: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.hint = hint
        self.way: list[str] = []

    def error(self) -> VcsTrackError:
        where = f" at '{''.join(reversed(self.way))}'" if self.way else ""
        return self.kind(f"cannot write{where}: {self.reason}", hint=self.hint)


def dumps(value: object) -> bytes:
    """Return the canonical bytes of a plain JSON value.

    Args:
        value: dict, list, str, int, float, bool or None, nested at most 64 deep; exactly
            these types. Other values go through ``typed_json.freeze`` first.

    Raises:
        InvalidTypeError: If a value or a key has another type.
        InvalidValueError: If a number is not finite or an integer is outside
            [-2^63, 2^64), a text has a lone surrogate, or the nesting is too deep.

    Example:
        >>> from vcs_track.formats.canonical import dumps
        >>> dumps({"b": [1, 1.0, 1e16], "a": None})
        b'{"a":null,"b":[1,1.0,1e16]}'
    """
    try:
        plain = _prepare(value, 0)
    except _RefusedError as refused:
        raise refused.error() from None
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def dumps_numbers(values: Sequence[int | float | bool | None]) -> bytes:
    """Return the canonical text of the number list of a column.

    Values that are not finite become the strings ``"NaN"``, ``"Infinity"`` and
    ``"-Infinity"``.

    Raises:
        InvalidTypeError: If *values* holds anything but numbers, booleans and None.
        InvalidValueError: If an integer is outside [-2^63, 2^64).

    Example:
        >>> from vcs_track.formats.canonical import dumps_numbers
        >>> dumps_numbers([1, 0.5, 1e300, float("nan")])
        b'[1,0.5,1e300,"NaN"]'
    """
    if not _LIBRARY_AGREES:
        return _number_text(values)
    try:
        text = orjson.dumps(values if isinstance(values, list) else list(values))
    except TypeError:
        raise _bad_number(values) from None
    # Searching the bytes is far cheaper than testing every value.
    if b'"' in text or b"[" in text[1:] or b"{" in text:
        raise _bad_number(values)
    if b"null" in text:
        return _number_text(values)
    return text.replace(b"e+", b"e")


def dumps_rows(columns: Sequence[Sequence[object]]) -> bytes:
    """Return columns of plain values as the JSON text of a list of rows.

    Not canonical: for other programs. Numbers that are not finite become texts, as in
    :func:`dumps_numbers`.

    Example:
        >>> from vcs_track.formats.canonical import dumps_rows
        >>> dumps_rows([[0.5, 1.5], [0, 1], [1.0, float("inf")]])
        b'[[0.5,0,1.0],[1.5,1,"Infinity"]]'
    """
    text = orjson.dumps(list(zip(*columns, strict=True)))
    if b"null" not in text:
        return text
    spelled = [
        [_spell(v) if type(v) is float and not math.isfinite(v) else v for v in column]
        for column in columns
    ]
    return orjson.dumps(list(zip(*spelled, strict=True)))


def load_numbers(values: list[object]) -> list[int | float | bool | None]:
    """Return the numbers of a parsed column.

    The inverse of :func:`dumps_numbers`. The same list is returned when there is nothing to turn back.

    Raises:
        CorruptError: If there is anything but numbers in it.

    Example:
        >>> from vcs_track.formats.canonical import load_numbers
        >>> load_numbers([1, "-Infinity"])
        [1, -inf]
    """
    kinds = set(map(type, values))
    if kinds <= _NUMBER_TYPES:
        return values  # type: ignore[return-value]  # just looked
    if not kinds <= _NUMBER_TYPES | {str}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds - _NUMBER_TYPES - {str}))
        raise CorruptError(f"a column of numbers holds {names}")
    try:
        return [_NON_FINITE[v] if type(v) is str else v for v in values]  # type: ignore[misc]
    except KeyError as error:
        raise CorruptError(f"a column of numbers holds the text {error.args[0]!r:.40}") from None


def loads(data: bytes | bytearray | memoryview) -> Any:
    """Return the value of JSON text.

    Raises:
        CorruptError: If *data* is not JSON.

    Example:
        >>> from vcs_track.formats.canonical import loads
        >>> loads(b'{"a":[1,1.0]}')
        {'a': [1, 1.0]}
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise CorruptError(f"not JSON: {error}") from None


def dumps_loose(value: object) -> bytes:
    """Return the JSON text of a plain value as programs in Python write it.

    The inverse of :func:`loads_loose`.

    Example:
        >>> from vcs_track.formats.canonical import dumps_loose
        >>> dumps_loose([float("nan"), 18446744073709551616])
        b'[NaN, 18446744073709551616]'
    """
    import json  # as below

    return json.dumps(value).encode()


def loads_loose(data: bytes) -> Any:
    """Return the value of JSON text as programs in Python write it.

    ``NaN`` and ``Infinity`` are numbers, and integers have any size.

    Raises:
        CorruptError: If *data* is not JSON, or is nested too deep.

    Example:
        >>> from vcs_track.formats.canonical import loads_loose
        >>> loads_loose(b"[NaN, 18446744073709551616]")
        [nan, 18446744073709551616]
    """
    if len(data) > MAX_DEPTH and _depth(data) > MAX_DEPTH:
        raise CorruptError(f"not JSON: it nests deeper than {MAX_DEPTH} levels")
    if _LONG_NUMBER.search(data) is None:  # the library makes a float of it
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(data)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"not JSON: {error}") from None


def check(
    data: bytes,
    *,
    max_bytes: int = 64 << 20,
    max_depth: int = MAX_DEPTH,
    max_memory: int = MAX_MEMORY,
) -> Any:
    """Return the value of bytes from a stranger, if they are canonical.

    Size, nesting and number of values are bounded before anything is parsed.

    Args:
        data: What claims to be canonical JSON.
        max_bytes: Refuse more than this.
        max_depth: Refuse more open brackets than this; at most 64.
        max_memory: Refuse what would take more bytes than this when it is parsed, as far as
            its brackets, commas and colons tell.

    Raises:
        CorruptError: If *data* is too large, too deep, has too many values, is not JSON or
            not canonical.

    Example:
        >>> from vcs_track.formats.canonical import check
        >>> check(b'{"a":1}')
        {'a': 1}
    """
    if len(data) > max_bytes:
        raise CorruptError(f"JSON of {len(data)} bytes is too large, the limit is {max_bytes}")
    if _memory(data) > max_memory:
        raise CorruptError(f"JSON of {len(data)} bytes has too many values")
    depth = _depth(data)
    if depth > max_depth:
        raise CorruptError(f"JSON is nested {depth} deep, the limit is {max_depth}")
    value = loads(data)
    try:
        again = dumps(value)
    except VcsTrackError as error:
        raise CorruptError(f"JSON is not canonical: {error.message}") from None
    if again != data:
        raise CorruptError(_difference(data, again))
    return value


def format_float(x: float) -> str:
    """Return the canonical text of a finite double.

    Raises:
        InvalidValueError: If *x* is not finite.

    Example:
        >>> from vcs_track.formats.canonical import format_float
        >>> [format_float(x) for x in (1.0, 0.00001, 1e16, -0.0)]
        ['1.0', '0.00001', '1e16', '-0.0']
    """
    if not math.isfinite(x):
        raise InvalidValueError(f"cannot write: {x} is not a finite number")
    text = float.__repr__(x)
    digits, mark, power = text.partition("e")
    if not mark:
        return text
    exponent = int(power)
    if exponent != -5:
        return f"{digits}e{exponent}"
    # The interpreter writes positional from 1e-4, this form from 1e-5.
    sign = "-" if digits[0] == "-" else ""
    return f"{sign}0.0000{digits.lstrip('-').replace('.', '')}"


def _prepare(value: object, depth: int) -> object:
    """Return *value* with all that the library writes otherwise written."""
    kind = type(value)
    if kind is str:
        _check_text(value)  # type: ignore[arg-type]  # just looked
    elif kind is int:
        _check_int(value)  # type: ignore[arg-type]
    elif kind is float:
        return _prepare_float(value)  # type: ignore[arg-type]
    elif kind is dict:
        return _prepare_dict(value, depth)  # type: ignore[arg-type]
    elif kind is list:
        return _prepare_list(value, depth)  # type: ignore[arg-type]
    elif value is not None and kind is not bool:
        name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
        raise _RefusedError(InvalidTypeError, f"'{name}' is not a JSON type", "freeze it first")
    return value


def _check_text(text: str) -> None:
    if not text.isascii() and _SURROGATE.search(text):
        hint = "replace lone surrogates, for example by U+FFFD"
        raise _RefusedError(
            InvalidValueError, f"the text {text[:40]!a} is not valid Unicode", hint
        )


def _check_int(number: int) -> None:
    if not MIN_INT <= number <= MAX_INT:
        raise _RefusedError(
            InvalidValueError, "an integer is outside [-2^63, 2^64)", "freeze the value first"
        )


def _prepare_float(x: float) -> object:
    if _LIBRARY_AGREES and (1e-5 <= x < 1e16 or -1e16 < x <= -1e-5 or x == 0.0):
        return x
    if not math.isfinite(x):
        raise _RefusedError(
            InvalidValueError, f"{x} is not a finite number", "freeze the value first"
        )
    return orjson.Fragment(format_float(x))


def is_ascii(names: Mapping[object, object]) -> bool:
    """Return whether all keys and values are texts in ASCII.

    Packages and their versions, say: looked at all at once, which is far cheaper.
    """
    every = [*names, *names.values()]
    return {str}.issuperset(map(type, every)) and "".join(every).isascii()  # type: ignore[arg-type]


def _prepare_dict(value: dict[object, object], depth: int) -> dict[str, object]:
    _check_depth(depth)
    if is_ascii(value):
        return value  # type: ignore[return-value]  # just looked
    prepared: dict[str, object] = {}
    for key, item in value.items():
        if type(key) is not str:
            reason = f"the key {key!r:.40} is not a text"
            raise _RefusedError(InvalidTypeError, reason, "freeze the value first")
        _check_text(key)
        try:
            prepared[key] = _prepare(item, depth + 1)
        except _RefusedError as refused:
            name = key.encode("ascii", "backslashreplace").decode()
            refused.way.append(f".{name}" if depth else name)
            raise
    return prepared


def _prepare_list(value: list[object], depth: int) -> object:
    _check_depth(depth)
    if _LIBRARY_AGREES and value and set(map(type, value)) <= _FULL_NUMBER_TYPES:
        text = _library_text(value)
        if text is not None:
            return orjson.Fragment(text)
    prepared = []
    for position, item in enumerate(value):
        try:
            prepared.append(_prepare(item, depth + 1))
        except _RefusedError as refused:
            refused.way.append(f"[{position}]")
            raise
    return prepared


def _check_depth(depth: int) -> None:
    if depth >= MAX_DEPTH:
        reason = f"it is nested more than {MAX_DEPTH} deep"
        raise _RefusedError(InvalidValueError, reason, "freeze the value first")


def _library_text(numbers: list[object]) -> bytes | None:
    """Return the text of plain numbers, or None if one is not plain."""
    try:
        text = orjson.dumps(numbers)
    except TypeError:
        return None
    return None if b"null" in text else text.replace(b"e+", b"e")


def _number_text(values: Sequence[int | float | bool | None]) -> bytes:
    """Return what :func:`dumps_numbers` returns, value by value."""
    if not set(map(type, values)) <= _NUMBER_TYPES:
        raise _bad_number(values)
    spelled: list[object] = [
        v if type(v) is not float or math.isfinite(v) else _spell(v) for v in values
    ]
    text = _library_text(spelled) if _LIBRARY_AGREES and None not in spelled else None
    return dumps(spelled) if text is None else text


def _spell(x: float) -> str:
    if math.isnan(x):
        return "NaN"
    return "Infinity" if x > 0 else "-Infinity"


def _bad_number(values: Sequence[object]) -> VcsTrackError:
    """Return the error for a column that :func:`dumps_numbers` cannot write."""
    for position, value in enumerate(values):
        if type(value) not in _NUMBER_TYPES:
            name = type(value).__name__
            return InvalidTypeError(
                f"number {position} of a column is of type '{name}'",
                hint="turn it into a plain int, float or bool first",
            )
    return InvalidValueError(
        "cannot write a column: an integer is outside [-2^63, 2^64)",
        hint="log it as a float",
    )


def _memory(data: bytes) -> int:
    """Return about how many bytes the value of *data* takes; strings weigh nothing."""
    found = _weigh(data)
    # Marks inside of strings were counted as well. To leave these out takes memory itself.
    if found > _LITTLE and data.count(b'"') <= _MOST_QUOTES:
        found = _weigh(_STRING.sub(b"", data))
    return found


def _weigh(data: bytes) -> int:
    return sum(data.count(mark) * weight for mark, weight in _WEIGHT.items())


def _depth(data: bytes) -> int:
    """Return how many brackets are open at most; strings do not count."""
    brackets = _STRING.sub(b"", data).translate(_WEIGHTS, _NOT_BRACKETS)
    return max(accumulate(memoryview(brackets).cast("b")), default=0)


def _difference(data: bytes, again: bytes) -> str:
    """Return a message with the first byte that is not canonical."""
    low, high = 0, min(len(data), len(again))
    # Bisection: 64 MiB of a stranger must not be walked byte by byte.
    while low < high:
        middle = (low + high + 1) // 2
        if data[low:middle] == again[low:middle]:
            low = middle
        else:
            high = middle - 1
    position = low
    start = max(0, position - 8)
    found = data[start : position + 16].decode(errors="replace")
    expected = again[start : position + 16].decode(errors="replace")
    return f"JSON is not canonical at byte {position}: found {found!a}, expected {expected!a}"


def _library_agrees() -> bool:
    """Return whether the library writes the digits that this form asks for."""
    probes = [
        *(0.0, -0.0, 1.0, -1.5, 0.1, 1 / 3, 2 / 3, 100.0, 123456.789, 1e5, 1e15),
        *(9007199254740993.0, 9999999999999998.0, 1e16, 1.2345e17, 1e21, 1e22, 1e23, -1e100),
        *(1e-4, 1.5e-4, 1e-5, 1.234e-5, 9.999e-6, 1e-6, -1e-7, 1.5e-10, 5e-324),
        *(2.2250738585072014e-308, 1.7976931348623157e308),
    ]
    text = ",".join(map(format_float, probes))
    return orjson.dumps(probes).replace(b"e+", b"e") == f"[{text}]".encode()


_LIBRARY_AGREES = _library_agrees()

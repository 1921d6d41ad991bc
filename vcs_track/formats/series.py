"""The points of a series as columns, 16,384 points a chunk.

Pure functions; ``docs/format/objects.md`` gives the bytes of ``scalars/1`` and ``col/1``.
"""

from __future__ import annotations

import math
import operator
import struct
from itertools import accumulate, chain, repeat
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical, typed_json
from vcs_track.formats.chunk import CHUNK, Chunk, is_chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Value = float | int | bool

__all__ = [
    "CHUNK",
    "Chunk",
    "combine",
    "decode_column",
    "decode_scalars",
    "describe",
    "encode_deltas",
    "encode_scalars",
    "encode_steps",
    "encode_stretches",
    "encode_values",
    "statistics",
]


_F32 = struct.Struct("<f")
_SUMMARY: Final = ("count", "first", "last", "min", "max", "mean", "nan", "lo", "hi")


def _to_f32(value: float) -> float:
    try:
        return float(_F32.unpack(_F32.pack(value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _column(codec: str, n: int, body: bytes) -> bytes:
    # Keys in canonical order; the numbers are already canonical text.
    return b'{"@":"col/1","codec":"%s","n":%d,"v":%s}' % (codec.encode(), n, body)


def encode_steps(steps: Sequence[int]) -> bytes:
    """Return the column of *steps*: arithmetic runs, or differences."""
    n = len(steps)
    runs = _runs(steps)
    if (len(runs) == 1 or len(runs) * 4 <= n) and all(_fits(run[1]) for run in runs):
        return _column("runs", n, canonical.dumps(runs))
    return encode_deltas(steps)


def _fits(difference: int) -> bool:
    # Two steps at the ends of 64 bits are further apart than 64 bits.
    return canonical.MIN_INT <= difference <= canonical.MAX_INT


def _runs(steps: Sequence[int]) -> list[list[int]]:
    n = len(steps)
    if n > 1:
        stride = steps[1] - steps[0]
        last = steps[0] + stride * (n - 1)
        if last == steps[-1] and list(steps) == _arithmetic(steps[0], stride, n):
            return [[steps[0], stride, n]]
    runs: list[list[int]] = []
    for step in steps:
        run = runs[-1] if runs else None
        if run is not None and run[2] == 1:
            run[1], run[2] = step - run[0], 2
        elif run is not None and step == run[0] + run[1] * run[2]:
            run[2] += 1
        else:
            runs.append([step, 0, 1])
    return runs


def _arithmetic(start: int, stride: int, n: int) -> list[int]:
    return list(range(start, start + stride * n, stride)) if stride else [start] * n


def encode_deltas(values: Sequence[int]) -> bytes:
    """Return the column of integers as a first value and differences."""
    deltas = [values[0], *map(operator.sub, values[1:], values)]
    if not (_fits(min(deltas)) and _fits(max(deltas))):
        return _column("int", len(values), canonical.dumps_numbers(values))
    return _column("delta", len(values), canonical.dumps_numbers(deltas))


def encode_stretches(marks: Iterable[tuple[int, Any]]) -> bytes:
    """Return the column of ``(count, value)`` stretches.

    Equal neighbours are joined.
    """
    joined: list[list[Any]] = []
    for count, value in marks:
        if joined and joined[-1][0] == value and type(joined[-1][0]) is type(value):
            joined[-1][1] += count
        elif count:
            joined.append([value, count])
    total = sum(count for _, count in joined)
    return _column("rle", total, canonical.dumps(typed_json.freeze(joined)))


def encode_values(values: Sequence[Value], *, single: bool) -> bytes:
    """Return the column of *values*.

    Args:
        values: Numbers as they were logged.
        single: Whether every one came from a 32-bit float.
    """
    if single:
        return _column("f4", len(values), canonical.dumps_numbers([_short(v) for v in values]))
    kinds = set(map(type, values))
    codec = "f8" if kinds == {float} else "int" if kinds == {int} else "mixed"
    return _column(codec, len(values), canonical.dumps_numbers(values))


def _short(value: Value) -> float:
    double = float(value)
    for digits in (7, 8):
        text = float(f"{double:.{digits}g}")
        if _to_f32(text) == double:
            return text
    return float(f"{double:.9g}")


def decode_column(data: bytes) -> list[Any]:
    """Return the values of the column in *data*.

    Raises:
        CorruptError: If it is not a column of a known codec.

    Example:
        >>> from vcs_track.formats.series import decode_column, encode_steps
        >>> decode_column(encode_steps([0, 5, 10]))
        [0, 5, 10]
    """
    column = canonical.loads(data)
    if not isinstance(column, dict) or column.get("@") != "col/1":
        raise CorruptError("not a column", hint="a newer vcs-track may have written it")
    codec, n, parts = column.get("codec"), column.get("n"), column.get("v")
    decode = _DECODERS.get(codec) if isinstance(codec, str) else None
    if decode is None:
        raise CorruptError(
            f"unknown column codec '{str(codec)[:40]}'", hint="read it with a newer vcs-track"
        )
    # Bounded before anything is built: a hundred bytes can claim a billion points.
    if type(n) is not int or not 0 <= n <= CHUNK or not isinstance(parts, list):
        raise CorruptError(f"a column claims {str(n)[:40]} values")
    try:
        values = decode(parts, n)
    except (TypeError, ValueError, OverflowError) as error:
        raise CorruptError(f"a column does not decode: {error}") from None
    if len(values) != n:
        raise CorruptError(f"a column holds {len(values)} values, not {n}")
    return values


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"{type(value).__name__} where an integer belongs")
    return value


def _counted(parts: list[Any], n: int, width: int) -> list[list[Any]]:
    if any(not isinstance(part, list) or len(part) != width for part in parts):
        raise ValueError("a part of a column has another shape")
    if any(_whole(part[-1]) < 1 for part in parts) or sum(part[-1] for part in parts) != n:
        raise ValueError("the counts of a column do not add up")
    return parts


def _load_runs(parts: list[Any], n: int) -> list[int]:
    runs = _counted(parts, n, 3)
    return list(chain.from_iterable(_arithmetic(*map(_whole, run)) for run in runs))


def _load_stretches(parts: list[Any], n: int) -> list[Any]:
    stretches = _counted(parts, n, 2)
    values = [typed_json.thaw(v) for v, _ in stretches]
    if not set(map(type, values)) <= _IN_STRETCHES:
        raise TypeError("a stretch of something else than a number")
    return list(chain.from_iterable(map(repeat, values, (k for _, k in stretches))))


_IN_STRETCHES: Final = frozenset([int, float, type(None)])


def _load_deltas(parts: list[Any], n: int) -> list[int]:
    del n
    return list(accumulate(map(_whole, parts)))


def _load_integers(parts: list[Any], n: int) -> list[int]:
    del n
    return list(map(_whole, parts))


def _load_f4(parts: list[Any], n: int) -> list[Any]:
    return [_to_f32(value) for value in _load_f8(parts, n)]


def _load_f8(parts: list[Any], n: int) -> list[Any]:
    values = _load_mixed(parts, n)
    if not set(map(type, values)) <= {float}:
        raise TypeError("a column of floats holds something else")
    return values


def _load_mixed(parts: list[Any], n: int) -> list[Any]:
    del n
    values = canonical.load_numbers(parts)
    if not set(map(type, values)) <= {float, int, bool}:
        raise TypeError("a column of numbers holds something else")
    return values


_DECODERS: dict[str, Callable[[list[Any], int], list[Any]]] = {
    "runs": _load_runs,
    "delta": _load_deltas,
    "rle": _load_stretches,
    "f4": _load_f4,
    "f8": _load_f8,
    "int": _load_integers,
    "mixed": _load_mixed,
}


def describe(values: Sequence[Value], steps: Sequence[int]) -> Chunk:
    """Return what a chunk says of its points, without the columns.

    Args:
        values: At least one.
        steps: Theirs.
    """
    return {"n": len(values), "lo": min(steps), "hi": max(steps), **statistics(values)}


def statistics(values: Sequence[Value]) -> dict[str, Any]:
    """Return what a chunk says of its values: at least one."""
    total = _sum(values)
    numbers = values
    if total is None or not math.isfinite(total):
        # NaN alone differs from itself: min and max would depend on its place.
        numbers = [value for value in values if value == value]
        total = _sum(numbers)
    out: dict[str, Any] = {"first": values[0], "last": values[-1]}
    out["min"] = min(numbers, default=None)
    out["max"] = max(numbers, default=None)
    out["sum"] = total
    if len(numbers) < len(values):
        out["nan"] = len(values) - len(numbers)
    return out


def _sum(numbers: Sequence[Value]) -> float | None:
    if not numbers:
        return None
    try:
        return math.fsum(numbers)
    except OverflowError:  # on the way, or at the end, the sum passes the largest double
        return _exact_sum(numbers)
    except ValueError:  # Infinity and -Infinity together
        return math.nan


def _exact_sum(numbers: Sequence[Value]) -> float:
    from fractions import Fraction

    finite = sum(Fraction(number) for number in numbers if math.isfinite(number))
    rest = [float(number) for number in numbers if not math.isfinite(number)]
    if rest:
        return math.fsum(rest)
    try:
        return float(finite)
    except OverflowError:
        return math.inf if finite > 0 else -math.inf


def combine(chunks: Sequence[Chunk]) -> dict[str, Any]:
    """Return the statistics of a whole series from those of its chunks.

    Returns:
        ``count first last min max mean nan lo hi``; ``min``, ``max`` and ``mean`` leave NaN
        out and are None when nothing is left, and so is all but the counts of no chunks.
    """
    if len(chunks) == 1:
        return _of_one(chunks[0])
    if not chunks:
        return {**dict.fromkeys(_SUMMARY), "count": 0, "nan": 0}
    count = sum(chunk["n"] for chunk in chunks)
    nan = sum(chunk.get("nan", 0) for chunk in chunks)
    sums = [chunk["sum"] for chunk in chunks if chunk["sum"] is not None]
    total = _sum(sums)
    return {
        "count": count,
        "first": chunks[0]["first"],
        "last": chunks[-1]["last"],
        "min": min((c["min"] for c in chunks if c["min"] is not None), default=None),
        "max": max((c["max"] for c in chunks if c["max"] is not None), default=None),
        "mean": None if total is None else total / (count - nan),
        "nan": nan,
        "lo": min(chunk["lo"] for chunk in chunks),
        "hi": max(chunk["hi"] for chunk in chunks),
    }


def _of_one(chunk: Chunk) -> dict[str, Any]:
    nan = chunk.get("nan", 0)
    total = chunk["sum"]
    if type(total) is not float and total is not None:
        total = _sum([total])
    return {
        "count": chunk["n"], "first": chunk["first"], "last": chunk["last"], "min": chunk["min"],
        "max": chunk["max"], "mean": None if total is None else total / (chunk["n"] - nan),
        "nan": nan, "lo": chunk["lo"], "hi": chunk["hi"],
    }  # fmt: skip


def encode_scalars(series: dict[str, list[Chunk]]) -> bytes:
    """Return the bytes of the ``scalars/1`` manifest."""
    # Only chunks hold typed values: a tag is a plain key, whatever it looks like.
    body = {
        tag: {
            "n": sum(chunk["n"] for chunk in chunks),
            "chunks": [typed_json.freeze(chunk) for chunk in chunks],
        }
        for tag, chunks in series.items()
        if chunks
    }
    return canonical.dumps({"@": "scalars/1", "series": body})


def decode_scalars(data: bytes) -> dict[str, list[Chunk]]:
    """Return the chunks of every series in the ``scalars/1`` manifest *data*.

    Raises:
        CorruptError: If it is not one.
    """
    body = canonical.loads(data)
    if not isinstance(body, dict) or body.get("@") != "scalars/1":
        raise CorruptError(
            "expected a 'scalars/1' document", hint="a newer vcs-track may have written it"
        )
    plain = typed_json.is_plain(data)
    try:
        return {tag: _chunks(entry, plain=plain) for tag, entry in body["series"].items()}
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise CorruptError(f"a scalars manifest is damaged: {error}") from None


def _chunks(entry: Any, *, plain: bool) -> list[Chunk]:
    chunks = [one if plain else typed_json.thaw(one) for one in entry["chunks"]]
    if not all(map(is_chunk, chunks)):
        raise TypeError("a chunk lacks a member, or has one of another type")
    if entry["n"] != sum(chunk["n"] for chunk in chunks):
        raise TypeError("a series counts other points than its chunks")
    return chunks

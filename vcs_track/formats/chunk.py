"""A chunk of a series: what it says of its points, and whether that can be.

``docs/format/objects.md`` is the specification.
"""

from __future__ import annotations

from typing import Any, Final, TypeGuard

__all__ = ["CHUNK", "Chunk", "is_chunk"]

CHUNK: Final = 16_384

Chunk = dict[str, Any]

_MEMBERS: Final = frozenset(
    ["n", "value", "step", "wall", "lo", "hi", "first", "last", "min", "max", "sum"]
)
_VALUES: Final = frozenset([int, float, bool])
_TOTALS: Final = frozenset([int, float])


def is_chunk(chunk: Any) -> TypeGuard[Chunk]:
    """Return whether *chunk*, thawed, has all members and each has its type.

    A reader counts and adds with them, and must not trip over what a stranger wrote.
    """
    if not isinstance(chunk, dict) or not chunk.keys() >= _MEMBERS:
        return False
    n, nan, lo, hi = chunk["n"], chunk.get("nan", 0), chunk["lo"], chunk["hi"]
    if not (type(n) is int and type(nan) is int and 0 < n <= CHUNK and 0 <= nan <= n):
        return False
    if not (type(lo) is int and type(hi) is int and lo <= hi):
        return False
    return {type(chunk["first"]), type(chunk["last"])} <= _VALUES and _has_numbers(chunk, n > nan)


def _has_numbers(chunk: Chunk, some: bool) -> bool:
    low, high, total = chunk["min"], chunk["max"], chunk["sum"]
    if not some:
        return low is None and high is None and total is None
    return {type(low), type(high)} <= _VALUES and type(total) in _TOTALS

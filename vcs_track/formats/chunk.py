"""A chunk of a series: what it says of its points, and whether that can be.

``docs/format/objects.md`` is the specification.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final, TypeGuard

__all__ = ["CHUNK", "Chunk", "is_chunk"]

CHUNK: Final = 16_384

Chunk = dict[str, Any]

_MEMBERS: Final = itemgetter(
    "n", "lo", "hi", "first", "last", "min", "max", "sum", "value", "step", "wall"
)
_VALUES: Final = frozenset([int, float, bool])
_TOTALS: Final = frozenset([int, float])


def is_chunk(chunk: Any) -> TypeGuard[Chunk]:
    """Return whether *chunk*, thawed, has all members and each has its type.

    A reader counts and adds with them, and must not trip over what a stranger wrote.
    """
    # Asked of each series of each run: no sets and no calls on the way.
    if type(chunk) is not dict:
        return False
    try:
        n, lo, hi, first, last, low, high, total, _, _, _ = _MEMBERS(chunk)
    except KeyError:
        return False
    nan = chunk.get("nan", 0)
    if not (type(n) is int and type(nan) is int and 0 < n <= CHUNK and 0 <= nan <= n):
        return False
    if not (type(lo) is int and type(hi) is int and lo <= hi):
        return False
    if type(first) not in _VALUES or type(last) not in _VALUES:
        return False
    if n == nan:
        return low is None and high is None and total is None
    return type(low) in _VALUES and type(high) in _VALUES and type(total) in _TOTALS

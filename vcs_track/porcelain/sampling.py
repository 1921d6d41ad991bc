"""Which points of a long series to keep, so that few look like all.

Both methods divide the points, in the order logged, into stretches of about equal numbers:

``minmax``
    keeps the smallest and the largest value of each stretch, and the first and the last point
    of all. It is the MinMax aggregation that the paper on M4 compares with.

``m4``
    keeps the first, last, smallest and largest of each stretch: U. Jugel, Z. Jerzak,
    G. Hackenbroich, V. Markl, "M4: A Visualization-Oriented Time Series Data Aggregation",
    PVLDB 7 (10), 2014.

NaN is neither small nor large: a stretch of nothing else keeps its first point. The infinities
are. Of equal values the first is kept. Where a stretch has whole chunks, their statistics tell
which of them to read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import CorruptError, InvalidValueError
from vcs_track.porcelain import values as rules
from vcs_track.porcelain.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["LEAST", "METHODS", "Block", "check", "places"]

METHODS: Final = ("minmax", "m4")
LEAST: Final = 4

_AT_HAND: Final = 4  # blocks kept in memory: a stretch that begins inside one ends in the next


class Block(NamedTuple):
    """Points that are read together.

    Attributes:
        size: How many, at least one.
        read: Gives their values.
        known: Whether *low* and *high* are known.
        low: The smallest value, None where all are NaN.
        high: The largest value, likewise.
        nan: Whether there may be NaN.
    """

    size: int
    read: Callable[[], Sequence[float]]
    known: bool = False
    low: float | None = None
    high: float | None = None
    nan: bool = True


def check(n: Any, method: Any) -> int:
    """Return *n* as a number of points to keep.

    Raises:
        InvalidTypeError: If *n* is no integer.
        InvalidValueError: If *n* is less than 4, or there is no such method.
    """
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise rules.wrong_type("n", n, "an integer")
    if n.__index__() < LEAST:
        raise InvalidValueError(
            f"n is {n.__index__()}", hint=f"a sample has {LEAST} points or more"
        )
    if method not in METHODS:
        raise InvalidValueError(
            f"there is no method '{method}'", hint=did_you_mean(str(method), METHODS)
        )
    return int(n.__index__())


def places(blocks: Sequence[Block], n: int, method: str = "minmax") -> list[int]:
    """Return the places of the points to keep, rising, at most *n*.

    Args:
        blocks: All points.
        n: At most so many places, 4 or more.
        method: ``minmax`` or ``m4``.

    Raises:
        CorruptError: If a block has not got the values that it is known to have.
        InvalidTypeError: If *n* is no integer.
        InvalidValueError: If *n* is less than 4, or there is no such method.

    Example:
        >>> from vcs_track.porcelain.sampling import Block, places
        >>> values = [0.0, 1.0, 9.0, 1.0, 0.0, 1.0, -5.0, 1.0]
        >>> places([Block(len(values), lambda: values)], 4)
        [0, 2, 6, 7]
    """
    n = check(n, method)
    starts = [0, *accumulate(block.size for block in blocks)]
    total = starts[-1]
    if total <= n:
        return list(range(total))
    points = _Points(blocks, starts)
    kept = {0, total - 1}
    stretches = n // 4 if method == "m4" else (n - 2) // 2
    for start, end in pairwise(_edges(starts, stretches)):
        kept.update(points.extremes(start, end))
        if method == "m4":
            kept.update((start, end - 1))
    return sorted(kept)


def _edges(starts: list[int], stretches: int) -> list[int]:
    total = starts[-1]
    edges = [place * total // stretches for place in range(stretches + 1)]
    if total // stretches < 2 * max(end - start for start, end in pairwise(starts)):
        return edges
    # Cut between chunks: at most two chunks of a stretch are read then, however long it is.
    return [_nearest(starts, edge) for edge in edges]


def _nearest(starts: list[int], edge: int) -> int:
    at = bisect_left(starts, edge)
    return min(starts[max(0, at - 1) : at + 1], key=lambda start: abs(start - edge))


class _Part(NamedTuple):
    """The points of a block from one place to another."""

    block: int
    start: int
    end: int


class _Points:
    """All points, a few blocks at a time."""

    def __init__(self, blocks: Sequence[Block], starts: list[int]) -> None:
        self._blocks = blocks
        self._starts = starts
        self._values = lru_cache(maxsize=_AT_HAND)(self._read)

    def _read(self, block: int) -> Sequence[float]:
        return self._blocks[block].read()

    def extremes(self, start: int, end: int) -> set[int]:
        """Return the places of the smallest and the largest value."""
        found = [(part, bounds) for part in self._parts(start, end) if (bounds := self._of(part))]
        if not found:
            return {start}
        low, high = min(low for _, (low, _) in found), max(high for _, (_, high) in found)
        return {
            self._find(low, next(part for part, bounds in found if bounds[0] == low)),
            self._find(high, next(part for part, bounds in found if bounds[1] == high)),
        }

    def _parts(self, start: int, end: int) -> Iterator[_Part]:
        block = bisect_right(self._starts, start) - 1
        while start < end:
            first, after = self._starts[block], self._starts[block + 1]
            yield _Part(block, start - first, min(end, after) - first)
            start = after
            block += 1

    def _of(self, part: _Part) -> tuple[float, float] | None:
        block = self._blocks[part.block]
        if block.known and part.end - part.start == block.size:
            return None if block.low is None or block.high is None else (block.low, block.high)
        values = self._values(part.block)[part.start : part.end]
        if block.nan:
            values = [value for value in values if value == value]
        return (min(values), max(values)) if values else None

    def _find(self, value: float, part: _Part) -> int:
        try:
            place = self._values(part.block).index(value, part.start, part.end)
        except ValueError:
            raise CorruptError(
                f"a chunk has not got the value {value} that its statistics name",
                hint="'vcs-track fsck' tells more",
            ) from None
        return self._starts[part.block] + place

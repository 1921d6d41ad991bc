"""Histograms of Crayon: given, or built from values."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

from vcs_track.compat.crayon import texts
from vcs_track.compat.crayon.refusals import RefusedError
from vcs_track.formats import canonical

__all__ = ["Histogram"]

_NEEDED: Final[dict[str, tuple[type, ...]]] = {
    "min": (float, int),
    "max": (float, int),
    "num": (int,),
    "bucket_limit": (list,),
    "bucket": (list,),
}
_ALLOWED: Final = {*_NEEDED, "sum", "sum_squares"}
_SMALLEST: Final = 1e-12
_LARGEST: Final = 1e20
_FACTOR: Final = 1.1
_FACE: Final = "crayon"


@cache
def _limits() -> list[float]:
    positive = []
    limit = _SMALLEST
    while limit < _LARGEST:
        positive.append(limit)
        limit *= _FACTOR
    return [*(-limit for limit in reversed(positive)), 0.0, *positive]


class Histogram(NamedTuple):
    """One histogram.

    Attributes:
        low: The smallest value.
        high: The largest value.
        num: How many values there are.
        total: Their sum.
        squares: The sum of their squares.
        limits: The right limit of each bucket.
        counts: What is in each bucket.

    Example:
        >>> from vcs_track.compat.crayon.histogram import Histogram
        >>> Histogram.built([-1.5, 0, 0, 2.5]).row()
        [-1.5, 2.5, 4.0, 1.0, 8.5, [-1.47723448201245, 0.0, 2.6170109961884593], [1.0, 2.0, 1.0]]
    """

    low: float
    high: float
    num: float
    total: float
    squares: float
    limits: tuple[float, ...]
    counts: tuple[float, ...]

    @classmethod
    def built(cls, values: Any) -> Histogram:
        """Build one of values.

        A value counts in the first bucket whose limit it does not exceed.

        Raises:
            RefusedError: If *values* is no list of numbers that buckets have room for.
        """
        if not isinstance(values, list) or not values:
            raise RefusedError(texts.elements(values))
        numbers = _numbers("the elements", values)
        limits = _limits()
        if not all(number <= limits[-1] for number in numbers):
            raise RefusedError(f"an element of the histogram is above {limits[-1]:.3g}")
        found: dict[int, int] = {}
        for number in numbers:
            place = bisect_left(limits, number)
            found[place] = found.get(place, 0) + 1
        places = sorted(found)
        return cls(
            min(numbers), max(numbers), float(len(numbers)), math.fsum(numbers),
            math.fsum(number * number for number in numbers),
            tuple(limits[place] for place in places), tuple(float(found[p]) for p in places),
        )  # fmt: skip

    @classmethod
    def given(cls, said: Any) -> Histogram:
        """Take one as it is given.

        Raises:
            RefusedError: If it is none.
        """
        if not isinstance(said, dict):
            raise RefusedError(texts.missing_argument("min"))
        for key, kinds in _NEEDED.items():
            if key not in said:
                raise RefusedError(texts.missing_argument(key))
            if not isinstance(said[key], kinds) or _is_long(said[key]):
                raise RefusedError(texts.argument_type(key, kinds, said[key]))
        if strange := sorted(said.keys() - _ALLOWED):
            raise RefusedError(f"a histogram has no argument '{texts.spelled(strange[0])}'")
        plain = [said["min"], said["max"], said["num"]]
        sums = [said.get("sum"), said.get("sum_squares")]
        low, high, num, total, squares = _numbers(
            "the histogram", [*plain, *(0.0 if each is None else each for each in sums)]
        )
        limits = tuple(_numbers("'bucket_limit'", said["bucket_limit"]))
        counts = tuple(_numbers("'bucket'", said["bucket"]))
        return cls(low, high, num, total, squares, limits, counts)

    def row(self) -> list[Any]:
        """Return it as Crayon's getters do."""
        return [*self[:5], list(self.limits), list(self.counts)]

    # ---- in the store ------------------------------------------------------------------

    def to_body(self, wall_time: float) -> bytes:
        """Return what the store keeps.

        That is what every histogram has, and the exact one.
        """
        counts, edges = self._bins()
        spelled = [_spell(each) for each in self[:5]]
        lists = [[_spell(each) for each in part] for part in (self.limits, self.counts)]
        kept = {"row": [*spelled, *lists], "wall": _spell(wall_time)}
        return canonical.dumps({"counts": counts, "edges": edges, _FACE: kept})

    def _bins(self) -> tuple[list[float], list[float]]:
        """Return counts and edges as the store has them for everybody."""
        edges = [min(self.low, *self.limits[:1]), *self.limits] if self.limits else []
        if len(edges) > 1 and edges[0] == edges[1]:
            edges[0] = math.nextafter(edges[0], -math.inf)
        rising = all(a < b for a, b in pairwise(edges))
        sound = all(0 <= count < math.inf for count in self.counts)
        if rising and sound and len(edges) == len(self.counts) + 1 and all(map(_finite, edges)):
            return list(self.counts), edges
        # Nothing that charts can show in buckets: one that has everything.
        low = self.low if _finite(self.low) else 0.0
        high = (
            self.high if _finite(self.high) and self.high > low else math.nextafter(low, math.inf)
        )
        count = self.num if 0 <= self.num < math.inf else 0.0
        return [count], [low, high]

    @classmethod
    def from_body(cls, data: bytes, wall_us: int) -> tuple[float, Histogram]:
        """Return the wall time and the histogram of what the store has.

        Args:
            data: What it has.
            wall_us: When it was logged, where it was not logged through Crayon.
        """
        body = canonical.loads(data)
        kept = body.get(_FACE)
        if kept is not None:
            row = kept["row"]
            low, high, num, total, squares = map(float, row[:5])
            limits, counts = (tuple(map(float, part)) for part in row[5:])
            return float(kept["wall"]), cls(low, high, num, total, squares, limits, counts)
        counts = tuple(map(float, body["counts"]))
        edges = tuple(map(float, body["edges"]))
        found = cls(edges[0], edges[-1], sum(counts), 0.0, 0.0, edges[1:], counts)
        return wall_us / 1e6, found


def _finite(number: float) -> bool:
    # A double beyond this has no neighbour to be told apart from.
    return math.isfinite(number) and abs(number) < 1e300


def _is_long(value: Any) -> bool:
    return isinstance(value, int) and not -(2**63) <= value < 2**63


def _numbers(what: str, values: list[Any]) -> list[float]:
    for value in values:
        if not isinstance(value, int | float) or _is_long(value):
            raise RefusedError(f"'{texts.spelled(value)}' in {what} is not a number")
    return [float(value) for value in values]


def _spell(number: float) -> float | str:
    if math.isfinite(number):
        return number
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"

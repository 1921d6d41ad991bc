"""Samples of numbers: what they tell of themselves, and whether two of them differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vcs_track.porcelain.student import critical, two_sided

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "LEVEL",
    "MeanTest",
    "Resampled",
    "Stats",
    "bootstrap",
    "describe",
    "paired",
    "welch",
    "without_nan",
]

LEVEL: Final = 0.95
_RESAMPLES: Final = 10_000
_FEWEST: Final = 1_000
_MOST_DRAWS: Final = 4_000_000
_LARGEST: Final = 1.7976931348623157e308


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a sample of numbers tells of itself; NaN is counted and left out.

    Attributes:
        n: How many numbers.
        nan: How many more were NaN.
        mean: Their mean; None without a number, NaN where both infinities occur.
        std: Standard deviation with n - 1; None for fewer than two, or with an infinity.
        min: The smallest.
        max: The largest.
        low: Lower end of the 95 % interval of the mean, by Student's t; None where there is
            no *std*.
        high: Upper end of it.
    """

    n: int
    nan: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    low: float | None
    high: float | None

    @property
    def half(self) -> float | None:
        """How far the interval reaches, up and down from the mean."""
        return None if self.std is None else _half(self.std, self.n)


@dataclass(frozen=True, slots=True)
class MeanTest:
    """A t test of the difference of two means.

    Attributes:
        method: ``welch`` or ``paired t``.
        t: The difference in standard errors.
        df: Degrees of freedom.
        p: Probability of a difference at least as large where there is none.
        low: Lower end of the 95 % interval of the difference.
        high: Upper end of it.
    """

    method: str
    t: float
    df: float
    p: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Resampled:
    """The 95 % percentile interval of a difference of means, by bootstrap.

    Attributes:
        low: Lower end.
        high: Upper end.
        resamples: How many samples were drawn: 10,000, fewer for large ones.
    """

    low: float
    high: float
    resamples: int


def describe(values: Sequence[float]) -> Stats:
    """Return what *values* tell of themselves.

    Args:
        values: Numbers of any size; integers that are no floats count as infinite in the mean.

    Example:
        >>> from vcs_track.porcelain.sample import describe
        >>> found = describe([1, 2, 3, float("nan")])
        >>> found.n, found.nan, found.mean, found.std, round(found.high, 3)
        (3, 1, 2.0, 1.0, 4.484)
    """
    known = without_nan(values)
    n, nan = len(known), len(values) - len(known)
    if not n:
        return Stats(n=0, nan=nan, mean=None, std=None, min=None, max=None, low=None, high=None)
    mean, std = _moments([_float(value) for value in known])
    half = None if std is None else _half(std, n)
    low, high = (None, None) if half is None else (mean - half, mean + half)
    return Stats(
        n=n, nan=nan, mean=mean, std=std, min=min(known), max=max(known), low=low, high=high
    )


def without_nan(values: Iterable[float | None]) -> list[float]:
    """Return the numbers among *values*: neither None nor NaN."""
    # Not with math.isnan, which takes no integer beyond all floats.
    return [value for value in values if value is not None and repr(value) != "nan"]


def welch(a: Sequence[float], b: Sequence[float]) -> MeanTest | None:
    """Test whether two means differ, *b* from *a*, by Welch's t test.

    Returns:
        The test; None where a side has fewer than two numbers, an infinity, or neither side
        varies.

    Example:
        >>> from vcs_track.porcelain.sample import welch
        >>> found = welch([1.0, 2.0, 3.0], [4.0, 5.0, 7.0])
        >>> round(found.t, 4), round(found.df, 4), round(found.p, 4)
        (3.1623, 3.4483, 0.0419)
    """
    one, two = describe(a), describe(b)
    if one.std is None or two.std is None or one.mean is None or two.mean is None:
        return None
    first, second = one.std / math.sqrt(one.n), two.std / math.sqrt(two.n)
    error = math.hypot(first, second)
    if not 0 < error < math.inf:
        return None
    share = (first / error) ** 2
    df = 1 / (share**2 / (one.n - 1) + (1 - share) ** 2 / (two.n - 1))
    return _test("welch", two.mean - one.mean, error, df)


def paired(a: Sequence[float], b: Sequence[float]) -> MeanTest | None:
    """Test whether *b* differs from *a* pair by pair, by the paired t test.

    Args:
        a: One number a pair.
        b: The other of each pair, in the same order.

    Returns:
        The test; None for fewer than two pairs, with an infinity, or where all pairs differ by
        the same.

    Example:
        >>> from vcs_track.porcelain.sample import paired
        >>> found = paired([1.0, 2.0, 3.0], [1.5, 2.25, 4.0])
        >>> round(found.t, 4), found.df, round(found.p, 4)
        (2.6458, 2, 0.1181)
    """
    found = describe(_differences(a, b))
    if found.mean is None or found.std is None or not 0 < found.std < math.inf:
        return None
    return _test("paired t", found.mean, found.std / math.sqrt(found.n), found.n - 1)


def bootstrap(
    a: Sequence[float], b: Sequence[float], *, pairs: bool = False, seed: int = 0
) -> Resampled | None:
    """Return the percentile interval of the mean of *b* minus that of *a*.

    Equal arguments give an equal interval, everywhere and always.

    Args:
        a: Numbers of one side.
        b: Numbers of the other.
        pairs: Draw pairs, not each side for itself.
        seed: Where the random numbers begin.

    Returns:
        The interval; None where a side has fewer than two numbers, or one that is infinite.

    Example:
        >>> from vcs_track.porcelain.sample import bootstrap
        >>> found = bootstrap([1.0, 2.0, 3.0], [4.0, 5.0, 7.0])
        >>> round(found.low, 2), round(found.high, 2), found.resamples
        (1.67, 5.0, 10000)
    """
    from random import Random  # loads hash functions, which a list of runs has no use for

    sides = [_differences(a, b)] if pairs else [[*map(_float, side)] for side in (a, b)]
    if any(len(side) < 2 or not all(map(math.isfinite, side)) for side in sides):
        return None
    draws = sum(map(len, sides))
    resamples = max(_FEWEST, min(_RESAMPLES, _MOST_DRAWS // draws))
    draw = Random(seed).random  # noqa: S311 -- a repeatable draw, not a secret
    plus = _mean_of_draw(sides[-1], draw)
    minus = _mean_of_draw([0.0] if pairs else sides[0], draw)
    means = sorted(plus() - minus() for _ in range(resamples))
    outside = round(resamples * (1 - LEVEL) / 2)
    return Resampled(means[outside], means[-1 - outside], resamples)


def _mean_of_draw(side: list[float], draw: Callable[[], float]) -> Callable[[], float]:
    n = len(side)
    # Divided first, so that large numbers do not overflow in the sum.
    parts = [value / n for value in side]
    places = range(n)
    return lambda: sum(parts[int(draw() * n)] for _ in places)


def _differences(a: Sequence[float], b: Sequence[float]) -> list[float]:
    return [_float(after) - _float(before) for before, after in zip(a, b, strict=True)]


def _test(method: str, difference: float, error: float, df: float) -> MeanTest:
    t = difference / error
    half = critical(LEVEL, df) * error
    return MeanTest(method, t, df, two_sided(t, df), difference - half, difference + half)


def _half(std: float, n: int) -> float:
    return critical(LEVEL, n - 1) * std / math.sqrt(n)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer beyond all floats
        return math.inf if value > 0 else -math.inf


def _moments(values: list[float]) -> tuple[float, float | None]:
    """Return mean and standard deviation of one number or more."""
    low, high = min(values), max(values)
    if math.isinf(low) or math.isinf(high):
        return (low if low == high or math.isfinite(high) else low + high), None
    n = len(values)
    if low == high:  # exactly, where a sum would leave the rounding of its last digit
        return low, (0.0 if n > 1 else None)
    # All below 1 while they are squared and added: neither too large nor too small for a float.
    exponent = math.frexp(max(-low, high))[1]
    parts = [math.ldexp(value, -exponent) for value in values]
    mean = math.fsum(parts) / n
    mean += math.fsum([part - mean for part in parts]) / n  # what the division rounded away
    square = math.fsum([(part - mean) ** 2 for part in parts])
    std = math.sqrt(square / (n - 1))
    return _scaled(mean, exponent), _scaled(std, exponent)


def _scaled(value: float, exponent: int) -> float:
    try:
        return math.ldexp(value, exponent)
    except OverflowError:  # two numbers at both ends of what a float can be
        return math.copysign(_LARGEST, value)

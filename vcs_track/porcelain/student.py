"""Student's t distribution, in plain Python.

Probabilities down to 1e-250 are right to a relative error of 1e-12 for up to 10,000 degrees of
freedom and of 1e-7 for up to 1e9; from there on the normal distribution stands in. Tests hold
this against tables, integrals and, where it is installed, scipy.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from vcs_track.errors import InvalidValueError

__all__ = ["critical", "two_sided"]

_NORMAL_FROM: Final = 1e9
_SERIES_FROM: Final = 30.0
_TINY: Final = 1e-300
_STEPS: Final = 100_000
_EXACT: Final = 1e-16


def two_sided(t: float, df: float) -> float:
    """Return the probability that a Student t is further from 0 than *t*.

    Args:
        t: Any number; infinite ones have the probability 0.
        df: Degrees of freedom, above 0, whole or not.

    Raises:
        InvalidValueError: If *t* is not a number, or *df* is not above 0.

    Example:
        >>> from vcs_track.porcelain.student import two_sided
        >>> round(two_sided(2.776445, 4), 6), two_sided(0, 3)
        (0.05, 1.0)
    """
    _check(df)
    if math.isnan(t):
        raise InvalidValueError("t is not a number")
    t = abs(t)
    if math.isinf(t):
        return 0.0
    if df >= _NORMAL_FROM:
        return math.erfc(t / math.sqrt(2))
    # Written so that a square that is too large, or too small, does no harm.
    ratio = t / math.sqrt(df)
    if ratio > 1e150:
        return _far(ratio, df)
    square = ratio * ratio
    near, far = square / (1 + square), 1 / (1 + square)
    half = df / 2
    # ln of far**half * near**0.5 / B(half, 1/2)
    front = -half * math.log1p(square) + 0.5 * math.log(near) if near > 0 else -math.inf
    front = math.exp(front - _log_beta(half))
    if far < (half + 1) / (half + 2.5):
        return front * _fraction(far, half, 0.5) / half
    return max(0.0, 1 - 2 * front * _fraction(near, 0.5, half))


@lru_cache(maxsize=128)
def critical(level: float, df: float) -> float:
    """Return the t beyond which a share of ``1 - level`` lies, both tails.

    The mean of a sample lies within so many standard errors, with the confidence *level*.

    Args:
        level: Confidence, above 0 and below 1.
        df: Degrees of freedom, above 0, whole or not.

    Raises:
        InvalidValueError: If an argument is out of its range.

    Example:
        >>> from vcs_track.porcelain.student import critical
        >>> round(critical(0.95, 4), 4), round(critical(0.95, 1e12), 4)
        (2.7764, 1.96)
    """
    _check(df)
    if not 0 < level < 1:
        raise InvalidValueError(f"level is {level}", hint="use a number between 0 and 1")
    wanted = 1 - level
    low, high = 0.0, 2.0
    while two_sided(high, df) > wanted:
        low, high = high, high * 2
    return _root(wanted, df, low, high)


def _root(wanted: float, df: float, low: float, high: float) -> float:
    """Close in on the t whose tails hold *wanted*: Newton, halving where that leaps away."""
    t = (low + high) / 2
    for _ in range(300):
        excess = two_sided(t, df) - wanted
        if excess > 0:
            low = t
        else:
            high = t
        slope = 2 * _density(t, df)
        after = t + excess / slope if slope > 0 else math.inf
        if not low < after < high:
            after = (low + high) / 2
        if abs(after - t) <= _EXACT * after or high - low <= _EXACT * high:
            return after
        t = after
    return t


def _check(df: float) -> None:
    if not df > 0:
        raise InvalidValueError(f"degrees of freedom are {df}", hint="they are above 0")


def _density(t: float, df: float) -> float:
    if df >= _NORMAL_FROM:
        return math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    squares = -(df + 1) / 2 * math.log1p(t / df * t)
    return math.exp(squares - _log_beta(df / 2) - 0.5 * math.log(df))


def _far(ratio: float, df: float) -> float:
    # The first term of the tail; the next one is smaller by the square of *ratio*.
    return math.exp(-df * math.log(ratio) - _log_beta(df / 2)) / (df / 2)


def _log_beta(a: float) -> float:
    """Return ln B(a, 1/2), without the difference of two large numbers."""
    if a < _SERIES_FROM:
        return math.lgamma(a) + 0.5 * math.log(math.pi) - math.lgamma(a + 0.5)
    # ln(gamma(a + 1/2) / gamma(a)) for large a
    x = 1 / a
    series = x * (-1 / 8 + x * x * (1 / 192 + x * x * (-1 / 640 + x * x * 17 / 14336)))
    return 0.5 * math.log(math.pi) - 0.5 * math.log(a) - series


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's way."""
    c, d = 1.0, _away(1 - (a + b) * x / (a + 1))
    d = 1 / d
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _away(1 + even * d)
        c = _away(1 + even / c)
        value *= c * d
        d = 1 / _away(1 + odd * d)
        c = _away(1 + odd / c)
        value *= c * d
        if abs(c * d - 1) < _EXACT * 3:
            break
    return value


def _away(x: float) -> float:
    """Return *x*, kept from 0 so that it can divide."""
    return x if abs(x) > _TINY else _TINY

"""Two numbers: how far apart, and whether the second is better."""

from __future__ import annotations

import math
from typing import Any

from vcs_track.porcelain.interest import better_way

__all__ = ["better", "delta", "is_number", "relative"]


def is_number(value: Any) -> bool:
    """Return whether *value* is a number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def delta(old: Any, new: Any) -> float | None:
    """Return new less old, None where that is no finite number."""
    if not (is_number(old) and is_number(new)):
        return None
    try:
        apart: float = new - old
        return apart if math.isfinite(apart) else None
    except OverflowError:  # an integer beyond floats
        return None


def relative(old: Any, new: Any) -> float | None:
    """Return the delta as a share of the old value, None where there is none."""
    apart = delta(old, new)
    try:
        share = None if apart is None or not old else apart / abs(old)
    except OverflowError:
        return None
    return share if share is not None and math.isfinite(share) else None


def better(name: str, old: Any, new: Any) -> bool | None:
    """Return whether *new* is better; None where nobody knows, or equal."""
    way = better_way(name)
    if way is None or not (is_number(old) and is_number(new)):
        return None
    if not (old < new or new < old):  # equal, or not a number
        return None
    return bool(new < old) == (way == "lower")

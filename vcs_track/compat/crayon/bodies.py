"""What a client sends with a point or a histogram, checked in the order of the protocol."""

from __future__ import annotations

import math
from typing import Any, Final

from vcs_track.compat.crayon import texts
from vcs_track.compat.crayon.histogram import Histogram
from vcs_track.compat.crayon.refusals import RefusedError

__all__ = ["histogram", "plain", "point"]

_LAST_STEP: Final = (1 << 63) - 1


def _three(body: Any) -> list[Any]:
    if not body:
        raise RefusedError(texts.NOT_JSON)
    if not isinstance(body, list):
        raise RefusedError(texts.not_a_list())
    if len(body) != 3:
        raise RefusedError(texts.not_three(body))
    return [_wall_time(body[0]), _step(body[1]), body[2]]


def point(body: Any) -> tuple[float, int, float]:
    """Return the wall time, the step and the value of *body*.

    Raises:
        RefusedError: If it is no point.
    """
    if isinstance(body, list) and len(body) == 3 and not _is_number(body[2]):
        raise RefusedError(texts.not_a_number(body[2]))
    wall_time, step, value = _three(body)
    return wall_time, step, float(value)


def histogram(body: Any, *, to_build: bool) -> tuple[float, int, Histogram]:
    """Return the wall time, the step and the histogram of *body*.

    Raises:
        RefusedError: If it is none.
    """
    wall_time, step, said = _three(body)
    return wall_time, step, Histogram.built(said) if to_build else Histogram.given(said)


def _is_number(value: Any) -> bool:
    if isinstance(value, int):
        return -_LAST_STEP - 1 <= value <= _LAST_STEP
    return isinstance(value, float)


def _wall_time(value: Any) -> float:
    if value is None:
        return 0.0
    if not isinstance(value, int | float):
        raise RefusedError(f"the wall time '{texts.spelled(value)}' is not a number")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise RefusedError("the wall time is not finite")
    return seconds


def _step(value: Any) -> int:
    if value is None:
        return 0
    if not isinstance(value, int):
        raise RefusedError(f"the step '{texts.spelled(value)}' is not a whole number")
    if not -_LAST_STEP - 1 <= value <= _LAST_STEP:
        raise RefusedError("the step needs more than 64 bits")
    return int(value)


def plain(value: Any) -> Any:
    """Return *value* as JSON would carry it.

    Raises:
        TypeError: If JSON cannot.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")

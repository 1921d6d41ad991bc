"""Alerts: words of a run that somebody should read soon."""

from __future__ import annotations

import time
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.term import termlog

if TYPE_CHECKING:
    from vcs_track.porcelain.run import Run as Native

__all__ = ["AlertLevel", "Alerts"]

_SECONDS: Final = 60.0


class AlertLevel(Enum):
    """How grave an alert is."""

    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class Alerts:
    """The alerts of a run.

    Args:
        native: The run of the store.
    """

    def __init__(self, native: Native) -> None:
        self._native = native
        self._last: dict[str, float] = {}

    def alert(self, title: Any, text: Any, level: Any, wait: Any, step: int) -> None:
        """Keep an alert, and say it unless it was said a moment ago.

        Arguments as for :meth:`Run.alert`.
        """
        grade = _level(level)
        seconds = _seconds(wait)
        now = time.monotonic()
        last = self._last.get(str(title))
        suppressed = last is not None and now - last < seconds
        meta = {
            "api": "wandb.alert", "title": str(title), "level": grade, "suppressed": suppressed,
        }  # fmt: skip
        data = str(text).encode("utf-8", "replace")
        self._native.add_item("text", data, mime="text/plain", tag="alert", step=step, meta=meta)
        if not suppressed:
            self._last[str(title)] = now
            termlog(f"{grade} {title}: {text}")


def _level(level: Any) -> str:
    if isinstance(level, AlertLevel):
        return level.value
    word = "INFO" if level is None else level
    if word not in AlertLevel.__members__:
        raise BadValueError(
            f"level {level!r:.40} is none of INFO, WARN, ERROR", hint="use wandb.AlertLevel"
        )
    return str(word)


def _seconds(wait: Any) -> float:
    if not wait:
        return _SECONDS
    if isinstance(wait, timedelta):
        return wait.total_seconds()
    if isinstance(wait, bool) or not isinstance(wait, int | float):
        raise BadTypeError(
            f"wait_duration must be seconds or a timedelta, not {type(wait).__name__}"
        )
    return float(wait)

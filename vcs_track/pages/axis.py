"""One axis of a picture: where a number lies, and which numbers stand beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Axis"]

_LONGEST: Final = 10
_PLAIN: Final = (1e-4, 1e6)  # numbers within are written without an exponent
_TINY: Final = 1e-290  # below it a step between numbers may be zero
_HUGE: Final = 1e300  # beyond it one may be infinite


@dataclass(frozen=True, slots=True)
class Axis:
    """The numbers from *low* to *high*.

    Attributes:
        low: The smallest number; with *log* its logarithm to the base of ten.
        high: The largest number, likewise.
        log: Whether the axis is logarithmic.
        whole: Whether only integers stand beside it.

    Example:
        >>> from vcs_track.pages.axis import Axis
        >>> axis = Axis.over([0.2, 1.0, 0.7])
        >>> axis.place(1.0), axis.marks(4)
        (1.0, [(0.2, '0.2'), (0.4, '0.4'), (0.6000000000000001, '0.6'), (0.8, '0.8'), (1.0, '1.0')])
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @classmethod
    def over(
        cls, numbers: Iterable[float], *, log: bool = False, whole: bool = False
    ) -> Axis | None:
        """Return an axis that has all finite *numbers*, None when there are none."""
        found = [number for number in numbers if math.isfinite(number)]
        return cls(min(found), max(found), log, whole) if found else None

    def place(self, number: float) -> float:
        """Return where *number* lies: 0 at the low end, 1 at the high one."""
        if self.low == self.high:
            return 0.5
        if math.isfinite(self.high - self.low):
            return (number - self.low) / (self.high - self.low)
        # Halved first: the distance between the largest doubles is infinite.
        return (number / 2 - self.low / 2) / (self.high / 2 - self.low / 2)

    def marks(self, most: int) -> list[tuple[float, str]]:
        """Return round numbers on the axis and their texts, about *most*."""
        marks = self._decades(most) if self.log else self._round(most)
        if not marks:
            marks = [(end, self._end(end)) for end in dict.fromkeys((self.low, self.high))]
        seen: set[str] = set()
        # Two numbers that read the same would say that the axis stands still.
        return [mark for mark in marks if not (mark[1] in seen or seen.add(mark[1]))]  # type: ignore[func-returns-value]

    def _end(self, end: float) -> str:
        return f"{10**end if self.log else end:.4g}"

    def _round(self, most: int) -> list[tuple[float, str]]:
        span, far = self.high - self.low, max(abs(self.low), abs(self.high))
        if span > _HUGE or span <= _TINY:
            return []
        raw = span / max(1, most)
        power = math.floor(math.log10(raw))
        if self.whole:
            power = max(0, power)
        step = next(
            (m * 10.0**power for m in (1, 2, 5) if m * 10.0**power >= raw), 10.0 ** (power + 1)
        )
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        digits = math.floor(math.log10(far)) - math.floor(math.log10(step))
        numbers = [number * step for number in range(first, last + 1)]
        return [(number, _text(number, step, far, digits)) for number in numbers]

    def _decades(self, most: int) -> list[tuple[float, str]]:
        first, last = math.floor(self.low), math.ceil(self.high)
        powers = [float(p) for p in range(first, last + 1) if self.low <= p <= self.high]
        if len(powers) > 1:
            powers = powers[:: math.ceil(len(powers) / max(2, most))]
        else:
            powers = [
                p + math.log10(m)
                for p in range(first, last + 1) for m in (1, 2, 5)
                if self.low <= p + math.log10(m) <= self.high
            ]  # fmt: skip
        if len(powers) > 1:
            return [(p, f"{10**p:.4g}") for p in powers]
        # Less than a decade is nearly straight.
        numbers = Axis(10**self.low, 10**self.high)._round(most)  # noqa: SLF001 -- its own
        marks = [(math.log10(number), text) for number, text in numbers]
        # The way there and back may round a number off the axis.
        return [(p, text) for p, text in marks if self.low <= p <= self.high]


def _text(number: float, step: float, far: float, digits: int) -> str:
    if _PLAIN[0] <= far < _PLAIN[1]:
        text = f"{number:.{max(0, -math.floor(math.log10(step)))}f}"
    else:
        text = f"{number:.{max(0, digits)}e}" if number else "0"
    return text if len(text) <= _LONGEST else f"{number:.4g}"

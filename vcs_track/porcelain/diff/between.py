"""How far two curves are apart: the gap and the area between them.

Points whose step is not above all steps before them do not count, nor do values that are not
finite, but for the gap of one infinity from anything else. Curves are straight between points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import compress, pairwise
from operator import add, mul, sub
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Knot = tuple[int, Any]

__all__ = ["Between"]


@dataclass(slots=True)
class Between:
    """What is known of the space between two curves so far.

    Attributes:
        gap: The largest distance at a common step, None without a common step.
        gap_at: That step, the first of several.
        area: The area between the curves, None where they have no stretch in common.

    Example:
        >>> from vcs_track.porcelain.diff.between import Between
        >>> between = Between()
        >>> between.same_grid([0, 10, 20], [1.0, 1.0, 1.0], [1.0, 2.0, 1.5])
        >>> between.gap, between.gap_at, between.area
        (1.0, 10, 12.5)
    """

    gap: float | None = None
    gap_at: int | None = None
    area: float | None = None
    _top: float = -math.inf
    # The last step that counts, how far the curves are apart there, and their values.
    _last: tuple[int, Any] | None = None
    _ends: tuple[Any, Any] = (None, None)

    def restart(self) -> None:
        """Begin with other curves; the gap stays, the area does not."""
        self.area, self._top, self._last = None, -math.inf, None

    # ---- points at the same steps ------------------------------------------------------

    @property
    def begun(self) -> bool:
        """Whether a point of both curves was taken in."""
        return self._last is not None

    @property
    def apart(self) -> bool:
        """Whether the curves are apart where we are."""
        return self._last is not None and self._last[1] != 0

    def inside(self, lo: int, hi: int) -> bool:
        """Return whether the steps so far end inside of a stretch of others."""
        return lo <= self._top < hi

    def anchor(self, step: int, value: Any) -> None:
        """Take in an end of a stretch in which both curves are the same.

        Args:
            step: The step there.
            value: The value there.
        """
        self._seen(0, step)
        if step <= self._top:
            return
        self._top = step
        if math.isfinite(value):
            self._knot(step, 0)
            self._ends = value, value

    def same_grid(self, steps: Sequence[int], old: Sequence[Any], new: Sequence[Any]) -> None:
        """Take in points that both curves have at the same steps."""
        if not steps:
            return
        gaps = list(map(abs, map(sub, old, new)))
        total = sum(gaps)
        widths = _widths(steps)
        if steps[0] <= self._top or widths is None:
            self._one_by_one(steps, old, new)
            return
        if not math.isfinite(total):
            self._with_holes(steps, old, new, gaps)
            return
        largest = max(gaps)
        self._seen(largest, steps[gaps.index(largest)])
        self._knot(steps[0], gaps[0])
        if isinstance(widths, int):
            if len(steps) > 1:
                self._widen(widths, 2 * total - gaps[0] - gaps[-1])
        else:
            self._widen(1, sum(map(mul, widths, map(add, gaps, gaps[1:]))))
        self._top, self._last = steps[-1], (steps[-1], gaps[-1])
        self._ends = old[-1], new[-1]

    def _with_holes(
        self, steps: Sequence[int], old: Sequence[Any], new: Sequence[Any], gaps: Sequence[Any]
    ) -> None:
        finite = list(map(math.isfinite, gaps))
        holes = [n for n, whole in enumerate(finite) if not whole]
        # Finite values whose distance is beyond floats are knots all the same.
        if not holes or any(math.isfinite(old[n]) and math.isfinite(new[n]) for n in holes):
            self._one_by_one(steps, old, new)
            return
        for n in holes:
            self._common(steps[n], old[n], new[n])
        columns = [list(compress(column, finite)) for column in (steps, old, new)]
        self.same_grid(columns[0], columns[1], columns[2])
        self._top = steps[-1]

    def _one_by_one(self, steps: Iterable[int], old: Iterable[Any], new: Iterable[Any]) -> None:
        for step, before, after in zip(steps, old, new, strict=True):
            if step > self._top:
                self._top = step
                self._common(step, before, after)

    def _common(self, step: int, old: Any, new: Any) -> None:
        if old == new:
            self._seen(0, step)
        elif not (math.isnan(old) or math.isnan(new)):
            self._seen(abs(old - new), step)
        if math.isfinite(old) and math.isfinite(new):
            self._knot(step, abs(old - new))
            self._ends = old, new

    def _knot(self, step: int, gap: Any) -> None:
        if self._last is not None:
            self._widen(step - self._last[0], self._last[1] + gap)
        self._last = step, gap

    def _seen(self, gap: Any, step: int) -> None:
        if self.gap is None or gap > self.gap or (gap == self.gap and step < (self.gap_at or 0)):
            self.gap, self.gap_at = gap, step

    def _widen(self, width: int, twice: Any) -> None:
        self.area = (self.area or 0) + width * twice / 2

    # ---- points at other steps ---------------------------------------------------------

    def merge(self, old: Iterable[Knot], new: Iterable[Knot]) -> None:
        """Take in what is left of both curves, each at steps of its own.

        Args:
            old: Steps and values of the first.
            new: Those of the second.
        """
        one, two = _rising(old, self._top), _rising(new, self._top)
        before, behind = (self._last and (self._last[0], end) for end in self._ends)
        ahead, beyond = next(one, None), next(two, None)
        while ahead and beyond:
            step, other = ahead[0], beyond[0]
            if step == other:
                self._common(step, ahead[1], beyond[1])
            elif step < other:
                if behind:
                    self._slope(step, ahead[1], behind, beyond)
            elif before:
                self._slope(other, beyond[1], before, ahead)
            if step <= other:
                before, ahead = ahead, next(one, None)
            if other <= step:
                behind, beyond = beyond, next(two, None)

    def _slope(self, step: int, value: Any, before: Knot, after: Knot) -> None:
        """Take in a point of one curve between two points of the other."""
        x, y = before
        gap = abs(y + (after[1] - y) * ((step - x) / (after[0] - x)) - value)
        if math.isfinite(gap):
            self._knot(step, gap)


def _rising(points: Iterable[Knot], top: float) -> Iterator[Knot]:
    for point in points:
        if point[0] > top:
            top = point[0]
            yield point


def _widths(steps: Sequence[int]) -> int | list[int] | None:
    """Return the one distance of all steps, or all distances; None if they do not rise."""
    if len(steps) == 1:
        return 1
    width = steps[1] - steps[0]
    if width > 0 and list(steps) == list(range(steps[0], steps[0] + width * len(steps), width)):
        return width
    widths = [after - before for before, after in pairwise(steps)]
    return widths if min(widths) > 0 else None

"""Series made ready to be drawn: few points, smoothed, on the axis asked for."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.pages.human import number
from vcs_track.porcelain.sampling import Block, places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.series import Series

    Line = Sequence[tuple[float, float]]

__all__ = ["Curve", "View", "curve_of", "row_of", "smoothed", "unit_of"]

_UNITS: Final = ((2 * 86400, 86400, "days"), (2 * 3600, 3600, "hours"), (2 * 60, 60, "minutes"))


class Curve(NamedTuple):
    """Lines of one colour.

    Attributes:
        label: What it shows.
        lines: Points in order; the pen is lifted between lines, at a y of NaN, and where x
            goes back.
        note: More about it, for the legend.
    """

    label: str
    lines: Sequence[Line]
    note: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """How series are looked at.

    Attributes:
        points: At most so many of each line.
        x: ``step``, ``time`` or ``epoch``.
        smooth: Weight of what came before, 0 to draw the values themselves.
        log: Draw logarithms to the base of ten.
    """

    points: int
    x: str = "step"
    smooth: float = 0.0
    log: bool = False


def smoothed(values: Iterable[float], weight: float) -> Iterator[float]:
    """Return the exponential moving average of *values*, debiased.

    As in TensorBoard: the average starts at 0 and is divided by the sum of the weights so far,
    which is the correction of Kingma and Ba (Adam, 2015). NaN and the infinities stay what they
    are and leave the average alone.

    Args:
        values: Numbers in order.
        weight: Weight of the average so far, from 0 (nothing changes) to below 1.

    Example:
        >>> from vcs_track.pages.curves import smoothed
        >>> [round(value, 3) for value in smoothed([1.0, 1.0, 4.0], 0.5)]
        [1.0, 1.0, 2.714]
    """
    average, part = 0.0, 1.0
    for value in values:
        if math.isfinite(value):
            average = average * weight + (1 - weight) * value
            part *= weight
            yield average / (1 - part)
        else:
            yield value


def curve_of(run: RunView, series: Series, view: View, label: str) -> Curve:
    """Return one series as a curve; a line for each repetition and rank.

    Args:
        run: Its run.
        series: What to draw.
        view: How.
        label: Its name in the legend.
    """
    lines = []
    for line in _lines(series):
        few, ys = _few(line, view)
        start = run.created.timestamp()
        xs: dict[str, Iterable[float | None]] = {
            "step": few.step, "epoch": few.epoch, "time": [t - start for t in few.walltime]
        }  # fmt: skip
        lines.append([
            (float(x), math.log10(y) if view.log and y > 0 else float(y))
            for x, y in zip(xs[view.x], ys, strict=True) if x is not None
        ])  # fmt: skip
    return Curve(label, lines, _note(series, view))


def row_of(run: RunView, series: Series, view: View) -> dict[str, Any]:
    """Return the points of a series as columns, as ``--json`` prints them.

    Args:
        run: Its run.
        series: The points.
        view: How many of them, and how smoothed.
    """
    row: dict[str, Any] = {
        "run": run.id, "name": run.name, "tag": series.tag, "count": len(series),
        "step": [], "value": [], "walltime": [], "epoch": [], "repetition": [], "rank": [],
        **({"smoothed": []} if view.smooth else {}),
    }  # fmt: skip
    for line in _lines(series):
        few, ys = _few(line, view)
        for name in ("step", "value", "walltime", "epoch", "repetition", "rank"):
            row[name] += getattr(few, name)
        if view.smooth:
            row["smoothed"] += ys
    return row


def unit_of(curves: Iterable[Curve]) -> tuple[float, str]:
    """Return the unit that suits times in seconds, and its name."""
    times = [x for curve in curves for line in curve.lines for x, _ in line]
    span = max(times, default=0.0) - min(times, default=0.0)
    return next(((unit, name) for least, unit, name in _UNITS if span >= least), (1, "seconds"))


def _lines(series: Series) -> list[Series]:
    kinds = [(repetition, rank) for repetition in series.repetitions for rank in series.ranks]
    if len(kinds) < 2:
        return [series]
    parts = [
        series.select(repetition=repetition, rank=-1 if rank is None else rank)
        for repetition, rank in kinds
    ]
    return [part for part in parts if len(part)]


def _few(series: Series, view: View) -> tuple[Series, list[float]]:
    """Return the points to draw, and their values."""
    low = series.stats["min"]
    if not view.smooth and not (view.log and low is not None and low <= 0):
        few = series.sample(view.points)
        return few, few.value
    # What is drawn is not what was logged, so its peaks lie elsewhere.
    values = array("d")
    for batch in series.batches("value"):
        values.extend(batch)
    if view.smooth:
        values = array("d", smoothed(values, view.smooth))
    if view.log:
        values = array("d", (value if value > 0 else math.nan for value in values))
    kept = places([Block(len(values), lambda: values)], view.points)
    return series.take(kept), [values[place] for place in kept]


def _note(series: Series, view: View) -> str:
    stats = series.stats
    notes = [f"last {number(stats['last'])}"] if stats["count"] else ["no points"]
    if stats["nan"]:
        notes.append(f"{stats['nan']:,} NaN")
    if view.log and stats["min"] is not None and stats["min"] <= 0:
        notes.append(f"not drawn: values down to {number(stats['min'])}")
    return ", ".join(notes)

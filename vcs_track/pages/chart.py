"""Line charts as SVG: pure functions from curves to markup."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.pages.axis import Axis
from vcs_track.pages.human import number
from vcs_track.pages.markup import Html, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.pages.curves import Curve, Line

__all__ = ["COLOURS", "Mark", "chart", "sparkline"]

# Told apart by people who cannot tell red from green, and in print.
COLOURS: Final = ("#bc4c00", "#0969da", "#8250df", "#1a7f37", "#bf3989", "#6e7781")

# About as wide as it is shown, for the letters grow and shrink with it.
_WIDTH: Final = 380
_HEIGHT: Final = 210
_TOP: Final = 10
_RIGHT: Final = 14
_BELOW: Final = 40
_LETTER: Final = 6.6  # of a digit at the size of the labels, rather too wide than too narrow
_GAP: Final = 8
_ROWS: Final = 5
_A_NUMBER: Final = 50  # for one number below the axis
_DOT: Final = 4.5
_SPARK: Final = (120, 28)


class Mark(NamedTuple):
    """A step that a line is drawn at.

    Attributes:
        x: The step.
        text: What is there.
    """

    x: float
    text: str


class _Frame(NamedTuple):
    """Where numbers lie on the picture."""

    across: Axis
    up: Axis
    left: float
    top: float
    width: float
    height: float

    def x(self, value: float) -> float:
        return self.left + self.across.place(value) * self.width

    def y(self, value: float) -> float:
        place = (1.0 if value > 0 else 0.0) if math.isinf(value) else self.up.place(value)
        return self.top + (1 - place) * self.height


def chart(
    curves: Sequence[Curve],
    *,
    label: str,
    log: bool = False,
    whole: bool = True,
    across: str = "step",
    marks: Sequence[Mark] = (),
) -> Html:
    """Return curves as one SVG, nothing where no point can be drawn.

    A curve has a gap where a value is NaN, and a dot where a point has no neighbour; the
    infinities are dots at the edge.

    Args:
        curves: What to draw; later ones are drawn over earlier ones.
        label: What the picture shows, for those who cannot see it.
        log: Whether the values are logarithms to the base of ten.
        whole: Whether only integers stand below the axis.
        across: What the axis below is.
        marks: Lines from top to bottom.

    Example:
        >>> from vcs_track.pages.chart import chart
        >>> from vcs_track.pages.curves import Curve
        >>> drawn = chart([Curve("a", [[(0, 1.0), (1, 2.0)]])], label="loss")
        >>> drawn[:46], drawn.count("<path")
        ('<svg viewBox="0 0 380 210" role="img" aria-lab', 1)
    """
    frame = _frame_of(curves, log=log, whole=whole)
    if frame is None:
        return Html()
    return tag(
        "svg",
        tag("title", label),
        list(_grid(frame)),
        list(_below(frame, across)),
        [_marked(frame, mark) for mark in marks if math.isfinite(mark.x)],
        [_drawn(frame, curve, place) for place, curve in enumerate(curves)],
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=label,
        class_="chart",
    )


def sparkline(lines: Sequence[Line], *, colour: int = 0) -> Html:
    """Return lines as a picture the size of a word, nothing without points.

    Args:
        lines: Points in order.
        colour: Which of :data:`COLOURS`.
    """
    points = [point for line in lines for point in line if _is_drawn(point)]
    across = Axis.over(x for x, _ in points)
    if across is None:
        return Html()
    up = Axis.over(y for _, y in points) or Axis(0.0, 0.0)
    width, height = _SPARK
    frame = _Frame(across, up, 2, 3, width - 4, height - 6)
    return tag(
        "svg", _path(frame, lines, colour), viewBox=f"0 0 {width} {height}", class_="spark",
        width=width, height=height, aria_hidden="true",
    )  # fmt: skip


def _is_drawn(point: tuple[float, float]) -> bool:
    return math.isfinite(point[0]) and not math.isnan(point[1])


def _frame_of(curves: Sequence[Curve], *, log: bool, whole: bool) -> _Frame | None:
    points = [p for curve in curves for line in curve.lines for p in line if _is_drawn(p)]
    across = Axis.over((x for x, _ in points), whole=whole)
    if across is None:
        return None
    # Nothing but infinities still has a top and a bottom.
    up = Axis.over((y for _, y in points), log=log) or Axis(0.0, 0.0, log)
    widest = max(len(text) for _, text in up.marks(_ROWS))
    left = widest * _LETTER + 2 * _GAP
    return _Frame(across, up, left, _TOP, _WIDTH - left - _RIGHT, _HEIGHT - _TOP - _BELOW)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _grid(frame: _Frame) -> Iterator[Html]:
    right = frame.left + frame.width
    for value, text in frame.up.marks(_ROWS):
        y = _short(frame.y(value))
        yield tag("line", x1=_short(frame.left), x2=_short(right), y1=y, y2=y, class_="grid")
        yield tag(
            "text", text, x=_short(frame.left - _GAP), y=y, dy="0.32em", text_anchor="end"
        )  # fmt: skip


def _below(frame: _Frame, across: str) -> Iterator[Html]:
    floor = frame.top + frame.height
    y = _short(floor)
    yield tag(
        "line", x1=_short(frame.left), x2=_short(frame.left + frame.width), y1=y, y2=y,
        class_="axis",
    )  # fmt: skip
    before = -math.inf
    for value, text in frame.across.marks(max(1, int(frame.width // _A_NUMBER))):
        x = frame.x(value)
        half = len(text) * _LETTER / 2
        # Centred, but never beyond the picture or over the number before.
        at = min(max(x, half), _WIDTH - half)
        if at - half < before:
            continue
        before = at + half + _GAP
        yield tag("line", x1=_short(x), x2=_short(x), y1=y, y2=_short(floor + 4), class_="axis")
        yield tag("text", text, x=_short(at), y=_short(floor + 16), text_anchor="middle")
    middle = frame.left + frame.width / 2
    yield tag("text", across, x=_short(middle), y=_HEIGHT - 6, text_anchor="middle")


def _marked(frame: _Frame, mark: Mark) -> Html:
    if not frame.across.low <= mark.x <= frame.across.high:
        return Html()
    x = _short(frame.x(mark.x))
    line = tag("line", x1=x, x2=x, y1=_short(frame.top), y2=_short(frame.top + frame.height),
               class_="mark")  # fmt: skip
    return tag("g", tag("title", f"{mark.text} {number(mark.x)}"), line)


def _drawn(frame: _Frame, curve: Curve, place: int) -> Html:
    name = f"{curve.label}: {curve.note}" if curve.note else curve.label
    return tag("g", tag("title", name), _path(frame, curve.lines, place))


def _path(frame: _Frame, lines: Sequence[Line], place: int) -> Html:
    colour = place % len(COLOURS)
    strokes, dots = _pen(frame, lines)
    paths = []
    for steps, width in ((strokes, None), (dots, _DOT)):
        if steps:
            paths.append(tag("path", d=" ".join(steps), class_=f"curve c{colour}",
                             stroke=COLOURS[colour], fill="none",
                             style=width and f"stroke-width: {width}"))  # fmt: skip
    return Html("".join(paths))


def _pen(frame: _Frame, lines: Sequence[Line]) -> tuple[list[str], list[str]]:
    """Return the way of the pen, and the points that have no neighbour."""
    strokes: list[str] = []
    dots: list[str] = []
    for line in lines:
        for run in _runs(frame, line):
            if len(run) == 1:
                # A stroke without length is a dot, for its ends are round.
                dots.append(f"M{run[0]}h0")
            else:
                strokes.append("M" + "L".join(run))
    return strokes, dots


def _runs(frame: _Frame, line: Line) -> Iterator[list[str]]:
    """Return the stretches of a line that are drawn without lifting the pen."""
    run: list[str] = []
    last = -math.inf
    for x, y in line:
        if run and (not _is_drawn((x, y)) or x < last or math.isinf(y)):
            yield run
            run = []
        if not _is_drawn((x, y)):
            continue
        there = f"{_short(frame.x(x))} {_short(frame.y(y))}"
        if math.isinf(y):
            yield [there]
            continue
        if not run or there != run[-1]:
            run.append(there)
        last = x
    if run:
        yield run

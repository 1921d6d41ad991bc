"""``vcs-track plot``: curves in the terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli import headline, render
from vcs_track.cli.params import json_option, quiet_option, where_option
from vcs_track.cli.render import Cell
from vcs_track.errors import SeriesNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.cli.context import Context
    from vcs_track.cli.plot import Curve
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.series import Series

    Parts = list[tuple[RunView, Series]]

__all__ = ["command"]

_HEIGHT: Final = 15
_IN_JSON: Final = 1000
_A_COLUMN: Final = 8  # points to a column: a dot is half of one, and has a low and a high end
_COLOURS: Final = ("cyan", "yellow", "magenta", "green", "blue", "red")


@click.command("plot", short_help="Draw series as curves")
@where_option
@click.option("-t", "--tag", "tags", metavar="TAG", multiple=True,
              help="Draw this series, or all that match a pattern (can be repeated)")  # fmt: skip
@click.option("-x", "--x", "x", type=click.Choice(["step", "time", "epoch"]), default="step",
              help="What the axis below is. Default: step")  # fmt: skip
@click.option("-l", "--log", is_flag=True, help="Make the axis of the values logarithmic")
@click.option("-s", "--smooth", metavar="WEIGHT", default=0.0,
              type=click.FloatRange(min=0, max=1, max_open=True),
              help="Draw the moving average, for example 0.6")  # fmt: skip
@click.option("-n", "--samples", metavar="N", type=click.IntRange(min=4),
              help="At most N points a line. Default: what shows, 1000 with --json")  # fmt: skip
@click.option("--width", metavar="N", type=click.IntRange(min=4),
              help="Columns. Default: those of the terminal")  # fmt: skip
@click.option("--height", metavar="N", type=click.IntRange(min=2), default=_HEIGHT,
              help=f"Rows above the axis. Default: {_HEIGHT}")  # fmt: skip
@click.option("--ascii", "plain", is_flag=True, help="Draw with ASCII letters")
@json_option
@quiet_option
@click.argument("words", metavar="[RUN]... [TAG]", nargs=-1)
@click.pass_obj
def command(
    context: Context, words: tuple[str, ...], where: str | None, tags: tuple[str, ...], x: str,
    log: bool, smooth: float, samples: int | None, width: int | None, height: int, plain: bool,
) -> None:  # fmt: skip
    """Draw series as curves

    TAG is a tag or a pattern as 'val/*'. Without RUN: the newest run. Without TAG: the main
    loss. A long series is thinned in a way that keeps every peak. A repetition and a rank are
    a line of their own. NaN leaves a gap, the infinities are drawn at the edge.

    --smooth draws the debiased exponential moving average of TensorBoard.

    \b
    Example:  vcs-track plot --where "lr < 0.1" val/loss --smooth 0.6

    \b
    Exit codes: 0 drawn, 2 wrong usage, 10 no repository, 11 no such run or series, 12 it is
    damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track.pages.curves import View, row_of

    repo, found = context.reading(*words, words=True)
    words = tuple(found)
    parts = _chosen(context, repo, words, tags, where)
    if context.json:
        for run, series in parts:
            context.emit(row_of(run, series, View(samples or _IN_JSON, smooth=smooth)))
        return
    from vcs_track.cli.plot import LETTERS

    if len(parts) > len(LETTERS):
        context.say(f"drawn are the first {len(LETTERS)} of {len(parts)} curves")
        parts = parts[: len(LETTERS)]
    width = width or render.room()
    view = View(samples or max(4, _A_COLUMN * width), x, smooth, log)
    if parts:
        _show(context, parts, view, width, height, plain or render.plain())


# ---- which series ----------------------------------------------------------------------


def _chosen(
    context: Context, repo: Repository, words: Sequence[str], tags: Sequence[str],
    where: str | None,
) -> Parts:  # fmt: skip
    """Return the series that were asked for."""
    names = list(words)
    wanted = list(tags)
    if not wanted and names:
        wanted = [names.pop()]
    if where is not None and names:
        raise click.UsageError("name runs, or choose them with --where")
    runs: list[RunView] = []
    if where is not None:
        runs = repo.runs(where).whole()
        context.tell_skipped(repo)
        if not runs:
            context.say("no run matches")
            return []
    try:
        runs = runs or [repo.run(name) for name in names or ["@"]]
        parts = repo.history(runs, wanted or _main_tag(runs)).parts
    except SeriesNotFoundError:
        # 'plot RUN' and 'plot RUN RUN': the last word is a run, and no tag was named.
        if tags or where is not None or not words or not repo.is_run(words[-1]):
            raise
        runs = [repo.run(word) for word in words]
        parts = repo.history(runs, _main_tag(runs)).parts
    with_points = {run.id for run, _ in parts}
    for run in runs:
        if run.id not in with_points:
            context.say(f"run {run.id} has no such series")
    return parts


def _main_tag(runs: Sequence[RunView]) -> str:
    tag = headline.trend_tag(runs)
    if tag is None:
        raise SeriesNotFoundError("there is no series to draw", hint="see 'vcs-track show RUN'")
    return tag


# ---- the picture -----------------------------------------------------------------------


def _show(context: Context, parts: Parts, view: Any, width: int, height: int, plain: bool) -> None:
    from vcs_track.cli.plot import draw
    from vcs_track.pages.curves import curve_of, unit_of

    curves = [
        curve_of(run, series, view, label)
        for (run, series), label in zip(parts, _labels(parts), strict=True)
    ]
    title = view.x
    if view.x == "time":
        unit, title = unit_of(curves)
        title += " since the start"
        curves = [
            curve._replace(lines=[[(x / unit, y) for x, y in line] for line in curve.lines])
            for curve in curves
        ]
    rows = draw(
        curves, width=width, height=height, log=view.log, whole=view.x == "step", title=title,
        plain=plain, letters=not render.colours(),
    )  # fmt: skip
    for row in rows:
        render.line(*(Cell(part.text, _colour(part.curve)) for part in row))
    if not rows:
        context.say("there is no point to draw")
    _legend(curves, width)


def _colour(curve: int | None) -> str:
    return "" if curve is None else _COLOURS[curve % len(_COLOURS)]


def _labels(parts: Parts) -> list[str]:
    """Return what tells the curves apart: runs, tags or both."""
    names = {run.id: run.name for run, _ in parts}
    times = Counter(names.values())
    shown = {run: name if times[name] == 1 else f"{name} ({run})" for run, name in names.items()}
    tags = {series.tag for _, series in parts}
    if len(parts) > 1 and len(names) == 1:
        return [series.tag for _, series in parts]
    if len(parts) > 1 and len(tags) == 1:
        return [shown[run.id] for run, _ in parts]
    return [f"{shown[run.id]} {series.tag}" for run, series in parts]


def _legend(curves: Sequence[Curve], width: int) -> None:
    from vcs_track.cli.plot import LETTERS

    for place, curve in enumerate(curves):
        letter = f"{LETTERS[place]}  " if len(curves) > 1 else ""
        render.line(
            Cell(letter, f"bold {_colour(place)}"), Cell(curve.label, _colour(place)),
            Cell(f"  {curve.note}", "dim"), width=width,
        )  # fmt: skip

"""``vcs-track watch``: runs while they go on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli import headline, render
from vcs_track.cli.params import json_option, quiet_option, sort_option, where_option
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_RECENT: Final = "status = running or ended > '1 hour ago'"
_SPARK: Final = 10
_COLUMNS: Final = [
    Column("ID", style="yellow"), Column("NAME", least=6), Column("STATUS", rank=1),
    Column("TIME", right=True, rank=2), Column("STEP", right=True, rank=3),
    Column("STEPS/S", right=True, rank=5),
]  # fmt: skip


@click.command("watch", short_help="Watch runs while they go on")
@where_option
@sort_option
@click.option("-i", "--interval", metavar="SECONDS", type=click.FloatRange(min=0.1), default=2.0,
              help="Look again after so long. Default: 2")  # fmt: skip
@click.option("-n", "--times", metavar="N", type=click.IntRange(min=1),
              help="Look N times, then stop. Default: until Ctrl-C")  # fmt: skip
@json_option
@quiet_option
@click.pass_obj
def command(
    context: Context, where: str | None, order_by: str | None, interval: float, times: int | None
) -> None:
    """Watch runs while they go on

    Shows how long they run, their step and pace, and the course of the main number. Without
    --where: runs that go on, and those that ended within the last hour. A terminal is drawn
    over, a pipe gets table after table.

    \b
    Example:  vcs-track watch --times 1

    \b
    Exit codes: 0 looked N times, 2 wrong expression or unknown name, 10 no repository,
    130 ended by Ctrl-C.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    with render.live() as draw:
        looks = 0
        while True:
            runs = repo.runs(where or _RECENT, order_by).whole()
            if context.json:
                for run in runs:
                    context.emit(_row(run), flush=True)
            else:
                draw(_lines(runs))
            looks += 1
            if looks == times:
                break
            time.sleep(interval)
            # A run whose program was killed has ended.
            repo.recover()
    context.tell_skipped(repo)


def _lines(runs: Sequence[RunView]) -> list[str]:
    now = time.time()
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    if not runs:
        return [render.paint(f"{clock}  no run goes on", "bold")]
    title = f"{clock}  {sum(run.status == 'running' for run in runs):,} of {len(runs):,} running"
    tag = headline.trend_tag(runs)
    columns = [*_COLUMNS]
    if tag is not None:
        columns += [
            Column(tag, right=True, rank=2, least=8),
            Column("TREND", style="cyan", rank=4),
        ]
    rows = [_cells(run, tag, now) for run in runs]
    drawn, _ = render.table_lines(columns, rows)
    return [render.paint(render.cut(title, render.room()), "bold"), *drawn]


def _cells(run: RunView, tag: str | None, now: float) -> list[Cell | str]:
    going = run.status == "running"
    seconds = max(0.0, now - run.created.timestamp()) if going else run.duration
    step, pace = _progress(run)
    cells: list[Cell | str] = [
        run.id, run.name, render.status(run.status), render.duration(seconds),
        "-" if step is None else f"{step:,}", "-" if pace is None else f"{pace:.3g}",
    ]  # fmt: skip
    if tag is not None and tag in run.series_tags:
        series = run.series(tag)
        last = series.stats["last"]
        cells += ["-" if last is None else render.value(last), render.spark(series, _SPARK)]
    elif tag is not None:
        cells += ["-", ""]
    return cells


def _progress(run: RunView) -> tuple[int | None, float | None]:
    """Return the last step of a run and its steps a second, where there are any."""
    tag = headline.trend_tag([run])
    if tag is None:
        return None, None
    series = run.series(tag)
    return series.stats["hi"], series.pace()


def _row(run: RunView) -> dict[str, Any]:
    step, pace = _progress(run)
    return {**run.to_dict(), "step": step, "steps_per_second": pace}

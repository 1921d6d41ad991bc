"""``vcs-track log``: runs one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli import headline, render
from vcs_track.cli.params import RUN, json_option, quiet_option, where_option
from vcs_track.cli.render import Cell

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_SHOWN: Final = 4
_SPARK: Final = 16
_NARROW: Final = 60


@click.command("log", short_help="Show runs one by one, newest first")
@click.option("-n", "limit", metavar="N", type=click.IntRange(min=0), help="At most N runs")
@where_option
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=RUN)
@click.pass_obj
def command(context: Context, limit: int | None, where: str | None, runs: tuple[str, ...]) -> None:
    """Show runs one by one, newest first

    With RUN: these, in this order. Each with its commit ('*' when files had changed since),
    time, hyperparameters and the course of its main series.

    \b
    Example:  vcs-track log -n 3

    \b
    Exit codes: 0 shown, 2 wrong expression, 10 no repository, 11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    if runs and where is not None:
        raise click.UsageError("RUN and --where cannot be used together")
    found = (
        [repo.run(run) for run in runs][:limit] if runs else repo.runs(where, limit=limit).whole()
    )
    context.tell_skipped(repo)
    if not len(found):
        context.say("there are no runs" if where is None else "no run matches")
    for place, run in enumerate(found):
        if context.json:
            context.emit(run.to_dict())
            continue
        if place:
            render.line()
        _block(run)


def _block(run: RunView) -> None:
    width = render.room()
    render.line(
        Cell(f"run {run.id} ", "yellow"), Cell(run.name, "bold"), "  ", render.status(run.status)
    )
    _field("commit", _commit(run), width)
    took = render.duration(run.duration)
    date = run.created.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    _field("date", f"{date} ({render.ago(run.created)}), took {took}", width)
    from vcs_track.porcelain.values import flatten

    _field("hparams", render.settings(flatten(run.hparams)), width)
    _field("tags", ", ".join(run.tags), width)
    _field("note", run.manifest.notes or "", width)
    _numbers(run, width)


def _field(name: str, text: str, width: int) -> None:
    if text:
        render.line(Cell(f"{name:<8}", "dim"), text, width=width)


def _commit(run: RunView) -> str:
    git = run.git
    if not git:
        return ""
    commit = str(git.get("commit") or "")[:8] or "none yet"
    return f"{commit}{'*' if git.get('dirty') else ''} {git.get('branch') or '(detached)'}"


def _numbers(run: RunView, width: int) -> None:
    """Write the main numbers, each with the course it took."""
    numbers = headline.numbers_of(run)
    series = set(run.series_tags)
    spark = _SPARK if width >= _NARROW else _SPARK // 2
    columns = [
        render.Column("", least=6), render.Column("", right=True),
        render.Column("", style="cyan", rank=1),
    ]  # fmt: skip
    rows = [
        (tag, render.value(value), render.spark(run.series(tag), spark) if tag in series else "")
        for tag, value in list(numbers.items())[:_SHOWN]
    ]
    if rows:
        render.table(columns, rows, indent="    ", heading=False, width=width)
    if len(numbers) > _SHOWN:
        render.line(Cell(f"    and {len(numbers) - _SHOWN:,} more", "dim"))

"""``vcs-track ls``: runs in a table."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from vcs_track.cli import headline, render
from vcs_track.cli.params import json_option, quiet_option, where_option
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_PART: Final = re.compile(r"""(?:[^,"']|"[^"]*"|'[^']*')+""")
_SPARK: Final = 10
_NAMED: Final = 5
_SIX: Final = 6
_TIMES: Final = ("created", "started", "ended")


class _Shown(NamedTuple):
    """A column and what it shows of a run."""

    column: Column
    cell: Callable[[RunView], Cell | str]


@click.command("ls", short_help="List runs in a table")
@where_option
@click.option("--commit", metavar="REV", help="Only runs made at this commit, or with its code")
@click.option(
    "--range", "rev_range", metavar="A..B", help="Only runs of these commits, as of 'git log'"
)
@click.option(
    "-s",
    "--sort",
    "order_by",
    metavar="NAMES",
    help="Sort by these, '-name' for the largest first. Default: newest first",
)
@click.option("-n", "limit", metavar="N", type=click.IntRange(min=0), help="At most N runs")
@click.option(
    "-c",
    "--columns",
    "names",
    metavar="NAMES",
    help="Show these columns, for example id,name,hparams.lr,summary.val/acc",
)
@json_option
@quiet_option
@click.pass_obj
def command(
    context: Context, where: str | None, commit: str | None, rev_range: str | None,
    order_by: str | None, limit: int | None, names: str | None,
) -> None:  # fmt: skip
    """List runs in a table

    Shows the hyperparameters that vary, the summary and the course of the main loss. Columns
    that do not fit the terminal are left out.

    \b
    Example:  vcs-track ls --where "status = 'finished'" --sort -created -n 10

    \b
    Exit codes: 0 listed, 1 git knows no such commit, 2 wrong expression or unknown name, 10 no repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    if commit is not None and rev_range is not None:
        raise click.UsageError("--commit and --range cannot be used together")
    runs = repo.runs(where, order_by, limit, commit=commit, rev_range=rev_range).whole()
    context.tell_skipped(repo)
    chosen = any(asked is not None for asked in (where, commit, rev_range))
    shown = None
    if names is not None:
        known = {name for run in (repo.runs().whole() if chosen else runs) for name in run.flat}
        shown = [_named(part.strip(), known, runs) for part in _PART.findall(names)]
    if context.json:
        for run in runs:
            context.emit(run.to_dict())
        return
    if not runs:
        context.say("no run matches" if chosen else "there are no runs")
        return
    shown = shown or list(_usual(runs))
    rows = [[each.cell(run) for each in shown] for run in runs]
    # Who asked for columns and reads them with a program gets them whole.
    fit = names is None or render.has_edge()
    dropped = render.table([each.column for each in shown], rows, fit=fit)
    if dropped:
        more = ", ..." if len(dropped) > _NAMED else ""
        context.say(
            f"{render.count(len(dropped), 'column')} left out: "
            f"{', '.join(dropped[:_NAMED])}{more} (choose with --columns)"
        )


# ---- the usual columns -----------------------------------------------------------------


def _usual(runs: Sequence[RunView]) -> Iterator[_Shown]:
    yield _Shown(Column("ID", style="yellow"), _text("id"))
    yield _Shown(Column("NAME", least=10), _text("name"))
    yield _Shown(Column("STATUS", rank=1), lambda run: render.status(run.status))
    yield _Shown(Column("AGE", rank=3), lambda run: render.ago(run.created))
    yield _Shown(Column("TIME", right=True, rank=90), lambda run: render.duration(run.duration))
    hparams = headline.varying(runs, headline.prefixed(runs, "hparams."))
    summary = headline.prefixed(runs, "summary.")
    titles = _titles([*hparams, *summary])
    # The first number and the first setting are worth more than when it was and how it went.
    for place, name in enumerate(hparams):
        rank = 4 + 2 * place
        yield _value(titles[name], name, rank, runs)
    for place, name in enumerate(summary):
        rank = 2 if place == 0 else 5 + 2 * place
        yield _value(titles[name], name, rank, runs)
    tag = headline.trend_tag(runs)
    if tag is not None:
        yield _trend(tag, rank=5)


def _value(title: str, name: str, rank: int, runs: Sequence[RunView]) -> _Shown:
    values = [run.flat.get(name) for run in runs]
    # A heading or a text may be cut. A number may not: '5.017e-05' is no '5.01'.
    numbers = [_shown(name, v) for v in values if isinstance(v, int | float)]
    least = max([_SIX, *map(len, numbers)])
    return _Shown(Column(title, bool(numbers), least=least, rank=rank), _text(name))


def _titles(names: Sequence[str]) -> dict[str, str]:
    """Return short headings; a name that both kinds have keeps its prefix."""
    short = [name.partition(".")[2] for name in names]
    return {
        name: name if short.count(tail) > 1 else tail
        for name, tail in zip(names, short, strict=True)
    }


def _trend(tag: str, rank: int) -> _Shown:
    def cell(run: RunView) -> str:
        return render.spark(run.series(tag), _SPARK) if tag in run.series_tags else ""

    return _Shown(Column(tag, style="cyan", rank=rank), cell)


def _text(name: str) -> Callable[[RunView], str]:
    return lambda run: _shown(name, run.flat.get(name))


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name in _TIMES:
        return f"{datetime.fromtimestamp(value, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    if name == "duration":
        return render.duration(value)
    if isinstance(value, str):
        return value
    if name == "tags":
        return ", ".join(value)
    return render.value(value)


# ---- the columns that were asked for ----------------------------------------------------


def _named(name: str, known: set[str], runs: Sequence[RunView]) -> _Shown:
    lower = name.lower()
    if lower == "age":
        return _Shown(Column("AGE"), lambda run: render.ago(run.created))
    if lower == "time":
        return _Shown(Column("TIME", right=True), lambda run: render.duration(run.duration))
    if lower == "trend":
        return _trend(headline.trend_tag(runs) or "trend", rank=0)
    if lower == "status":
        return _Shown(Column("STATUS"), lambda run: render.status(run.status))
    from vcs_track.porcelain.filter import order_by

    # The same spellings as in filters, and the same errors.
    path = order_by(name, known).terms[0].name.path
    title = path.upper() if "." not in path else name
    if path == "id":
        return _Shown(Column(title, style="yellow"), _text(path))
    if path in _TIMES:
        return _Shown(Column(title, rank=1), _text(path))
    return _value(title, path, 1, runs)

"""``vcs-track ls``: runs in a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli import render
from vcs_track.cli.delimited import markdown_text, write_csv
from vcs_track.cli.params import (
    bundle_argument,
    json_option,
    limit_option,
    quiet_option,
    sort_option,
    where_option,
)
from vcs_track.cli.run_columns import named, split_names, usual

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vcs_track.cli.context import Context
    from vcs_track.cli.render import Cell, Column
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_NAMED: Final = 5
# What a run always has, and what most want to see first.
_FIRST: Final = ("id", "name", "status", "created", "ended", "duration", "group", "tags")
_PREFIXES: Final = ("hparams.", "summary.", "results.")


@click.command("ls", short_help="List runs in a table")
@where_option
@click.option("--commit", metavar="REV", help="Only runs made at this commit, or with its code")
@click.option(
    "--range", "rev_range", metavar="A..B", help="Only runs of these commits, as of 'git log'"
)
@sort_option
@limit_option
@click.option(
    "-c",
    "--columns",
    "names",
    metavar="NAMES",
    help="Show these columns, for example id,name,hparams.lr,summary.val/acc",
)
@click.option("-g", "--group-by", "groups", metavar="NAMES",
              help="Show the mean and its 95 % interval for each value of these")  # fmt: skip
@click.option("--removed", is_flag=True, help="List the runs that were removed instead")
@click.option("--csv", "form", flag_value="csv", help="Print CSV: full names, whole values")
@click.option("--md", "form", flag_value="md", help="Print a table of Markdown")
@json_option
@quiet_option
@bundle_argument
@click.pass_obj
def command(
    context: Context, where: str | None, commit: str | None, rev_range: str | None,
    order_by: str | None, limit: int | None, names: str | None, groups: str | None,
    removed: bool, form: str | None, bundle: Path | None,
) -> None:  # fmt: skip
    """List runs in a table

    With BUNDLE, a zip: its runs, which are read where they are. Shows the hyperparameters that vary, the summary and the course of the main loss. Columns
    that do not fit the terminal are left out. With --group-by, --columns names the numbers.

    \b
    Example:  vcs-track ls --where "status = 'finished'" --sort -created -n 10

    \b
    Exit codes: 0 listed, 1 git knows no such commit, 2 wrong expression, unknown name or no such
    bundle, 10 no repository, 12 the bundle is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    _check(context, commit, rev_range, form)
    repo = context.repository_or(bundle)
    if removed:
        _removed(context, repo, limit, alone=not any((where, commit, rev_range, groups, form)))
        return
    found = repo.runs(where, order_by, limit, commit=commit, rev_range=rev_range)
    runs = found.whole()
    context.tell_skipped(repo)
    chosen = any(asked is not None for asked in (where, commit, rev_range))
    known = found.known if names is not None or groups is not None else set()
    if groups is not None:
        _groups(context, runs, known, groups, names, form)
        return
    # Also where nothing will be shown: a wrong name is said at once.
    shown = [named(name, known, runs) for name in split_names(names or "") if form != "csv"]
    if context.json:
        for run in runs:
            context.emit(run.to_dict())
    elif form == "csv":
        _csv(runs, known, names)
    elif not runs:
        context.say("no run matches" if chosen else "there are no runs")
    else:
        shown = shown or list(usual(runs, lasting=form == "md"))
        rows = [[each.cell(run) for each in shown] for run in runs]
        _draw(context, [each.column for each in shown], rows, form, fit=names is None)


def _check(
    context: Context, commit: str | None, rev_range: str | None, form: str | None
) -> None:  # fmt: skip
    if commit is not None and rev_range is not None:
        raise click.UsageError("--commit and --range cannot be used together")
    if form is not None and context.json:
        raise click.UsageError(f"--{form} and --json cannot be used together")


def _removed(context: Context, repo: Repository, limit: int | None, *, alone: bool) -> None:
    from datetime import UTC, datetime

    if not alone:
        raise click.UsageError("--removed lists all removed runs")
    found = repo.removed()[:limit]
    if context.json:
        for run in found:
            context.emit(run.to_dict())
    elif not found:
        context.say("no run was removed")
    else:
        rows = [
            (
                run.id, run.name or "-", run.status or "-",
                render.ago(datetime.fromtimestamp(run.time_us / 1_000_000, UTC)),
                "yes" if run.here else "no: cleaned up",
            )
            for run in found
        ]  # fmt: skip
        columns = [
            render.Column("ID", style="yellow"), render.Column("NAME", least=8),
            render.Column("STATUS", rank=2), render.Column("REMOVED", rank=1),
            render.Column("CAN COME BACK", rank=3),
        ]  # fmt: skip
        render.table(columns, rows)


def _csv(runs: Sequence[RunView], known: set[str], names: str | None) -> None:
    from vcs_track.porcelain.interest import names_below
    from vcs_track.porcelain.named import resolve_names

    rows = [run.flat for run in runs]
    if names is not None:
        paths = resolve_names([names], known)
    else:
        paths = [name for name in _FIRST if not rows or any(name in row for row in rows)]
        paths += [name for prefix in _PREFIXES for name in names_below(rows, prefix)]
    write_csv(paths, [[row.get(path) for path in paths] for row in rows])


def _groups(
    context: Context, runs: Sequence[RunView], known: set[str], groups: str, names: str | None,
    form: str | None,
) -> None:  # fmt: skip
    from vcs_track.cli.group_table import main_numbers, table_of
    from vcs_track.porcelain.grouped import COLUMNS, Grouped
    from vcs_track.porcelain.named import resolve_names

    grouped = Grouped([run.flat for run in runs], [groups], known)
    metrics = main_numbers(runs) if names is None else resolve_names([names], known)
    found = grouped.stats(*metrics) if metrics else []
    if context.json:
        for stats in found:
            context.emit(stats.to_dict())
    elif form == "csv":
        titles = [*grouped.names, *COLUMNS]
        write_csv(titles, [[*stats.to_dict().values()] for stats in found])
    elif not found:
        context.say("no run has a number to show" if runs else "there are no runs to group")
    else:
        columns, rows = table_of(grouped.names, metrics, found)
        _draw(context, columns, rows, form, fit=names is None)


def _draw(
    context: Context, columns: list[Column], rows: Sequence[Sequence[Cell | str]],
    form: str | None, *, fit: bool,
) -> None:  # fmt: skip
    if form == "md":
        texts = [[cell if isinstance(cell, str) else cell.text for cell in row] for row in rows]
        titles, right = [column.title for column in columns], [column.right for column in columns]
        sys.stdout.write(markdown_text(titles, texts, right))
        return
    # Who asked for columns and reads them with a program gets them whole.
    dropped = render.table(columns, rows, fit=fit or render.has_edge())
    if dropped:
        more = ", ..." if len(dropped) > _NAMED else ""
        context.say(
            f"{render.count(len(dropped), 'column')} left out: "
            f"{', '.join(dropped[:_NAMED])}{more} (choose with --columns)"
        )

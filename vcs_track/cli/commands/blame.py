"""``vcs-track blame``: who moved the best value so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli import render
from vcs_track.cli.change_list import changes_line
from vcs_track.cli.params import json_option, quiet_option, where_option
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.best_so_far import Blame, Holder
    from vcs_track.porcelain.interest import Better

__all__ = ["command"]

_DIGITS: Final = 10


@click.command(
    "blame", short_help="Show which runs moved the best value so far, and who made them"
)
@click.option(
    "--range", "rev_range", metavar="A..B", help="Only runs of these commits, as of 'git log'"
)
@where_option
@click.option("--higher", "better", flag_value="higher", help="Higher is better")
@click.option(
    "--lower", "better", flag_value="lower", help="Lower is better. Default: by the name"
)
@json_option
@quiet_option
@click.argument("metric", metavar="METRIC")
@click.pass_obj
def command(
    context: Context, rev_range: str | None, where: str | None, better: Better | None, metric: str
) -> None:
    """Show which runs moved the best value so far, and who made them

    Runs in the order in which they were made, each that was better than all before it: its
    value, how far that moved the best, its commit, marked '*' if files had been changed, and
    which hyperparameters it changed. A live run counts as it is now.

    \b
    Example:  vcs-track blame summary.val_acc --where "status = finished"

    \b
    Exit codes: 0 shown, 1 git refused, 2 wrong name or expression, 10 no repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    found = repo.blame(metric, rev_range=rev_range, where=where, better=better)
    context.tell_skipped(repo)
    if context.json:
        for row in found.to_dicts():
            context.emit(row)
        return
    if not found.holders:
        context.say(f"no run has a number '{found.metric}'")
        return
    _show(found)
    context.say(
        f"{found.metric}, {found.better} is better: {len(found.holders)} of "
        f"{render.count(found.runs, 'run')} moved it"
    )


def _show(found: Blame) -> None:
    git = any(each.commit is not None for each in found.holders)
    columns = [
        Column("VALUE", right=True), Column("DELTA", right=True),
        Column("RUN", style="yellow"), Column("NAME", least=8, rank=5), Column("AGE", rank=6),
    ]  # fmt: skip
    if git:
        columns += [
            Column("COMMIT"), Column("AUTHOR", least=6, rank=2),
            Column("SUBJECT", least=10, rank=4),
        ]  # fmt: skip
    if any(each.changes for each in found.holders):
        columns.append(Column("CHANGED", least=30, rank=1))
    render.table(columns, [_row(each, git)[: len(columns)] for each in found.holders])


def _row(holder: Holder, git: bool) -> list[Cell | str]:
    run, commit = holder.run, holder.commit
    row: list[Cell | str] = [
        render.value(holder.value), "" if holder.delta is None else f"{holder.delta:+.4g}",
        run.id, run.name, render.ago(run.created),
    ]  # fmt: skip
    if git and commit is not None:
        mark = "*" if holder.changed else ""
        row += [f"{commit.id[:_DIGITS]}{mark}", commit.author, commit.subject]
    elif git:
        row += ["", "", ""]
    return [*row, changes_line(holder.changes)]

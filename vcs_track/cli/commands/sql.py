"""``vcs-track sql``: SQL over the finished runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli import render
from vcs_track.cli.params import json_option, quiet_option
from vcs_track.cli.render import Column

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("sql", short_help="Ask the finished runs with SQL")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV")
@json_option
@quiet_option
@click.argument("query", metavar="QUERY")
@click.pass_obj
def command(context: Context, as_csv: bool, query: str) -> None:
    """Ask the finished runs with SQL

    The views are runs, hparams, summary, results, metrics, git and env. Nothing can be changed,
    and an answer that takes more than a minute is stopped. Runs that go on are not asked.

    \b
    Example:  vcs-track sql "SELECT value, count(*) FROM hparams WHERE name = 'lr' GROUP BY 1"

    \b
    Exit codes: 0 answered, 1 there is no place for an index, 2 SQLite refuses it, 10 no
    repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    found = context.repository().sql(query)
    if context.json:
        for row in found.to_dicts():
            context.emit(row)
    elif as_csv:
        from vcs_track.cli.delimited import write_csv

        write_csv(found.columns, found.rows)
    elif found.rows:
        columns = [
            Column(name, right=any(isinstance(row[place], int | float) for row in found.rows))
            for place, name in enumerate(found.columns)
        ]
        rows = [["-" if v is None else render.value(v) for v in row] for row in found.rows]
        render.table(columns, rows, fit=render.has_edge())
    else:
        context.say("no row")

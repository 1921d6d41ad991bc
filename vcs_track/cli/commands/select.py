"""``vcs-track select``: the ids of runs, for scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import (
    bundle_argument,
    json_option,
    limit_option,
    quiet_option,
    sort_option,
    where_option,
)

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.cli.context import Context

__all__ = ["command"]

_NONE: Final = 1


@click.command("select", short_help="Print the ids of runs, for scripts")
@where_option
@sort_option
@limit_option
@click.option("-0", "--null", is_flag=True, help="End each id with a NUL byte, for 'xargs -0'")
@json_option
@quiet_option
@bundle_argument
@click.pass_obj
def command(
    context: Context, where: str | None, order_by: str | None, limit: int | None, null: bool,
    bundle: Path | None,
) -> int:  # fmt: skip
    """Print the ids of runs, for scripts

    One id a line, newest first. With BUNDLE, a zip: the ids of its runs.

    \b
    Example:  vcs-track select --where "status = 'finished'" --sort -created -n 1

    \b
    Exit codes: 0 printed, 1 no run matches, 2 wrong expression, unknown name or no such bundle,
    10 no repository, 12 the bundle is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository_or(bundle)
    runs = repo.runs(where, order_by, limit).ids()
    context.tell_skipped(repo)
    for run in runs:
        if context.json:
            context.emit({"id": run})
        else:
            sys.stdout.write(run + ("\0" if null else "\n"))
    if not runs:
        context.say("no run matches" if where else "there are no runs")
    return 0 if runs else _NONE

"""``vcs-track undo``: the last command, taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("undo", short_help="Take back the last command that changed runs")
@click.option(
    "-n", "count", metavar="N", type=click.IntRange(min=1), default=1, show_default=True,
    help="Take back so many commands",
)  # fmt: skip
@click.option("--redo", is_flag=True, help="Do again what was undone last")
@click.option("--dry-run", is_flag=True, help="Change nothing, say what would be taken back")
@json_option
@quiet_option
@click.pass_obj
def command(context: Context, count: int, redo: bool, dry_run: bool) -> None:
    """Take back the last command that changed runs

    That is an edit, a removal or its restoring, or an import, by the command line or from
    Python. Repeated, it goes back further; --redo goes forth again, until something else is
    done. The heads of runs go back to where they were and nothing is deleted. Runs that were
    recorded meanwhile are left alone. A command whose runs have changed since is refused. What
    an undo does is itself in 'vcs-track reflog'.

    \b
    Example:  vcs-track undo --dry-run

    \b
    Exit codes: 0 taken back, 1 the disk refuses, 2 there is nothing to take back or it cannot
    be, 10 no repository, 11 a clean-up took what would come back.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    done = (repo.redo if redo else repo.undo)(count, dry_run=dry_run)
    word = {(False, False): "undone", (True, False): "redone", (False, True): "would undo",
            (True, True): "would redo"}[redo, dry_run]  # fmt: skip
    for taken in done:
        if context.json:
            context.emit({"change": word, **taken.to_dict()})
            continue
        when = datetime.fromtimestamp(taken.time_us / 1_000_000, UTC).astimezone()
        runs = ", ".join(taken.runs[:5]) + (", ..." if len(taken.runs) > 5 else "")
        context.print(f"{word}  {taken.command}  ({when:%Y-%m-%d %H:%M:%S}; {runs})")

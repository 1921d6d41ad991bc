"""``vcs-track reflog``: who moved which head, and when."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, limit_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.plumbing.head_log import Move

__all__ = ["command"]

_SHORT = 8


@click.command("reflog", short_help="Show what was done to runs: who, when and by what")
@limit_option
@json_option
@quiet_option
@click.argument("run", metavar="[RUN]", type=RUN, required=False)
@click.pass_obj
def command(context: Context, limit: int | None, run: str | None) -> None:
    """Show what was done to runs: who, when and by what

    Each line is a move of the heads of a run, the newest first: recorded, edited, removed,
    imported, undone. With RUN, a removed one too, only its moves, with its states that are
    older than the log. The log keeps about the last twenty thousand moves of this clone.

    \b
    Example:  vcs-track reflog @

    \b
    Exit codes: 0 shown, 10 no repository, 11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    moves = context.repository().reflog(run)[:limit]
    if context.json:
        for move in moves:
            context.emit(asdict(move))
        return
    if not moves:
        context.say("nothing was done yet")
        return
    from vcs_track.cli import render

    columns = [
        render.Column("WHEN", rank=1), render.Column("WHAT"), render.Column("RUN", style="yellow"),
        render.Column("OLD", rank=4), render.Column("NEW", rank=3), render.Column("WHO", rank=5),
        render.Column("COMMAND", least=16, rank=2),
    ]  # fmt: skip
    render.table(columns, [_row(move) for move in moves])


def _row(move: Move) -> tuple[str, ...]:
    when = datetime.fromtimestamp(move.time_us / 1_000_000, UTC).astimezone()
    return (
        f"{when:%Y-%m-%d %H:%M:%S}.{move.time_us % 1_000_000:06}", move.kind, move.run,
        _heads(move.old), _heads(move.new), move.who, move.command,
    )  # fmt: skip


def _heads(oids: tuple[str, ...]) -> str:
    return " ".join(oid.removeprefix("x1-")[:_SHORT] for oid in oids) or "-"

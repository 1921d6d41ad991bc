"""``vcs-track untag``: words that a run is no longer found by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.editing import edit_options, targets, tell

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("untag", short_help="Take tags away from a run")
@edit_options
@click.argument("arguments", metavar="RUN TAG...", nargs=-1)
@click.pass_obj
def command(
    context: Context, where: str | None, more: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    """Take tags away from a run

    A tag that a run has not got is no error. With --where no RUN is given. All runs are
    changed, or none.

    \b
    Example:  vcs-track untag @ best

    \b
    Exit codes: 0 done, 1 the disk refuses, 2 wrong usage, 10 no repository, 11 no such
    run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    runs, rest = targets(arguments, more, where)
    if not rest:
        raise click.UsageError("Missing argument 'TAG'.")
    tell(context, context.repository().untag(runs, *rest, where=where), "tags")

"""``vcs-track name``: what a run is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.editing import edit_options, targets, tell

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("name", short_help="Give a run another name")
@edit_options
@click.argument("arguments", metavar="RUN NAME", nargs=-1)
@click.pass_obj
def command(
    context: Context, where: str | None, more: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    """Give a run another name

    The id of a run never changes. With --where no RUN is given. All runs are changed, or none.

    \b
    Example:  vcs-track name @ baseline

    \b
    Exit codes: 0 done, 1 the disk refuses, 2 wrong usage, 10 no repository, 11 no such
    run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    runs, rest = targets(arguments, more, where)
    if len(rest) != 1:
        raise click.UsageError("give one name: quote it if it has blanks")
    tell(context, context.repository().name(runs, rest[0], where=where), "name")

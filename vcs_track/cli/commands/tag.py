"""``vcs-track tag``: words to find runs by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.editing import edit_options, targets, tell

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("tag", short_help="Add tags to a run")
@edit_options
@click.argument("arguments", metavar="RUN TAG...", nargs=-1)
@click.pass_obj
def command(
    context: Context, where: str | None, more: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    """Add tags to a run

    With --where no RUN is given. All runs are changed, or none. The states before stay in the
    histories; 'vcs-track undo' takes the change back.

    \b
    Example:  vcs-track tag @ paper best
              vcs-track tag --where "summary.val_acc > 0.9" good

    \b
    Exit codes: 0 done, 1 the disk refuses, 2 wrong usage, 10 no repository, 11 no such
    run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    runs, rest = targets(arguments, more, where)
    if not rest:
        raise click.UsageError("Missing argument 'TAG'.")
    tell(context, context.repository().tag(runs, *rest, where=where), "tags")

"""``vcs-track color``: how a run is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.editing import edit_options, targets, tell

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("color", short_help="Set the colour of a run in tables and plots")
@edit_options
@click.argument("arguments", metavar="RUN COLOR", nargs=-1)
@click.pass_obj
def command(
    context: Context, where: str | None, more: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    """Set the colour of a run in tables and plots

    COLOR is written as ff8800, 'none' removes it. With --where no RUN is given. All runs are
    changed, or none.

    \b
    Example:  vcs-track color @ ff8800

    \b
    Exit codes: 0 done, 1 the disk refuses, 2 wrong usage, 10 no repository, 11 no such
    run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    runs, rest = targets(arguments, more, where)
    if len(rest) != 1:
        raise click.UsageError("give one colour, for example ff8800")
    color = None if rest[0].lower() in ("", "none") else rest[0]
    tell(context, context.repository().color(runs, color, where=where), "color")

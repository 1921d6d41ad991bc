"""``vcs-track reindex``: the index made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("reindex", short_help="Make the index of runs anew")
@json_option
@quiet_option
@click.pass_obj
def command(context: Context) -> None:
    """Make the index of runs anew

    The index makes listing and filtering fast. It is kept up to date by itself, and made again
    when it is damaged or gone; this is for who has a doubt. 'vcs-track fsck --index' compares it
    with the runs.

    \b
    Example:  vcs-track reindex

    \b
    Exit codes: 0 made, 1 there is no place for it, 10 no repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    with context.progress("Indexing") as progress:
        runs = repo.reindex(progress)
    if context.json:
        context.emit({"runs": runs})
    else:
        context.say(f"{runs:,} runs are in the index")

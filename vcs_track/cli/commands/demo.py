"""``vcs-track demo``: all of it, in a minute."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("demo", short_help="Try all of it on a small real model in a new folder")
@click.option(
    "--keep/--no-keep", default=True, help="Keep the folder (the default), or remove it at the end"
)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def command(context: Context, keep: bool, folder: Path | None) -> int:
    """Try all of it on a small real model in a new folder

    Trains a classifier of penguins twice, with an uncommitted change between, then compares,
    queries, commits, exports, imports and verifies the two runs. Each command is shown as you
    would type it. DIR must not exist yet; without it a temporary folder is made, and kept.

    \b
    Example:  vcs-track demo penguins-demo

    \b
    Exit codes: 0 done, 1 git is missing, 2 DIR is there already; else that of the command
    that failed.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track.demo import story

    place = story.new_folder(context.folder / folder if folder else None)
    began = time.monotonic()
    code = story.tell(place, _show)
    if not keep:
        shutil.rmtree(place)
    if not code:
        context.say(f"The demo took {time.monotonic() - began:.1f} s.")
    context.say(f"Its folder was removed: {place}" if not keep else f"Its folder: {place}")
    return code


def _show(kind: str, text: str) -> None:
    if kind == "why":
        click.echo()
        click.secho(f"# {text}", fg="cyan")
    elif kind == "error":
        click.secho(f"error: {text}", err=True)
    elif kind == "next":
        click.echo(f"\n{text}")
    else:
        click.secho(f"$ {text}", bold=True)
    # The commands write to the same place from processes of their own.
    sys.stdout.flush()

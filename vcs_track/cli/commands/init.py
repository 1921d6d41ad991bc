"""``vcs-track init``: make a repository."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("init", short_help="Make a repository for runs")
@click.option(
    "--object-format",
    metavar="NAME",
    help="How objects are named: sha256 (default) or xxh128, a constant of the repository",
)
@json_option
@quiet_option
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.pass_obj
def command(context: Context, object_format: str | None, folder: Path | None) -> None:
    """Make a repository for runs

    Makes '.runs' in DIR. Without DIR: at the top of the git repository, else here. Safe to
    repeat: what is there stays as it is.

    \b
    Example:  vcs-track init experiments

    \b
    Exit codes: 0 made or there already, 1 the disk refuses or '.runs' has an unknown format,
    2 unknown object format, or another than that of the repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track import api

    where = context.folder / (folder or "")
    before = None
    with suppress(VcsTrackError):
        before = api.open(where if folder or context.explicit else None).path
    if object_format is None and before is not None and before.parent == where.absolute():
        # Repeating must be safe where another format is configured by now.
        object_format = api.open(where).object_format
    repo = api.init("." if not (folder or context.explicit) else where, object_format)
    made = before != repo.path
    if context.json:
        context.emit(
            {"path": str(repo.path), "object_format": repo.object_format, "created": made}
        )
        return
    context.say(f"{'made' if made else 'there is already'} '{repo.path}' ({repo.object_format})")
    if made:
        context.say("hint: record a program with 'vcs-track run -- python train.py'")
    else:
        context.say("hint: see what is in it with 'vcs-track status'")

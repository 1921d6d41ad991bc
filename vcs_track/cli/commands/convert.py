"""``vcs-track convert``: the same runs under another object format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("convert", short_help="Make a repository of another object format, same runs")
@click.option(
    "--object-format",
    required=True,
    type=click.Choice(["sha256", "xxh128"]),
    help="How the new repository names its objects",
)
@json_option
@quiet_option
@click.argument("target", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def command(context: Context, object_format: str, target: Path) -> None:
    """Make a repository of another object format, same runs

    All runs with their history go to FOLDER/.runs under new ids; names and ids of runs stay.
    This repository is only read. The new id of each object is in FOLDER/.runs/local/convert.json.
    What was interrupted goes on when the command is repeated. The new repository is checked.

    \b
    Example:  vcs-track convert ../safe --object-format sha256

    \b
    Exit codes: 0 converted, 2 a run has not ended, or FOLDER has another format, 10 no
    repository, 12 an object is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    with context.progress("Converting") as progress:
        done = repo.convert(context.folder / target, object_format, progress=progress)
    if context.json:
        context.emit(
            {
                "folder": str(done.folder), "object_format": done.object_format,
                "runs": done.runs, "objects": done.objects, "absent": done.absent,
                "map": str(done.map_path),
            }
        )  # fmt: skip
        return
    if done.absent:
        context.say(f"note: {len(done.absent):,} files are not here, and keep their old ids")
    context.say(
        f"converted {done.runs:,} run{'s' * (done.runs != 1)} into '{done.folder}', with "
        f"{done.objects:,} new objects; '{done.map_path}' has the new ids"
    )

"""``vcs-track import``: the runs of a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]


@click.command("import", short_help="Take in the runs of a zip")
@json_option
@quiet_option
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.pass_obj
def command(context: Context, files: tuple[Path, ...]) -> None:
    """Take in the runs of a zip

    All of a zip is checked before anything is stored. A second import changes nothing.

    \b
    Example:  vcs-track import best.zip

    \b
    Exit codes: 0 taken in, 2 no such file or another object format, 10 no repository, 12 the
    zip is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    for file in files:
        _take(context, repo, context.folder / file)


def _take(context: Context, repo: Repository, file: Path) -> None:
    with context.progress(f"Importing {file.name}") as progress:
        result = repo.import_(file, progress=progress)
    for change in ("new", "updated", "known"):
        for run in getattr(result, change):
            view = repo.run(run)
            if context.json:
                context.emit({"change": change, **view.to_dict()})
            else:
                context.print(f"{change:<8}{run} {view.name} ({view.status})")
    for run in result.removed:
        if context.json:
            context.emit({"change": "removed", "id": run})
        context.say(
            f"note: run {run} was removed here and stays so; 'vcs-track rm --restore {run}'"
            " brings it back"
        )
    context.say(f"took in {result.objects:,} new objects of '{file}'")

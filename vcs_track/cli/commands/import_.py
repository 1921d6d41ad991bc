"""``vcs-track import``: the runs of a zip, or of a database of another tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]


@click.command("import", short_help="Take in the runs of a zip, or of DeepBoard")
@json_option
@quiet_option
@click.argument("files", metavar="[deepboard] FILE...", nargs=-1, required=True, type=click.Path())
@click.pass_obj
def command(context: Context, files: tuple[str, ...]) -> None:
    """Take in the runs of a zip, or of DeepBoard

    All of a file is checked before anything is stored. A second import changes nothing, but for
    what a database got since the first.

    Where the first word is 'deepboard', the files behind it are databases that DeepBoard made;
    they are read only. A zip of that name is './deepboard'.

    \b
    Example:  vcs-track import best.zip
              vcs-track import deepboard results/result_table.db

    \b
    Exit codes: 0 taken in, 2 no such file, not such a file or another object format, 10 no
    repository, 12 the file is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    # Words, not paths: as a path './deepboard' would be the same as 'deepboard'.
    if files[0] == "deepboard" and len(files) == 1:
        raise click.UsageError("name a database of DeepBoard, or write './deepboard' for a zip")
    repo = context.repository()
    take, names = (_take_database, files[1:]) if files[0] == "deepboard" else (_take, files)
    for name in names:
        take(context, repo, context.folder / name)


def _take_database(context: Context, repo: Repository, file: Path) -> None:
    from vcs_track.compat.deepboard.importer import import_database

    with context.progress(f"Importing {file.name}") as progress:
        result = import_database(repo, file, progress=progress)
    for change in ("new", "updated", "known"):
        _tell(context, repo, change, getattr(result, change))
    for note in result.notes:
        context.say(f"warning: {note}")
    context.say(f"took in {len(result.new) + len(result.updated):,} runs of '{file}'")


def _take(context: Context, repo: Repository, file: Path) -> None:
    with context.progress(f"Importing {file.name}") as progress:
        result = repo.import_(file, progress=progress)
    for change in ("new", "updated", "known"):
        _tell(context, repo, change, getattr(result, change))
    context.say(f"took in {result.objects:,} new objects of '{file}'")


def _tell(context: Context, repo: Repository, change: str, runs: Sequence[str]) -> None:
    for run in runs:
        view = repo.run(run)
        if context.json:
            context.emit({"change": change, **view.to_dict()})
        else:
            context.print(f"{change:<8}{run} {view.name} ({view.status})")

"""``vcs-track import``: the runs of a zip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.bundle_import import Imported
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]

_CHANGES: Final = ("new", "updated", "known")


@click.command("import", short_help="Take in the runs of a zip")
@click.option("--dry-run", is_flag=True, help="Check the zip, tell what would come, store nothing")
@json_option
@quiet_option
@click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.pass_obj
def command(context: Context, dry_run: bool, files: tuple[Path, ...]) -> None:
    """Take in the runs of a zip

    All of a zip is checked before anything is stored. A second import changes nothing. A bundle
    that was unpacked and zipped again by another tool is taken in too.

    \b
    Example:  vcs-track import --dry-run best.zip

    \b
    Exit codes: 0 taken in, 2 no such file or another object format, 10 no repository, 11 it is
    partial and what it leaves out is not here, 12 the zip is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    for file in files:
        with context.progress(f"Importing {file.name}", unit="bytes") as progress:
            result = repo.import_(context.folder / file, dry_run=dry_run, progress=progress)
        if result.zipped_again:
            context.say(f"'{file}' was zipped again by another tool: each object was checked")
        if dry_run:
            _foretell(context, file, result)
        else:
            _tell(context, repo, file, result)


def _tell(context: Context, repo: Repository, file: Path, result: Imported) -> None:
    for change in _CHANGES:
        for run in getattr(result, change):
            view = repo.run(run)
            if context.json:
                context.emit({"change": change, **view.to_dict()})
            else:
                context.print(f"{change:<8}{run} {view.name} ({view.status})")
    context.say(f"took in {result.objects:,} new objects of '{file}'")


def _foretell(context: Context, file: Path, result: Imported) -> None:
    if context.json:
        context.emit({
            "file": str(file), "dry_run": True, "objects": result.objects, "bytes": result.size,
            **{change: getattr(result, change) for change in _CHANGES},
        })  # fmt: skip
        return
    for change in _CHANGES:
        for run in getattr(result, change):
            context.print(f"{change:<8}{run} {result.names[run]}")
    context.print(f"would take in {result.objects:,} new objects, {result.size:,} bytes")

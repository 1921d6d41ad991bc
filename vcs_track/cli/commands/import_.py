"""``vcs-track import``: the runs of a zip, or of another tool."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from vcs_track.cli.params import json_option, quiet_option
from vcs_track.errors import InvalidValueError
from vcs_track.porcelain.near import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.cli.context import Context
    from vcs_track.compat.taken_in import TakenIn
    from vcs_track.porcelain.bundle_import import Imported
    from vcs_track.porcelain.repository import Repository


__all__ = ["command"]

_CHANGES: Final = ("new", "updated", "known")


class _Tool(NamedTuple):
    """A tool whose runs are taken in."""

    module: str
    function: str
    what: str
    unit: str = ""


_WORDS: Final = {
    "deepboard": _Tool(
        "vcs_track.compat.deepboard.importer", "import_database", "a database of DeepBoard"
    ),
    "tensorboard": _Tool(
        "vcs_track.compat.tensorboard.importer", "import_events",
        "a folder with event files of TensorBoard", "bytes",
    ),
    "wandb": _Tool(
        "vcs_track.compat.wandb.importing", "import_folder",
        "a folder that wandb left runs in", "bytes",
    ),
}  # fmt: skip


@click.command("import", short_help="Take in the runs of a zip, or of another tool")
@click.option(
    "--dry-run", is_flag=True, help="Check the file, tell what would come, store nothing"
)
@json_option
@quiet_option
@click.argument("files", metavar="[TOOL] FILE...", nargs=-1, required=True, type=click.Path())
@click.pass_obj
def command(context: Context, dry_run: bool, files: tuple[str, ...]) -> None:
    """Take in the runs of a zip, or of another tool

    All of a file is checked before anything is stored. A second import changes nothing, but for
    what a database or a folder got since the first. A bundle that was unpacked and zipped again
    by another tool is taken in too.

    Where the first word is a TOOL, what stands behind it is what that tool made, and is read
    only: 'deepboard' takes databases of DeepBoard, 'tensorboard' folders with event files, as
    TensorBoard is started with, 'wandb' folders that wandb left runs in. A zip of that name is
    './deepboard'.

    \b
    Example:  vcs-track import --dry-run best.zip
              vcs-track import deepboard results/result_table.db
              vcs-track import tensorboard runs
              vcs-track import wandb wandb

    \b
    Exit codes: 0 taken in, 2 no such file, not such a file or another object format, 10 no
    repository, 11 it is partial and what it leaves out is not here, 12 the file is damaged, 13 a database is being
    written.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    # Words, not paths: as a path './deepboard' would be the same as 'deepboard'.
    word = files[0] if files[0] in _WORDS else None
    if word is not None and len(files) == 1:
        raise click.UsageError(f"name {_WORDS[word].what}, or write './{word}' for a zip")
    if word is None and len(files) > 1 and not (context.folder / files[0]).exists():
        _check_word(files[0])
    repo = context.repository()
    for name in files if word is None else files[1:]:
        if word is None:
            _take(context, repo, context.folder / name, dry_run=dry_run)
        else:
            _take_foreign(context, repo, context.folder / name, _WORDS[word], dry_run=dry_run)


def _check_word(word: str) -> None:
    """Refuse what looks like a misspelt tool, and is no file."""
    hint = did_you_mean(word, _WORDS)
    if hint.startswith("did you mean"):
        raise InvalidValueError(f"there is no tool or bundle '{word}'", hint=hint)


def _take_foreign(
    context: Context, repo: Repository, path: Path, tool: _Tool, *, dry_run: bool
) -> None:
    take = getattr(import_module(tool.module), tool.function)
    with context.progress(f"Importing {path.name}", unit=tool.unit) as progress:
        result = take(repo, path, dry_run=dry_run, progress=progress)
    for note in result.notes:
        context.say(f"warning: {note}")
    if dry_run:
        _foretell(context, path, result, "", {})
    else:
        count = len(result.new) + len(result.updated)
        _tell(context, repo, result, f"took in {count:,} run{'s'[: count != 1]} of '{path}'")


def _take(context: Context, repo: Repository, file: Path, *, dry_run: bool) -> None:
    with context.progress(f"Importing {file.name}", unit="bytes") as progress:
        result = repo.import_(file, dry_run=dry_run, progress=progress)
    if result.zipped_again:
        context.say(f"'{file}' was zipped again by another tool: each object was checked")
    objects = f"{result.objects:,} new objects"
    if dry_run:
        counts = {"objects": result.objects, "bytes": result.size}
        _foretell(context, file, result, f"would take in {objects}, {result.size:,} bytes", counts)
    else:
        _tell(context, repo, result, f"took in {objects} of '{file}'")


def _tell(context: Context, repo: Repository, result: Imported | TakenIn, sum_: str) -> None:
    for change in _CHANGES:
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
    context.say(sum_)


def _foretell(
    context: Context, file: Path, result: Imported | TakenIn, sum_: str,
    counts: dict[str, int],
) -> None:  # fmt: skip
    if context.json:
        context.emit({
            "file": str(file), "dry_run": True, **counts,
            **{change: getattr(result, change) for change in (*_CHANGES, "removed")},
        })  # fmt: skip
        return
    for change in (*_CHANGES, "removed"):
        for run in getattr(result, change):
            context.print(f"{change:<8}{run} {result.names[run]}")
    if sum_:
        context.print(sum_)

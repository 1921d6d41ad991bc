"""``vcs-track export``: runs as one zip, as plain folders, or as event files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option, where_option
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]


@click.command("export", short_help="Write runs to a zip that stands alone")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The zip to write. Default: NAME-ID.zip",
)
@click.option("--force", is_flag=True, help="Replace FILE when it exists")
@click.option("--all", "everything", is_flag=True, help="Export every sealed run, as without RUN")
@where_option
@click.option(
    "--range", "rev_range", metavar="A..B", help="Only runs of these commits, as of 'git log'"
)
@click.option(
    "--with-code", is_flag=True, help="Add all files of the code, to restore it without git"
)
@click.option("--no-media", is_flag=True, help="Leave out images, figures and files")
@click.option(
    "--since", metavar="BUNDLE|REV",
    help="Leave out what this bundle has, or the runs committed there",
)  # fmt: skip
@click.option(
    "--reproducible", is_flag=True, help="Store all uncompressed: equal bytes on any machine"
)
@click.option(
    "--tree",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write plain folders for people instead: CSV, PNG, JSON",
)
@click.option(
    "--tensorboard",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write event files for TensorBoard instead, a folder a run",
)
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=RUN)
@click.pass_obj
def command(
    context: Context, output: Path | None, force: bool, everything: bool, where: str | None,
    rev_range: str | None, with_code: bool, no_media: bool, since: str | None,
    reproducible: bool, tree: Path | None, tensorboard: Path | None, runs: tuple[str, ...],
) -> None:  # fmt: skip
    """Write runs to a zip that stands alone

    Without RUN: all that have ended; with x.zip for RUN: those of that bundle. Any unzip opens
    the zip; 'vcs-track import' takes it in elsewhere, and 'vcs-track ls FILE' reads it where it
    is. Files of commits that no remote has yet go along; with --with-code all files do. What
    --since leaves out must be there before the import. With --tree nothing is zipped, and
    nothing reads the folders back. 'tensorboard --logdir DIR' shows what --tensorboard wrote.

    \b
    Example:  vcs-track export -o best.zip baseline @
              vcs-track export --tensorboard logs --where 'lr < 0.1'

    \b
    Exit codes: 0 written, 1 git has not got the code or the commit, 2 FILE exists, DIR is not
    empty, or nothing to export, 10 no repository, 11 no such run, 12 a run is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    whole = context.whole_bundle(runs)
    if whole is None and runs and (everything or where is not None or rev_range is not None):
        raise click.UsageError("name runs, or choose them with --where, --range or --all")
    _check_folders(
        tree, tensorboard, zipped=bool(output or since or reproducible or with_code or force)
    )
    repo, names = (whole, []) if whole is not None else context.reading(*runs)
    found = [repo.run(run) for run in names] or _chosen(context, repo, where, rev_range)
    if tree is not None:
        with context.progress("Exporting") as progress:
            folders = repo.export_tree(
                found, context.folder / tree, media=not no_media, progress=progress
            )
        _report_tree(context, context.folder / tree, folders)
        return
    if tensorboard is not None:
        _write_events(context, found, context.folder / tensorboard, media=not no_media)
        return
    path = context.folder / (output or _default_name(found))
    with context.progress("Exporting", unit="bytes") as progress:
        repo.export(
            found, path, force=force, with_code=with_code,
            media=not no_media, since=_base(context, since), reproducible=reproducible,
            progress=progress,
        )  # fmt: skip
    _report(context, path, sorted({run.id for run in found}))


def _check_folders(tree: Path | None, tensorboard: Path | None, *, zipped: bool) -> None:
    for name, given in (("--tree", tree), ("--tensorboard", tensorboard)):
        if given is not None and zipped:
            raise click.UsageError(f"{name} goes with --where, --range, --all and --no-media only")
    if tree is not None and tensorboard is not None:
        raise click.UsageError("--tree and --tensorboard exclude each other")


def _write_events(context: Context, runs: Sequence[RunView], folder: Path, *, media: bool) -> None:
    from vcs_track.compat.tensorboard.exporter import export_events

    with context.progress("Exporting") as progress:
        done = export_events(runs, folder, media=media, progress=progress)
    for note in done.notes:
        context.say(f"warning: {note}")
    ways = [each.relative_to(folder).as_posix() for each in done.folders]
    if context.json:
        context.emit({"path": str(folder), "folders": ways})
        return
    context.print(str(folder))
    many = "s" if len(ways) != 1 else ""
    context.say(f"wrote {len(ways)} run{many}; 'tensorboard --logdir' shows this folder")


def _base(context: Context, since: str | None) -> str | Path | None:
    """Return a bundle as a path, seen from the folder to work in, and a revision as it is."""
    if since is None:
        return None
    path = context.folder / since
    return path if path.is_file() or since.lower().endswith(".zip") else since


def _chosen(
    context: Context, repo: Repository, where: str | None, rev_range: str | None
) -> list[RunView]:
    # All of them: what is damaged stops an export, it is not left out of it unseen.
    runs = list(repo.runs(where, rev_range=rev_range))
    context.tell_skipped(repo)
    live = [run.id for run in runs if run.status == "running"]
    if live:
        context.say(f"left out, still running: {', '.join(live)}")
    found = [run for run in runs if run.status != "running"]
    if not found:
        chosen = where is not None or rev_range is not None
        raise InvalidValueError(
            "no run matches" if chosen else "there are no runs to export",
            hint="'vcs-track ls' shows the runs",
        )
    return found


def _default_name(runs: Sequence[RunView]) -> str:
    if len(runs) != 1:
        return f"runs-{len(runs)}.zip"
    name = re.sub(r"[^\w.+-]+", "-", runs[0].name).strip(".-")[:80]
    return f"{name}-{runs[0].id}.zip" if name else f"{runs[0].id}.zip"


def _report(context: Context, path: Path, runs: list[str]) -> None:
    from vcs_track.plumbing.home import open_bundle

    size = path.stat().st_size
    bundle = open_bundle(path)
    objects, root = len(bundle.objects), bundle.root()
    if context.json:
        context.emit(
            {"path": str(path), "bytes": size, "objects": objects, "runs": runs, "root": root}
        )
        return
    context.print(str(path))
    many = "s" if len(runs) != 1 else ""
    context.say(f"wrote {len(runs)} run{many}, {objects:,} objects, {size:,} bytes")


def _report_tree(context: Context, folder: Path, folders: Sequence[Path]) -> None:
    if context.json:
        context.emit({"path": str(folder), "folders": [each.name for each in folders]})
        return
    context.print(str(folder))
    many = "s" if len(folders) != 1 else ""
    context.say(f"wrote {len(folders)} run{many}; nothing reads these folders back")

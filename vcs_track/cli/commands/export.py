"""``vcs-track export``: runs as one zip."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
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
@click.option(
    "--with-code", is_flag=True, help="Add all files of the code, to restore it without git"
)
@click.option("--all", "everything", is_flag=True, help="Export every sealed run")
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=RUN)
@click.pass_obj
def command(
    context: Context, output: Path | None, force: bool, with_code: bool, everything: bool,
    runs: tuple[str, ...],
) -> None:  # fmt: skip
    """Write runs to a zip that stands alone

    Any unzip opens it; 'vcs-track import' takes it in elsewhere. Files of commits that no
    remote has yet go along; with --with-code all files do.

    \b
    Example:  vcs-track export -o best.zip baseline @

    \b
    Exit codes: 0 written, 1 git has not got the code, 2 FILE exists or nothing to export, 10 no repository, 11 no such
    run, 12 a run is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    if everything == bool(runs):
        raise InvalidValueError("name the runs to export, or say --all", hint="not both")
    found = _sealed(context, repo) if everything else [repo.run(run) for run in runs]
    path = context.folder / (output or _default_name(found))
    with context.progress("Exporting") as progress:
        ids = [run.id for run in found]
        repo.export(ids, path, force=force, with_code=with_code, progress=progress)
    _report(context, path, sorted({run.id for run in found}))


def _sealed(context: Context, repo: Repository) -> list[RunView]:
    runs = list(repo.runs())
    live = [run.id for run in runs if run.status == "running"]
    if live:
        context.say(f"left out, still running: {', '.join(live)}")
    return [run for run in runs if run.status != "running"]


def _default_name(runs: list[RunView]) -> str:
    if len(runs) != 1:
        return f"runs-{len(runs)}.zip"
    name = re.sub(r"[^\w.+-]+", "-", runs[0].name).strip(".-")[:80]
    return f"{name}-{runs[0].id}.zip" if name else f"{runs[0].id}.zip"


def _report(context: Context, path: Path, runs: list[str]) -> None:
    from vcs_track.plumbing.home import open_bundle

    size = path.stat().st_size
    objects = len(open_bundle(path).objects)
    if context.json:
        context.emit({"path": str(path), "bytes": size, "objects": objects, "runs": runs})
        return
    context.print(str(path))
    many = "s" if len(runs) != 1 else ""
    context.say(f"wrote {len(runs)} run{many}, {objects:,} objects, {size:,} bytes")

"""Getting a file back from a run of the store."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final

from vcs_track import api
from vcs_track.compat.wandb import names
from vcs_track.compat.wandb.console import LOG
from vcs_track.compat.wandb.errors import BadValueError, RunNotFoundError
from vcs_track.errors import RepositoryNotFoundError
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView

__all__ = ["SPOKEN", "console_of", "file_of", "find_run", "opened", "restored"]

# Kinds of items that have names, and are no files of a run.
SPOKEN: Final = ("console", "cells")
_GLANCE = 1 << 16


def find_run(path: str) -> RunView:
    """Return the newest run that ``[[entity/]project/]id`` names.

    Raises:
        RunNotFoundError: If there is none; a CommError and a ValueError too.
    """
    *above, run_id = [part for part in str(path).strip("/").split("/") if part != "runs"]
    try:
        repo = api.open()
        there = names.generations(repo.store, run_id)
        view = repo.run(there[-1]) if there else None
    except (RepositoryNotFoundError, UnicodeEncodeError):
        view = None
    if view is None or (above and view.manifest.project not in (above[-1], None)):
        raise RunNotFoundError(
            f"there is no run '{path}'", hint="'vcs-track log' lists those that are there"
        )
    return view


def file_of(view: RunView, name: str) -> bytes | None:
    """Return the bytes of the newest file called *name*, or None."""
    for item in reversed(view.media()):
        if item.name == name and item.kind not in SPOKEN:
            return item.data
    return console_of(view) if name == LOG else None


def console_of(view: RunView) -> bytes | None:
    """Return the console output of a run that has no file of it, or None.

    A run that was killed, and one that was imported, has what each stream was told.
    """
    return b"".join(item.data for item in view.media("console")) or None


def restored(
    name: str, view: RunView | None, root: str | Path, *, replace: bool
) -> IO[Any] | None:  # fmt: skip
    """Return the file *name*, open; it is written to *root* first.

    Args:
        name: Its name in the run.
        view: The run, or None where only *root* is looked at.
        root: The folder.
        replace: Whether a file that is there gives place.

    Raises:
        BadValueError: If *name* leads out of *root*.
    """
    path = _below(root, name)
    if path.is_file() and not replace:
        return opened(path)
    data = None if view is None else file_of(view, name)
    if data is None:
        return None
    with fsio.storage_errors(f"write '{name}'"):
        fsio.make_dirs(path.parent, sync=False)
        fsio.replace(path, data)
    return opened(path)


def _below(root: str | Path, name: str) -> Path:
    parts = PurePosixPath(str(name)).parts
    if not parts or ".." in parts or parts[0] == "/" or "\0" in str(name):
        raise BadValueError(f"'{name!s:.80}' is no name of a file of a run")
    return Path(root).absolute().joinpath(*parts)


def opened(path: Path) -> IO[Any]:
    """Return *path* open for reading: as text where it is one, else binary."""
    start = fsio.read_start(path, _GLANCE)
    try:
        start.decode()
    except UnicodeDecodeError as error:
        # The last character of the part may be cut.
        if len(start) < _GLANCE or error.start < len(start) - 4:
            return path.open("rb")
    return path.open(encoding="utf-8")

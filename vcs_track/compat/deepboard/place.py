"""Which repository and which table the path of a database stands for."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import NamedTuple

from vcs_track import api
from vcs_track.compat.deepboard.refusals import refused, refused_by_sqlite
from vcs_track.errors import InvalidTypeError, RepositoryNotFoundError, VcsTrackError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.layout import FOLDER
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain.repository import Repository

__all__ = ["Place", "find"]

_SQLITE = b"SQLite format 3\0"


class Place(NamedTuple):
    """A table in a repository.

    Attributes:
        path: What was given, absolute.
        repo: The repository.
        table: Path of the table from the folder that holds ``.runs``; an empty text for all
            runs of the repository.
    """

    path: Path
    repo: Repository
    table: str


def find(db_path: object) -> Place:
    """Return the table that *db_path* names.

    The repository is made where there is none.

    Args:
        db_path: A folder, for all runs of its repository, or the path that a database of
            DeepBoard would have.

    Raises:
        InvalidTypeError: If it is no path.
        VcsTrackError: If a database or another file is there, or its folder is not; of the
            types that DeepBoard raises.
    """
    if not isinstance(db_path, str | PurePath):
        raise InvalidTypeError(
            f"the path of a table must be text or a path, not {type(db_path).__name__}"
        )
    if str(db_path) in (":memory:", ""):
        raise refused(RuntimeError, "a table in memory is not kept", "name a folder or a file")
    if "\0" in str(db_path):
        raise refused(ValueError, "the path of a table has a NUL in it")
    path = Path(db_path).absolute()  # a later os.chdir must not move it
    if path.is_dir():
        folder = path.parent if path.name == FOLDER else path
        return Place(path, _repository(folder), "")
    if path.exists():
        raise _taken(path)
    if not path.parent.is_dir():
        raise refused_by_sqlite(
            "OperationalError", f"there is no folder '{path.parent}'", "make it first"
        )
    folder = path.parent.resolve()
    repo = _repository(folder)
    return Place(path, repo, (folder.relative_to(repo.root) / path.name).as_posix())


def _taken(path: Path) -> VcsTrackError:
    start = fsio.read_start(path, len(_SQLITE))
    if start == _SQLITE:
        return refused(
            RuntimeError,
            f"'{path}' is a database",
            f"if DeepBoard made it: take its runs in with 'vcs-track import deepboard {path}', "
            "then move it away",
        )
    if not start:
        return refused(RuntimeError, f"'{path}' is an empty file", "remove it")
    return refused_by_sqlite(
        "DatabaseError", f"'{path}' is some other file", "choose another name for the table"
    )


def _repository(folder: Path) -> Repository:
    folder = folder.resolve()
    try:
        return api.open(folder)
    except RepositoryNotFoundError:
        return api.init(find_root(folder) or folder)

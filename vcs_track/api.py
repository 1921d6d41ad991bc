"""The front door: repositories and runs with the configuration filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vcs_track import environ
from vcs_track.errors import InvalidTypeError, RepositoryNotFoundError
from vcs_track.plumbing import gitlink
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.repository import Repository
from vcs_track.porcelain.run import Run

__all__ = ["init", "open", "start_run"]


def _defaults(settings: environ.Settings) -> Defaults:
    names = Defaults.__slots__
    return Defaults(**{name: getattr(settings, name) for name in names})


def _folder(path: object) -> Path:
    if not isinstance(path, str | Path):
        raise InvalidTypeError(f"path must be text or a Path, not {type(path).__name__}")
    return Path(path).expanduser().absolute()


def init(path: str | Path = ".", object_format: str | None = None) -> Repository:
    """Make a repository, or open the one that is there.

    Args:
        path: Folder for ``.runs``. ``.`` inside a git repository means its top folder.
        object_format: ``sha256`` or ``xxh128``; a constant of the repository. Default: from
            the configuration, else ``sha256``.

    Raises:
        InvalidValueError: If the format is unknown, or another than that of the repository
            that is there.
        StorageError: If the disk refuses.

    Example:
        >>> import tempfile, vcs_track
        >>> folder = tempfile.mkdtemp()
        >>> vcs_track.init(folder).object_format
        'sha256'
        >>> vcs_track.open(folder).path.name
        '.runs'
    """
    folder = _folder(path)
    settings = environ.read(folder)
    if str(path) == ".":
        folder = settings.dir or gitlink.find_root(folder) or folder
    return Repository.init(folder, object_format or settings.object_format, _defaults(settings))


def open(path: str | Path | None = None) -> Repository:  # noqa: A001 -- the field's word
    """Open a repository.

    Args:
        path: A folder in or below the one that holds ``.runs``. Default: ``VCS_TRACK_DIR``,
            else the current folder.

    Raises:
        RepositoryNotFoundError: If there is none here or above.
        RepositoryFormatError: If it was written by an unknown version.
    """
    start = _folder(path if path is not None else ".")
    settings = environ.read(start)
    if path is None and settings.dir is not None:
        start = settings.dir
    if start.name == ".runs":
        start = start.parent
    return Repository.find(start, _defaults(settings))


def start_run(name: str | None = None, **options: Any) -> Run:
    """Start a run in the repository of the current folder, making one where there is none.

    Args:
        name: Display name.
        **options: As for :meth:`Repository.start_run`.

    Example:
        >>> import os, tempfile, vcs_track
        >>> os.chdir(tempfile.mkdtemp())
        >>> with vcs_track.start_run("first", hparams={"lr": 0.1}) as run:
        ...     run.add_scalar("loss", 0.5)
        >>> vcs_track.open().run("first").status
        'finished'
    """
    try:
        repo = open()
    except RepositoryNotFoundError:
        repo = init()
    return repo.start_run(name, **options)

"""The front door: repositories and runs with the configuration filled in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from vcs_track import environ
from vcs_track.errors import InvalidTypeError, RepositoryNotFoundError
from vcs_track.plumbing.layout import FOLDER
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["init", "open", "start_run"]


def _defaults(settings: environ.Settings) -> Defaults:
    names = Defaults.__slots__
    return Defaults(**{name: getattr(settings, name) for name in names})


def _folder(path: object) -> Path:
    if not isinstance(path, str | Path):
        raise InvalidTypeError(f"path must be text or a Path, not {type(path).__name__}")
    return Path(path).expanduser().resolve()


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
        folder = settings.dir or find_root(folder) or folder
    return Repository.init(folder, object_format or settings.object_format, _defaults(settings))


def open(path: str | Path | None = None, *, recover: bool = True) -> Repository:  # noqa: A001 -- the field's word
    """Open a repository, and seal the runs whose writers have died.

    Args:
        path: A folder in or below the one that holds ``.runs``; or a bundle, whose runs are
            read in place, and nothing of which can be changed. Default: ``VCS_TRACK_DIR``,
            else the current folder.
        recover: False leaves the runs of dead writers as they are.

    Raises:
        CorruptError: If *path* is a file and no bundle.
        RepositoryNotFoundError: If there is none here or above.
        RepositoryFormatError: If it was written by an unknown version.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> repo.start_run("base", hparams={"lr": 0.1}).finish()
        >>> bundle = vcs_track.open(repo.export("base", repo.root / "x.zip"))
        >>> [run.hparams for run in bundle.runs("name = base")]
        [{'lr': 0.1}]
    """
    if path is not None and (file := _folder(path)).is_file():
        return Repository.of_bundle(file, _folder("."), _defaults(environ.read(_folder("."))))
    start = _folder(path if path is not None else ".")
    settings = environ.read(start)
    if path is None and settings.dir is not None:
        start = settings.dir
    repo = Repository.find(start.parent if start.name == FOLDER else start, _defaults(settings))
    if recover:
        repo.recover()
    return repo


@overload
def start_run(
    name: str | None = None, *, on_duplicate: Literal["return"], **options: Any
) -> Run | RunView: ...
@overload
def start_run(name: str | None = None, **options: Any) -> Run: ...
def start_run(name: str | None = None, **options: Any) -> Run | RunView:
    """Start a run in the repository of this folder, or in a new one.

    Looks for ``.runs`` here and above, and makes it where there is none: at the top of the
    git repository, else here. In disabled mode nothing is made.

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
    settings = environ.read(_folder("."))
    if (options.get("mode") or settings.mode) == "disabled":
        from vcs_track.porcelain.disabled import DisabledRun
        from vcs_track.porcelain.names import new_id, readable_name

        run_id = options.get("id") or new_id()
        return DisabledRun(run_id, name or settings.name or readable_name(run_id))
    try:
        repo = open()
    except RepositoryNotFoundError:
        repo = init()
    run: Run | RunView = repo.start_run(name, **options)
    return run

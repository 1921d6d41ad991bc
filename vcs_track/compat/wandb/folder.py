"""The folder of a run, into which scripts write files."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import VcsTrackError
from vcs_track.formats import canonical
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Folder", "forget", "home_of", "leave", "unfinished"]

_HOME = "wandb"
_HIDDEN_HOME = ".wandb"
_RESUME = "wandb-resume.json"
_IGNORE = ".gitignore"


class Folder:
    """``<root>/wandb/run-<time>-<id>``, and the folder ``files`` in it.

    Args:
        path: The folder.

    Attributes:
        path: The folder.
        files: Where files of the run go.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = path / "files"

    @classmethod
    def make(cls, root: str | None, run_id: str, *, offline: bool) -> Self:
        """Make the folder of a run that starts now.

        Args:
            root: Where the user wants it. Default: the current folder. Where nothing can be
                written, the temporary folder is taken.
            run_id: The id of the run.
            offline: Whether offline mode was asked for, which shows in the name.
        """
        kind = "offline-run" if offline else "run"
        moment = datetime.now().strftime("%Y%m%d_%H%M%S")  # noqa: DTZ005 -- as wandb names it
        name = f"{kind}-{moment}-{run_id}"
        try:
            home = home_of(root)
            return cls(_new(home, name))
        except OSError as error:
            termwarn(f"the folder of the run cannot be made: {error}; using a temporary one")
            return cls(_new(Path(tempfile.mkdtemp(prefix="wandb-")), name))

    def contents(self) -> Iterator[tuple[str, Path]]:
        """Yield the name and the path of each file in the folder for files."""
        for path in sorted(self.files.rglob("*")):
            if path.is_file():
                yield path.relative_to(self.files).as_posix(), path


def home_of(root: str | None) -> Path:
    """Return the folder ``wandb`` below *root*."""
    above = Path(root or ".").expanduser().absolute()
    hidden = above / _HIDDEN_HOME
    return hidden if hidden.is_dir() else above / _HOME


def _new(home: Path, name: str) -> Path:
    is_ours = not home.is_dir()
    if is_ours:
        fsio.make_dirs(home, sync=False)
        _hide(home)
    path, n = home / name, 0
    while path.exists():
        n += 1
        path = home / f"{name}-{n}"
    fsio.make_dirs(path / "files", sync=False)
    if not is_ours and not (home / _IGNORE).exists():
        _hide(path)  # the folder above may hold code of the user's
    return path


def _hide(folder: Path) -> None:
    """Keep git away: what runs leave is no code, and would differ from run to run."""
    fsio.write_new(folder / _IGNORE, b"*\n", sync=False)


# ---- the run that resume="auto" goes on with -------------------------------------------


def unfinished(root: str | None) -> str | None:
    """Return the id of the run that did not end well, if one was left."""
    try:
        found: Any = canonical.loads(fsio.read(home_of(root) / _RESUME))
    except (OSError, VcsTrackError):
        return None
    run_id = found.get("run_id") if isinstance(found, dict) else None
    return run_id if isinstance(run_id, str) else None


def leave(root: str | None, run_id: str) -> None:
    """Leave the id of a run that is to be gone on with unless it ends well."""
    home = home_of(root)
    fsio.make_dirs(home, sync=False)
    fsio.replace(home / _RESUME, canonical.dumps({"run_id": run_id}))


def forget(root: str | None, run_id: str) -> None:
    """Take back what :func:`leave` left, where it speaks of *run_id*."""
    if unfinished(root) == run_id:
        fsio.unlink(home_of(root) / _RESUME)

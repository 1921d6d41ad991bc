"""The folders of runs that wandb left below a folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vcs_track.errors import InvalidValueError
from vcs_track.formats.oid import new_hash
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Source", "WandbFolder", "find_folders", "readable", "walk"]

_NAME: Final = re.compile(r"(?:offline-)?run-\d{8}_\d{6}-(?P<id>.+?)(?:-\d+)?")
_LOG: Final = re.compile(r"run-(?P<id>.+)\.wandb")
_SYNCED: Final = ("config.yaml", "wandb-summary.json")
_SKIPPED: Final = (".git", ".runs", "node_modules")
_PART: Final = 1 << 18


class Source:
    """A file, read part by part.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._fd = fsio.open_read(path, wait=False)
        self.at = 0

    def read(self, length: int) -> bytes:
        """Return so many bytes, or fewer at the end."""
        found = fsio.pread(self._fd, length, self.at)
        self.at += len(found)
        return found

    def close(self) -> None:
        """Close the file."""
        fsio.close(self._fd)


@dataclass(frozen=True, slots=True)
class WandbFolder:
    """The folder of a run.

    Attributes:
        path: Where it is.
        log: The file with the records, or None where there is none.
        id: Id of the run, as its name tells.
    """

    path: Path
    log: Path | None
    id: str

    @property
    def name(self) -> str:
        """Its name, readable."""
        return readable(self.path.name)

    @property
    def files(self) -> Path:
        """Where the files of the run are."""
        return self.path / "files"

    def size(self) -> int:
        """Return the bytes of the file with the records."""
        return 0 if self.log is None else self.log.stat().st_size

    def stamp(self) -> str:
        """Return what changes whenever the records or the files do."""
        hasher = new_hash("sha256")
        if self.log is not None:
            source = Source(self.log)
            try:
                while part := source.read(_PART):
                    hasher.update(part)
            finally:
                source.close()
        for name, path in walk(self.files):
            # What a link leads to may go; what was taken in of it stays.
            size = -1 if path.is_symlink() else path.stat().st_size
            hasher.update(f"\0{readable(name)}\0{size}".encode())
        return str(hasher.hexdigest())


def find_folders(folder: Path) -> list[WandbFolder]:
    """Return the folders of runs in *folder*, the oldest first.

    Links to folders are not followed.

    Args:
        folder: The folder of a run, the folder ``wandb``, or one above.

    Raises:
        InvalidValueError: If it is no folder.
    """
    if not folder.is_dir():
        raise InvalidValueError(
            f"'{folder}' is not a folder", hint="name the folder 'wandb', or one above it"
        )
    return sorted(_runs_below(folder.resolve()), key=lambda run: (_time(run.path.name), run.path))


def _time(name: str) -> str:
    return name.removeprefix("offline-")


def _runs_below(top: Path) -> Iterator[WandbFolder]:
    """Yield the runs in *top*; what is inside the folder of a run is not searched."""
    todo = [top]
    while todo:
        path = todo.pop()
        if (run := _run(path)) is not None:
            yield run
            continue
        for name in fsio.list_dir(path):
            inner = path / name
            if name not in _SKIPPED and not inner.is_symlink() and inner.is_dir():
                todo.append(inner)


def _run(path: Path) -> WandbFolder | None:
    for name in sorted(fsio.list_dir(path)):
        log = _LOG.fullmatch(name)
        if log is not None and (path / name).is_file():
            return WandbFolder(path, path / name, readable(log["id"]))
    named = _NAME.fullmatch(path.name)
    if named is not None and any((path / "files" / name).is_file() for name in _SYNCED):
        return WandbFolder(path, None, readable(named["id"]))
    return None


def walk(top: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and path of each file and link below *top*; sorted."""
    todo = [top] if top.is_dir() else []
    found: list[Path] = []
    while todo:
        path = todo.pop()
        for name in fsio.list_dir(path):
            inner = path / name
            if inner.is_dir() and not inner.is_symlink():
                todo.append(inner)
            else:
                found.append(inner)
    for path in sorted(found):
        yield path.relative_to(top).as_posix(), path


def readable(name: str) -> str:
    """Return the name of a file as text, also where it is no UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()

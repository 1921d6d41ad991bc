"""The runs below a folder of logs, as TensorBoard sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError
from vcs_track.formats import canonical
from vcs_track.formats.event_file import is_event_file
from vcs_track.formats.event_record import EventRecords
from vcs_track.formats.oid import object_format
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["RunFolder", "Source", "find_runs", "readable"]

_PART: Final = 1 << 18
_FIRST: Final = 1 << 16  # bytes in which the first record must end
_TAIL: Final = 4  # bytes, the checksum of the last record
_SKIPPED: Final = (".git", ".runs")


class Source:
    """An event file, read part by part.

    Args:
        path: The file.
        start: Where to begin.
        end: Where to stop; None for the end of the file.
    """

    def __init__(self, path: Path, start: int = 0, end: int | None = None) -> None:
        self._fd = fsio.open_read(path, wait=False)
        self._at = start
        self._end = end
        self._part = b""
        self._used = 0

    def read(self, length: int) -> bytes:
        """Return so many bytes, or fewer at the end."""
        stop = self._used + length
        if stop > len(self._part):
            self._fill(length)
            stop = self._used + length
        found = self._part[self._used : stop]
        self._used += len(found)
        return found

    def _fill(self, length: int) -> None:
        rest = self._part[self._used :]
        wanted = max(length - len(rest), _PART)
        if self._end is not None:
            wanted = min(wanted, self._end - self._at)
        more = fsio.pread(self._fd, wanted, self._at)
        self._at += len(more)
        self._part, self._used = rest + more, 0

    def close(self) -> None:
        """Close the file."""
        fsio.close(self._fd)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder with event files: one run.

    Attributes:
        name: The way to it from the folder of logs, readable; ``.`` for that folder itself.
        path: Where it is.
        files: The names of its event files, in the order in which they are read.
        id: The id of the run.
    """

    name: str
    path: Path
    files: tuple[str, ...]
    id: str

    def tail(self, file: str, end: int) -> str | None:
        """Return what tells that *file* is still the one read up to *end*."""
        if not end:
            return ""
        fd = fsio.open_read(self.path / file, wait=False)
        try:
            found = fsio.pread(fd, _TAIL, end - _TAIL)
            return found.hex() if len(found) == _TAIL else None
        finally:
            fsio.close(fd)


def find_runs(folder: Path) -> list[RunFolder]:
    """Return the folders with event files: *folder* and those in it.

    Links to folders are not followed. A run is known by the name of its folder, the name of its
    first file and how that begins, so that it is the same wherever the logs are moved to. Where
    two folders are alike in all of that, the way to the second one tells them apart.

    Args:
        folder: The folder of logs.

    Raises:
        InvalidValueError: If it is no folder.
    """
    if not folder.is_dir():
        raise InvalidValueError(
            f"'{folder}' is not a folder", hint="name the folder that TensorBoard is started with"
        )
    found: list[RunFolder] = []
    taken: set[str] = set()
    base = folder.resolve()
    for path, names in sorted(_walk(base)):
        name = path.relative_to(base).as_posix()
        first = _first(path, names)
        if first is None:
            continue
        run = _id([path.name, *first])
        if run in taken:
            run = _id([path.name, *first, name])
        taken.add(run)
        found.append(RunFolder(readable(name), path, tuple(names), run))
    return found


def readable(name: str) -> str:
    """Return the name of a file as text, also where it is no UTF-8."""
    return name.encode("utf-8", "backslashreplace").decode()


def _walk(top: Path) -> Iterator[tuple[Path, list[str]]]:
    todo = [top]
    while todo:
        path = todo.pop()
        files = []
        for name in fsio.list_dir(path):
            inner = path / name
            if inner.is_dir():
                if not inner.is_symlink() and name not in _SKIPPED:
                    todo.append(inner)
            elif is_event_file(name) and inner.is_file():
                files.append(name)
        if files:
            yield path, files


def _first(path: Path, names: list[str]) -> list[str] | None:
    """Return the name of the first file that has a record, and the hash of that record."""
    for name in names:
        data = fsio.read_start(path / name, _FIRST)
        for record in EventRecords(_Bytes(data).read):
            return [name, object_format("sha256").hash(record)]
    return None


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, length: int) -> bytes:
        found = self._data[self._at : self._at + length]
        self._at += len(found)
        return found


def _id(told: list[Any]) -> str:
    text = [part.encode("utf-8", "surrogateescape").hex() for part in told]
    return f"tb-{object_format('sha256').hash(canonical.dumps(text))[:16]}"

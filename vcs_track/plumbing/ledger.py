"""A ledger: a file of lines that only grows, shared by processes.

What was written is read once, and after that only what is new.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, LockedError
from vcs_track.formats import canonical
from vcs_track.plumbing import fsio
from vcs_track.plumbing.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Ledger"]

_PATIENCE: Final = 60.0  # seconds


class Ledger:
    """One file of JSON objects, one a line.

    Args:
        path: The file; it is made when something is written.

    Example:
        >>> import pathlib, tempfile
        >>> from vcs_track.plumbing.ledger import Ledger
        >>> ledger = Ledger(pathlib.Path(tempfile.mkdtemp()) / "one.jsonl")
        >>> with ledger.held():
        ...     ledger.append([{"n": 1}])
        >>> ledger.news()
        [{'n': 1}]
        >>> ledger.news()
        []
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        self._depth = 0
        self._mine = threading.RLock()

    def news(self) -> list[dict[str, Any]]:
        """Return the lines that were written since the last call.

        A last line that is torn is not one. A line that cannot be read is left out.
        """
        with self._mine:
            try:
                fd = fsio.open_read(self.path)
            except FileNotFoundError:
                return []
            try:
                data = fsio.pread(fd, max(fsio.size(fd) - self._read, 0), self._read)
            finally:
                fsio.close(fd)
            whole = data[: data.rfind(b"\n") + 1]
            self._read += len(whole)
        return list(_objects(whole))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other writers out; may be nested.

        Raises:
            LockedError: If another process holds it for a minute.
        """
        with self._mine:
            lock = None if self._depth else self._take()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if lock is not None:
                    lock.release()

    def _take(self) -> Lock:
        fsio.make_dirs(self.path.parent)
        path = self.path.with_suffix(".lock")
        until = time.monotonic() + _PATIENCE
        while (lock := Lock.take(path)) is None:
            if time.monotonic() > until:
                raise LockedError(f"'{path}' is held by another process", hint="try again later")
            time.sleep(0.002)
        return lock

    def append(self, lines: Iterable[dict[str, Any]]) -> None:
        """Write *lines*, all of them at once; called while it is held."""
        data = b"".join(canonical.dumps(line) + b"\n" for line in lines)
        if not data:
            return
        try:
            fd = fsio.open_write(self.path)
        except FileNotFoundError:
            fd = fsio.create(self.path)
        try:
            end = fsio.size(fd)
            # A writer that died in the middle of a line left no end of it.
            torn = end > 0 and fsio.pread(fd, 1, end - 1) != b"\n"
            fsio.seek(fd, end)
            fsio.append(fd, b"\n" + data if torn else data)
            fsio.fsync(fd)
        finally:
            fsio.close(fd)


def _objects(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.splitlines():
        try:
            found = canonical.loads(line)
        except CorruptError:
            continue
        if isinstance(found, dict):
            yield found

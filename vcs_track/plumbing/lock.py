"""Locks that the kernel frees at death, and who a process is.

``lockf`` is used because a forked worker does not inherit it; it is dropped as soon as the
process closes any descriptor of the file, so a lock file is never opened twice in a process.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Identity", "Lock", "identity", "is_alive", "user"]

# Lock files this process holds: lockf would let us take our own lock a second time.
# Known by device and inode, because one file has many spellings.
_held: set[tuple[int, int, int]] = set()
_guard = threading.RLock()


def _key(file: tuple[int, int]) -> tuple[int, int, int]:
    return os.getpid(), *file


def _forget() -> None:
    # The thread that held it may not exist in a forked child.
    global _guard
    _guard = threading.RLock()


os.register_at_fork(after_in_child=_forget)


class Lock:
    """An exclusive lock on a file, held until :meth:`release` or death.

    Example:
        >>> import tempfile, pathlib
        >>> from vcs_track.plumbing.lock import Lock
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "x.lock"
        >>> lock = Lock.take(path)
        >>> Lock.take(path) is None
        True
        >>> lock.release()
    """

    def __init__(
        self, path: Path, fd: int, key: tuple[int, int, int], *, certain: bool = True
    ) -> None:
        self.path = path
        self._key = key
        self.certain = certain
        self._fd = fd
        self._pid = os.getpid()

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """Return the lock on *path*, or None when someone else holds it.

        A file system without locks gives the lock to everybody who asks, and the lock is not
        :attr:`certain`; look at the identity of the owner then.
        """
        with _guard:
            return cls._take(path)

    @classmethod
    def _take(cls, path: Path) -> Lock | None:
        # Looked up before it is opened: closing a second descriptor would drop the lock.
        with suppress(FileNotFoundError):
            if _key(fsio.identify(path)) in _held:
                return None
        fd = fsio.open_lock(path)
        try:
            taken = fsio.lock(fd)
            # Removed by whoever held it? Nobody would see a lock on a file without a name.
            named = fsio.is_at(fd, path)
            key = _key(fsio.identify(fd))
        except OSError:
            fsio.close(fd)
            raise
        if taken is False or not named:
            fsio.close(fd)
            return None if taken is False else cls._take(path)
        _held.add(key)
        return cls(path, fd, key, certain=taken is True)

    @classmethod
    @contextmanager
    def take_all(cls, paths: Iterable[Path]) -> Iterator[bool]:
        """Hold the locks on *paths*; the body is told whether all were free."""
        locks: list[Lock] = []
        free = True
        try:
            for path in paths:
                lock = cls.take(path)
                if lock is None:
                    free = False
                    break
                locks.append(lock)
            yield free
        finally:
            for lock in locks:
                lock.release()

    @staticmethod
    def is_mine(path: Path) -> bool:
        """Return whether this process holds the lock on *path*."""
        with _guard, suppress(FileNotFoundError):
            return _key(fsio.identify(path)) in _held
        return False

    def release(self) -> None:
        """Give the lock up; harmless when repeated or called in a forked child."""
        fd, self._fd = self._fd, -1  # first: a close that fails has closed it all the same
        if fd >= 0 and self._pid == os.getpid():
            with _guard:
                _held.discard(self._key)
                fsio.close(fd)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who writes: tells whether a process on this machine is still the same.

    Attributes:
        host: Host name.
        boot: Boot id.
        pid: Process id.
        ticks: Start of the process, in clock ticks since boot.
        namespace: Inode of the process-id namespace.
    """

    host: str
    boot: str
    pid: int
    ticks: int
    namespace: int


@cache
def _host() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    import socket

    return socket.gethostname()


@cache
def _boot() -> str:
    try:
        return fsio.read_text("/proc/sys/kernel/random/boot_id").strip()[:36]
    except OSError:
        return ""


def _ticks(pid: int) -> int:
    try:
        stat = fsio.read_text(f"/proc/{pid}/stat")
        return int(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def is_alive(boot: str, pid: int, ticks: int) -> bool:
    """Return whether the process these three name still runs on this machine."""
    return boot == _boot() and ticks != 0 and _ticks(pid) == ticks


def identity() -> Identity:
    """Return the identity of this process."""
    pid = os.getpid()
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 -- no Path needed
    except OSError:
        namespace = 0
    return Identity(_host(), _boot(), pid, _ticks(pid), namespace)


@cache
def user() -> str | None:
    """Return the name of the user, or None where nobody knows it."""
    try:
        import pwd  # not on Windows
    except ImportError:
        try:
            return os.getlogin()
        except OSError:
            return None
    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)  # usual in containers

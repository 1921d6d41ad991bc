"""Every file call of the store, and nothing else.

All calls go through this one module, so that a test can fail, tear or record each of them. Errors
that steer the protocol stay as they are, others are :class:`~vcs_track.errors.StorageError`.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from vcs_track.errors import StorageError, VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "age",
    "append",
    "aside",
    "chmod",
    "close",
    "create",
    "create_empty",
    "fsync",
    "fsync_dir",
    "identify",
    "is_at",
    "link",
    "link_or_copy",
    "list_dir",
    "lock",
    "make_dirs",
    "map_read",
    "map_window",
    "may_write",
    "open_append",
    "open_lock",
    "open_read",
    "open_write",
    "pread",
    "probe",
    "publish",
    "pwrite",
    "read",
    "read_start",
    "read_text",
    "remove_dir",
    "remove_tree",
    "rename",
    "replace",
    "reserve",
    "seek",
    "size",
    "stamp",
    "storage_errors",
    "sync_data",
    "sync_file",
    "times",
    "touch",
    "truncate",
    "unlink",
    "write_new",
]

_HINTS: Final = {
    errno.ENOSPC: "free some disk space and try again",
    errno.EDQUOT: "your disk quota is used up",
    errno.EROFS: "the file system is read-only: mount it for writing, or work on a copy",
    errno.EACCES: "check the permissions of the '.runs' folder",
    errno.EPERM: "check the permissions of the '.runs' folder",
    errno.EMFILE: "too many files are open in this process",
}


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn an OS error in the body into a StorageError about *what*.

    Also a decorator of functions.
    """
    try:
        yield
    except VcsTrackError:
        raise  # some of them are OSErrors too
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        hint = _HINTS.get(error.errno or 0, "")
        raise StorageError(f"cannot {what}: {reason}", hint=hint) from error


# ---- folders ---------------------------------------------------------------------------


def make_dirs(path: Path, *, sync: bool = True) -> None:
    """Make *path* and its parents where they are missing; sync each new name."""
    if path.is_dir():
        return
    make_dirs(path.parent)
    with suppress(FileExistsError):
        os.mkdir(path)  # noqa: PTH102 -- every call by its os name, for the fault sweep
        if sync:
            fsync_dir(path.parent)


def list_dir(path: Path) -> list[str]:
    """Return the names in *path*, sorted; empty when there is no such folder."""
    try:
        return sorted(os.listdir(path))  # noqa: PTH208 -- as above
    except (FileNotFoundError, NotADirectoryError):
        return []


def times(path: Path) -> dict[str, int]:
    """Return the folders in *path*, each with the time of its last change."""
    found = {}
    for name in list_dir(path):
        with suppress(FileNotFoundError):
            state = os.stat(f"{path}/{name}")  # noqa: PTH116 -- as above, and in a hurry
            if stat.S_ISDIR(state.st_mode):
                found[name] = state.st_mtime_ns
    return found


def remove_dir(path: Path) -> None:
    """Remove *path* if it is an empty folder."""
    with suppress(OSError):
        os.rmdir(path)  # noqa: PTH106 -- as above


def fsync_dir(path: Path) -> None:
    """Make the names in *path* survive a power cut."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        # Some network file systems cannot sync a folder; they order names themselves.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        close(fd)


# ---- whole files -----------------------------------------------------------------------


def read(path: Path) -> bytes:
    """Return the bytes of *path*."""
    fd = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(fd, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        close(fd)


def read_start(path: Path, length: int) -> bytes:
    """Return the first *length* bytes of *path*, or all when it is shorter.

    What is no file has none.
    """
    # Without waiting: a pipe may have any name.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        return pread(fd, length, 0) if stat.S_ISREG(os.fstat(fd).st_mode) else b""
    finally:
        close(fd)


def write_new(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write *data* to *path*, which must not exist."""
    fd = create(path)
    try:
        append(fd, data)
        if sync:
            fsync(fd)
    finally:
        close(fd)


def publish(path: Path, data: bytes) -> None:
    """Give *path* the content *data* at once; an existing file wins."""
    tmp = aside(path)
    try:
        write_new(tmp, data)
        _name(tmp, path)
    finally:
        unlink(tmp)
    fsync_dir(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Give the file *path* the content *data*, at once."""
    tmp = aside(path)
    try:
        write_new(tmp, data)
        rename(tmp, path)
    finally:
        unlink(tmp)


def aside(path: Path) -> Path:
    """Return a free name beside *path*, for what is not whole yet."""
    return path.with_name(f"{path.name}.{secrets.token_hex(8)}~")


def _name(tmp: Path, path: Path) -> None:
    try:
        os.link(tmp, path)
    except FileExistsError:
        pass
    except OSError:  # no hard links here
        if not path.exists():
            os.rename(tmp, path)  # noqa: PTH104 -- as above


def create_empty(path: Path) -> bool:
    """Create *path* with zero bytes; return False when it is there already."""
    with suppress(FileExistsError):
        close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444))
        return True
    return False


def rename(old: Path, new: Path) -> None:
    """Give *old* the name *new*, replacing what is there."""
    os.rename(old, new)  # noqa: PTH104 -- as above


def unlink(path: Path) -> None:
    """Remove the file *path*; that it is gone already is no error."""
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 -- as above


def remove_tree(path: Path) -> None:
    """Remove the file or the folder *path* with all that is in it.

    What cannot be removed stays.
    """
    import shutil

    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        unlink(path)


def link_or_copy(old: Path, new: Path, folder: Path) -> None:
    """Put the file *old* at *new* too: linked, else copied by way of *folder*.

    A file that is at *new* already stays.
    """
    try:
        os.link(old, new)
    except FileExistsError:
        return
    except OSError:
        tmp = aside(folder / new.name)
        try:
            write_new(tmp, read(old))
            _name(tmp, new)
        finally:
            unlink(tmp)
    chmod(new, 0o444)


def link(old: Path, new: Path) -> None:
    """Give the file *old* the name *new* too, which another file may have had."""
    unlink(new)
    os.link(old, new)


def age(path: Path) -> float:
    """Return the seconds since *path* was touched, by the clock of its disk."""
    # Two hosts on one disk need not agree on the time.
    tmp = aside(path)
    write_new(tmp, b"", sync=False)
    try:
        return (os.stat(tmp).st_mtime_ns - os.stat(path).st_mtime_ns) / 1e9  # noqa: PTH116
    finally:
        unlink(tmp)


def chmod(path: Path, mode: int) -> None:
    """Set the permission bits of *path*, where the file system has them."""
    with suppress(OSError):
        os.chmod(path, mode)  # noqa: PTH101 -- as above


def stamp(path: Path) -> tuple[int, int]:
    """Return the time of the last change in ns, and the length in bytes."""
    return (found := os.stat(path)).st_mtime_ns, found.st_size  # noqa: PTH116 -- as above


def touch(path: Path, when: int | None = None) -> None:
    """Say that *path* was changed now, by the system's clock, or at *when*.

    Args:
        path: What was changed.
        when: Nanoseconds since 1970 UTC.
    """
    if when is None:
        os.utime(path)
    else:
        os.utime(path, ns=(when, when))


# ---- open files ------------------------------------------------------------------------


def create(path: Path) -> int:
    """Create *path*, which must not exist; return its descriptor."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)


def open_read(path: Path, *, wait: bool = True) -> int:
    """Open *path* for reading; return its descriptor.

    Args:
        path: A file.
        wait: Whether to wait for somebody who writes, if it is a pipe.
    """
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if wait else os.O_NONBLOCK))


def open_append(path: Path) -> int:
    """Open *path*, made where it is missing, for writing at its end."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


def open_write(path: Path) -> int:
    """Open *path*, which must exist, for writing; return its descriptor."""
    return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def seek(fd: int, offset: int) -> None:
    """Set the file's position."""
    os.lseek(fd, offset, os.SEEK_SET)


def append(fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of *data* at the file's position."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def pwrite(fd: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of *data* at *offset*."""
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def pread(fd: int, length: int, offset: int) -> bytes:
    """Return up to *length* bytes from *offset*."""
    parts = []
    while length > 0 and (part := os.pread(fd, length, offset)):
        parts.append(part)
        length, offset = length - len(part), offset + len(part)
    return b"".join(parts)


def size(fd: int) -> int:
    """Return the length of the open file *fd*."""
    return os.fstat(fd).st_size


def is_at(fd: int, path: Path) -> bool:
    """Return whether the open file *fd* still has the name *path*."""
    try:
        return identify(fd) == identify(path)
    except FileNotFoundError:
        return False


def truncate(fd: int, length: int) -> None:
    """Cut or extend the open file *fd* to *length*."""
    os.ftruncate(fd, length)


def fsync(fd: int) -> None:
    """Make data and length of *fd* survive a power cut."""
    os.fsync(fd)


def sync_data(fd: int) -> None:
    """Make the data of *fd* survive a power cut; its length was synced before."""
    os.fdatasync(fd)


def sync_file(path: Path) -> None:
    """Make the content of *path* survive a power cut, whoever wrote it."""
    fd = open_read(path)
    try:
        fsync(fd)
    finally:
        close(fd)


def close(fd: int) -> None:
    """Close *fd*; what must be kept was synced before."""
    # The descriptor is gone whatever the system says of it, and what it says comes too late.
    with suppress(OSError):
        os.close(fd)


def reserve(fd: int, old: int, new: int) -> None:
    """Reserve the bytes from *old* to *new* at the end of *fd*.

    A refused reservation may leave the file partly grown.
    """
    os.posix_fallocate(fd, old, new - old)


def open_lock(path: Path) -> int:
    """Open the lock file *path*, making it where it is missing."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def lock(fd: int) -> bool | None:
    """Lock *fd* for this process, without waiting.

    Returns:
        Whether it was free; None where the file system has no locks.
    """
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            return False
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL):
            return None
        raise
    return True


def identify(file: Path | int) -> tuple[int, int]:
    """Return device and inode of a path or descriptor: one file, one pair."""
    found = os.stat(file)  # noqa: PTH116 -- as above
    return found.st_dev, found.st_ino


# ---- mappings --------------------------------------------------------------------------


def map_window(fd: int, start: int, length: int) -> mmap.mmap:
    """Map *length* bytes of *fd* from *start* for reading and writing, shared."""
    return mmap.mmap(fd, length, mmap.MAP_SHARED, offset=start)


def map_read(path: Path, *, copied: int = 0) -> mmap.mmap | bytes:
    """Return the bytes of *path*, mapped where that works.

    Args:
        path: The file.
        copied: A file of so many bytes or fewer is read.
    """
    fd = open_read(path)
    try:
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode) or not state.st_size:
            return b""
        if state.st_size <= copied:
            return pread(fd, state.st_size, 0)
        try:
            return mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
        except OSError:  # a file system that cannot map
            return pread(fd, size(fd), 0)
    finally:
        close(fd)


def read_text(path: str) -> str:
    """Return the text of a file of the kernel."""
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 -- as above
        return file.read()


def may_write(path: Path) -> bool:
    """Return whether this process may write to the folder *path*."""
    return os.access(path, os.W_OK)


def probe(path: Path) -> None:
    """Raise the error that a write to the folder *path* gives."""
    tmp = aside(path / "probe")
    write_new(tmp, b"", sync=False)
    unlink(tmp)

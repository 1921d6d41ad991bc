"""What a file or a folder of the user holds, as one id; nothing is stored.

The id of a file is that of an object with the same bytes. The id of a folder is that of the
listing of its files, see ``docs/format/objects.md``. Files are read in blocks; one that has not
changed since is not read again by the same process.
"""

from __future__ import annotations

import os
import stat
import time
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import InvalidValueError
from vcs_track.formats import canonical
from vcs_track.formats.code import path_json, path_text
from vcs_track.formats.oid import new_git_hash
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vcs_track.formats.oid import ObjectFormat, ObjectId

    Progress = Callable[[int, int], None]

__all__ = ["Content", "content_of", "git_blob_of"]

_BLOCK: Final = 1 << 20
_TRIES: Final = 3
_MOST_KNOWN: Final = 20_000  # files
# A file that was changed a moment ago may change again within one tick of the disk's clock.
_SETTLED_NS: Final = 2_000_000_000
_NO_CONTENT: Final = (b".git", b".runs")

_Stamp = tuple[int, int, int, int, int]
_known: OrderedDict[tuple[str, str, _Stamp], ObjectId] = OrderedDict()


class Content(NamedTuple):
    """What is in a file or a folder.

    Attributes:
        oid: Id of the bytes, or of the listing.
        size: Bytes of all files together.
        files: Number of files in a folder, links included; None for a file.
    """

    oid: ObjectId
    size: int
    files: int | None = None


def content_of(path: Path, fmt: ObjectFormat, progress: Progress | None = None) -> Content:
    """Return what is in the file or folder *path*; a link is followed.

    Args:
        path: Where it is.
        fmt: Object format of the repository.
        progress: Is called with bytes done and bytes in all.

    Raises:
        InvalidValueError: If it is neither, or changes while it is read.
        OSError: If it cannot be read.
    """
    found = os.stat(path)  # noqa: PTH116 -- the very call that follows links
    if stat.S_ISDIR(found.st_mode):
        return _folder(os.fsencode(path), fmt, progress)
    told = _Told(progress, found.st_size)
    oid = _file(os.fsencode(path), fmt, told)
    return Content(oid, told.done)


def git_blob_of(path: Path, name: str) -> str:
    """Return git's id of the file *path*, as it is.

    Args:
        path: The file.
        name: Git's hash function, ``sha1`` or ``sha256``.

    Raises:
        OSError: If it cannot be read.
    """
    hasher = new_git_hash(name, fsio.stamp(path)[1])
    _feed(hasher.update, os.fsencode(path))
    return hasher.hexdigest()


class _Told:
    """Counts the bytes that were looked at, and tells."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.done = 0
        self._progress = progress
        self._total = total

    def __call__(self, more: int) -> None:
        self.done += more
        if self._progress is not None:
            self._progress(self.done, max(self.done, self._total))


# ---- one file --------------------------------------------------------------------------


def _stamp(found: os.stat_result) -> _Stamp:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev


def _file(path: bytes, fmt: ObjectFormat, told: Callable[[int], None]) -> ObjectId:
    for _ in range(_TRIES):
        found = os.stat(path)  # noqa: PTH116 -- as above; paths are bytes here
        if not stat.S_ISREG(found.st_mode):
            raise InvalidValueError(
                f"'{path_text(path)}' is no file and no folder",
                hint="a pipe or a device has no content that stays",
            )
        stamp = _stamp(found)
        oid = _known.get((fmt.name, path_text(path), stamp))
        if oid is not None:
            told(stamp[0])
            return oid
        settled = time.time_ns() - _SETTLED_NS
        oid, read = _read(path, fmt)
        if read == stamp[0] and _stamp(os.stat(path)) == stamp:  # noqa: PTH116 -- as above
            told(read)
            if max(stamp[1], stamp[2]) < settled:
                _remember((fmt.name, path_text(path), stamp), oid)
            return oid
    raise _changing(path)


def _read(path: bytes, fmt: ObjectFormat) -> tuple[ObjectId, int]:
    hasher = fmt.hasher()
    done = _feed(hasher.update, path)
    return fmt.finish(hasher), done


def _feed(take: Callable[[bytes], None], path: bytes) -> int:
    done = 0
    fd = fsio.open_read(Path(os.fsdecode(path)))
    try:
        while part := fsio.pread(fd, _BLOCK, done):
            take(part)
            done += len(part)
    finally:
        fsio.close(fd)
    return done


def _remember(key: tuple[str, str, _Stamp], oid: ObjectId) -> None:
    _known[key] = oid
    while len(_known) > _MOST_KNOWN:
        _known.popitem(last=False)


def _changing(path: bytes) -> InvalidValueError:
    return InvalidValueError(
        f"'{path_text(path)}' changes while it is read", hint="wait until it is written"
    )


# ---- a folder --------------------------------------------------------------------------


def _folder(top: bytes, fmt: ObjectFormat, progress: Progress | None) -> Content:
    for _ in range(_TRIES):
        entries = sorted(_walk(top, b""))
        told = _Told(progress, sum(stamp[0] for _, stamp in entries if stamp is not None))
        listing = [_entry(top, name, stamp, fmt, told) for name, stamp in entries]
        if sorted(_walk(top, b"")) == entries:
            body = canonical.dumps({"@": "folder/1", "files": listing})
            return Content(fmt.hash(body), told.done, len(listing))
    raise _changing(top)


def _walk(top: bytes, below: bytes) -> Iterator[tuple[bytes, _Stamp | None]]:
    """Yield the path and stamp of each file, and the path of each link, without a stamp."""
    with os.scandir(os.path.join(top, below)) as found:  # noqa: PTH118 -- bytes
        entries = [entry for entry in found if entry.name not in _NO_CONTENT]
    for entry in entries:
        path = below + entry.name
        if entry.is_symlink():
            yield path, None
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(top, path + b"/")
        elif entry.is_file(follow_symlinks=False):
            yield path, _stamp(entry.stat(follow_symlinks=False))


def _entry(
    top: bytes, name: bytes, stamp: _Stamp | None, fmt: ObjectFormat, told: Callable[[int], None]
) -> dict[str, Any]:
    path = os.path.join(top, name)  # noqa: PTH118 -- bytes
    if stamp is None:
        return {"p": path_json(name), "l": path_json(os.readlink(path))}  # noqa: PTH115 -- bytes
    return {"p": path_json(name), "o": _file(path, fmt, told)}

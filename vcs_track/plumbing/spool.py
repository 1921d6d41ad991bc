"""The spool of a live run: images and files, on their way into a pack.

The same entries as a pack, without its directory. Sealing appends the directory, so
nothing is copied; after a crash the whole entries are found one by one.
"""

from __future__ import annotations

import itertools
import threading
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, InvalidValueError
from vcs_track.formats import pack
from vcs_track.formats.oid import ObjectId
from vcs_track.formats.pack import OBJECTS, STORED, Entry
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat

__all__ = ["Spool", "SpoolReader"]

_BLOCK = 1 << 20


class Spool:
    """Appends blobs for one writer; the files are made when they are needed.

    Args:
        stem: Path of the files without their ending.
        fmt: Object format of the repository.
        compress: Whether to deflate what gets smaller by it.
    """

    def __init__(self, stem: Path, fmt: ObjectFormat, *, compress: bool = False) -> None:
        self._compress = compress
        self._stem = stem
        self._format = fmt
        self._lock = threading.RLock()
        self._seen: dict[ObjectId, tuple[Path, Entry]] = {}
        self._numbers = itertools.count()
        self._path = stem
        self._fd = -1
        self._at = 0
        self._busy = False
        self._dirty = False
        self._unnamed = False

    def __contains__(self, oid: object) -> bool:
        return oid in self._seen

    def _next_file(self) -> None:
        if self._fd >= 0:
            fsio.fsync(self._fd)
            fsio.close(self._fd)
            self._fd = -1
        fsio.make_dirs(self._stem.parent)
        # Drawn at once: a signal handler that logs may need a file of its own right here.
        path = self._stem.with_name(f"{self._stem.name}-{next(self._numbers)}.zip~")
        fd = fsio.create(path)
        self._path, self._fd, self._at = path, fd, 0
        self._dirty = self._unnamed = True

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the file; a signal handler in the midst of it gets a file of its own."""
        with self._lock:
            outer = self._fd, self._path, self._at, self._dirty, self._unnamed
            nested, self._busy = self._busy, True
            if nested:
                self._fd = -1
            try:
                self._check_name()
                yield
            finally:
                self._busy = nested
                if nested:
                    self.sync()
                    self.close()
                    self._fd, self._path, self._at, self._dirty, self._unnamed = outer

    def add(self, data: bytes) -> ObjectId:
        """Store *data*; return its id. A second copy costs nothing.

        Raises:
            OSError: If it cannot be written; the spool is as it was before.
        """
        oid = self._format.hash(data)
        with self._turn():
            if oid in self._seen:
                self._check_same(oid, data)
                return oid
            _check_size(len(data))
            if self._fd < 0 or (self._at and self._at + len(data) > pack.LARGE):
                self._next_file()
            method, raw = pack.pack_data(data, compress=self._compress)
            entry = Entry(OBJECTS + oid, method, zlib.crc32(data), len(raw), len(data), 0)
            self._seen[oid] = (self._path, entry._replace(offset=self._at))
            try:
                self._append(pack.local_header(entry), raw)
            except BaseException:
                del self._seen[oid]
                raise
        return oid

    def _check_same(self, oid: ObjectId, data: bytes) -> None:
        # Only a hash that cannot be forged may stand for the bytes.
        if self._format.collision_resistant:
            return
        path, entry = self._seen[oid]
        fd = fsio.open_read(path)
        try:
            if pack.inflate(entry, fsio.pread(fd, entry.stored, entry.data_offset)) != data:
                raise CorruptError(f"two contents have the id '{oid}'; the second is refused")
        finally:
            fsio.close(fd)

    def _check_name(self) -> None:
        # Another host that took this process for dead has made the file a pack.
        if self._fd >= 0 and not fsio.is_at(self._fd, self._path):
            fsio.close(self._fd)
            self._fd = -1
            self._seen.clear()

    def _append(self, head: bytes, data: bytes) -> None:
        try:
            fsio.append(self._fd, head + data if len(data) < _BLOCK else head)
            if len(data) >= _BLOCK:
                fsio.append(self._fd, data)
        except BaseException:  # Ctrl-C too: what follows must not stand behind half an entry
            self._rewind(self._at)
            raise
        self._at += len(head) + len(data)
        self._dirty = True

    def _rewind(self, at: int) -> None:
        fsio.truncate(self._fd, at)
        fsio.seek(self._fd, at)

    def add_file(self, path: Path) -> tuple[ObjectId, int]:
        """Store the content of *path* block by block; return its id and size.

        The id is taken of the bytes that were stored, also when the file changes meanwhile.
        """
        source = fsio.open_read(path)
        try:
            length = fsio.size(source)
            _check_size(length)
            if length < _BLOCK:
                data = fsio.pread(source, _BLOCK, 0)
                return self.add(data), len(data)
            with self._turn():
                return self._stream(source)
        finally:
            fsio.close(source)

    def _stream(self, source: int) -> tuple[ObjectId, int]:
        if self._fd < 0 or self._at:
            self._next_file()  # a large file gets a pack of its own
        # The header needs the id, which is known last. Until it is written the entry does
        # not exist: a scan of the spool stops at the zeros.
        blank = len(
            pack.local_header(Entry(OBJECTS + "0" * self._format.id_length, 0, 0, 0, 0, 0))
        )
        try:
            fsio.append(self._fd, bytes(blank))
            hasher, crc, size = self._format.hasher(), 0, 0
            while part := fsio.pread(source, _BLOCK, size):
                fsio.append(self._fd, part)
                hasher.update(part)
                crc, size = zlib.crc32(part, crc), size + len(part)
            _check_size(size)
            oid = self._format.finish(hasher)
            if oid in self._seen:
                if not self._format.collision_resistant:
                    self._check_same(oid, fsio.pread(self._fd, size, blank))
                self._rewind(0)
                return oid, size
            entry = Entry(OBJECTS + oid, STORED, crc, size, size, 0)
            fsio.pwrite(self._fd, pack.local_header(entry), 0)
        except BaseException:
            self._rewind(0)
            raise
        self._at = blank + size
        self._dirty = True
        self._seen[oid] = (self._path, entry)
        return oid, size

    def sync(self) -> None:
        """Make all blobs so far survive a power cut."""
        with self._lock:
            if self._fd < 0 or not self._dirty:
                return
            self._dirty = False
            fsio.fsync(self._fd)
            if self._unnamed:
                fsio.fsync_dir(self._path.parent)
                self._unnamed = False

    def close(self) -> None:
        """Close the current file."""
        with self._lock:
            fd, self._fd = self._fd, -1  # first: a close that fails has closed it all the same
            if fd >= 0:
                fsio.close(fd)


def _check_size(size: int) -> None:
    if size > pack.MAX_ENTRY:
        raise InvalidValueError(
            f"{size} bytes are too many for one object, the limit is 2 GiB",
            hint="split the file, or log its path and checksum as text",
        )


class SpoolReader:
    """The whole entries of one spool file.

    Args:
        path: The file.
        fmt: Object format of the repository.
    """

    def __init__(self, path: Path, fmt: ObjectFormat) -> None:
        self.path = path
        self._format = fmt
        self._data = fsio.map_read(path)
        found = list(pack.scan_spool(self._data))
        self.entries: dict[ObjectId, Entry] = {
            ObjectId(entry.name.removeprefix(OBJECTS)): entry
            for entry in found
            if entry.name.startswith(OBJECTS) and fmt.is_id(entry.name.removeprefix(OBJECTS))
        }
        self._odd = len(found) - len(self.entries)

    @property
    def end(self) -> int:
        """Where the whole entries end."""
        return max((entry.end for entry in self.entries.values()), default=0)

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*, checked.

        Raises:
            CorruptError: If they are damaged.
        """
        entry = self.entries[oid]
        data = pack.inflate(entry, memoryview(self._data)[entry.data_offset : entry.end])
        if self._format.hash(data) != oid:
            raise CorruptError(f"blob '{oid[:12]}' in the spool is damaged")
        return data

    def close_into_pack(self) -> bool:
        """Make the file a pack in place: cut a torn tail, add the directory, sync.

        Returns:
            Whether anything is in it.
        """
        good = {oid: e for oid, e in self.entries.items() if self._is_whole(oid)}
        if self._odd or len(good) != len(self.entries):
            return self._salvage(good)
        if not good:
            return False
        end = self.end
        fd = fsio.open_write(self.path)
        try:
            fsio.truncate(fd, end)
            fsio.pwrite(fd, pack.directory(good.values(), end), end)
            fsio.fsync(fd)
        finally:
            fsio.close(fd)
        return True

    def _is_whole(self, oid: ObjectId) -> bool:
        try:
            self.read(oid)
        except CorruptError:
            return False
        return True

    def _salvage(self, good: dict[ObjectId, Entry]) -> bool:
        # A damaged blob stands between whole ones: write a new file without it.
        if not good:
            return False
        at, moved = 0, []
        tmp = self.path.with_suffix(".salvage")
        fsio.unlink(tmp)
        fd = fsio.create(tmp)
        try:
            for entry in good.values():
                raw = memoryview(self._data)[entry.data_offset : entry.end]
                new = entry._replace(offset=at)
                fsio.append(fd, pack.local_header(new))
                fsio.append(fd, raw)
                moved.append(new)
                at = new.end
            fsio.append(fd, pack.directory(moved, at))
            fsio.fsync(fd)
        finally:
            fsio.close(fd)
        fsio.rename(tmp, self.path)
        return True

"""Writing packs: entries first, directory last, checked, then named.

``docs/format/packs.md`` is the specification; :mod:`vcs_track.formats.pack` knows the bytes.
"""

from __future__ import annotations

import secrets
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError
from vcs_track.formats import pack
from vcs_track.formats.oid import ObjectId, new_file_name_hash
from vcs_track.formats.pack import OBJECTS, Entry
from vcs_track.plumbing import fsio
from vcs_track.plumbing.object_errors import collision
from vcs_track.plumbing.pack_file import PackFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat
    from vcs_track.plumbing.packs import Objects

__all__ = ["PackWriter", "check_name", "file_digits", "install", "verify_against"]


_BLOCK = 1 << 20  # bytes; less waits, to be written with what follows


def file_digits(path: Path) -> str:
    """Return the 40 digits that a pack at *path* must be named with."""
    hasher = new_file_name_hash()
    fd = fsio.open_read(path)
    try:
        at = 0
        while part := fsio.pread(fd, 1 << 20, at):
            hasher.update(part)
            at += len(part)
    finally:
        fsio.close(fd)
    return hasher.hexdigest()[:40]


def verify_against(file: PackFile, fmt: ObjectFormat, known: Objects | None) -> None:
    """Check each object of *file*, and against *known* if ids can be forged.

    Raises:
        CorruptError: If one is damaged, or stands for another content in *known*.
    """
    for oid in file.verify():
        if known is None or fmt.collision_resistant or oid not in known:
            continue
        if known.read(oid) != file.read(oid):
            raise collision(oid)
    file.let_go()


def check_name(path: Path) -> None:
    """Refuse a pack whose bytes do not hash to its name.

    Raises:
        CorruptError: If they do not.
    """
    if f"{path.name[:2]}{file_digits(path)}.zip" != path.name:
        raise CorruptError(
            f"pack '{path.name}' is damaged: its bytes do not hash to its name",
            hint="check it out again, or restore it from a bundle",
        )


class PackWriter:
    """Writes one pack: entries first, directory last, then a name.

    Args:
        folder: Where the file lives until it is finished.
        fmt: Object format of the repository.
        largest: Bytes that the file may have. Default: those of a pack.
        name: Of the file until it is finished. Default: a random one.

    Example:
        >>> import pathlib, tempfile
        >>> from vcs_track.formats.oid import object_format
        >>> from vcs_track.plumbing.pack_writer import PackWriter
        >>> from vcs_track.plumbing.pack_file import PackFile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> writer = PackWriter(folder, object_format("sha256"))
        >>> oid = writer.add(b"hello")
        >>> path = writer.install(folder, "p")
        >>> PackFile(path, object_format("sha256")).read(oid)
        b'hello'
    """

    def __init__(
        self, folder: Path, fmt: ObjectFormat, *, largest: int | None = None,
        name: str | None = None,
    ) -> None:  # fmt: skip
        fsio.make_dirs(folder)
        self.path = folder / f"{name or secrets.token_hex(8)}.zip~"
        self._largest = pack.MAX_PACK if largest is None else largest
        self._format = fmt
        self._entries: dict[str, Entry] = {}
        self._fd = fsio.create(self.path)
        self._at = 0
        self._waiting = bytearray()

    def __contains__(self, oid: object) -> bool:
        return f"{OBJECTS}{oid}" in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._at

    def add(self, data: bytes, *, compress: bool = True) -> ObjectId:
        """Store *data* as an object; return its id."""
        oid = self._format.hash(data)
        if oid not in self:
            self.add_entry(OBJECTS + oid, data, compress=compress)
        elif not self._format.collision_resistant:
            self._check_same(oid, data)
        return oid

    def _check_same(self, oid: ObjectId, data: bytes) -> None:
        entry = self._entries[OBJECTS + oid]
        self._write()
        raw = fsio.pread(self._fd, entry.stored, entry.data_offset)
        if pack.inflate(entry, raw) != data:
            raise collision(oid)

    def add_entry(self, name: str, data: bytes, *, compress: bool = True) -> None:
        """Store *data* under *name*."""
        method, raw = pack.pack_data(data, compress=compress)
        self.add_raw(Entry(name, method, zlib.crc32(data), len(raw), len(data), 0), raw)

    def add_raw(self, entry: Entry, raw: bytes | memoryview) -> None:
        """Store bytes that are packed already, as *entry* describes them."""
        entry = self._placed(entry)
        self._waiting += pack.local_header(entry)
        if len(raw) < _BLOCK:
            self._waiting += raw
        else:
            self._write()
            fsio.append(self._fd, raw)
        if len(self._waiting) >= _BLOCK:
            self._write()
        self._entries[entry.name] = entry
        self._at = entry.end

    def add_parts(self, entry: Entry, parts: Iterable[bytes | memoryview]) -> None:
        """Store packed bytes, of which never all need be in memory.

        Raises:
            CorruptError: If there are not as many as *entry* says.
        """
        entry = self._placed(entry)
        self._waiting += pack.local_header(entry)
        self._write()
        length = 0
        for part in parts:
            fsio.append(self._fd, part)
            length += len(part)
        if length != entry.stored:
            raise CorruptError(f"entry '{entry.name[:80]}' has another length than is said")
        self._entries[entry.name] = entry
        self._at = entry.end

    def copy(self, file: PackFile, entry: Entry, *, inflate: bool = False) -> None:
        """Store an entry of another pack, as it is there.

        Args:
            file: The pack.
            entry: What is copied; nothing of it is checked.
            inflate: Whether to store it uncompressed.
        """
        if inflate and entry.method != pack.STORED:
            plain = entry._replace(method=pack.STORED, stored=entry.size)
            self.add_parts(plain, file.parts(entry))
        elif entry.stored < _BLOCK:
            self.add_raw(entry, file.raw(entry))
        else:
            self.add_parts(entry, file.raw_parts(entry))

    def _write(self) -> None:
        fsio.append(self._fd, self._waiting)
        self._waiting = bytearray()

    def _placed(self, entry: Entry) -> Entry:
        if entry.stored > pack.MAX_ENTRY or self._at + entry.stored > self._largest:
            raise CorruptError("an object or a pack is larger than 2 GiB")
        if len(self) >= pack.MOST_ENTRIES:
            raise CorruptError(f"a pack cannot have more than {pack.MOST_ENTRIES:,} entries")
        return entry._replace(offset=self._at)

    def finish(self, *, sync: bool = True) -> None:
        """Write the directory and sync the file."""
        self._waiting += pack.directory(self._entries.values(), self._at)
        self._write()
        if sync:
            fsio.fsync(self._fd)
        fd, self._fd = self._fd, -1  # first: a close that fails has closed it all the same
        fsio.close(fd)

    def install(self, packs: Path, prefix: str, known: Objects | None = None) -> Path:
        """Finish, read everything back, and give the file its name in *packs*.

        Args:
            packs: The folder of packs.
            prefix: ``p`` or ``b``.
            known: What is stored already, to compare with where ids can be forged.

        The caller syncs *packs* once for all the packs that it installs.
        """
        self.finish()
        return install(self.path, packs, prefix, self._format, known)

    def abandon(self) -> None:
        """Remove what was written."""
        if self._fd >= 0:
            fsio.close(self._fd)
            self._fd = -1
        with suppress(OSError):
            fsio.unlink(self.path)


def install(
    path: Path, packs: Path, prefix: str, fmt: ObjectFormat, known: Objects | None = None
) -> Path:
    """Check the synced pack at *path* and give it its name in *packs*."""
    verify_against(PackFile(path, fmt), fmt, known)
    target = packs / f"{prefix}-{file_digits(path)}.zip"
    fsio.chmod(path, 0o444)
    fsio.rename(path, target)
    return target

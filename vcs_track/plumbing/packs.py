"""Packs on disk: one file of many objects, written once and read in place.

``docs/format/packs.md`` is the specification; :mod:`vcs_track.formats.pack` knows the bytes.
"""

from __future__ import annotations

import secrets
import zlib
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, CorruptObjectError, ObjectNotFoundError
from vcs_track.formats import pack
from vcs_track.formats.oid import ObjectId, new_file_name_hash
from vcs_track.formats.pack import OBJECTS, Entry
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap
    from pathlib import Path
    from typing import Protocol

    from vcs_track.formats.oid import ObjectFormat

    class Objects(Protocol):
        """Where objects can be read from: a pack, a folder of packs, memory."""

        def read(self, oid: ObjectId) -> bytes: ...
        def __contains__(self, oid: object) -> bool: ...
        def __iter__(self) -> Iterator[ObjectId]: ...


__all__ = [
    "MemoryObjects",
    "PackFile",
    "PackFolder",
    "PackWriter",
    "check_name",
    "file_digits",
    "install",
    "is_pack_name",
    "verify_against",
]

# Each map keeps a descriptor. Packs beyond these are mapped again when they are read.
_MAPS_AT_ONCE = 64
_maps: OrderedDict[PackFile, mmap | bytes] = OrderedDict()

_IN_MEMORY = 4096  # directories up to this many objects are read whole into one table


def _missing(oid: str) -> ObjectNotFoundError:
    return ObjectNotFoundError(
        f"object '{oid[:12]}' is not in this repository",
        oid=oid,
        hint="import a bundle that has it, or fetch the packs of its run",
    )


def _collision(oid: str) -> CorruptError:
    return CorruptError(
        f"two contents have the id '{oid}'; the second is refused",
        hint="a repository of the object format sha256 cannot be fooled this way",
    )


class MemoryObjects:
    """Objects in memory, with a pack's interface: how a live run looks sealed."""

    def __init__(self, fmt: ObjectFormat) -> None:
        self._format = fmt
        self._objects: dict[ObjectId, bytes] = {}

    def add(self, data: bytes, *, compress: bool = True) -> ObjectId:
        """Store *data*; return its id."""
        del compress  # the interface of PackWriter
        oid = self._format.hash(data)
        if self._objects.setdefault(oid, data) != data:
            raise _collision(oid)
        return oid

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        try:
            return self._objects[oid]
        except KeyError:
            raise _missing(oid) from None

    def __contains__(self, oid: object) -> bool:
        return oid in self._objects

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(sorted(self._objects))


class PackFile:
    """One pack, mapped and bisected in place.

    Args:
        path: The file.
        fmt: Object format of the repository.

    Raises:
        CorruptError: If the file does not end as a pack does.
    """

    def __init__(self, path: Path, fmt: ObjectFormat) -> None:
        self.path = path
        self._format = fmt
        if self._data[:8] == b"version ":
            raise CorruptError(
                f"pack '{path.name}' is a Git LFS pointer, not a pack",
                hint="run 'git lfs pull' to get its bytes",
            )
        try:
            self.directory = pack.parse_tail(self._data)
        except CorruptError as error:
            raise CorruptError(f"pack '{path.name}' is damaged: {error}") from None
        self._stride = 46 + len(OBJECTS) + fmt.id_length
        self._first = self.directory.end - self.directory.objects * self._stride
        if self._first < self.directory.start or not self._is_ours():
            raise CorruptError(
                f"pack '{path.name}' holds objects of another format than '{fmt.name}'"
            )

    @property
    def _data(self) -> mmap | bytes:
        data = _maps.get(self)
        if data is None:
            data = _maps[self] = fsio.map_read(self.path)
            while len(_maps) > _MAPS_AT_ONCE:
                # Never closed by hand: somebody may read from it right now. The last reader
                # lets it go.
                with suppress(KeyError):  # two threads may tidy up at once
                    _maps.popitem(last=False)
        return data

    def _is_ours(self) -> bool:
        if not self.directory.objects:
            return True
        try:
            entry, _ = pack.parse_record(self._data, self._first)
        except CorruptError:
            return False
        return self._format.is_id(entry.name.removeprefix(OBJECTS))

    def __len__(self) -> int:
        return self.directory.objects

    def _key(self, index: int) -> bytes:
        at = self._first + index * self._stride + 46 + len(OBJECTS)
        return self._data[at : at + self._format.id_length]

    def find(self, oid: ObjectId) -> Entry | None:
        """Return the entry of *oid*, or None."""
        wanted = oid.encode()
        low, high = 0, self.directory.objects
        while low < high:
            middle = (low + high) // 2
            if self._key(middle) < wanted:
                low = middle + 1
            else:
                high = middle
        if low == self.directory.objects or self._key(low) != wanted:
            return None
        return pack.parse_record(self._data, self._first + low * self._stride)[0]

    def entry(self, oid: ObjectId) -> Entry:
        """Return the entry of *oid*.

        Raises:
            ObjectNotFoundError: If the pack does not hold it.
        """
        entry = self.find(oid)
        if entry is None:
            raise _missing(oid)
        return entry

    def __contains__(self, oid: object) -> bool:
        return isinstance(oid, str) and self.find(ObjectId(oid)) is not None

    def __iter__(self) -> Iterator[ObjectId]:
        for index in range(self.directory.objects):
            yield ObjectId(self._key(index).decode("ascii", "replace"))

    def matching(self, prefix: str) -> list[ObjectId]:
        """Return the ids that begin with *prefix*."""
        return [oid for oid in self if oid.startswith(prefix)]

    def raw(self, entry: Entry) -> memoryview:
        """Return the stored bytes of *entry*, which may be deflated."""
        if entry.end > self.directory.start:
            raise CorruptError(f"entry '{entry.name}' of pack '{self.path.name}' ends outside")
        return memoryview(self._data)[entry.data_offset : entry.end]

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*, checked against the id.

        Raises:
            ObjectNotFoundError: If the pack does not hold it.
            CorruptObjectError: If the bytes do not hash to *oid*.
        """
        entry = self.entry(oid)
        try:
            data = pack.inflate(entry, self.raw(entry))
        except CorruptError as error:
            raise self._damaged(oid, str(error)) from None
        if (found := self._format.hash(data)) != oid:
            raise self._damaged(oid, f"bytes hash to '{found[:12]}'")
        return data

    def _damaged(self, oid: ObjectId, why: str) -> CorruptObjectError:
        return CorruptObjectError(
            f"object '{oid[:12]}' in pack '{self.path.name}' is corrupt: {why}",
            oid=oid,
            hint="restore it from a bundle with 'vcs-track import'",
        )

    def read_entry(self, name: str) -> bytes:
        """Return the bytes of an entry that is no object."""
        for entry in self.entries():
            if entry.name == name:
                return pack.inflate(entry, self.raw(entry))
        raise CorruptError(f"'{self.path.name}' has no entry '{name}'")

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, in the order of the directory."""
        at = self.directory.start
        for _ in range(self.directory.entries):
            entry, at = pack.parse_record(self._data, at)
            yield entry

    def check_layout(self) -> list[Entry]:
        """Compare the directory with the local headers and return all entries.

        Raises:
            CorruptError: If they disagree, overlap or leave a gap.
        """
        entries = list(self.entries())
        pack.check_layout(entries, self.directory)
        for entry in entries:
            if pack.read_local(self._data, entry.offset) != entry:
                raise CorruptError(f"entry '{entry.name}' differs from its directory record")
        return entries

    def verify(self) -> Iterator[ObjectId]:
        """Check the layout, then every object; yield each id when it was checked.

        Raises:
            CorruptError: With the first thing that is wrong.
        """
        for entry in self.check_layout():
            if not entry.name.startswith(OBJECTS):
                pack.inflate(entry, self.raw(entry))
                continue
            oid = ObjectId(entry.name.removeprefix(OBJECTS))
            if not self._format.is_id(oid):
                raise CorruptError(f"entry '{entry.name}' is not named by an object id")
            self.read(oid)
            yield oid


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
        if known is not None and not fmt.collision_resistant and oid in known:
            if known.read(oid) != file.read(oid):
                raise _collision(oid)


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

    Example:
        >>> import pathlib, tempfile
        >>> from vcs_track.formats.oid import object_format
        >>> from vcs_track.plumbing.packs import PackFile, PackWriter
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> writer = PackWriter(folder, object_format("sha256"))
        >>> oid = writer.add(b"hello")
        >>> path = writer.install(folder, "p")
        >>> PackFile(path, object_format("sha256")).read(oid)
        b'hello'
    """

    def __init__(self, folder: Path, fmt: ObjectFormat) -> None:
        fsio.make_dirs(folder)
        self.path = folder / f"{secrets.token_hex(8)}.zip~"
        self._format = fmt
        self._entries: dict[str, Entry] = {}
        self._fd = fsio.create(self.path)
        self._at = 0

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
        raw = fsio.pread(self._fd, entry.stored, entry.data_offset)
        if pack.inflate(entry, raw) != data:
            raise _collision(oid)

    def add_entry(self, name: str, data: bytes, *, compress: bool = True) -> None:
        """Store *data* under *name*."""
        method, raw = pack.pack_data(data, compress=compress)
        self.add_raw(Entry(name, method, zlib.crc32(data), len(raw), len(data), 0), raw)

    def add_raw(self, entry: Entry, raw: bytes | memoryview) -> None:
        """Store bytes that are packed already, as *entry* describes them."""
        entry = entry._replace(offset=self._at)
        if len(raw) > pack.MAX_ENTRY or self._at + len(raw) > pack.MAX_PACK:
            raise CorruptError("an object or a pack is larger than 2 GiB")
        fsio.append(self._fd, pack.local_header(entry))
        fsio.append(self._fd, raw)
        self._entries[entry.name] = entry
        self._at = entry.end

    def finish(self) -> None:
        """Write the directory and sync the file."""
        fsio.append(self._fd, pack.directory(self._entries.values(), self._at))
        fsio.fsync(self._fd)
        fsio.close(self._fd)
        self._fd = -1

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


class PackFolder:
    """All packs of one folder, looked up together.

    A damaged pack is set aside and named in :attr:`damaged`; its objects are missing then.
    """

    def __init__(self, folder: Path, fmt: ObjectFormat) -> None:
        self.folder = folder
        self.damaged: dict[str, CorruptError] = {}
        self._format = fmt
        self._packs: dict[str, PackFile] = {}
        self._large: list[PackFile] = []
        self._table: dict[ObjectId, PackFile] = {}

    def refresh(self) -> None:
        """Take in packs that appeared and forget those that are gone."""
        names = {name for name in fsio.list_dir(self.folder) if is_pack_name(name)}
        if gone := self._packs.keys() - names:
            for name in gone:
                del self._packs[name]
            self._large = [p for p in self._large if p.path.name in names]
            self._table = {}
            for file in self._packs.values():
                if len(file) <= _IN_MEMORY:
                    self._table.update(dict.fromkeys(file, file))
        for name in sorted(names - self._packs.keys() - self.damaged.keys()):
            self._open(name)

    def _open(self, name: str) -> None:
        try:
            file = PackFile(self.folder / name, self._format)
        except CorruptError as error:
            self.damaged[name] = error
            return
        except FileNotFoundError:
            return
        self._packs[name] = file
        if len(file) > _IN_MEMORY:
            self._large.append(file)
        else:
            self._table.update(dict.fromkeys(file, file))

    @property
    def packs(self) -> list[PackFile]:
        """The packs, by name."""
        return [self._packs[name] for name in sorted(self._packs)]

    def cached(self, oid: ObjectId) -> PackFile | None:
        """Return a pack that holds *oid* without looking at the folder again."""
        if (file := self._table.get(oid)) is not None:
            return file
        return next((file for file in self._large if _holds(file, oid)), None)

    def pack_of(self, oid: ObjectId) -> PackFile | None:
        """Return a pack with *oid*; look again at the folder before giving up."""
        for again in (False, True):
            if again:
                self.refresh()
            if (file := self.cached(oid)) is not None:
                return file
        return None

    def owner(self, oid: ObjectId) -> PackFile:
        """Return a pack that holds *oid*.

        Raises:
            ObjectNotFoundError: If none does.
        """
        file = self.pack_of(oid)
        if file is None:
            raise _missing(oid)
        return file

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*, checked; try every pack that has it.

        Raises:
            ObjectNotFoundError: If no pack holds it.
            CorruptObjectError: If no undamaged copy is left.
        """
        file = self.owner(oid)
        try:
            return file.read(oid)
        except CorruptError:
            for other in self.packs:
                if other is not file and oid in other:
                    with suppress(CorruptError):
                        return other.read(oid)
            raise

    def __contains__(self, oid: object) -> bool:
        return isinstance(oid, str) and self.pack_of(ObjectId(oid)) is not None

    def __iter__(self) -> Iterator[ObjectId]:
        seen = set(self._table)
        for file in self._large:
            seen.update(file)
        return iter(sorted(seen))


def _holds(file: PackFile, oid: ObjectId) -> bool:
    try:
        return oid in file
    except CorruptError:  # its record is damaged; another pack may have a good copy
        return False


def is_pack_name(name: str) -> bool:
    """Return whether *name* is what a pack is called."""
    digits = name[2:-4]
    return (
        name[:2] in ("p-", "b-")
        and name[-4:] == ".zip"
        and len(digits) == 40
        and all(c in "0123456789abcdef" for c in digits)
    )

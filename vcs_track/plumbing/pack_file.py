"""One pack on disk: a file of many objects, written once and read in place.

``docs/format/packs.md`` is the specification; :mod:`vcs_track.formats.pack` knows the bytes.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, CorruptObjectError, ObjectNotFoundError
from vcs_track.formats import pack
from vcs_track.formats.oid import ObjectId
from vcs_track.formats.pack import OBJECTS, Entry
from vcs_track.plumbing import fsio, mapped
from vcs_track.plumbing.object_errors import not_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from mmap import mmap
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat

__all__ = ["PackFile", "is_sound"]

# Each map keeps a descriptor. Packs beyond these are mapped again when they are read.
_MAPS_AT_ONCE = 64
_FEW, _MANY = 64, 200_000  # objects: found soon enough, and too many for the memory
_maps: OrderedDict[PackFile, mmap | bytes] = OrderedDict()
# Small packs are read whole, which costs less than a map, and no descriptor.
_COPIES_AT_ONCE = 2048
_COPIED = 16 << 10  # bytes
_copies: OrderedDict[PackFile, mmap | bytes] = OrderedDict()

_BLOCK = 8 << 20  # bytes; larger entries are read in parts of this length
_SMALL = 1 << 20


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
        self._numbers: dict[bytes, int] | None = None
        if self._data[:8] == b"version ":
            raise CorruptError(
                f"pack '{path.name}' is a Git LFS pointer, not a pack",
                hint="run 'git lfs pull' to get its bytes",
            )
        try:
            self.directory = pack.parse_tail(self._data)
        except CorruptError as error:
            raise CorruptError(f"pack '{path.name}' is damaged: {error}") from None
        wide = pack.WIDE if self.directory.wide else 0
        self._stride = 46 + len(OBJECTS) + fmt.id_length + wide
        self._first = self.directory.end - self.directory.objects * self._stride
        if self._first < self.directory.start or not self._is_ours():
            raise CorruptError(
                f"pack '{path.name}' holds objects of another format than '{fmt.name}'"
            )

    @property
    def _data(self) -> mmap | bytes:
        data = _copies.get(self) or _maps.get(self)
        if data is None:
            data = fsio.map_read(self.path, copied=_COPIED)
            copied = len(data) <= _COPIED
            kept, most = (_copies, _COPIES_AT_ONCE) if copied else (_maps, _MAPS_AT_ONCE)
            kept[self] = data
            while len(kept) > most:
                # Never closed by hand: somebody may read from it right now. The last reader
                # lets it go.
                with suppress(KeyError):  # two threads may tidy up at once
                    kept.popitem(last=False)
        return data

    def _record(self, at: int) -> tuple[Entry, int]:
        return pack.parse_record(self._data, at, wide=self.directory.wide)

    def _is_ours(self) -> bool:
        if not self.directory.objects:
            return True
        try:
            entry, _ = self._record(self._first)
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
        # All of it at hand: of a large pack this is where the time goes.
        data, width, stride = self._data, self._format.id_length, self._stride
        keys = self._first + 46 + len(OBJECTS)
        low, high = 0, self.directory.objects
        if self._numbers is not None:
            low = high = self._numbers.get(wanted, high)
        while low < high:
            middle = (low + high) // 2
            at = keys + middle * stride
            if data[at : at + width] < wanted:
                low = middle + 1
            else:
                high = middle
        at = keys + low * stride
        if low == self.directory.objects or data[at : at + width] != wanted:
            return None
        at = self._first + low * stride
        try:
            return pack.parse_record(data, at, wide=self.directory.wide)[0]
        except CorruptError as error:
            raise self._damaged(oid, str(error)) from None

    def learn(self) -> None:
        """Know by heart where each object stands.

        For who is about to read most of them, of a pack that is not overly large.
        """
        if self._numbers is None and _FEW < self.directory.objects <= _MANY:
            self._numbers = {self._key(index): index for index in range(self.directory.objects)}

    def forget(self) -> None:
        """Forget what was learnt."""
        self._numbers = None

    def entry(self, oid: ObjectId) -> Entry:
        """Return the entry of *oid*.

        Raises:
            ObjectNotFoundError: If the pack does not hold it.
        """
        entry = self.find(oid)
        if entry is None:
            raise not_here(oid)
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

    def raw_parts(self, entry: Entry) -> Iterator[memoryview]:
        """Yield the stored bytes of *entry*, never much of them in memory."""
        raw = self.raw(entry)
        parts = (raw[at : at + _BLOCK] for at in range(0, len(raw), _BLOCK))
        return mapped.sparing(self._data, parts)

    def parts(self, entry: Entry) -> Iterator[bytes]:
        """Yield the uncompressed bytes of *entry*; check length and CRC.

        Raises:
            CorruptError: If they are damaged.
        """
        parts = pack.inflate_parts(entry, self.raw(entry))
        return parts if entry.stored < _BLOCK else mapped.sparing(self._data, parts)

    def inflated(self, entry: Entry) -> bytes:
        """Return the bytes of *entry*; they are not checked against an id.

        Raises:
            CorruptError: If length or CRC differ.
        """
        return pack.inflate(entry, self.raw(entry))

    def let_go(self) -> None:
        """Let the system take back the memory that reading took."""
        if (data := _maps.get(self)) is not None:
            mapped.let_go(data)

    def owner(self, oid: ObjectId) -> PackFile:
        """Return this pack, if it holds *oid*, as a folder of packs does."""
        self.entry(oid)  # raises
        return self

    def sound(self, oid: ObjectId) -> PackFile | None:
        """Return this pack, if its copy of *oid* is undamaged."""
        return self if is_sound(self, oid) else None

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

    def read_entry(self, name: str, *, largest: int) -> bytes:
        """Return the bytes of an entry that is no object, up to *largest*."""
        entry = self._other(name)
        if entry.size > largest:
            raise CorruptError(f"entry '{name}' of '{self.path.name}' is too large")
        return self.inflated(entry)

    def start_of(self, name: str, length: int) -> bytes:
        """Return the first bytes of an entry that is no object, unchecked."""
        entry = self._other(name)
        return pack.inflate_start(entry, self.raw(entry), length)

    def _other(self, name: str) -> Entry:
        entry = next((each for each in self.others() if each.name == name), None)
        if entry is None:
            raise CorruptError(f"'{self.path.name}' has no entry '{name}'")
        return entry

    def others(self) -> Iterator[Entry]:
        """Yield the entries that are no objects."""
        at = self.directory.start
        for _ in range(self.directory.entries - self.directory.objects):
            entry, at = self._record(at)
            yield entry

    def entries(self) -> Iterator[Entry]:
        """Yield every entry, in the order of the directory."""
        at = self.directory.start
        for _ in range(self.directory.entries):
            entry, at = self._record(at)
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
            if entry.name.startswith(OBJECTS):
                yield self.check_entry(entry)
            else:
                self.check_entry(entry)

    def _hashed(self, entry: Entry) -> ObjectId:
        if entry.size < _SMALL:  # most are, and in one go it takes half the time
            return self._format.hash(self.inflated(entry))
        hasher = self._format.hasher()
        for part in self.parts(entry):
            hasher.update(part)
        return self._format.finish(hasher)

    def check_entry(self, entry: Entry) -> ObjectId:
        """Check one entry, block by block; return the id that its bytes have.

        Raises:
            CorruptError: If it is damaged, or not named by its id.
        """
        named = entry.name.removeprefix(OBJECTS) if entry.name.startswith(OBJECTS) else None
        if named is not None and not self._format.is_id(named):
            raise CorruptError(f"entry '{entry.name[:80]}' is not named by an object id")
        try:
            oid = self._hashed(entry)
        except CorruptError as error:
            if named is None:
                raise
            raise self._damaged(ObjectId(named), str(error)) from None
        if named not in (None, oid):
            raise self._damaged(ObjectId(str(named)), f"bytes hash to '{oid[:12]}'")
        return oid


def is_sound(file: PackFile, oid: ObjectId) -> bool:
    """Return whether *file* has an undamaged copy of *oid*."""
    try:
        file.check_entry(file.entry(oid))
    except (CorruptError, ObjectNotFoundError, FileNotFoundError):
        return False
    return True

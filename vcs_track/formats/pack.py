"""The bytes of a pack: a zip with a sorted directory, bisected in place.

Pure functions over bytes; ``docs/format/packs.md`` is the specification.
"""

from __future__ import annotations

import re
import struct
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from mmap import mmap

    Buffer = bytes | bytearray | memoryview | mmap

__all__ = [
    "DEFLATED",
    "LARGE",
    "LOCAL_SIZE",
    "MAX_BUNDLE",
    "MAX_ENTRY",
    "MAX_PACK",
    "MOST_ENTRIES",
    "OBJECTS",
    "STORED",
    "WIDE",
    "Directory",
    "Entry",
    "check_growth",
    "check_layout",
    "directory",
    "inflate",
    "inflate_parts",
    "inflate_start",
    "local_header",
    "pack_data",
    "parse_record",
    "parse_tail",
    "read_local",
    "scan_spool",
]

OBJECTS: Final = "objects/"
STORED: Final = 0
DEFLATED: Final = 8
MAX_PACK: Final = 2 << 30
MAX_ENTRY: Final = MAX_PACK - (1 << 20)
MAX_BUNDLE: Final = 1 << 44
WIDE: Final = 12  # bytes more of a directory record where offsets have 64 bits
LARGE: Final = 32 << 20
MOST_ENTRIES: Final = 1_000_000
LOCAL_SIZE: Final = 30
_BLOCK: Final = 1 << 20
# What is written here is deflated to a 230th at best, and a stranger's bytes to a 1030th.
_GROWTH: Final = 256
_ANYWAY: Final = 1 << 30

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_RECORD = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR = struct.Struct("<IIQI")
_WIDE = struct.Struct("<HHQ")
_FULL: Final = 0xFFFFFFFF
_DATE = 0x0021  # 1980-01-01, the oldest that zip knows: equal content, equal bytes
_ATTRIBUTES = 0o100444 << 16
_COMMENT = re.compile(rb"vt1 n=(\d{1,9})")
_LONGEST_COMMENT = len(b"vt1 n=") + 9


class Entry(NamedTuple):
    """One entry of a pack.

    Attributes:
        name: The name inside the zip, for example ``objects/ba7816bf...``.
        method: :data:`STORED` or :data:`DEFLATED`.
        crc: CRC-32 of the uncompressed bytes.
        stored: Number of bytes in the pack.
        size: Number of uncompressed bytes.
        offset: Where the local header begins.
    """

    name: str
    method: int
    crc: int
    stored: int
    size: int
    offset: int

    @property
    def data_offset(self) -> int:
        """Where the data begins."""
        return self.offset + LOCAL_SIZE + len(self.name)

    @property
    def end(self) -> int:
        """Where the data ends."""
        return self.data_offset + self.stored


class Directory(NamedTuple):
    """Where the directory of a pack stands.

    Attributes:
        start: Offset of the first record.
        end: Offset after the last record.
        entries: Number of all entries.
        objects: Number of object entries, the last ones.
        wide: Whether each record has an offset of 64 bits.
    """

    start: int
    end: int
    entries: int
    objects: int
    wide: bool = False


def pack_data(data: bytes, *, compress: bool) -> tuple[int, bytes]:
    """Return the method and the bytes that stand for *data* in a pack.

    Example:
        >>> from vcs_track.formats.pack import pack_data
        >>> pack_data(b"ab", compress=True)
        (0, b'ab')
        >>> pack_data(b"a" * 1000, compress=True)[0]
        8
    """
    if compress and len(data) > 64:
        packed = zlib.compress(data, 1, wbits=-15)
        if len(packed) * 10 <= len(data) * 9:
            return DEFLATED, packed
    return STORED, data


def local_header(entry: Entry) -> bytes:
    """Return the local header and name of *entry*."""
    name = entry.name.encode("ascii")
    head = _LOCAL.pack(
        0x04034B50,
        20,
        0,
        entry.method,
        0,
        _DATE,
        entry.crc,
        entry.stored,
        entry.size,
        len(name),
        0,
    )
    return head + name


def read_local(data: Buffer, offset: int) -> Entry:
    """Return the entry whose local header stands at *offset*.

    Raises:
        CorruptError: If there is no header that a pack may have.
    """
    if offset + LOCAL_SIZE > len(data):
        raise CorruptError(f"no entry at byte {offset}: the file ends there")
    magic, need, flags, method, time, date, crc, stored, size, n_name, n_extra = (
        _LOCAL.unpack_from(data, offset)
    )
    plain = (magic, need, flags, time, date, n_extra) == (0x04034B50, 20, 0, 0, _DATE, 0)
    if not plain or method not in (STORED, DEFLATED):
        raise CorruptError(f"no entry at byte {offset}")
    name = _ascii(data, offset + LOCAL_SIZE, n_name)
    return Entry(name, method, crc, stored, size, offset)


def _ascii(data: Buffer, offset: int, length: int) -> str:
    raw = bytes(data[offset : offset + length])
    if len(raw) != length or not raw.isascii():
        raise CorruptError(f"the name at byte {offset} is damaged")
    return raw.decode("ascii")


def directory(entries: Iterable[Entry], start: int, *, plain: bool = False) -> bytes:
    """Return the directory and end record that close a pack of *entries*.

    Args:
        entries: All entries, in any order.
        start: Where the directory will stand: the end of the last entry.
        plain: Without the comment that makes a pack of a zip.
    """
    ordered = sorted(entries, key=lambda entry: entry.name)
    wide = start >= _FULL
    records = b"".join(_record(entry, wide=wide) for entry in ordered)
    objects = sum(entry.name.startswith(OBJECTS) for entry in ordered)
    comment = b"" if plain else b"vt1 n=%d" % objects
    return records + _end(len(ordered), start, len(records), comment)


def _record(entry: Entry, *, wide: bool) -> bytes:
    name = entry.name.encode("ascii")
    extra = _WIDE.pack(1, 8, entry.offset) if wide else b""
    fixed = _RECORD.pack(
        0x02014B50, 0x0314, 45 if wide else 20, 0, entry.method, 0, _DATE, entry.crc,
        entry.stored, entry.size, len(name), len(extra), 0, 0, 0, _ATTRIBUTES,
        _FULL if wide else entry.offset,
    )  # fmt: skip
    return fixed + name + extra


def _end(entries: int, start: int, size: int, comment: bytes) -> bytes:
    wide = b""
    if entries > 0xFFFE or start >= _FULL:
        end64 = _END64.pack(0x06064B50, 44, 0x0314, 45, 0, 0, entries, entries, size, start)
        wide = end64 + _LOCATOR.pack(0x07064B50, 0, start + size, 1)
    short = min(entries, 0xFFFF)
    at = (min(size, _FULL), min(start, _FULL))
    return wide + _END.pack(0x06054B50, 0, 0, short, short, *at, len(comment)) + comment


def parse_tail(data: Buffer, length: int | None = None) -> Directory:
    """Return where the directory stands, from the last bytes of a pack.

    Args:
        data: The whole pack, or its last bytes.
        length: Length of the whole pack where *data* is only its end.

    Raises:
        CorruptError: If the file does not end as a pack does.
    """
    total = len(data) if length is None else length
    tail = bytes(data[-(_END.size + _LONGEST_COMMENT) :])
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise CorruptError("no end record: the pack is cut short or is not a pack")
    _, disk, cd_disk, here, entries, size, start, n_comment = _END.unpack_from(tail, at)
    comment = _COMMENT.fullmatch(tail[at + _END.size :])
    if comment is None or n_comment != len(comment[0]) or disk or cd_disk or here != entries:
        raise CorruptError("the end record is not one of a pack")
    end_at = total - (len(tail) - at)
    if entries == 0xFFFF or start == _FULL:
        entries, size, start, end_at = _parse_end64(data, total, end_at, (entries, size, start))
    objects = int(comment[1])
    if start + size != end_at or objects > entries or size < entries * _RECORD.size:
        raise CorruptError("the directory does not stand where the end record says")
    if entries > MOST_ENTRIES:
        raise CorruptError(f"the pack has {entries:,} entries, the limit is {MOST_ENTRIES:,}")
    return Directory(start, end_at, entries, objects, start >= _FULL)


def _parse_end64(
    data: Buffer, total: int, end_at: int, short: tuple[int, int, int]
) -> tuple[int, int, int, int]:
    at = end_at - _LOCATOR.size - _END64.size
    view = at - (total - len(data))
    if view < 0:
        raise CorruptError("the zip64 end record is missing")
    magic, _, _, _, disk, cd_disk, here, entries, size, start = _END64.unpack_from(data, view)
    locator = _LOCATOR.unpack_from(data, view + _END64.size)
    if magic != 0x06064B50 or locator != (0x07064B50, 0, at, 1) or disk or cd_disk:
        raise CorruptError("the zip64 end record is damaged")
    if here != entries or short != (min(entries, 0xFFFF), min(size, _FULL), min(start, _FULL)):
        raise CorruptError("the zip64 end record is damaged")
    return entries, size, start, at


def parse_record(data: Buffer, at: int, *, wide: bool = False) -> tuple[Entry, int]:
    """Return the directory's entry at *at*, and where the next begins.

    Args:
        data: The pack.
        at: Where the record stands.
        wide: Whether offsets have 64 bits in this directory.

    Raises:
        CorruptError: If there is no record that a pack may have.
    """
    if at + _RECORD.size > len(data):
        raise CorruptError(f"no directory record at byte {at}")
    (magic, made, need, flags, method, time, date, crc, stored, size, n_name, n_extra, n_comment,
     disk, internal, external, offset) = _RECORD.unpack_from(data, at)  # fmt: skip
    least, length = (45, WIDE) if wide else (20, 0)
    plain = (magic, made, need, flags, time, date) == (0x02014B50, 0x0314, least, 0, 0, _DATE)
    bare = not (n_comment or disk or internal) and (n_extra, external) == (length, _ATTRIBUTES)
    if not plain or not bare or method not in (STORED, DEFLATED):
        raise CorruptError(f"the directory record at byte {at} is not one of a pack")
    name = _ascii(data, at + _RECORD.size, n_name)
    end = at + _RECORD.size + n_name
    if wide:
        offset, end = _wide_offset(data, end, offset), end + WIDE
    return Entry(name, method, crc, stored, size, offset), end


def _wide_offset(data: Buffer, at: int, short: int) -> int:
    kind = length = offset = 0
    if at + WIDE <= len(data):
        kind, length, offset = _WIDE.unpack_from(data, at)
    if (kind, length, short) != (1, 8, _FULL):
        raise CorruptError(f"the offset at byte {at} is not one of a pack")
    return int(offset)


def inflate(entry: Entry, raw: Buffer) -> bytes:
    """Return the uncompressed bytes of *entry*, checked for length and CRC.

    Raises:
        CorruptError: If the bytes are damaged.
    """
    if entry.method == DEFLATED and entry.size < _BLOCK:
        # Nearly all are small: in one go, and again in parts to say what is wrong.
        inflater = zlib.decompressobj(wbits=-15)
        with suppress(zlib.error):
            data = inflater.decompress(raw, _BLOCK)
            whole = inflater.eof and not inflater.unused_data and len(data) == entry.size
            if whole and zlib.crc32(data) == entry.crc:
                return data
    return b"".join(inflate_parts(entry, raw))


def inflate_start(entry: Entry, raw: Buffer, length: int) -> bytes:
    """Return the first *length* uncompressed bytes of *entry*, unchecked.

    Raises:
        CorruptError: If they do not inflate.
    """
    if entry.method == STORED:
        return bytes(memoryview(raw)[:length])
    try:
        return zlib.decompressobj(wbits=-15).decompress(raw, length)
    except zlib.error as error:
        raise CorruptError(f"entry '{entry.name}' does not inflate: {error}") from None


def inflate_parts(entry: Entry, raw: Buffer) -> Iterator[bytes]:
    """Yield the uncompressed bytes of *entry* in blocks, checked at the end.

    Inflating stops one block after the declared size, so that a lying entry costs no memory.

    Raises:
        CorruptError: If the bytes are damaged.
    """
    crc = size = 0
    parts = _blocks(raw) if entry.method == STORED else _inflated(entry, raw)
    for part in parts:
        crc, size = zlib.crc32(part, crc), size + len(part)
        if size > entry.size:
            raise CorruptError(f"entry '{entry.name}' is longer than its directory says")
        yield part
    if size != entry.size or crc != entry.crc:
        raise CorruptError(f"entry '{entry.name}' is damaged: length or CRC differ")


def _blocks(raw: Buffer) -> Iterator[bytes]:
    view = memoryview(raw)
    for at in range(0, len(view), _BLOCK):
        yield bytes(view[at : at + _BLOCK])


def _inflated(entry: Entry, raw: Buffer) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=-15)
    rest: Buffer = raw
    try:
        while not inflater.eof:
            part = inflater.decompress(rest, _BLOCK)
            rest = inflater.unconsumed_tail
            if not part and not rest and not inflater.eof:
                break
            yield part
    except zlib.error as error:
        raise CorruptError(f"entry '{entry.name}' does not inflate: {error}") from None
    if not inflater.eof or inflater.unused_data:
        raise CorruptError(f"entry '{entry.name}' is longer than its directory says")


def scan_spool(data: Buffer) -> Iterator[Entry]:
    """Yield whole entries of a pack without a directory, until one is torn.

    Their data is not checked here: a reader inflates and hashes it.
    """
    at = 0
    while at + LOCAL_SIZE <= len(data):
        try:
            entry = read_local(data, at)
        except CorruptError:
            return
        if entry.end > len(data):
            return
        yield entry
        at = entry.end


def check_layout(entries: Sequence[Entry], directory: Directory) -> None:
    """Refuse a pack whose entries overlap, leave gaps, or are out of order.

    Args:
        entries: All entries, as the directory lists them.
        directory: Where the directory stands.

    Raises:
        CorruptError: With the first thing that is wrong.
    """
    names = [entry.name for entry in entries]
    if names != sorted(set(names)):
        raise CorruptError("the directory is not sorted, or names an entry twice")
    if sum(name.startswith(OBJECTS) for name in names) != directory.objects:
        raise CorruptError("the end record counts other objects than the directory")
    if any(not name.startswith(OBJECTS) for name in names[len(names) - directory.objects :]):
        raise CorruptError("the directory does not end with its objects")
    if any(max(entry.size, entry.stored) > MAX_PACK for entry in entries):
        raise CorruptError("an entry is larger than 2 GiB")
    at = 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if entry.offset != at:
            raise CorruptError(f"entry '{entry.name}' overlaps another or leaves a gap")
        at = entry.end
    if at != directory.start:
        raise CorruptError("bytes stand between the entries and the directory")


def check_growth(total: int, length: int) -> None:
    """Refuse a zip whose entries are far larger than it is.

    Args:
        total: Bytes of all entries, uncompressed.
        length: Bytes of the zip.

    Raises:
        CorruptError: If they are more than 256 times the zip, and a gigabyte.
    """
    if total > _GROWTH * length + _ANYWAY:
        raise CorruptError(f"it would grow from {length:,} to {total:,} bytes")

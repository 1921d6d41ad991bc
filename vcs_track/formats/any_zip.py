"""The entries of a zip that some other tool wrote, read strictly.

Pure functions over bytes. What a pack forbids and other tools write is taken here: data
descriptors, extra fields, folders, time stamps, zip64, any order. What could mislead is not.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import CorruptError
from vcs_track.formats.pack import (
    DEFLATED,
    LOCAL_SIZE,
    MAX_ENTRY,
    MOST_ENTRIES,
    STORED,
    check_growth,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.formats.pack import Buffer

__all__ = ["ZipEntry", "ends_as_pack", "read_entries"]

_RATIO: Final = 1100  # deflate makes at most 1032 bytes of one

_LOCAL = struct.Struct("<IHHHHHIIIHH")
_RECORD = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR = struct.Struct("<IIQI")
_EXTRA = struct.Struct("<HH")
_FULL16: Final = 0xFFFF
_FULL32: Final = 0xFFFFFFFF
_LONGEST_COMMENT: Final = 0xFFFF
_ENCRYPTED: Final = 0x2041
_DESCRIPTOR: Final = 0x0008
_KNOWN_FLAGS: Final = 0x080E  # how well it was deflated, descriptor, names in UTF-8
_UNIX: Final = 3
_OURS = re.compile(rb"vt\d")
_OURS_AT_END = re.compile(rb"(?s)PK\x05\x06.{18}vt\d[ -~]*\Z")
_LONGEST_OURS: Final = 128


class ZipEntry(NamedTuple):
    """One entry.

    Attributes:
        name: Its name, with ``/``.
        method: Stored or deflated.
        crc: CRC-32 of the uncompressed bytes.
        stored: Number of bytes in the zip.
        size: Number of uncompressed bytes.
        start: Where the bytes begin.
        offset: Where the local header begins.
        flags: As in the directory.
    """

    name: str
    method: int
    crc: int
    stored: int
    size: int
    start: int
    offset: int
    flags: int

    @property
    def is_folder(self) -> bool:
        """Whether it stands for a folder."""
        return self.name.endswith("/")


def read_entries(data: Buffer) -> list[ZipEntry]:
    """Return the entries of the zip *data*, in their order.

    Raises:
        CorruptError: If it is no zip, is encrypted or split, has an entry twice, overlaps, has
            bytes that belong to no entry, or claims more than a zip of its length can hold.
    """
    count, start, end = _directory(data)
    found: list[ZipEntry] = []
    at = start
    for _ in range(count):
        entry, at = _record(data, at, end)
        found.append(entry)
    if at != end:
        raise CorruptError("the directory of the zip is longer than its entries")
    if len({entry.name for entry in found}) != len(found):
        raise CorruptError("the zip has two entries of one name")
    _check_sizes(found, len(data))
    return _placed(data, sorted(found, key=lambda entry: entry.offset), start)


def ends_as_pack(data: Buffer) -> bool:
    """Return whether *data* ends with the comment of a pack, of any version."""
    tail = bytes(data[-_LONGEST_OURS:])
    return _OURS_AT_END.search(tail) is not None


def _directory(data: Buffer) -> tuple[int, int, int]:
    """Return the number of entries, and where their records begin and end."""
    total = len(data)
    tail = bytes(data[-(_END.size + _LONGEST_COMMENT) :])
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise CorruptError("it is no zip, or is cut short")
    _, disk, cd_disk, here, count, size, start, n_comment = _END.unpack_from(tail, at)
    if at + _END.size + n_comment != len(tail):
        raise CorruptError("bytes stand after the end of the zip")
    if _OURS.match(tail[at + _END.size :]):
        raise CorruptError("the zip is a pack of another version, or a damaged one")
    end = total - (len(tail) - at)
    locator = end - _LOCATOR.size
    if locator >= 0 and bytes(data[locator : locator + 4]) == b"PK\x06\x07":
        told = (disk, cd_disk, here, count, size, start)
        disk, cd_disk, here, count, size, start, end = _directory64(data, locator, told)
    if disk or cd_disk or here != count:
        raise CorruptError("the zip is split over several files")
    if start + size != end or count > MOST_ENTRIES or size < count * _RECORD.size:
        raise CorruptError("the directory of the zip does not stand where its end says")
    return count, start, end


def _directory64(
    data: Buffer, locator: int, told: tuple[int, ...]
) -> tuple[int, int, int, int, int, int, int]:
    _, disk, end, disks = _LOCATOR.unpack_from(data, locator)
    if disk or disks != 1 or end + _END64.size != locator:
        raise CorruptError("the zip64 end record does not stand where it should")
    magic, length, _, _, *wide = _END64.unpack_from(data, end)
    if magic != 0x06064B50 or length != _END64.size - 12:
        raise CorruptError("the zip64 end record is damaged")
    full = (_FULL16, _FULL16, _FULL16, _FULL16, _FULL32, _FULL32)
    if any(short not in (long, most) for short, long, most in zip(told, wide, full, strict=True)):
        raise CorruptError("the two end records of the zip disagree")
    disk, cd_disk, here, count, size, start = wide
    return disk, cd_disk, here, count, size, start, end


def _record(data: Buffer, at: int, end: int) -> tuple[ZipEntry, int]:
    if at + _RECORD.size > end:
        raise CorruptError("the directory of the zip is cut short")
    (magic, made, _, flags, method, _, _, crc, stored, size, n_name, n_extra, n_comment,
     disk, _, external, offset) = _RECORD.unpack_from(data, at)  # fmt: skip
    after = at + _RECORD.size
    behind = after + n_name + n_extra + n_comment
    if magic != 0x02014B50 or behind > end:
        raise CorruptError(f"the directory record at byte {at} is damaged")
    name = _text(bytes(data[after : after + n_name]))
    if disk not in (0, _FULL16) or flags & _ENCRYPTED or flags & ~_KNOWN_FLAGS:
        what = "encrypted" if flags & _ENCRYPTED else "split, or in a form that is not known"
        raise CorruptError(f"entry '{name[:80]}' is {what}")
    if method not in (STORED, DEFLATED):
        raise CorruptError(f"entry '{name[:80]}' is packed by method {method}, not by deflate")
    if made >> 8 == _UNIX:
        _check_kind(name, external >> 28)
    extra = bytes(data[after + n_name : after + n_name + n_extra])
    size, stored, offset = _widened(extra, [size, stored, offset])
    return ZipEntry(name, method, crc, stored, size, 0, offset, flags), behind


def _text(raw: bytes) -> str:
    # Every name that means something is ASCII, and some tools write the other slash.
    return raw.replace(b"\\", b"/").decode("ascii", "backslashreplace")


def _check_kind(name: str, kind: int) -> None:
    """Refuse what is neither file nor folder: *kind* is the type in the mode of Unix."""
    if kind not in ((0, 0o4) if name.endswith("/") else (0, 0o10)):
        raise CorruptError(f"entry '{name[:80]}' is a link, or no file")


def _widened(extra: bytes, values: list[int]) -> list[int]:
    """Return *values*, those that did not fit taken from the extra field."""
    wide = _extra64(extra)
    for place, value in enumerate(values):
        if value == _FULL32:
            if len(wide) < 8:
                raise CorruptError("the zip64 field of an entry is cut short")
            values[place] = int.from_bytes(wide[:8], "little")
            wide = wide[8:]
    return values


def _extra64(extra: bytes) -> bytes:
    at, found = 0, b""
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if at + length > len(extra):
            break  # old tools pad as they like; nothing but this field is read
        if kind == 1:
            found = extra[at : at + length]
        at += length
    return found


def _check_sizes(entries: Sequence[ZipEntry], length: int) -> None:
    total = 0
    for entry in entries:
        largest = entry.stored if entry.method == STORED else entry.stored * _RATIO
        if entry.size > min(largest, MAX_ENTRY) or entry.stored > length:
            raise CorruptError(f"entry '{entry.name[:80]}' claims a size that it cannot have")
        if entry.is_folder and entry.size:
            raise CorruptError(f"entry '{entry.name[:80]}' is a folder with bytes in it")
        total += entry.size
    check_growth(total, length)


def _placed(data: Buffer, entries: list[ZipEntry], end: int) -> list[ZipEntry]:
    """Return the entries with where their bytes begin; nothing stands between them."""
    found: list[ZipEntry] = []
    at = 0
    for entry in entries:
        if entry.offset != at:
            raise CorruptError(f"entry '{entry.name[:80]}' overlaps another or leaves a gap")
        start = _start(data, entry, end)
        at = _behind(data, entry, start + entry.stored, end)
        found.append(entry._replace(start=start))
    if at != end:
        raise CorruptError("bytes stand between the entries and the directory")
    return found


def _start(data: Buffer, entry: ZipEntry, end: int) -> int:
    at = entry.offset
    if at + LOCAL_SIZE > end:
        raise CorruptError(f"entry '{entry.name[:80]}' ends outside")
    magic, _, flags, method, _, _, crc, stored, size, n_name, n_extra = _LOCAL.unpack_from(
        data, at
    )
    start = at + LOCAL_SIZE + n_name + n_extra
    name = _text(bytes(data[at + LOCAL_SIZE : at + LOCAL_SIZE + n_name]))
    same = magic == 0x04034B50 and (name, method) == (entry.name, entry.method)
    if not same or (flags ^ entry.flags) & _DESCRIPTOR or flags & _ENCRYPTED:
        raise CorruptError(f"entry '{entry.name[:80]}' differs from its directory record")
    if not flags & _DESCRIPTOR:
        extra = bytes(data[start - n_extra : start])
        told = (crc, *_widened(extra, [size, stored]))
        if told != (entry.crc, entry.size, entry.stored):
            raise CorruptError(f"entry '{entry.name[:80]}' differs from its directory record")
    if start + entry.stored > end:
        raise CorruptError(f"entry '{entry.name[:80]}' ends outside")
    return int(start)


def _behind(data: Buffer, entry: ZipEntry, at: int, end: int) -> int:
    """Return where the next entry begins: behind the descriptor, where there is one."""
    if not entry.flags & _DESCRIPTOR:
        return at
    sizes = (entry.crc, entry.stored, entry.size)
    for plain in (struct.pack("<III", *sizes), struct.pack("<IQQ", *sizes)):
        for descriptor in (b"PK\x07\x08" + plain, plain):
            behind = at + len(descriptor)
            if bytes(data[at:behind]) == descriptor and (
                behind == end or bytes(data[behind : behind + 4]) == b"PK\x03\x04"
            ):
                return behind
    raise CorruptError(f"what stands behind entry '{entry.name[:80]}' is not its descriptor")

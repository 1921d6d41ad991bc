"""The file in which offline wandb keeps a run: its blocks, chunks and records.

LevelDB's log with other checksums. A file is cut into blocks of 32 KiB, a record into chunks
that never cross a block. So one bad chunk costs no more than the rest of its block. What a
record has in it is :mod:`vcs_track.formats.offline_record`'s.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LARGEST", "MAGIC", "OfflineLog", "pack_log"]

MAGIC: Final = b":W&B\xe1\xbe\x00"
LARGEST: Final = 64 << 20  # bytes of a record that is looked at
_BLOCK: Final = 1 << 15
_CHUNK: Final = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_NOTHING: Final = bytes(_CHUNK.size)


class OfflineLog:
    """The contents of the records of one file, as far as it can be read.

    No more than one block and one record are held. A live or killed run ends in the middle of
    a record, which is no damage.

    Args:
        read: Returns so many bytes, or fewer at the end of the file.

    Attributes:
        sound: Whether the file begins as such a file does; there are no records otherwise.
        damaged: How many blocks have a chunk that is not what was written.
        large: How many records were too long to be looked at.
        cut: Whether the last record is not whole.

    Example:
        >>> import io
        >>> from vcs_track.formats.offline_log import OfflineLog, pack_log
        >>> log = OfflineLog(io.BytesIO(pack_log([b"one", b"two" * 20_000])).read)
        >>> [len(record) for record in log], log.damaged
        ([3, 60000], 0)
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.sound = False
        self.damaged = 0
        self.large = 0
        self.cut = False
        self._parts: list[bytes] = []
        self._size = 0
        self._open = False

    def __iter__(self) -> Iterator[bytes]:
        # The header of the file is a part of its first block.
        block = self._read(_BLOCK)
        self.sound = block.startswith(MAGIC)
        at = len(MAGIC)
        while self.sound and block:
            yield from self._block(block, at)
            if len(block) < _BLOCK:
                break
            block, at = self._read(_BLOCK), 0
        self.cut = self.cut or self._open

    def _block(self, block: bytes, at: int) -> Iterator[bytes]:
        while at + _CHUNK.size <= len(block):
            check, length, kind = _CHUNK.unpack_from(block, at)
            if block[at : at + _CHUNK.size] == _NOTHING:
                return  # what was to come was never written
            start, end = at + _CHUNK.size, at + _CHUNK.size + length
            if end > len(block):
                self._lose(torn=len(block) < _BLOCK)
                return
            if check != zlib.crc32(block[at + _CHUNK.size - 1 : end]):
                self._lose(torn=False)
                return
            record = self._chunk(kind, block[start:end])
            if record is not None:
                yield record
            at = end
        # A header that does not fit is padding, unless the file ends here.
        if len(block) < _BLOCK and at < len(block):
            self.cut = True

    def _lose(self, *, torn: bool) -> None:
        if torn:
            self.cut = True
        else:
            self.damaged += 1
        self._drop()

    def _drop(self) -> None:
        self._parts, self._size, self._open = [], 0, False

    def _chunk(self, kind: int, data: bytes) -> bytes | None:
        """Take a chunk in; return the record that it completes."""
        if kind in (_FULL, _FIRST):
            self._parts, self._size, self._open = [data], len(data), True
        elif kind in (_MIDDLE, _LAST) and self._open:
            self._size += len(data)
            if self._size <= LARGEST:
                self._parts.append(data)
        else:
            return None  # its beginning was lost
        if kind not in (_FULL, _LAST):
            return None
        parts, size = self._parts, self._size
        self._drop()
        if size > LARGEST:
            self.large += 1
            return None
        return b"".join(parts)


def pack_log(records: list[bytes]) -> bytes:
    """Return a file of *records*, as offline wandb writes it.

    Args:
        records: The contents.
    """
    found = bytearray(MAGIC)
    for record in records:
        kind, at = _FIRST, 0
        while True:
            left = _BLOCK - len(found) % _BLOCK
            if left < _CHUNK.size:
                found += bytes(left)
                continue
            part = record[at : at + left - _CHUNK.size]
            at += len(part)
            whole = at == len(record)
            if whole:
                kind = _FULL if kind == _FIRST else _LAST
            check = zlib.crc32(bytes([kind]) + part)
            found += _CHUNK.pack(check, len(part), kind) + part
            if whole:
                break
            kind = _MIDDLE
    return bytes(found)

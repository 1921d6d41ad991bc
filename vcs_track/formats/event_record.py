"""The records of an event file: length, its checksum, content, its checksum.

TensorFlow's framing of records. Pure functions over a function that reads; nothing here knows
what a record has in it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from vcs_track.formats.crc32c import masked_crc32c

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LARGEST", "EventRecords", "pack_record"]

LARGEST: Final = 64 << 20  # bytes of a record that is looked at
_HEADER: Final = struct.Struct("<QI")
_LENGTH: Final = struct.Struct("<Q")
_CHECK: Final = struct.Struct("<I")
_PART: Final = 1 << 20


def pack_record(content: bytes) -> bytes:
    """Return *content* as a record.

    Example:
        >>> from vcs_track.formats.event_record import EventRecords, pack_record
        >>> import io
        >>> list(EventRecords(io.BytesIO(pack_record(b"a") + pack_record(b"b")).read))
        [b'a', b'b']
    """
    length = _LENGTH.pack(len(content))
    check = _CHECK.pack(masked_crc32c(length))
    return b"".join((length, check, content, _CHECK.pack(masked_crc32c(content))))


class EventRecords:
    """The contents of the records of one file, as far as it can be read.

    No more than one record is held. A record whose content is damaged is left out, as its
    length still says where the next one begins; behind a damaged length nothing can be read.

    Args:
        read: Returns so many bytes, or fewer at the end of the file.
        start: Where in the file it reads first.
        largest: Bytes of a record; a longer one is passed over.

    Attributes:
        end: Where the last sound record ends, or one that was passed over: a reader of a file
            that grows goes on here.
        cut: Whether the file ends within a record, or with one that is damaged: maybe it is
            being written.
        lost: Whether a length is damaged, so that what follows cannot be read.
        damaged: How many records were left out because their content is damaged.
        large: How many were passed over because they are too long.
    """

    def __init__(
        self, read: Callable[[int], bytes], start: int = 0, largest: int = LARGEST
    ) -> None:
        self._read = read
        self._largest = largest
        self.end = start
        self.cut = False
        self.lost = False
        self.damaged = 0
        self.large = 0

    def __iter__(self) -> Iterator[bytes]:
        at, doubtful = self.end, 0
        while (length := self._length()) is not None:
            at += _HEADER.size + length + _CHECK.size
            if length > self._largest:
                if not self._pass(length + _CHECK.size):
                    return
                self.large += 1
                content = None
            else:
                body = self._read(length + _CHECK.size)
                if len(body) < length + _CHECK.size:
                    self.cut = True
                    return
                content = body[:length]
                if _CHECK.unpack_from(body, length)[0] != masked_crc32c(content):
                    doubtful += 1
                    continue
            # Only now is it known that a damaged record is not just the end of the file.
            self.damaged, doubtful = self.damaged + doubtful, 0
            self.end = at
            if content is not None:
                yield content
        self.cut = self.cut or doubtful > 0

    def _length(self) -> int | None:
        header = self._read(_HEADER.size)
        if len(header) < _HEADER.size:
            self.cut = bool(header)
            return None
        length, check = _HEADER.unpack(header)
        if check != masked_crc32c(header[: _LENGTH.size]):
            self.lost = True
            return None
        return int(length)

    def _pass(self, length: int) -> bool:
        while length:
            part = self._read(min(length, _PART))
            if not part:
                self.cut = True
                return False
            length -= len(part)
        return True

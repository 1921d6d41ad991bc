"""The bytes of a journal: a page of header, then 32-byte slots.

Pure functions over bytes; ``docs/format/journal.md`` is the specification.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import CorruptError
from vcs_track.formats.oid import check64

if TYPE_CHECKING:
    from mmap import mmap

    Buffer = bytes | bytearray | memoryview | mmap

__all__ = [
    "BOOL",
    "FLOAT",
    "FLOAT32",
    "FRAME",
    "HEADER_SIZE",
    "INT",
    "MAX_NUMBER",
    "ROW",
    "SEAL",
    "SLOT_SIZE",
    "UINT",
    "Header",
    "Single",
    "check_word",
    "pack_body",
    "pack_header",
    "pack_last_words",
    "pack_payload",
    "pack_slot",
    "parse_header",
    "parse_last_words",
    "slots_of",
]

HEADER_SIZE: Final = 4096
SLOT_SIZE: Final = 32
MAX_NUMBER: Final = (1 << 24) - 1

FLOAT: Final = 1
INT: Final = 2
BOOL: Final = 3
FLOAT32: Final = 4
UINT: Final = 6
ROW: Final = 16
FRAME: Final = 17
SEAL: Final = 31

_MAGIC = b"VTJ1\r\n\x1a\n"
_VERSION = 1
_HEADER = struct.Struct("<8sIIQ64s16s36sIQQI64s")
_BODY = {
    FLOAT: struct.Struct("<qdqI"),
    FLOAT32: struct.Struct("<qdqI"),
    INT: struct.Struct("<qqqI"),
    BOOL: struct.Struct("<qqqI"),
    UINT: struct.Struct("<qQqI"),
    ROW: struct.Struct("<qQqI"),
    FRAME: struct.Struct("<qQqI"),
    SEAL: struct.Struct("<qQqI"),
}
_LAST_WORDS = 2048  # where the second half of the first page begins
_WORDS = struct.Struct("<QI")
_LONGEST_WORDS = HEADER_SIZE - _LAST_WORDS - _WORDS.size
_WORD = struct.Struct("<I")
_UNSIGNED = struct.Struct("<Q")


class Single(float):
    """A float of which it is known that it has 32 bits or less."""

    __slots__ = ()


class Header(NamedTuple):
    """Who writes a journal.

    Attributes:
        created_us: Microseconds since 1970 UTC.
        run: Run id.
        writer: Writer id, unique in the run.
        boot: Boot id of the machine.
        pid: Process id.
        ticks: Start time of the process, in clock ticks since boot.
        namespace: Inode of the process-id namespace.
        salt: Random word that keeps foreign slots out.
        host: Host name.
    """

    created_us: int
    run: str
    writer: str
    boot: str
    pid: int
    ticks: int
    namespace: int
    salt: int
    host: str


def slots_of(length: int) -> int:
    """Return the number of slots that a payload of *length* bytes takes."""
    return (length + SLOT_SIZE - 1) // SLOT_SIZE


def pack_header(header: Header) -> bytes:
    """Return the first page of a journal."""
    host = header.host.encode("utf-8", "replace")[:64]
    packed = _HEADER.pack(
        _MAGIC, _VERSION, SLOT_SIZE, header.created_us, header.run.encode(),
        header.writer.encode(), header.boot.encode(), header.pid, header.ticks,
        header.namespace, header.salt, host,
    )  # fmt: skip
    half = packed.ljust(_LAST_WORDS - 8, b"\0")
    return (half + _UNSIGNED.pack(check64(half))).ljust(HEADER_SIZE, b"\0")


def pack_last_words(text: bytes) -> tuple[int, bytes]:
    """Return where in the first page *text* goes, and the bytes to put there."""
    text = text[:_LONGEST_WORDS]
    return _LAST_WORDS, _WORDS.pack(check64(text), len(text)) + text


def parse_last_words(page: Buffer) -> bytes:
    """Return the text that a writer left in the first page, or nothing."""
    raw = bytes(page[:HEADER_SIZE])
    if len(raw) < HEADER_SIZE:
        return b""
    check, length = _WORDS.unpack_from(raw, _LAST_WORDS)
    text = raw[_LAST_WORDS + _WORDS.size :][:length]
    return text if length and check == check64(text) else b""


def parse_header(page: Buffer) -> Header:
    """Return the header in the first *page* of a journal.

    Raises:
        CorruptError: If it is not the header of a journal of this version.
    """
    raw = bytes(page[:HEADER_SIZE])
    if len(raw) < HEADER_SIZE or raw[:8] != _MAGIC:
        raise CorruptError("not a journal: the header is missing")
    fields = _HEADER.unpack_from(raw)
    if fields[1] != _VERSION or fields[2] != SLOT_SIZE:
        raise CorruptError(
            f"the journal has version {fields[1]}", hint="read it with a newer vcs-track"
        )
    if _UNSIGNED.unpack_from(raw, _LAST_WORDS - 8)[0] != check64(raw[: _LAST_WORDS - 8]):
        raise CorruptError("the header of the journal is damaged")
    run, writer, boot, host = (
        fields[i].rstrip(b"\0").decode("utf-8", "replace") for i in (4, 5, 6, 11)
    )
    pid, ticks, namespace, salt = fields[7:11]
    return Header(fields[3], run, writer, boot, pid, ticks, namespace, salt, host)


def pack_slot(
    kind: int, number: int, step: int, value: float, wall_us: int, *, seed: int
) -> bytes:
    """Return one slot.

    Args:
        kind: :data:`FLOAT` ... :data:`SEAL`.
        number: Tag or shape number, up to :data:`MAX_NUMBER`.
        step: Signed 64-bit integer.
        value: A float for FLOAT and FLOAT32, else an integer.
        wall_us: Microseconds since 1970 UTC.
        seed: The journal's salt, xor the byte offset of the slot.
    """
    body = pack_body(kind, number, step, value, wall_us)
    return body + check_word(body, seed)


def pack_body(kind: int, number: int, step: int, value: float, wall_us: int) -> bytes:
    """Return a slot without its check word; arguments as in :func:`pack_slot`.

    Raises:
        struct.error: If a number does not fit its field.
    """
    return _BODY[kind].pack(step, value, wall_us, number << 8 | kind)


def check_word(body: bytes, seed: int) -> bytes:
    """Return the check word of a slot; the seed is its salt xor its offset."""
    return _WORD.pack(check64(body, seed) & 0xFFFFFFFF or 1)


def pack_payload(
    kind: int, number: int, step: int, payload: bytes, wall_us: int, *, seed: int
) -> bytes:
    """Return the slot of a ROW or FRAME followed by its padded payload."""
    slot = pack_slot(kind, number, step, check64(payload), wall_us, seed=seed)
    return slot + payload.ljust(slots_of(len(payload)) * SLOT_SIZE, b"\0")

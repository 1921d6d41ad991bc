"""Reading a journal: from slots to points, skipping what is damaged.

Pure functions over bytes; ``docs/format/journal.md`` is the specification. Points that stand
together are read together, because sealing a long run reads nothing else.
"""

from __future__ import annotations

import struct
import sys
from array import array
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.formats.oid import check64
from vcs_track.formats.slots import (
    BOOL,
    FLOAT,
    FLOAT32,
    FRAME,
    HEADER_SIZE,
    INT,
    ROW,
    SEAL,
    SLOT_SIZE,
    UINT,
    slots_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vcs_track.formats.slots import Buffer

__all__ = ["Damage", "Points", "Record", "Rows", "batches", "records"]

_MOST: Final = 2048  # slots in a batch: 64 KiB, small beside a processor's cache
_LEAST: Final = 16  # fewer are not worth a batch
_SECTOR: Final = 16  # slots that a disk writes at once
_SLOT = struct.Struct("<qdqII")
_SIGNED = struct.Struct("<q")
_UNSIGNED = struct.Struct("<Q")
_EMPTY: Final = bytes(1 << 16)
_MASK: Final = 0xFFFFFFFF
_NATIVE: Final = sys.byteorder == "little"  # then a column is a view of the journal


class Record(NamedTuple):
    """One valid record of a journal.

    Attributes:
        kind: :data:`~vcs_track.formats.slots.FLOAT` and the other kinds.
        number: Tag or shape number.
        step: Step, or the payload's length.
        value: The number, or the payload's check word.
        wall_us: Microseconds since 1970 UTC.
        payload: What follows a ROW or FRAME; else empty.
    """

    kind: int
    number: int
    step: int
    value: float | int
    wall_us: int
    payload: bytes


class Points(NamedTuple):
    """Valid FLOAT slots that stand one behind the other.

    The columns are views of the journal: integers of 32 or 64 bits, and doubles.

    Attributes:
        words: For each point the tag number, shifted by 8, and the kind.
        steps: Steps.
        values: Values.
        walls: Microseconds since 1970 UTC.
    """

    words: memoryview[int]
    steps: memoryview[int]
    values: memoryview[float]
    walls: memoryview[int]


class Rows(NamedTuple):
    """Valid rows of one shape that stand one behind the other.

    Attributes:
        number: Shape number.
        steps: Step of each row.
        columns: For each member of the shape, its value in each row.
        walls: Microseconds since 1970 UTC of each row.
    """

    number: int
    steps: memoryview[int]
    columns: list[memoryview[float]]
    walls: memoryview[int]


class Damage:
    """What a scan skipped: counts bad slots, remembers the first.

    Bad slots with nothing valid behind them are the record that was being written when the
    writer died: its call never returned, so nothing is lost with it.

    Attributes:
        slots: Number of slots before a valid one that are neither empty nor valid.
        first: Byte offset of the first, or -1.
        empty: Number of slots of zeros before a valid one, where a whole sector or more of
            them stand together. Fewer may belong to calls in other threads that never returned.
        torn: Number of bad slots at the end.
        used: Number of slots up to the last valid one.
    """

    def __init__(self) -> None:
        self.slots = 0
        self.first = -1
        self.empty = 0
        self.torn = 0
        self.used = 0
        self._zeros = 0
        self._first_torn = -1

    def add(self, offset: int) -> None:
        """Note the bad slot at *offset*."""
        if not self.torn:
            self._first_torn = offset
        self.torn += 1

    def skip(self, slots: int) -> None:
        """Note that many empty slots one behind the other."""
        if slots >= _SECTOR:
            self._zeros += slots

    def passed(self, offset: int) -> None:
        """Note that what is valid goes on to *offset*."""
        self.used = (offset - HEADER_SIZE) // SLOT_SIZE
        self.empty += self._zeros
        self._zeros = 0
        if self.torn:
            if self.first < 0:
                self.first = self._first_torn
            self.slots += self.torn
            self.torn = 0


def batches(
    data: Buffer,
    salt: int,
    row_sizes: dict[int, int],
    damage: Damage,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[Record | Points | Rows]:
    """Yield everything valid in a journal, in order, skipping what is damaged.

    Args:
        data: The whole journal, header included.
        salt: From its header.
        row_sizes: Members of each shape number. The caller fills it while reading, from the
            frames that define shapes.
        damage: Is told what was skipped.
        start: First slot to read.
        stop: Slot to stop before; default: the end of the file.
    """
    view = memoryview(data)
    end = len(view) if stop is None else min(len(view), HEADER_SIZE + stop * SLOT_SIZE)
    offset = HEADER_SIZE + start * SLOT_SIZE
    empty = bytes(SLOT_SIZE)
    ahead, alone = _LEAST, offset
    while offset + SLOT_SIZE <= end:
        kind, room = view[offset + 24], (end - offset) // SLOT_SIZE
        batch: Record | Points | Rows | None = None
        size = 0
        if kind == FLOAT and _NATIVE and offset >= alone:
            batch, size = _points(view, offset, min(ahead, room), salt)
        elif kind == ROW and _NATIVE and offset >= alone:
            batch, size = _rows(view, offset, min(ahead, room), salt, row_sizes)
        if batch is not None:
            ahead = min(2 * ahead, _MOST)  # points come in long stretches or hardly at all
        else:
            if offset >= alone:
                ahead, alone = _LEAST, offset + _LEAST * SLOT_SIZE // 2
            batch, size = _record(view, offset, salt, row_sizes)
        if batch is not None:
            offset += size
            damage.passed(offset)
            yield batch
        elif view[offset : offset + SLOT_SIZE] == empty:
            used = _next_used(view, offset, end)
            damage.skip((used - offset) // SLOT_SIZE)
            offset = used
        else:
            damage.add(offset)
            offset += SLOT_SIZE


def records(
    data: Buffer, salt: int, row_sizes: dict[int, int], damage: Damage
) -> Iterator[Record]:
    """Yield the valid records one by one; arguments as in :func:`batches`."""
    for found in batches(data, salt, row_sizes, damage):
        if isinstance(found, Record):
            yield found
        elif isinstance(found, Points):
            for word, step, value, wall_us in zip(*found, strict=True):
                yield Record(FLOAT, word >> 8, step, value, wall_us, b"")
        else:
            payloads = zip(*found.columns, strict=True)
            for step, wall_us, row in zip(found.steps, found.walls, payloads, strict=True):
                payload = struct.pack(f"<{len(row)}d", *row)
                yield Record(ROW, found.number, step, check64(payload), wall_us, payload)


def _points(view: memoryview, offset: int, n: int, salt: int) -> tuple[Points | None, int]:
    """Return the at most *n* FLOAT slots at *offset*, and their size."""
    kinds = bytes(view[offset + 24 : offset + n * SLOT_SIZE : SLOT_SIZE])
    n = len(kinds) - len(kinds.lstrip(b"\1"))
    if n < _LEAST:
        return None, 0
    n = 1 << (n.bit_length() - 1)  # few lengths, so few unpackers
    block = view[offset : offset + n * SLOT_SIZE]
    seeds = map(salt.__xor__, range(offset, offset + n * SLOT_SIZE, SLOT_SIZE))
    checks = memoryview(array("Q", map(check64, _bodies(n)(block), seeds)))
    wanted, words = checks.cast("B").cast("I")[0::2].tolist(), block.cast("I")
    found = words[7::8].tolist()
    if wanted != found:
        n = next(i for i in range(n) if wanted[i] != found[i])
        if not n:
            return None, 0
        block = block[: n * SLOT_SIZE]
        words = block.cast("I")
    integers = block.cast("q")
    points = Points(words[6::8], integers[0::4], block.cast("d")[1::4], integers[2::4])
    return points, n * SLOT_SIZE


@cache
def _bodies(n: int) -> Callable[[memoryview], tuple[bytes, ...]]:
    return struct.Struct("28s4x" * n).unpack


def _rows(
    view: memoryview, offset: int, n: int, salt: int, row_sizes: dict[int, int]
) -> tuple[Rows | None, int]:
    """Return the rows of one shape at *offset*, and their size."""
    word = int.from_bytes(view[offset + 24 : offset + 28], "little")
    members = row_sizes.get(word >> 8, 0)
    size = (1 + slots_of(8 * members)) * SLOT_SIZE
    n = n * SLOT_SIZE // size
    if not members or n < 2:
        return None, 0
    layout = struct.Struct(f"<28sI{8 * members}s{size - SLOT_SIZE - 8 * members}x")
    wanted = word.to_bytes(4, "little")
    check, at = check64, offset
    for body, found, payload in layout.iter_unpack(view[offset : offset + n * size]):
        if (
            body[24:] != wanted
            or found != (check(body, salt ^ at) & _MASK or 1)
            or body[8:16] != check(payload).to_bytes(8, "little")
        ):
            break
        at += size
    if at == offset:
        return None, 0
    block, stride = view[offset:at], size // 8
    integers, doubles = block.cast("q"), block.cast("d")
    columns = [doubles[4 + i :: stride] for i in range(members)]
    return Rows(word >> 8, integers[0::stride], columns, integers[2::stride]), at - offset


def _record(
    view: memoryview, offset: int, salt: int, row_sizes: dict[int, int]
) -> tuple[Record | None, int]:
    """Return the record at *offset*, if one is there, and its size."""
    step, double, wall_us, word, found = _SLOT.unpack_from(view, offset)
    if found != (check64(view[offset : offset + 28], salt ^ offset) & _MASK or 1):
        return None, 0
    kind, number = word & 0xFF, word >> 8
    if kind in (FLOAT, FLOAT32):
        return Record(kind, number, step, double, wall_us, b""), SLOT_SIZE
    if kind in (INT, BOOL):
        (signed,) = _SIGNED.unpack_from(view, offset + 8)
        value = bool(signed) if kind == BOOL else signed
        return Record(kind, number, step, value, wall_us, b""), SLOT_SIZE
    (unsigned,) = _UNSIGNED.unpack_from(view, offset + 8)
    if kind in (UINT, SEAL):
        return Record(kind, number, step, unsigned, wall_us, b""), SLOT_SIZE
    if kind not in (ROW, FRAME):
        return None, 0
    length = step if kind == FRAME else 8 * row_sizes.get(number, 0)
    at = offset + SLOT_SIZE
    if not 0 < length <= len(view) - at:
        return None, 0
    payload = bytes(view[at : at + length])
    if check64(payload) != unsigned:
        return None, 0
    size = SLOT_SIZE + slots_of(length) * SLOT_SIZE
    return Record(kind, number, step, unsigned, wall_us, payload), size


def _next_used(view: memoryview, offset: int, end: int) -> int:
    # The unused rest of a preallocated file is large: skip it in blocks, not slot by slot.
    for at in range(offset, end, len(_EMPTY)):
        part = bytes(view[at : min(at + len(_EMPTY), end)])
        if part != _EMPTY[: len(part)]:  # far cheaper than to look for the first that is used
            zeros = len(part) - len(part.lstrip(b"\0"))
            return at + zeros - zeros % SLOT_SIZE
    return end

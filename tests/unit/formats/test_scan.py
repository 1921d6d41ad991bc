"""Tests of ``vcs_track.formats.scan``."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.formats import slots
from vcs_track.formats.scan import Damage, Points, Record, Rows, batches, records
from vcs_track.formats.slots import HEADER_SIZE, SLOT_SIZE, Header

SALT = 0x1234ABCD
HEADER = Header(1_700_000_000_000_000, "run1", "w" * 16, "b" * 36, 42, 7, 9, SALT, "host")
I64 = st.integers(-(2**63), 2**63 - 1)


def slot(n: int, kind: int, value: float, step: int = 0, number: int = 1) -> bytes:
    """Return slot *n* of a journal."""
    seed = SALT ^ (HEADER_SIZE + n * SLOT_SIZE)
    return slots.pack_slot(kind, number, step, value, 5, seed=seed)


def frame(n: int, payload: bytes) -> bytes:
    """Return a frame that begins at slot *n*."""
    seed = SALT ^ (HEADER_SIZE + n * SLOT_SIZE)
    return slots.pack_payload(slots.FRAME, 0, len(payload), payload, 5, seed=seed)


def scan(body: bytes) -> tuple[list[Record], Damage]:
    """Return the records of a journal with *body*, and what was skipped."""
    damage = Damage()
    data = slots.pack_header(HEADER) + body
    return list(records(data, SALT, {7: 3}, damage)), damage


class TestScan:
    @given(st.lists(st.tuples(I64, st.floats(allow_nan=False)), max_size=20))
    def test_floats_are_exact(self, points: list[tuple[int, float]]) -> None:
        """Steps and doubles come back bit for bit, in order."""
        body = b"".join(
            slot(n, slots.FLOAT, value, step) for n, (step, value) in enumerate(points)
        )

        assert points == [(r.step, r.value) for r in scan(body)[0]]

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            (slots.INT, -(2**63)), (slots.INT, 2**63 - 1), (slots.UINT, 2**64 - 1),
            (slots.BOOL, True), (slots.FLOAT32, 0.5),
        ],
    )  # fmt: skip
    def test_other_kinds_keep_type_and_value(self, kind: int, value: float) -> None:
        """Integers, booleans and 32-bit floats keep their type."""
        (record,) = scan(slot(0, kind, value))[0]

        assert (kind, value, type(value)) == (record.kind, record.value, type(record.value))

    def test_nan_is_kept(self) -> None:
        """NaN is a value like any other."""
        (record,) = scan(slot(0, slots.FLOAT, float("nan")))[0]

        assert record.value != record.value

    def test_a_row_has_its_payload(self) -> None:
        """A row of a known shape is yielded with its doubles."""
        payload = struct.pack("<3d", 1.0, 2.0, 3.0)
        seed = SALT ^ HEADER_SIZE
        body = slots.pack_payload(slots.ROW, 7, 12, payload, 5, seed=seed)
        (record,) = scan(body)[0]

        assert (slots.ROW, 12, payload) == (record.kind, record.step, record.payload)

    def test_a_bad_slot_loses_itself_only(self) -> None:
        """Damage in the middle is skipped, counted and located; the rest is read."""
        body = bytearray(b"".join(slot(n, slots.FLOAT, n) for n in range(5)))
        body[2 * SLOT_SIZE + 9] ^= 4
        records, damage = scan(bytes(body))

        assert [0, 1, 3, 4] == [r.value for r in records]
        assert (1, HEADER_SIZE + 2 * SLOT_SIZE) == (damage.slots, damage.first)

    def test_a_hole_of_zeros_does_not_end_the_journal(self) -> None:
        """A slot that another thread had not filled yet hides nothing behind it."""
        body = slot(0, slots.FLOAT, 1.0) + bytes(70_000 // 32 * 32)
        n = len(body) // SLOT_SIZE
        records, damage = scan(body + slot(n, slots.FLOAT, 2.0) + bytes(4096))

        assert ([1.0, 2.0], 0) == ([r.value for r in records], damage.slots)
        assert (n + 1, n - 1) == (damage.used, damage.empty)

    @pytest.mark.parametrize(("zeros", "told"), [(1, 0), (15, 0), (16, 16), (200, 200)])
    def test_a_sector_of_zeros_is_told(self, zeros: int, told: int) -> None:
        """A few empty slots were never filled; as many as a disk writes at once were lost."""
        body = bytes(zeros * SLOT_SIZE) + slot(zeros, slots.FLOAT, 1.0)

        assert told == scan(body)[1].empty
        assert 0 == scan(bytes(zeros * SLOT_SIZE))[1].empty

    def test_a_slot_of_another_place_is_refused(self) -> None:
        """The offset is part of the check: a slot copied elsewhere is not valid there."""
        once = slot(0, slots.FLOAT, 1.0)
        records, damage = scan(once + once + slot(2, slots.FLOAT, 2.0))

        assert ([1.0, 2.0], 1) == ([r.value for r in records], damage.slots)

    def test_a_torn_last_record_is_no_damage(self) -> None:
        """Bad slots with nothing behind them were never accepted, so nothing was lost."""
        records, damage = scan(slot(0, slots.FLOAT, 1.0) + frame(1, b"x" * 40)[SLOT_SIZE:])

        assert (1, 0, 2, 1) == (len(records), damage.slots, damage.torn, damage.used)

    def test_a_frame_with_a_damaged_payload_is_dropped(self) -> None:
        """The slot of a frame checks its payload too, and what follows is read."""
        body = bytearray(frame(0, b'{"k":"tag"}') + slot(2, slots.FLOAT, 3.0))
        body[SLOT_SIZE + 3] ^= 1

        assert [3.0] == [r.value for r in scan(bytes(body))[0]]

    @given(st.binary(max_size=600))
    def test_garbage_gives_nothing_and_no_error(self, garbage: bytes) -> None:
        """Bytes of any kind are skipped."""
        assert [] == scan(garbage)[0]

    def test_truncation_at_every_byte(self) -> None:
        """A cut loses the record that it hits and nothing before it."""
        body = frame(0, b'{"k":"tag","n":1}') + slot(2, slots.FLOAT, 1.0) + slot(3, slots.INT, 2)
        whole = [49, 96, 128]  # padding may be cut
        for cut in range(len(body) + 1):
            expected = sum(cut >= end for end in whole)
            assert expected == len(scan(body[:cut])[0]), cut


def record(kind: str, i: int, at: int) -> tuple[bytes, tuple[Any, ...]]:
    """Return the bytes of a record for slot *at*, and what it says."""
    if kind == "float":
        data = slot(at, slots.FLOAT, i / 3, step=i, number=1 + i % 2)
        return data, (slots.FLOAT, 1 + i % 2, i, i / 3)
    if kind == "int":
        return slot(at, slots.INT, i, step=i), (slots.INT, 1, i, i)
    if kind == "row":
        row = struct.pack("<3d", i, i / 3, -i)
        seed = SALT ^ (HEADER_SIZE + at * SLOT_SIZE)
        return slots.pack_payload(slots.ROW, 7, i, row, 5, seed=seed), (slots.ROW, 7, i, row)
    text = b"x" * (i + 1)
    return frame(at, text), (slots.FRAME, 0, i + 1, text)


def journal(items: list[tuple[str, int]]) -> list[tuple[bytes, tuple[Any, ...]]]:
    """Return records that stand one behind the other: *n* of each kind."""
    made: list[tuple[bytes, tuple[Any, ...]]] = []
    at = 0
    for kind, n in items:
        for i in range(n):
            made.append(record(kind, i, at))
            at += len(made[-1][0]) // SLOT_SIZE
    return made


STRETCHES = st.lists(
    st.tuples(st.sampled_from(["float", "int", "row", "frame"]), st.integers(1, 60)), max_size=8
)


class TestBatches:
    @given(STRETCHES, st.sets(st.integers(0, 500), max_size=4), st.integers(0, 27))
    def test_stretches_are_read_as_single_records_are(
        self, items: list[tuple[str, int]], hits: set[int], byte: int
    ) -> None:
        """Whatever stands together, and wherever a bit flipped, each whole record is read.

        Seen to fail when the check of a slot in a stretch was left out.
        """
        made = journal(items)
        body = bytearray()
        for i, (data, _) in enumerate(made):
            body += bytes([*data[:byte], data[byte] ^ 8, *data[byte + 1 :]]) if i in hits else data
        found = [
            (r.kind, r.number, r.step, r.payload if r.kind >= slots.ROW else r.value)
            for r in scan(bytes(body))[0]
        ]

        assert [says for i, (_, says) in enumerate(made) if i not in hits] == found

    def test_points_and_rows_come_together(self) -> None:
        """Long stretches of points and of rows are not read one by one."""
        made = journal([("float", 5000), ("row", 5000)])
        data = slots.pack_header(HEADER) + b"".join(data for data, _ in made)
        found = list(batches(data, SALT, {7: 3}, Damage()))

        assert {Points, Rows} <= set(map(type, found))
        assert len(found) < 40

    def test_a_part_is_read_alone(self) -> None:
        """Reading can begin at any slot and stop before any slot."""
        made = journal([("float", 100)])
        data = slots.pack_header(HEADER) + b"".join(data for data, _ in made)
        found = [b for b in batches(data, SALT, {}, Damage(), 10, 90) if isinstance(b, Points)]

        assert list(range(10, 90)) == [step for points in found for step in points.steps]

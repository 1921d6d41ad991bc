"""Tests of ``vcs_track.formats.event_record``."""

from __future__ import annotations

import io
import struct
import tracemalloc

import pytest
from hypothesis import given, strategies as st

from vcs_track.formats.crc32c import masked_crc32c
from vcs_track.formats.event_record import EventRecords, pack_record

__all__: list[str] = []

CONTENTS = [b"one", b"", b"three" * 2000]


def records_of(data: bytes, start: int = 0, largest: int = 1 << 20) -> EventRecords:
    """Return the records of *data*."""
    file = io.BytesIO(data)
    file.seek(start)
    return EventRecords(file.read, start, largest)


def packed(contents: list[bytes]) -> bytes:
    """Return the records of *contents*."""
    return b"".join(map(pack_record, contents))


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_round_trip(contents: list[bytes]) -> None:
    """What is written is read, to the end."""
    data = packed(contents)
    records = records_of(data)

    assert contents == list(records)
    assert (len(data), False, False) == (records.end, records.cut, records.lost)


@pytest.mark.parametrize("cut", range(1, 18))
def test_a_cut_tail_keeps_all_whole_records(cut: int) -> None:
    """Wherever the last record is cut, those before it are read, and where to go on is known."""
    data = packed([b"one", b"two", b"abc"])
    records = records_of(data[:-cut])

    assert [b"one", b"two"] == list(records)
    assert (len(packed([b"one", b"two"])), True) == (records.end, records.cut)


def test_a_reader_goes_on_where_it_ended() -> None:
    """What came to a file since is read from the end of what was there."""
    before, after = packed(CONTENTS), packed([*CONTENTS, b"more"])
    first = records_of(before + after[len(before) :][:5])
    list(first)
    second = records_of(after, first.end)

    assert [b"more"] == list(second)
    assert len(after) == second.end


def test_a_damaged_content_is_left_out() -> None:
    """A flipped bit in a content costs this record alone, and is said."""
    data = bytearray(packed([b"one", b"two", b"six"]))
    data[len(packed([b"one"])) + 13] ^= 1
    records = records_of(bytes(data))

    assert [b"one", b"six"] == list(records)
    assert (1, False, len(data)) == (records.damaged, records.cut, records.end)


def test_a_damaged_last_record_may_be_being_written() -> None:
    """A damaged record at the end of a file is looked at again later.

    Seen to fail with the end moved before the checksum was looked at.
    """
    data = bytearray(packed([b"one", b"two"]))
    data[-1] ^= 1
    records = records_of(bytes(data))

    assert [b"one"] == list(records)
    assert (0, True, len(packed([b"one"]))) == (records.damaged, records.cut, records.end)


def test_behind_a_damaged_length_nothing_is_read() -> None:
    """A damaged length is said, and what stands before it is read."""
    data = bytearray(packed([b"one", b"two", b"six"]))
    data[len(packed([b"one"]))] ^= 1
    records = records_of(bytes(data))

    assert [b"one"] == list(records)
    assert (True, len(packed([b"one"]))) == (records.lost, records.end)


def test_a_long_record_is_passed_over() -> None:
    """A record that is longer than allowed is neither held nor the end."""
    data = packed([b"one", bytes(8 << 20), b"six"])
    records = records_of(data)
    tracemalloc.start()
    try:
        found = list(records)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [b"one", b"six"] == found
    assert (1, len(data)) == (records.large, records.end)
    assert peak < 4 << 20


def test_a_length_that_lies_is_a_cut_tail() -> None:
    """A record that claims 2^63 bytes costs nothing but its own end."""
    length = struct.pack("<Q", 1 << 63)
    data = packed([b"one"]) + length + struct.pack("<I", masked_crc32c(length)) + bytes(5000)
    records = records_of(data)

    assert [b"one"] == list(records)
    assert (True, 0) == (records.cut, records.large)

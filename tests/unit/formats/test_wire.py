"""Tests of ``vcs_track.formats.wire``."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptError
from vcs_track.formats import wire

__all__: list[str] = []


@given(st.integers(-(2**63), 2**63 - 1))
def test_varints(value: int) -> None:
    """Each integer of 64 bits comes back, negative ones too."""
    ((key, found),) = wire.fields(wire.varint_to(300, value))

    assert (300 << 3, value) == (key, wire.signed(found))


@given(st.floats(width=32))
def test_floats(value: float) -> None:
    """Each float of 32 bits comes back, NaN and the infinities too."""
    ((_, found),) = wire.fields(wire.float_to(1, value))

    assert struct.pack("<d", value) == struct.pack("<d", wire.float_of(found))


@pytest.mark.parametrize("value", [3.4028235677973366e38, 1e300, math.inf])
def test_floats_beyond_the_range(value: float) -> None:
    """What has no place in 32 bits is infinite, as the conversion of C has it."""
    found = [wire.float_of(wire.fields(wire.float_to(1, sign * value))[0][1]) for sign in (1, -1)]

    assert [math.inf, -math.inf] == found


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_doubles(values: list[float]) -> None:
    """Packed doubles come back."""
    ((key, found),) = wire.fields(wire.double_to(6, values))

    assert (6 << 3 | wire.BYTES, tuple(values)) == (key, wire.packed(found, "d"))


def test_groups_are_passed_over() -> None:
    """What lies in groups, in groups too, is left out, and what follows is read."""
    data = b"\x0b" + b"\x13" + wire.varint_to(1, 5) + b"\x14" + b"\x0c" + wire.varint_to(2, 6)

    assert [(2 << 3, 6)] == wire.fields(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x0b",  # a group without an end
        b"\x0c",  # an end without a group
        b"\x0e\x01",  # a wire type that is none
        b"\x08",  # a number without its bytes
        b"\x08" + b"\xff" * 11,  # one that is too long
        b"\x0a\x05abc",  # fewer bytes than said
        b"\x09abc",
        b"\x0a" + b"\xff" * 9 + b"\x01",
    ],
)
def test_damaged_messages_are_refused(data: bytes) -> None:
    """A message that ends within a field, or has a field of no kind, is an error of ours."""
    with pytest.raises(CorruptError, match="message"):
        wire.fields(data)


def test_many_fields_are_refused() -> None:
    """A message of millions of fields fills no memory."""
    with pytest.raises(CorruptError, match="million"):
        wire.fields(b"\x08\x01" * 1_100_000)


def test_numbers_that_do_not_fill_a_field() -> None:
    """Packed numbers with a piece of one are refused."""
    with pytest.raises(CorruptError):
        wire.packed(bytes(9), "d")

"""Bent files, by hypothesis: readers return or raise our errors, whatever they are given."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from fuzz.targets import TARGETS, seeds
from hypothesis import HealthCheck, given, settings, strategies as st

from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMORY = 256 << 20  # bytes, for a file of some thousands
_SECONDS = 20.0


def _numbers(data: st.DataObject, length: int) -> int:
    return data.draw(st.integers(0, max(0, length - 1)))


def flip(data: st.DataObject, content: bytearray, other: bytes) -> None:
    """Change some bits of one byte."""
    if content:
        content[_numbers(data, len(content))] ^= data.draw(st.integers(1, 255))


def cut(data: st.DataObject, content: bytearray, other: bytes) -> None:
    """Leave out a stretch."""
    at = _numbers(data, len(content))
    del content[at : at + data.draw(st.integers(1, max(1, len(content))))]


def double(data: st.DataObject, content: bytearray, other: bytes) -> None:
    """Repeat a stretch."""
    at = _numbers(data, len(content))
    piece = bytes(content[at : at + data.draw(st.integers(1, 200))])
    content[at:at] = piece * data.draw(st.integers(1, 20))


def splice(data: st.DataObject, content: bytearray, other: bytes) -> None:
    """Put a stretch of another file in the place of one."""
    at, start = _numbers(data, len(content)), _numbers(data, len(other))
    length = data.draw(st.integers(1, 400))
    content[at : at + length] = other[start : start + length]


def swap(data: st.DataObject, content: bytearray, other: bytes) -> None:
    """Let two fields change places."""
    size = data.draw(st.sampled_from([2, 4, 8, 32]))
    one, two = _numbers(data, len(content)), _numbers(data, len(content))
    if abs(one - two) >= size and max(one, two) + size <= len(content):
        first, second = bytes(content[one : one + size]), bytes(content[two : two + size])
        content[one : one + size], content[two : two + size] = second, first


def lie(data: st.DataObject, content: bytearray, other: bytes) -> None:
    """Put a number of consequence somewhere."""
    size = data.draw(st.sampled_from([2, 4, 8]))
    number = data.draw(
        st.sampled_from([0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 31, (1 << 64) - 1, 1 << 40])
    )
    at = _numbers(data, len(content))
    content[at : at + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def words(data: st.DataObject, content: bytearray, other: bytes) -> None:
    """Put a word that means something somewhere."""
    word = data.draw(
        st.sampled_from(
            [b'"$"', b"NaN", b"1e999", b"-0", b"[" * 70, b'{"$":"set","v":', b"null", b"\xed\xa0\x80",
             b"\\ud800", b"../", b"\0", b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04", b'"o":5',
             b"18446744073709551616", b'{"@":"run/1"', b"vt1 n=999999999"]
        )
    )  # fmt: skip
    at = _numbers(data, len(content))
    content[at : at + data.draw(st.sampled_from([0, len(word)]))] = word


_BENDS: list[Callable[[st.DataObject, bytearray, bytes], None]] = [
    flip, cut, double, splice, swap, lie, words,
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_sound_files_are_read(target: str) -> None:
    """What is bent below is sound: the targets have something to find."""
    for content in seeds(target):
        TARGETS[target](content)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_bent_files_are_refused_or_read(target: str, data: st.DataObject) -> None:
    """Flipped, cut, spliced, swapped and lied to, a file costs bounded time and memory.

    Nothing but our errors comes out.
    """
    files = seeds(target)
    content = bytearray(data.draw(st.sampled_from(files)))
    other = data.draw(st.sampled_from(files))
    for bend in data.draw(st.lists(st.sampled_from(_BENDS), min_size=1, max_size=4)):
        bend(data, content, other)
    tracemalloc.start()
    began = time.perf_counter()
    try:
        with suppress(VcsTrackError):
            TARGETS[target](bytes(content))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < _MEMORY
    assert time.perf_counter() - began < _SECONDS


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=40)
@given(content=st.binary(max_size=300))
def test_noise_is_refused(target: str, content: bytes) -> None:
    """Bytes without any sense are refused by our errors as well."""
    with suppress(VcsTrackError):
        TARGETS[target](content)

    assert content is not None

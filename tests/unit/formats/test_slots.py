"""Tests of ``vcs_track.formats.slots``."""

from __future__ import annotations

import pytest

from vcs_track.errors import CorruptError
from vcs_track.formats import slots
from vcs_track.formats.slots import HEADER_SIZE, Header

HEADER = Header(1_700_000_000_000_000, "run1", "w" * 16, "b" * 36, 42, 7, 9, 0x1234ABCD, "host")


class TestHeader:
    def test_round_trip(self) -> None:
        """A header comes back as it was."""
        assert HEADER == slots.parse_header(slots.pack_header(HEADER))

    def test_a_flipped_bit_is_refused(self) -> None:
        """Every byte of the header is covered."""
        for at in range(0, HEADER_SIZE // 2, 61):
            page = bytearray(slots.pack_header(HEADER))
            page[at] ^= 1
            with pytest.raises(CorruptError):
                slots.parse_header(page)

    def test_last_words_stand_in_the_second_half(self) -> None:
        """What a writer left in the first page comes back, and the header is untouched."""
        page = bytearray(slots.pack_header(HEADER))
        at, data = slots.pack_last_words(b'{"lost":3}')
        page[at : at + len(data)] = data

        assert (HEADER, b'{"lost":3}') == (slots.parse_header(page), slots.parse_last_words(page))

    def test_torn_last_words_are_none(self) -> None:
        """Last words that were written half are not taken for words."""
        page = bytearray(slots.pack_header(HEADER))
        at, data = slots.pack_last_words(b'{"lost":3}')
        page[at : at + len(data) - 1] = data[:-1]

        assert slots.parse_last_words(page) == b""

    def test_a_short_file_is_refused(self) -> None:
        """A journal whose writer died before the header is named as such."""
        with pytest.raises(CorruptError, match="header"):
            slots.parse_header(b"VTJ1")

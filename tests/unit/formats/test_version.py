"""Tests of ``vcs_track.formats.version``."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import InvalidValueError
from vcs_track.formats.oid import FORMATS, object_format
from vcs_track.formats.version import encode_format, parse_format


class TestEncodeFormat:
    def test_golden_bytes(self) -> None:
        """A new repository says this, byte for byte."""
        assert b"vcs-track 1\nobject_format sha256\n" == encode_format(object_format("sha256"))
        assert b"vcs-track 1\nobject_format xxh128\n" == encode_format(object_format("xxh128"))


class TestParseFormat:
    @pytest.mark.parametrize("name", FORMATS)
    def test_round_trip(self, name: str) -> None:
        """The object format that was written is read."""
        assert parse_format(encode_format(object_format(name))) is object_format(name)

    def test_line_ends_of_windows_are_read(self) -> None:
        """A checkout that turned line ends is the same repository."""
        assert "sha256" == parse_format(b"vcs-track 1\r\nobject_format sha256\r\n").name

    @pytest.mark.parametrize("version", ["2", "0", "10", "1.1", "1 ", ""])
    def test_another_version_is_refused(self, version: str) -> None:
        """A version that is not known is named, with a hint to update."""
        data = f"vcs-track {version}\nobject_format sha256\n".encode()

        with pytest.raises(InvalidValueError, match=f"format version '{version}'") as caught:
            parse_format(data)
        assert "newer" in caught.value.hint

    @pytest.mark.parametrize(
        "line", ["compression zstd", "object_format xxh128", "", "# note", "object_formats sha256"]
    )
    def test_an_unknown_line_is_refused(self, line: str) -> None:
        """A line that is not known, or there twice, may change the meaning of all: refused."""
        data = f"vcs-track 1\nobject_format sha256\n{line}\n".encode()

        with pytest.raises(InvalidValueError, match=f"unknown line '{line}'"):
            parse_format(data)

    @pytest.mark.parametrize("name", ["blake3", "SHA256", "", "sha256 "])
    def test_an_unknown_object_format_is_refused(self, name: str) -> None:
        """An object format that is not known is named, with those that are."""
        with pytest.raises(InvalidValueError, match=f"object format '{name}'") as caught:
            parse_format(f"vcs-track 1\nobject_format {name}\n".encode())
        assert "sha256, xxh128" in caught.value.hint

    @pytest.mark.parametrize(
        "data", [b"", b"\n", b"\xff\xfe", b"vcs-track", b"git 1\n", b"\nvcs-track 1\n"]
    )
    def test_another_file_is_refused(self, data: bytes) -> None:
        """What does not begin with the program's name is no FORMAT file."""
        with pytest.raises(InvalidValueError, match="not a vcs-track FORMAT file"):
            parse_format(data)

    def test_a_file_without_object_format_is_refused(self) -> None:
        """The object format is never guessed."""
        with pytest.raises(InvalidValueError, match="object format ''"):
            parse_format(b"vcs-track 1\n")

    @given(st.integers(0, 32), st.integers(0, 7))
    def test_no_flipped_bit_names_another_format(self, at: int, bit: int) -> None:
        """Damage is refused, or changes nothing but a line end."""
        data = bytearray(encode_format(object_format("sha256")))
        data[at] ^= 1 << bit
        try:
            found = parse_format(bytes(data)).name
        except InvalidValueError:
            return

        assert "sha256" == found

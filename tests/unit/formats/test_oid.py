"""Tests of ``vcs_track.formats.oid``."""

from __future__ import annotations

import hashlib

import pytest
import xxhash
from hypothesis import given, strategies as st

from vcs_track.errors import InvalidValueError
from vcs_track.formats import oid
from vcs_track.formats.oid import FORMATS, object_format

SHA, XXH = object_format("sha256"), object_format("xxh128")


def colliding(size: int) -> tuple[bytes, bytes]:
    """Return two contents of *size* bytes that XXH3 cannot tell apart.

    A lane whose low half equals that of the public secret contributes nothing but its sum.
    """
    secrets = (0xBE4BA423396CFEB8, 0x1CAD21F72C81017C)
    pair = []
    for highs in ((5, 9), (6, 8)):
        data = bytearray(size)
        for at, secret, high in zip((0, 64), secrets, highs, strict=True):
            lane = (secret & 0xFFFFFFFF) | high << 32
            data[at : at + 8] = lane.to_bytes(8, "little")
        pair.append(bytes(data))
    return pair[0], pair[1]


class TestObjectFormat:
    @given(st.binary(max_size=2000))
    def test_an_id_is_the_hash_of_the_bytes(self, data: bytes) -> None:
        """Nothing but the bytes is hashed, so stock tools print the same digits."""
        assert hashlib.sha256(data).hexdigest() == SHA.hash(data)
        assert "x1-" + xxhash.xxh3_128_hexdigest(data) == XXH.hash(data)

    @pytest.mark.parametrize(
        ("name", "data", "expected"),
        [
            ("sha256", b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("sha256", b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("xxh128", b"", "x1-99aa06d3014798d86001c324468d497f"),
            ("xxh128", b"abc", "x1-06b05ab6733a618578af5f94892f3950"),
        ],
    )
    def test_golden_ids(self, name: str, data: bytes, expected: str) -> None:
        """These bytes have these ids for ever."""
        assert expected == object_format(name).hash(data)

    @pytest.mark.parametrize("name", FORMATS)
    @given(st.lists(st.binary(max_size=300), max_size=6))
    def test_bytes_in_parts_have_the_id_of_the_whole(self, name: str, parts: list[bytes]) -> None:
        """A large file is hashed block by block, with the same result."""
        fmt = object_format(name)
        hasher = fmt.hasher()
        for part in parts:
            hasher.update(part)

        assert fmt.hash(b"".join(parts)) == fmt.finish(hasher)

    @pytest.mark.parametrize("name", FORMATS)
    def test_any_buffer_is_hashed(self, name: str) -> None:
        """A view has the id of the bytes that it shows."""
        fmt = object_format(name)

        assert fmt.hash(b"bcd") == fmt.hash(memoryview(b"abcde")[1:4])

    @pytest.mark.parametrize("name", FORMATS)
    def test_its_own_ids_are_ids(self, name: str) -> None:
        """An id has the length that the format says, and is recognized."""
        fmt = object_format(name)
        found = fmt.hash(b"x")

        assert (fmt.id_length, True) == (len(found), fmt.is_id(found))

    @pytest.mark.parametrize("name", FORMATS)
    def test_other_texts_are_no_ids(self, name: str) -> None:
        """Prefixes, capitals, other formats' ids, and anything longer are refused."""
        fmt, other = (SHA, XXH) if name == "sha256" else (XXH, SHA)
        good = fmt.hash(b"x")
        bad = [
            "",
            good[:-1],
            good + "0",
            good + "\n",
            good.upper(),
            "g" + good[1:],
            other.hash(b""),
        ]

        assert [] == [text for text in bad if fmt.is_id(text)]

    def test_colliding_contents_can_be_made(self) -> None:
        """Why xxh128 is for trusted writers only, and bytes are compared where it is used."""
        one, two = colliding(300)

        assert one != two
        assert XXH.hash(one) == XXH.hash(two)
        assert (True, False) == (SHA.collision_resistant, XXH.collision_resistant)

    def test_an_unknown_format_is_named(self) -> None:
        """A format that does not exist is refused, with those that do."""
        with pytest.raises(InvalidValueError, match="'md5'") as caught:
            object_format("md5")

        assert "sha256, xxh128" in caught.value.hint


class TestOtherHashes:
    def test_names_of_pack_files(self) -> None:
        """A pack file is named with the first 40 digits of its SHA-256."""
        expected = hashlib.sha256(b"pack").hexdigest()[:40]
        hasher = oid.new_file_name_hash()
        hasher.update(b"pa")
        hasher.update(b"ck")

        assert expected == hasher.hexdigest()[:40]

    def test_the_folder_of_a_run(self) -> None:
        """The heads of a run are in the folder of the first digits of its id's SHA-256."""
        assert hashlib.sha256(b"k3v9").hexdigest()[:2] == oid.shard("k3v9")

    def test_check_words_depend_on_the_seed(self) -> None:
        """The same bytes at another place have another check word."""
        expected = xxhash.xxh3_64(b"slot", seed=4096).intdigest()

        assert expected == oid.check64(b"slot", 4096)
        assert expected != oid.check64(b"slot", 4128)

    def test_pixels_have_a_key(self) -> None:
        """Equal pixels have equal keys, other pixels others."""
        assert oid.pixel_key(b"\0\1") == oid.pixel_key(memoryview(b"\0\1"))
        assert oid.pixel_key(b"\0\1") != oid.pixel_key(b"\1\0")

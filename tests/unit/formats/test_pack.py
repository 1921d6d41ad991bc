"""Tests of ``vcs_track.formats.pack``."""

from __future__ import annotations

import io
import zipfile
import zlib

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptError
from vcs_track.formats import pack
from vcs_track.formats.oid import object_format
from vcs_track.formats.pack import DEFLATED, OBJECTS, STORED, Entry

FMT = object_format("sha256")


def make(contents: list[bytes], *, close: bool = True) -> bytes:
    """Return a pack, or with close=False a spool, of *contents*."""
    out, entries = bytearray(), []
    for data in contents:
        method, raw = pack.pack_data(data, compress=True)
        name = OBJECTS + FMT.hash(data)
        entry = Entry(name, method, zlib.crc32(data), len(raw), len(data), len(out))
        entries.append(entry)
        out += pack.local_header(entry) + raw
    return bytes(out + pack.directory(entries, len(out)) if close else out)


def read(data: bytes) -> list[tuple[str, bytes]]:
    """Return names and contents in directory order."""
    found = pack.parse_tail(data)
    at, out = found.start, []
    for _ in range(found.entries):
        entry, at = pack.parse_record(data, at)
        out.append((entry.name, pack.inflate(entry, data[entry.data_offset : entry.end])))
    return out


class TestPackData:
    def test_text_that_shrinks_is_deflated(self) -> None:
        """Repeated text is deflated and comes back by zlib."""
        method, raw = pack.pack_data(b"loss " * 100, compress=True)

        assert method == DEFLATED
        assert b"loss " * 100 == zlib.decompress(raw, wbits=-15)

    def test_bytes_that_do_not_shrink_are_stored(self) -> None:
        """Data that deflate cannot shorten by a tenth is stored as it is."""
        noise = zlib.compress(bytes(range(256)) * 8)

        assert (STORED, noise) == pack.pack_data(noise, compress=True)


class TestRoundTrip:
    @given(st.lists(st.binary(max_size=400), unique=True, max_size=8))
    def test_every_content_comes_back(self, contents: list[bytes]) -> None:
        """A pack gives back what was put in, sorted by id."""
        expected = sorted((OBJECTS + FMT.hash(data), data) for data in contents)

        assert expected == read(make(contents))

    @given(st.lists(st.binary(max_size=100), unique=True, min_size=1, max_size=5))
    def test_zipfile_agrees(self, contents: list[bytes]) -> None:
        """Python's zipfile reads the same names and contents."""
        with zipfile.ZipFile(io.BytesIO(make(contents))) as archive:
            found = {name: archive.read(name) for name in archive.namelist()}

        assert {OBJECTS + FMT.hash(data): data for data in contents} == found

    def test_more_entries_than_a_short_count_holds(self) -> None:
        """65,600 entries get a zip64 end record, which zipfile understands too."""
        data = make([b"%d" % n for n in range(65_600)])

        assert 65_600 == pack.parse_tail(data).objects
        assert 65_600 == len(zipfile.ZipFile(io.BytesIO(data)).namelist())

    def test_equal_contents_give_equal_bytes(self) -> None:
        """Nothing in a pack depends on time or place."""
        assert make([b"a", b"b"]) == make([b"a", b"b"])


class TestDamage:
    @given(st.data())
    def test_a_flipped_bit_never_gives_other_content(self, data: st.DataObject) -> None:
        """Any single flipped bit is refused, or changes neither names nor contents."""
        whole = make([b"alpha " * 30, b"beta", b""])
        at = data.draw(st.integers(0, len(whole) - 1))
        bit = data.draw(st.integers(0, 7))
        damaged = bytearray(whole)
        damaged[at] ^= 1 << bit
        try:
            found = read(bytes(damaged))
        except CorruptError:
            return
        good = [(n, d) for n, d in found if n.startswith(OBJECTS) and OBJECTS + FMT.hash(d) == n]

        assert set(good) <= set(read(whole))

    @pytest.mark.parametrize("cut", [1, 10, 30, 60, 200])
    def test_a_cut_pack_is_refused(self, cut: int) -> None:
        """A pack without its last bytes is not taken for a pack."""
        whole = make([b"alpha " * 30, b"beta"])

        with pytest.raises(CorruptError):
            read(whole[:-cut])

    def test_a_zip_bomb_stops_at_the_declared_size(self) -> None:
        """An entry that inflates to more than it declares is refused."""
        raw = zlib.compress(bytes(10_000_000), 9, wbits=-15)
        entry = Entry("objects/x", DEFLATED, zlib.crc32(b"x"), len(raw), 1, 0)

        with pytest.raises(CorruptError, match="longer"):
            pack.inflate(entry, raw)

    def test_overlapping_entries_are_refused(self) -> None:
        """Two directory records over the same data are refused."""
        data = make([b"alpha"])
        found = pack.parse_tail(data)
        entry, _ = pack.parse_record(data, found.start)
        twin = entry._replace(name=OBJECTS + "f" * 64)

        with pytest.raises(CorruptError, match="overlaps"):
            pack.check_layout(sorted([entry, twin]), found._replace(objects=2, entries=2))


class TestScanSpool:
    def test_a_torn_last_entry_is_dropped(self) -> None:
        """Cutting a spool inside its last entry leaves the entries before it."""
        spool = make([b"one", b"two", b"three"], close=False)

        assert [3, 3] == [entry.size for entry in pack.scan_spool(spool[:-1])]


class TestWide:
    START = 5 << 30

    def wide(self) -> tuple[list[Entry], bytes]:
        """Return entries beyond four gigabytes, and their directory."""
        entries = [
            Entry(f"objects/{digit * 64}", 0, 7, 10, 10, offset)
            for digit, offset in (("a", 0), ("b", 1 << 32), ("c", (5 << 30) - 114))
        ]
        return entries, pack.directory(entries, self.START)

    def test_a_directory_beyond_four_gigabytes_is_read_back(self) -> None:
        """Every record has its offset in 64 bits, and all records one length."""
        entries, data = self.wide()
        found = pack.parse_tail(data, self.START + len(data))
        at, read = 0, []
        for _ in entries:
            entry, at = pack.parse_record(data, at, wide=True)
            read.append(entry)

        assert (self.START, 3, 3, True) == (found.start, found.entries, found.objects, found.wide)
        assert entries == read
        assert found.end - found.start == at == 3 * (46 + 72 + pack.WIDE)

    def test_below_it_nothing_is_wide(self) -> None:
        """There is one form for one content: the last start that 32 bits tell is not wide."""
        entries = [Entry("objects/" + "a" * 64, 0, 7, 10, 10, 0)]
        narrow, wide = (pack.directory(entries, start) for start in (0xFFFFFFFE, 0xFFFFFFFF))

        assert not pack.parse_tail(narrow, 0xFFFFFFFE + len(narrow)).wide
        assert pack.parse_tail(wide, 0xFFFFFFFF + len(wide)).wide
        with pytest.raises(CorruptError):
            pack.parse_record(narrow, 0, wide=True)
        with pytest.raises(CorruptError):
            pack.parse_record(wide, 0)

    def test_any_other_byte_of_the_end_is_damage(self) -> None:
        """The two end records and the locator have to agree in all that counts."""
        _, data = self.wide()
        size = 3 * (46 + 72 + pack.WIDE)
        read = []
        for place in range(size, len(data)):
            bent = bytearray(data)
            bent[place] ^= 0x40
            try:
                found = pack.parse_tail(bytes(bent), self.START + len(bent))
            except CorruptError:
                continue
            if (found.start, found.entries, found.objects) != (self.START, 3, 3):
                read.append(place)

        assert [] == read

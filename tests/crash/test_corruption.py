"""Damage, bit by bit: always reported, never returned as data, mended from a second copy.

A small repository with every kind of object and every codec is damaged in each place, and
then read, checked and repaired. The short runs take a slice of the bits that is the same each
time; the slow ones take them all.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from crash.damage import (
    Lab,
    Work,
    assert_settled,
    damaged_names,
    everything,
    flips,
    make_lab,
    rewrite,
    scratch,
    snapshot,
)  # fmt: skip

from vcs_track.errors import RepositoryFormatError, VcsTrackError
from vcs_track.formats import canonical
from vcs_track.formats.pack import OBJECTS
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import PackWriter, file_digits
from vcs_track.plumbing.packs import PackFolder
from vcs_track.plumbing.salvage import Salvage
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.repair import restore_format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__: list[str] = []


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with scratch() as place:
        yield make_lab(place, "sha256")


@pytest.fixture(scope="module")
def lab128() -> Iterator[Lab]:
    with scratch() as place:
        yield make_lab(place, "xxh128")


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as place:
        yield place


@pytest.fixture
def work(lab: Lab, folder: Path) -> Work:
    return lab.copy(folder)


def test_every_kind_of_object_is_there(lab: Lab) -> None:
    """The sweeps below pass over each kind of object and each codec of the format."""
    kinds = set()
    for oid, data in lab.objects.items():
        body = canonical.loads(data) if data.startswith(b"{") else {}
        kinds.add(body.get("@", "bytes"))
        kinds.add(body.get("codec"))
        if body.get("parents"):
            kinds.add("edited")
        assert oid == lab.format.hash(data)

    documents = {"run/1", "scalars/1", "col/1", "hparams/1", "media/1", "env/1"}
    assert documents | {"bytes", "edited"} < kinds
    assert {"runs", "delta", "int", "rle", "f4", "f8", "mixed"} < kinds
    assert {"p", "b"} == {name[0] for name in lab.packs}


# ---- reading and checking --------------------------------------------------------------


def read_damaged(work: Work, step: int, start: int = 0) -> int:
    """Flip bits and read every object; return how often one was refused."""
    refused = 0
    for name in work.lab.packs:
        for bit in flips(work.packs / name, work.lab.bits(name, step, start)):
            found = work.readable()
            wrong = [oid for oid, data in found.items() if data != work.lab.objects[oid]]
            refused += len(work.lab.objects) - len(found)

            assert [] == wrong, f"bit {bit} of {name}"
    return refused


def check_damaged(work: Work, step: int, start: int = 0) -> None:
    """Flip bits; each must be reported with the name of its pack."""
    for name in work.lab.packs:
        for bit in flips(work.packs / name, work.lab.bits(name, step, start)):
            assert name in str(work.check().problems), f"bit {bit} of {name}"


class TestFlippedBits:
    def test_damage_is_never_returned(self, work: Work) -> None:
        """Whatever bit of a pack flips, an object is read as it was or not at all.

        Seen to fail when neither checksum nor hash were compared.
        """
        assert read_damaged(work, 11) > 1000

    def test_another_object_is_never_returned(self, work: Work) -> None:
        """An entry that holds another's bytes, with checksums that fit, is refused.

        Seen to fail when ``PackFile.read`` did not compare the hash with the id, when ``fsck``
        did not, and when a salvaged entry was not compared with its id.
        """
        oids = sorted(work.lab.objects)
        for path in work.packs.iterdir():
            path.unlink()
        writer = PackWriter(work.packs, work.lab.format)
        for oid, other in zip(oids, oids[1:] + oids[:1], strict=True):
            writer.add_entry(OBJECTS + oid, work.lab.objects[other])
        writer.finish()
        path = work.packs / f"p-{file_digits(writer.path)}.zip"
        writer.path.rename(path)
        words = str(work.check().problems)

        assert {} == work.readable()
        assert [] == [oid for oid in oids if oid not in words]
        assert {} == Salvage(path, work.lab.format).sound
        assert work.check([work.lab.bundle]).ok
        work.assert_whole()

    def test_damage_is_never_returned_with_forgeable_ids(self, lab128: Lab, folder: Path) -> None:
        """The same holds for the object format xxh128."""
        assert read_damaged(lab128.copy(folder), 41) > 100

    @pytest.mark.slow
    @pytest.mark.parametrize("shift", range(8))
    def test_damage_is_never_returned_for_all_bits(self, work: Work, shift: int) -> None:
        """The same for every bit of every pack, one bit of each byte at a time."""
        read_damaged(work, 8, shift)

    def test_damage_is_reported(self, work: Work) -> None:
        """Whatever bit of a pack flips, ``fsck`` names the pack: its name is a hash of it all.

        Seen to fail when ``fsck`` did not compare a pack with its name.
        """
        check_damaged(work, 61)

    @pytest.mark.slow
    @pytest.mark.parametrize("shift", range(8))
    def test_damage_is_reported_for_all_bits(self, work: Work, shift: int) -> None:
        """The same for every bit of every pack."""
        check_damaged(work, 8, shift)

    def test_a_run_is_read_as_it_was_or_not_at_all(self, work: Work) -> None:
        """What a user sees of a run is never another value, whatever bit flips."""
        for name in work.lab.packs:
            for bit in flips(work.packs / name, work.lab.bits(name, 241)):
                try:
                    seen = everything(work.folder)
                except VcsTrackError:
                    continue

                assert seen in (work.lab.runs, "[]"), f"bit {bit} of {name}"

    def test_the_error_has_the_id(self, work: Work) -> None:
        """An object that is refused is named by its id in the error."""
        for name in work.lab.packs:
            for bit in flips(work.packs / name, work.lab.bits(name, 61)):
                packs = PackFolder(work.packs, work.lab.format)
                packs.refresh()
                words = {}
                for oid in work.lab.objects:
                    try:
                        packs.read(oid)
                    except VcsTrackError as error:
                        words[oid] = str(error)
                nameless = [text for oid, text in words.items() if oid[:12] not in text]

                assert [] == nameless, f"bit {bit} of {name}"

    def test_a_second_copy_is_read_and_the_damage_still_reported(self, work: Work) -> None:
        """With a copy in another pack every object is read, and ``fsck`` names the damage.

        Seen to fail when ``PackFolder.read`` did not try the other packs.
        """
        writer = PackWriter(work.packs, work.lab.format)
        for oid in sorted(work.lab.objects, reverse=True):
            writer.add(work.lab.objects[oid])
        writer.install(work.packs, "p")
        for path in sorted(work.packs.iterdir()):
            for bit in flips(path, range(0, 8 * path.stat().st_size, 397)):
                assert work.lab.objects == work.readable(), f"bit {bit} of {path.name}"
                assert path.name in str(work.check().problems)
        work.assert_whole()


# ---- repairing packs -------------------------------------------------------------------


def repair_damaged(work: Work, step: int, start: int = 0) -> None:
    """Flip bits and repair, from a copy, from a bundle and from nothing in turn."""
    lab = work.lab
    sources: list[list[Path]] = [[lab.folder], [lab.bundle], []]
    cases = [(name, bit) for name in lab.packs for bit in lab.bits(name, step, start)]
    for turn, (name, bit) in enumerate(cases):
        work = lab.copy(work.folder)
        data = bytearray(lab.packs[name])
        data[bit // 8] ^= 1 << bit % 8
        work.write(name, bytes(data))
        before = work.readable()
        source = sources[turn % 3]
        report = work.check(source)
        found = work.readable()
        where = f"bit {bit} of {name}"

        assert before.items() <= found.items(), where
        if source:
            assert report.ok, where
            assert lab.objects == found, where
            # A deflated entry ends with some bits that nobody reads: it is whole with these
            # flipped, and stays so, in a pack of another name.
            same = lab.packs.keys() == {path.name for path in work.packs.iterdir()}
            assert same or before == lab.objects, where
        else:  # one bit is in one object, or in none
            assert len(lab.objects) - len(found) <= 1, where
            assert report.ok == (lab.objects == found), where
        assert_settled(work, source)


class TestRepair:
    def test_one_flipped_bit(self, work: Work) -> None:
        """From a copy or a bundle all is restored, in packs of the old names; alone no object
        more than the damaged one goes, and a second repair changes nothing.

        Seen to fail when a salvaged entry was not compared with its id, and when the directory
        of a damaged pack was not looked at.
        """
        repair_damaged(work, 701)

    def test_one_flipped_bit_with_forgeable_ids(self, lab128: Lab, folder: Path) -> None:
        """The same for the object format xxh128."""
        repair_damaged(lab128.copy(folder), 2501)

    @pytest.mark.slow
    @pytest.mark.parametrize("start", range(16))
    def test_more_flipped_bits(self, work: Work, start: int) -> None:
        """The same for many more bits of each pack."""
        repair_damaged(work, 277, start * 17)

    @pytest.mark.parametrize("source", ["folder", "bundle"])
    @pytest.mark.parametrize("damage", ["missing", "empty", "cut"])
    def test_all_packs_at_once(self, work: Work, source: str, damage: str) -> None:
        """Heads alone are enough to bring their runs back, images and files too."""
        for name, data in work.lab.packs.items():
            path = work.write(name, data[: len(data) // 2] if damage == "cut" else b"")
            if damage == "missing":
                path.unlink()
        report = work.check([getattr(work.lab, source)])

        assert report.ok
        work.assert_whole()
        assert_settled(work, [getattr(work.lab, source)])

    def test_each_object_deleted_from_all_packs(self, work: Work) -> None:
        """An object that is in no pack any more is restored, whichever it is.

        Seen to fail when what documents name was not followed.
        """
        for oid in work.lab.objects:
            work = work.lab.copy(work.folder)
            for path in list(work.packs.iterdir()):
                file = PackFile(path, work.lab.format)
                if oid in file:
                    rewrite(file, [other for other in file if other != oid])
            assert oid not in work.readable()
            report = work.check([work.lab.bundle])

            assert report.ok
            assert report.repairs is not None
            assert {oid: str(work.lab.bundle)} == report.repairs.restored
            assert work.lab.objects == work.readable()

    def test_two_damaged_sources_make_a_whole(self, work: Work, folder: Path) -> None:
        """What one source lacks comes from another; damage in them does no harm."""
        data = work.lab.bundle.read_bytes()
        torn = folder / "torn.zip"
        torn.write_bytes(bytes(len(data) // 2) + data[len(data) // 2 :])
        left = Salvage(torn, work.lab.format).sound
        other = work.lab.copy(folder / "other")
        for name in work.lab.packs:
            file = PackFile(other.packs / name, work.lab.format)
            rewrite(file, [oid for oid in file if oid not in left])
            work.write(name, bytes(100))
        before = snapshot(other.folder)
        report = work.check([other.folder, torn])

        assert 0 < len(left) < len(work.lab.objects)
        assert report.ok
        assert before == snapshot(other.folder)
        work.assert_whole()


class TestSalvage:
    def test_truncation_at_every_byte(self, work: Work) -> None:
        """However short a pack is cut, every entry before the cut is found.

        Seen to fail when a scan began at the second entry.
        """
        for name, data in work.lab.packs.items():
            ends = {
                oid: entry.end
                for oid, entry in Salvage(work.packs / name, work.lab.format).sound.items()
            }
            path = work.write(name, data)
            for length in range(len(data) - 1, -1, -1):
                os.truncate(path, length)
                found = Salvage(path, work.lab.format)

                assert {oid for oid, end in ends.items() if end <= length} == set(found.sound)

    def test_a_truncated_pack_is_repaired(self, work: Work) -> None:
        """What is before the cut can be read after a repair without a source."""
        (name,) = (name for name, data in work.lab.packs.items() if len(data) > 4000)
        file = PackFile(work.packs / name, work.lab.format)
        ends = {oid: file.entry(oid).end for oid in file}
        for length in range(0, len(work.lab.packs[name]), 397):
            work = work.lab.copy(work.folder)
            work.write(name, work.lab.packs[name][:length])
            work.check([])

            assert {oid for oid, end in ends.items() if end <= length} <= work.readable().keys()

    def test_the_directory_zeroed(self, work: Work) -> None:
        """Without any directory all packs are whole again after a repair, without a source."""
        for name, data in work.lab.packs.items():
            start = PackFile(work.packs / name, work.lab.format).directory.start
            work.write(name, data[:start] + bytes(len(data) - start))
        report = work.check([])

        assert report.ok
        assert work.lab.packs.keys() == {path.name for path in work.packs.iterdir()}
        work.assert_whole()

    @pytest.mark.parametrize("cut", [1, 8, 22, 30, 31, 60])
    def test_the_end_record_missing(self, work: Work, cut: int) -> None:
        """A pack that lost its end is whole again after a repair."""
        for name, data in work.lab.packs.items():
            work.write(name, data[:-cut])
        report = work.check([])

        assert report.ok
        work.assert_whole()

    @pytest.mark.parametrize(
        "wrong", ["{letter}-{backwards}.zip", "{name}.bak", ".{name}", "{digits}"]
    )
    def test_packs_under_wrong_names(self, work: Work, wrong: str) -> None:
        """A pack under another name is reported, and gets its name back."""
        for name in work.lab.packs:
            digits = name[2:-4]
            new = wrong.format(name=name, letter=name[0], digits=digits, backwards=digits[::-1])
            (work.packs / name).rename(work.packs / new)
        before = work.check()
        report = work.check([])

        assert not before.ok
        assert report.ok
        assert work.lab.packs.keys() == {path.name for path in work.packs.iterdir()}
        work.assert_whole()

    def test_a_damaged_header_without_a_directory(self, work: Work) -> None:
        """Where the directory is gone, a damaged header costs its own entry alone.

        Seen to fail when a scan stopped at the first damaged header, and when the length in it
        was always believed.
        """
        for name, data in work.lab.packs.items():
            entries = Salvage(work.packs / name, work.lab.format).sound
            end = max(entry.end for entry in entries.values())
            for oid, entry in entries.items():
                for at in range(entry.offset, entry.data_offset, 3):
                    damaged = bytearray(data[:end])
                    damaged[at] ^= 1 << at % 8
                    found = Salvage(work.write(name, bytes(damaged)), work.lab.format)

                    assert entries.keys() - {oid} <= found.sound.keys(), f"byte {at} of {name}"

    def test_a_zeroed_page_anywhere(self, work: Work) -> None:
        """Zeros over 64 bytes cost the objects that they lie in, and no other."""
        (name,) = (name for name, data in work.lab.packs.items() if len(data) > 4000)
        data = work.lab.packs[name]
        file = PackFile(work.packs / name, work.lab.format)
        entries = {oid: file.entry(oid) for oid in file}
        for at in range(0, len(data), 64):
            path = work.write(name, data[:at] + bytes(64) + data[at + 64 :])
            hit = {o for o, e in entries.items() if e.data_offset < at + 64 and at < e.end}
            found = set(Salvage(path, work.lab.format).sound)
            work.write(name, data)

            assert entries.keys() - hit <= found


# ---- heads -----------------------------------------------------------------------------


class TestHeads:
    def test_one_flipped_bit_of_a_name(self, work: Work) -> None:
        """A head with a damaged name is reported, gives no other run, and is put right.

        Seen to fail when only names that parse were looked at, and when a damaged id was not
        compared with those that are near.
        """
        self.damage_names(work, 5)

    @pytest.mark.slow
    def test_every_flipped_bit_of_a_name(self, work: Work) -> None:
        """The same for every bit."""
        self.damage_names(work, 1)

    def damage_names(self, work: Work, step: int) -> None:
        (head,) = work.heads.rglob("*.*")
        for name in damaged_names(head.name, step):
            head.rename(head.with_name(name))
            before, seen = work.check(), everything(work.folder)
            report = work.check([])

            assert not before.ok, ascii(name)
            assert seen in (work.lab.runs, "[]"), ascii(name)
            assert report.ok, ascii(name)
            assert [head] == list(work.heads.rglob("*.*")), ascii(name)
        work.assert_whole()
        assert_settled(work, [])

    def test_each_flipped_bit_of_its_folder(self, work: Work) -> None:
        """A head in a folder with a damaged name is reported and put right."""
        (head,) = work.heads.rglob("*.*")
        for name in damaged_names(head.parent.name, 1):
            head.parent.rename(work.heads / name)
            before, report = work.check(), work.check([])

            assert not before.ok, ascii(name)
            assert report.ok, ascii(name)
            assert head.exists()
        work.assert_whole()


# ---- FORMAT ----------------------------------------------------------------------------


class TestFormat:
    @pytest.mark.parametrize("place", ["FORMAT", "local/FORMAT"])
    @pytest.mark.parametrize("object_format", ["sha256", "xxh128"])
    def test_a_flipped_bit(
        self, place: str, object_format: str, lab: Lab, lab128: Lab, folder: Path
    ) -> None:
        """A damaged ``FORMAT`` is refused or reported, never misread; it is mended from its
        copy unless a newer program may have written it.

        Seen to fail when only a missing one was written again.
        """
        work = {"sha256": lab, "xxh128": lab128}[object_format].copy(folder)
        path = work.folder / ".runs" / place
        whole = path.read_bytes()
        left = 0
        for bit in range(0, 8 * len(whole), 3):
            data = bytearray(whole)
            data[bit // 8] ^= 1 << bit % 8
            path.write_bytes(data)
            where = f"bit {bit} of {place}"
            try:
                assert Store.open(work.folder).format is work.lab.format, where
                assert not work.check().ok, where
                restore_format(work.folder)
                mended = work.check([]).ok
            except RepositoryFormatError:
                mended = self.is_mended(work)
            left += not mended

            assert mended == (whole == path.read_bytes()), where
            path.write_bytes(whole)
        # A digit of the version that became another digit, or the line behind it.
        assert 0 < left <= 8
        work.assert_whole()

    def is_mended(self, work: Work) -> bool:
        try:
            restore_format(work.folder)
        except RepositoryFormatError:
            return False
        return work.check([]).ok

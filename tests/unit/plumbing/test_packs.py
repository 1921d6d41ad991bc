"""Tests of ``vcs_track.plumbing.packs``: what is not in the contract of containers."""

from __future__ import annotations

import hashlib
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vcs_track.errors import CorruptError, CorruptObjectError, ObjectNotFoundError
from vcs_track.formats import pack
from vcs_track.formats.oid import ObjectFormat, ObjectId, object_format
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.plumbing.pack_file import PackFile, _maps
from vcs_track.plumbing.pack_writer import PackWriter, check_name, file_digits, install
from vcs_track.plumbing.packs import PackFolder, is_pack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SHA, XXH = object_format("sha256"), object_format("xxh128")
NOBODY = ObjectId("f" * 64)
LARGE = 4200  # more objects than a directory may have to be read whole


class SameHash:
    """A hash that gives the same digits for everything: collisions without arithmetic."""

    def update(self, data: bytes, /) -> None:
        """Take *data* and forget it."""

    def hexdigest(self) -> str:
        """Return the only digits."""
        return "0" * 32


COLLIDING = ObjectFormat("xxh128", "x1-", 32, collision_resistant=False, _new=SameHash)


def write(folder: Path, *contents: bytes, fmt: ObjectFormat = SHA, prefix: str = "p") -> Path:
    """Write a pack of *contents* into *folder*."""
    folder.mkdir(exist_ok=True)
    writer = PackWriter(folder, fmt)
    for data in contents:
        writer.add(data)
    return writer.install(folder, prefix)


def flip(path: Path, at: int) -> None:
    """Flip a bit of a byte of a file that is read-only."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.chmod(0o644)
    path.write_bytes(data)


def flip_data(path: Path, oid: ObjectId, fmt: ObjectFormat = SHA) -> None:
    """Damage the bytes of one object of a pack."""
    flip(path, PackFile(path, fmt).entry(oid).data_offset)


def flip_record(path: Path, oid: ObjectId, byte: int) -> None:
    """Damage one byte of the directory record of an object."""
    flip(path, path.read_bytes().rindex(b"objects/" + oid.encode()) - 46 + byte)


def opened(folder: Path, fmt: ObjectFormat = SHA) -> PackFolder:
    """Return a folder of packs that has been looked at."""
    packs = PackFolder(folder, fmt)
    packs.refresh()
    return packs


@pytest.fixture(scope="module")
def numbers() -> list[bytes]:
    """Return more contents than a directory read whole may have."""
    return [b"%d" % n for n in range(LARGE)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, numbers: list[bytes]) -> Path:
    """Return a large pack."""
    return write(tmp_path_factory.mktemp("large"), *numbers)


class TestStandardTools:
    def test_unzip_and_sha256sum_agree(self, tmp_path: Path) -> None:
        """Any unzip finds a pack whole, and the hash of each entry is its name."""
        path = write(tmp_path / "packs", b"", b"text " * 100, bytes(range(256)) * 9)
        out = tmp_path / "out"
        if shutil.which("unzip"):
            subprocess.run(["unzip", "-qt", path], check=True, capture_output=True)
            subprocess.run(["unzip", "-q", path, "-d", out], check=True)
        else:
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
                archive.extractall(out)
        files = sorted((out / "objects").iterdir())
        if shutil.which("sha256sum"):
            printed = subprocess.run(["sha256sum", *files], check=True, capture_output=True)
            found = [line.split()[0] for line in printed.stdout.decode().splitlines()]
        else:
            found = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

        assert 3 == len(files)
        assert [file.name for file in files] == found

    def test_the_file_is_named_by_its_bytes(self, tmp_path: Path) -> None:
        """The digits in the name are the first 40 of the SHA-256 of the file."""
        path = write(tmp_path, b"one", prefix="b")

        assert f"b-{hashlib.sha256(path.read_bytes()).hexdigest()[:40]}.zip" == path.name
        assert path.name[2:42] == file_digits(path)


class TestPackWriter:
    def test_equal_contents_are_stored_once(self, tmp_path: Path) -> None:
        """A second copy costs nothing and has the same id."""
        writer = PackWriter(tmp_path, SHA)
        one = writer.add(b"same")
        size = writer.size
        two = writer.add(b"same")

        assert (one, size, 1) == (two, writer.size, len(writer))
        assert one in writer
        writer.abandon()

    def test_equal_packs_are_one_file(self, tmp_path: Path) -> None:
        """Sealing the same objects again gives the file that is there already."""
        assert write(tmp_path, b"a", b"b") == write(tmp_path, b"a", b"b")
        assert 1 == len(list(tmp_path.iterdir()))

    def test_a_pack_is_read_only(self, tmp_path: Path) -> None:
        """Nobody writes to a finished pack by accident."""
        assert 0o444 == stat.S_IMODE(write(tmp_path, b"a").stat().st_mode)

    def test_abandoning_leaves_nothing(self, tmp_path: Path) -> None:
        """A pack that is given up leaves no file, however often that is said."""
        writer = PackWriter(tmp_path, SHA)
        writer.add(b"a")
        writer.abandon()
        writer.abandon()

        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize("compressible", [True, False])
    def test_two_contents_of_one_id_are_refused(self, tmp_path: Path, compressible: bool) -> None:
        """Where collisions can be made, bytes are compared and the second is refused."""
        one, two = (b"1" * 500, b"2" * 500) if compressible else (b"1", b"2")
        writer = PackWriter(tmp_path, COLLIDING)
        oid = writer.add(one)
        writer.add(one)

        with pytest.raises(CorruptError, match="two contents"):
            writer.add(two)
        assert one == PackFile(writer.install(tmp_path, "p"), COLLIDING).read(oid)

    @pytest.mark.parametrize("limit", ["MAX_ENTRY", "MAX_PACK"])
    def test_offsets_beyond_the_format_are_refused(
        self, tmp_path: Path, limit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An object or pack beyond the limits is refused before anything of it is written."""
        monkeypatch.setattr(pack, limit, 100)
        writer = PackWriter(tmp_path, SHA)
        kept = writer.add(b"x" * 20)

        with pytest.raises(CorruptError, match="2 GiB"):
            writer.add(b"y" * 101, compress=False)
        assert [kept] == list(PackFile(writer.install(tmp_path, "p"), SHA))

    def test_other_entries_stand_before_the_objects(self, tmp_path: Path) -> None:
        """A bundle's own entries are read by name and are no objects."""
        writer = PackWriter(tmp_path, SHA)
        oid = writer.add(b"object")
        writer.add_entry("README.txt", b"for people")
        writer.add_entry("heads/r1." + "0" * 64, b"")
        file = PackFile(writer.install(tmp_path, "p"), SHA)

        assert b"for people" == file.read_entry("README.txt", largest=10)
        assert ([oid], [oid]) == (list(file), list(file.verify()))
        with pytest.raises(CorruptError, match="no entry 'x'"):
            file.read_entry("x", largest=10)

    def test_an_entry_that_is_too_large_is_not_read(self, tmp_path: Path) -> None:
        """A reader says how many bytes it can take; an entry of more is refused."""
        writer = PackWriter(tmp_path, SHA)
        writer.add_entry("README.txt", b"for people")
        file = PackFile(writer.install(tmp_path, "p"), SHA)

        with pytest.raises(CorruptError, match=r"'README\.txt' of '.*' is too large"):
            file.read_entry("README.txt", largest=9)


class TestInstall:
    def test_what_does_not_read_back_gets_no_name(self, tmp_path: Path) -> None:
        """A pack that the disk damaged is noticed before anything refers to it."""
        writer = PackWriter(tmp_path / "tmp", SHA)
        writer.add(b"precious")
        writer.finish()
        flip(writer.path, 30 + 72)
        packs = tmp_path / "packs"
        packs.mkdir()

        with pytest.raises(CorruptObjectError):
            install(writer.path, packs, "p", SHA)
        assert [] == list(packs.iterdir())


class TestPackFile:
    def test_what_is_known_by_heart_is_what_is_there(
        self, large: Path, numbers: list[bytes]
    ) -> None:
        """Known by heart or looked up, each object is found, and what is not there is not."""
        ids = [SHA.hash(data) for data in numbers]
        file = PackFile(large, SHA)
        looked_up = [file.find(oid) for oid in [*ids, NOBODY]]
        file.learn()
        known = [file.find(oid) for oid in [*ids, NOBODY]]
        file.forget()

        assert looked_up == known == [*map(PackFile(large, SHA).find, ids), None]
        assert None not in known[:-1]

    def test_small_packs_need_no_descriptors(self, tmp_path: Path) -> None:
        """Hundreds of small packs are read without a descriptor or a map for each.

        Seen to fail when all packs were mapped.
        """
        _maps.clear()
        before = len([*Path("/proc/self/fd").iterdir()])
        for number in range(200):
            write(tmp_path / "packs", b"content %d" % number)
        packs = opened(tmp_path / "packs")
        for number in range(200):
            packs.read(SHA.hash(b"content %d" % number))

        assert before >= len([*Path("/proc/self/fd").iterdir()])

    def test_a_git_lfs_pointer_is_named(self, tmp_path: Path) -> None:
        """A pointer instead of a pack says which command gets the bytes."""
        path = tmp_path / f"p-{'0' * 40}.zip"
        path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")

        with pytest.raises(CorruptError, match="LFS pointer") as caught:
            PackFile(path, SHA)
        assert "git lfs pull" in caught.value.hint

    @pytest.mark.parametrize("data", [b"", b"PK", b"\0" * 200, b"PK\x05\x06" + bytes(18)])
    def test_another_file_is_refused(self, tmp_path: Path, data: bytes) -> None:
        """An empty, foreign or ordinary zip file is not taken for a pack."""
        path = tmp_path / "p-x.zip"
        path.write_bytes(data)

        with pytest.raises(CorruptError, match=r"'p-x\.zip' is damaged"):
            PackFile(path, SHA)

    def test_a_zip_of_somebody_else_is_refused(self, tmp_path: Path) -> None:
        """A zip that another program wrote is not a pack, whatever it holds."""
        path = tmp_path / "p-x.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("objects/" + SHA.hash(b"a"), b"a")

        with pytest.raises(CorruptError):
            PackFile(path, SHA)

    def test_a_pack_of_longer_ids_is_refused(self, tmp_path: Path) -> None:
        """A pack of another object format is refused when it is opened."""
        with pytest.raises(CorruptError, match="another format than 'sha256'"):
            PackFile(write(tmp_path, b"a", b"b", fmt=XXH), SHA)

    def test_a_pack_of_shorter_ids_is_refused(self, tmp_path: Path) -> None:
        """A pack of another object format is refused when it is opened."""
        with pytest.raises(CorruptError, match="another format than 'xxh128'"):
            PackFile(write(tmp_path, b"a", b"b"), XXH)

    def test_a_damaged_object_is_named(self, tmp_path: Path) -> None:
        """Bytes that do not hash to their id are never returned; the error has the id."""
        path = write(tmp_path, b"first " * 50, b"second " * 50)
        oid = SHA.hash(b"first " * 50)
        flip_data(path, oid)

        with pytest.raises(CorruptObjectError, match=f"'{oid[:12]}'") as caught:
            PackFile(path, SHA).read(oid)
        assert oid == caught.value.oid
        assert b"second " * 50 == PackFile(path, SHA).read(SHA.hash(b"second " * 50))

    def test_bytes_with_a_right_crc_are_hashed_all_the_same(self, tmp_path: Path) -> None:
        """Content that was swapped with care, CRC and all, is refused by its hash."""
        writer = PackWriter(tmp_path, SHA)
        writer.add_entry("objects/" + SHA.hash(b"reviewed"), b"malicious")
        writer.finish()
        file = PackFile(writer.path, SHA)

        with pytest.raises(CorruptObjectError, match="bytes hash to"):
            file.read(SHA.hash(b"reviewed"))

    def test_prefixes(self, tmp_path: Path) -> None:
        """All ids that begin with a prefix are found."""
        file = PackFile(write(tmp_path, *(b"%d" % n for n in range(300))), SHA)
        expected = sorted(o for n in range(300) if (o := SHA.hash(b"%d" % n)).startswith("a"))

        assert expected == file.matching("a")
        assert expected[:1] == file.matching(expected[0])

    @pytest.mark.parametrize("byte", [10, 14, 22, 42])
    def test_records_and_headers_must_agree(self, tmp_path: Path, byte: int) -> None:
        """A directory record that differs from its local header is found by verifying."""
        path = write(tmp_path, b"first", b"second")
        flip_record(path, SHA.hash(b"first"), byte)

        with pytest.raises(CorruptError):
            list(PackFile(path, SHA).verify())

    def test_ids_must_look_like_ids(self, tmp_path: Path) -> None:
        """An object entry whose name is no id is found by verifying."""
        writer = PackWriter(tmp_path, SHA)
        writer.add_entry("objects/" + "Z" * 64, b"x")
        writer.finish()

        with pytest.raises(CorruptError, match="another format"):
            list(PackFile(writer.path, SHA).verify())

    def test_every_byte_counts_for_the_name(self, tmp_path: Path) -> None:
        """Damage anywhere in the file shows in its name."""
        path = write(tmp_path, b"first")
        check_name(path)
        flip(path, 0)

        with pytest.raises(CorruptError, match="do not hash to its name"):
            check_name(path)


class TestLargePack:
    def test_bisection_finds_every_object(self, large: Path, numbers: list[bytes]) -> None:
        """Each of thousands of objects is found in place, and none that is not there."""
        file = PackFile(large, SHA)
        absent = [SHA.hash(b"no %d" % n) for n in range(200)]

        assert LARGE == len(file)
        assert numbers == [file.read(SHA.hash(data)) for data in numbers]
        assert [None] * 203 == [
            file.find(o) for o in [*absent, NOBODY, ObjectId(""), ObjectId("0")]
        ]

    def test_a_folder_bisects_it(self, large: Path, numbers: list[bytes]) -> None:
        """A large pack is served without a table of its ids, with small ones beside it."""
        packs = opened(large.parent)
        small = write(large.parent, b"small")
        found = packs.read(SHA.hash(b"small"))
        small.unlink()

        assert b"small" == found
        assert {} == {o: p for o, p in packs._table.items() if p.path == large}
        assert numbers[-1] == packs.read(SHA.hash(numbers[-1]))
        assert {SHA.hash(data) for data in numbers} <= set(packs)

    def test_a_damaged_record_is_survived(self, tmp_path: Path, numbers: list[bytes]) -> None:
        """An object is read from a second large pack when the directory of one is damaged."""
        for extra in (b"one", b"two"):
            write(tmp_path, *numbers, extra)
        oid = SHA.hash(numbers[7])
        flip_record(min(tmp_path.iterdir()), oid, 10)

        assert numbers[7] == opened(tmp_path).read(oid)


class TestPackFolder:
    def test_no_folder_is_an_empty_one(self, tmp_path: Path) -> None:
        """A folder that does not exist yet holds nothing."""
        packs = opened(tmp_path / "none")

        assert ([], [], False) == (packs.packs, list(packs), NOBODY in packs)

    def test_a_pack_that_appears_is_seen_on_a_miss(self, tmp_path: Path) -> None:
        """An object of a pack that another process wrote is found without being told."""
        packs = opened(tmp_path)
        write(tmp_path, b"news")

        assert b"news" == packs.read(SHA.hash(b"news"))

    def test_a_pack_that_goes_is_forgotten(self, tmp_path: Path) -> None:
        """After a look at the folder the objects of a removed pack are missing."""
        kept, gone = write(tmp_path, b"kept"), write(tmp_path, b"gone")
        packs = opened(tmp_path)
        gone.unlink()
        packs.refresh()

        assert [kept] == [file.path for file in packs.packs]
        assert [SHA.hash(b"kept")] == list(packs)
        with pytest.raises(ObjectNotFoundError):
            packs.read(SHA.hash(b"gone"))

    def test_an_object_of_two_packs_outlives_either(self, tmp_path: Path) -> None:
        """Removing one of two packs that hold an object leaves the object."""
        paths = [write(tmp_path, b"shared"), write(tmp_path, b"shared", b"more")]
        for gone in paths:
            packs = opened(tmp_path)
            moved = gone.rename(tmp_path / "moved")
            packs.refresh()

            assert SHA.hash(b"shared") in packs
            moved.rename(gone)

    def test_other_files_are_ignored(self, tmp_path: Path) -> None:
        """Half-written packs, notes and folders among the packs are no packs."""
        path = write(tmp_path, b"a")
        for name in ("p-1.zip", f"{path.name}~", "README", f"q-{'0' * 40}.zip", "x.zip"):
            (tmp_path / name).write_bytes(b"junk")
        packs = opened(tmp_path)

        assert ([path], {}) == ([file.path for file in packs.packs], packs.damaged)

    def test_a_damaged_pack_is_set_aside_and_named(self, tmp_path: Path) -> None:
        """One pack that cannot be read hides nothing but its own objects, and is named."""
        good, bad = write(tmp_path, b"good"), write(tmp_path, b"bad")
        bad.chmod(0o644)
        bad.write_bytes(bad.read_bytes()[:-1])
        folder = tmp_path / f"p-{'0' * 40}.zip"
        folder.mkdir()
        packs = opened(tmp_path)

        assert {bad.name, folder.name} == packs.damaged.keys()
        assert [good] == [file.path for file in packs.packs]
        assert b"good" == packs.read(SHA.hash(b"good"))

    @pytest.mark.parametrize("choose", [min, max])
    def test_a_second_copy_is_used(
        self, tmp_path: Path, choose: Callable[[Iterable[Path]], Path]
    ) -> None:
        """An object that is damaged in one pack is read from another, whichever it is."""
        paths = [write(tmp_path, b"shared"), write(tmp_path, b"shared", b"more")]
        flip_data(choose(paths), SHA.hash(b"shared"))

        assert b"shared" == opened(tmp_path).read(SHA.hash(b"shared"))

    def test_two_damaged_copies_are_an_error(self, tmp_path: Path) -> None:
        """Where every copy is damaged the object is named, not returned."""
        oid = SHA.hash(b"shared")
        for path in (write(tmp_path, b"shared"), write(tmp_path, b"shared", b"more")):
            flip_data(path, oid)

        with pytest.raises(CorruptObjectError) as caught:
            opened(tmp_path).read(oid)
        assert oid == caught.value.oid

    def test_many_packs_take_few_descriptors(self, tmp_path: Path) -> None:
        """The files a process may open are left to the training that runs in it."""
        for n in range(60):
            write(tmp_path, b"%d" % n)
        before = len(list(Path("/proc/self/fd").iterdir()))
        packs = opened(tmp_path)

        assert 60 == len(packs.packs)
        assert before + 30 > len(list(Path("/proc/self/fd").iterdir()))


class TestMemoryObjects:
    def test_two_contents_of_one_id_are_refused(self) -> None:
        """Where collisions can be made, bytes are compared and the second is refused."""
        objects = MemoryObjects(COLLIDING)
        objects.add(b"1")

        with pytest.raises(CorruptError):
            objects.add(b"2")


class TestIsPackName:
    @pytest.mark.parametrize("prefix", ["p-", "b-"])
    def test_packs(self, prefix: str) -> None:
        """Two kinds of packs have 40 digits between prefix and ending."""
        assert is_pack_name(f"{prefix}{'0123456789abcdef' * 2}01234567.zip")

    @pytest.mark.parametrize(
        "name",
        [
            "", "p-.zip", f"p-{'0' * 39}.zip", f"p-{'0' * 41}.zip", f"P-{'0' * 40}.zip",
            f"p-{'A' * 40}.zip", f"p-{'0' * 40}.ZIP", f"p-{'0' * 40}.zip~", f"../p-{'0' * 37}.zip",
            f"p-{'٣' * 40}.zip", f"p-{'0' * 40}.zip\n",
        ],
    )  # fmt: skip
    def test_others(self, name: str) -> None:
        """Anything else in the folder is no pack."""
        assert not is_pack_name(name)

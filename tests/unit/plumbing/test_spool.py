"""Tests of ``vcs_track.plumbing.spool``."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptError, InvalidValueError
from vcs_track.formats import pack
from vcs_track.formats.oid import ObjectFormat, object_format
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import install
from vcs_track.plumbing.spool import Spool, SpoolReader

if TYPE_CHECKING:
    from pathlib import Path

SHA = object_format("sha256")
BLOBS = [b"first " * 9, b"", bytes(range(256)) * 5]
MIB = 1 << 20


class SameHash:
    """A hash that gives the same digits for everything: collisions without arithmetic."""

    def update(self, data: bytes, /) -> None:
        """Take *data* and forget it."""

    def hexdigest(self) -> str:
        """Return the only digits."""
        return "0" * 32


COLLIDING = ObjectFormat("xxh128", "x1-", 32, collision_resistant=False, _new=SameHash)


def noise(size: int, seed: int = 0) -> bytes:
    """Return bytes that do not repeat."""
    return random.Random(seed).randbytes(size)


def spooled(folder: Path, *contents: bytes) -> Path:
    """Write a spool of *contents*, as a writer that was killed leaves it."""
    spool = Spool(folder / "w", SHA)
    for data in contents:
        spool.add(data)
    spool.close()
    return folder / "w-0.zip~"


def salvaged(path: Path) -> list[bytes]:
    """Close a spool into a pack, install it with all its checks, and return its contents."""
    reader = SpoolReader(path, SHA)
    if not reader.close_into_pack():
        return []
    file = PackFile(install(path, path.parent, "b", SHA), SHA)
    return [file.read(oid) for oid in file]


class TestAdd:
    def test_nothing_is_made_before_it_is_needed(self, tmp_path: Path) -> None:
        """A writer without media leaves no file."""
        spool = Spool(tmp_path / "w", SHA)
        spool.sync()
        spool.close()

        assert [] == list(tmp_path.iterdir())

    def test_a_second_copy_costs_nothing(self, tmp_path: Path) -> None:
        """The same bytes are written once, whatever way they come."""
        spool = Spool(tmp_path / "w", SHA)
        oid = spool.add(b"image" * 99)
        size = (tmp_path / "w-0.zip~").stat().st_size
        (tmp_path / "copy").write_bytes(b"image" * 99)

        assert (oid, oid, 495) == (spool.add(b"image" * 99), *spool.add_file(tmp_path / "copy"))
        assert size == (tmp_path / "w-0.zip~").stat().st_size
        assert oid in spool
        spool.close()

    def test_blobs_are_there_before_the_spool_is_closed(self, tmp_path: Path) -> None:
        """A blob whose call returned is found by a reader of the live run."""
        spool = Spool(tmp_path / "w", SHA)
        oids = [spool.add(data) for data in BLOBS]
        reader = SpoolReader(tmp_path / "w-0.zip~", SHA)

        assert BLOBS == [reader.read(oid) for oid in oids]
        spool.close()

    def test_a_full_file_is_followed_by_another(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What would grow past the size of a pack begins a new file; larger blobs too."""
        monkeypatch.setattr(pack, "LARGE", 1000)
        spool = Spool(tmp_path / "w", SHA)
        for seed, size in enumerate((600, 200, 500, 3000, 10)):
            spool.add(noise(size, seed))
        spool.close()
        sizes = [
            sorted(entry.size for entry in SpoolReader(path, SHA).entries.values())
            for path in sorted(tmp_path.iterdir())
        ]

        assert [[200, 600], [500], [3000], [10]] == sizes

    def test_two_contents_of_one_id_are_refused(self, tmp_path: Path) -> None:
        """Where collisions can be made, bytes are compared and the second is refused."""
        spool = Spool(tmp_path / "w", COLLIDING)
        oid = spool.add(b"one")
        spool.add(b"one")

        with pytest.raises(CorruptError, match="two contents"):
            spool.add(b"two")
        assert b"one" == SpoolReader(tmp_path / "w-0.zip~", COLLIDING).read(oid)
        spool.close()

    def test_two_large_files_of_one_id_are_refused(self, tmp_path: Path) -> None:
        """A large file is compared, too, before an id that exists stands for it."""
        spool = Spool(tmp_path / "w", COLLIDING)
        paths = [tmp_path / "one", tmp_path / "two"]
        for seed, path in enumerate(paths):
            path.write_bytes(noise(MIB + 1, seed))
        spool.add_file(paths[0])

        with pytest.raises(CorruptError, match="two contents"):
            spool.add_file(paths[1])

    def test_a_full_disk_leaves_the_spool_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A blob that could not be written is gone; those before and after it are whole."""
        spool = Spool(tmp_path / "w", SHA)
        spool.add(BLOBS[0])
        real = os.write

        def write(fd: int, data: Any) -> int:
            real(fd, bytes(data)[:40])
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", write)
            with pytest.raises(OSError, match="space"):
                spool.add(BLOBS[2])
        assert SHA.hash(BLOBS[2]) not in spool
        spool.add(b"after")
        spool.add(BLOBS[2])
        spool.close()

        assert sorted([BLOBS[0], b"after", BLOBS[2]]) == sorted(salvaged(tmp_path / "w-0.zip~"))

    def test_an_object_beyond_the_format_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A blob or file above the limit is refused before anything of it is written."""
        monkeypatch.setattr(pack, "MAX_ENTRY", 100)
        spool = Spool(tmp_path / "w", SHA)
        (tmp_path / "big").write_bytes(bytes(101))

        with pytest.raises(InvalidValueError, match="101 bytes"):
            spool.add(bytes(101))
        with pytest.raises(InvalidValueError, match="101 bytes"):
            spool.add_file(tmp_path / "big")
        assert [tmp_path / "big"] == list(tmp_path.iterdir())


class TestAddFile:
    @pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB + 7])
    def test_content_and_size(self, tmp_path: Path, size: int) -> None:
        """A file of any size has the id of its bytes and comes back."""
        data = noise(size)
        (tmp_path / "file").write_bytes(data)
        spool = Spool(tmp_path / "w", SHA)
        found = spool.add_file(tmp_path / "file")
        spool.close()

        assert (SHA.hash(data), size) == found
        assert [data] == salvaged(tmp_path / "w-0.zip~")

    def test_a_large_file_begins_a_file_of_its_own(self, tmp_path: Path) -> None:
        """Small blobs before a large file are not in its pack."""
        spool = Spool(tmp_path / "w", SHA)
        spool.add(b"small")
        (tmp_path / "file").write_bytes(noise(2 * MIB))
        oid, _ = spool.add_file(tmp_path / "file")
        spool.close()

        assert [b"small"] == salvaged(tmp_path / "w-0.zip~")
        assert [oid] == [*SpoolReader(tmp_path / "w-1.zip~", SHA).entries]

    def test_what_follows_a_large_file_is_whole(self, tmp_path: Path) -> None:
        """Small blobs after a large file stand behind it."""
        spool = Spool(tmp_path / "w", SHA)
        (tmp_path / "file").write_bytes(noise(2 * MIB))
        spool.add_file(tmp_path / "file")
        spool.add(b"after")
        spool.close()

        assert sorted([b"after", noise(2 * MIB)]) == sorted(salvaged(tmp_path / "w-0.zip~"))

    def test_a_large_file_that_is_there_leaves_nothing(self, tmp_path: Path) -> None:
        """A second copy of a large file is cut off again, and what follows it is whole."""
        spool = Spool(tmp_path / "w", SHA)
        (tmp_path / "file").write_bytes(noise(2 * MIB))
        first = spool.add_file(tmp_path / "file")

        assert first == spool.add_file(tmp_path / "file")
        spool.add(b"after")
        spool.close()
        assert [noise(2 * MIB)] == salvaged(tmp_path / "w-0.zip~")
        assert [b"after"] == salvaged(tmp_path / "w-1.zip~")

    def test_a_file_is_not_read_into_memory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A large file passes through in blocks of a megabyte."""
        longest = 0
        real = fsio.append

        def append(fd: int, data: bytes | memoryview) -> None:
            nonlocal longest
            longest = max(longest, len(data))
            real(fd, data)

        monkeypatch.setattr(fsio, "append", append)
        (tmp_path / "file").write_bytes(noise(5 * MIB))
        spool = Spool(tmp_path / "w", SHA)
        spool.add_file(tmp_path / "file")
        spool.close()

        assert MIB == longest

    def test_a_file_that_grows_meanwhile(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The id is that of the bytes that were stored, although the file changed."""
        path = tmp_path / "log"
        path.write_bytes(noise(2 * MIB))
        real = fsio.pread

        def pread(fd: int, length: int, offset: int) -> bytes:
            if offset == MIB:
                with path.open("ab") as file:
                    file.write(b"one more line\n")
            return real(fd, length, offset)

        monkeypatch.setattr(fsio, "pread", pread)
        spool = Spool(tmp_path / "w", SHA)
        oid, size = spool.add_file(path)
        spool.close()
        stored = noise(2 * MIB) + b"one more line\n"

        assert (SHA.hash(stored), len(stored)) == (oid, size)
        assert [stored] == salvaged(tmp_path / "w-0.zip~")

    def test_a_disk_that_fills_up_leaves_the_spool_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A large file that did not fit is cut off again, and the next one fits."""
        (tmp_path / "file").write_bytes(noise(3 * MIB))
        spool = Spool(tmp_path / "w", SHA)
        self.fail_at(3, OSError(28, "No space left on device"), monkeypatch)

        with pytest.raises(OSError, match="space"):
            spool.add_file(tmp_path / "file")
        assert 0 == (tmp_path / "w-0.zip~").stat().st_size
        spool.add(b"next")
        spool.close()
        assert [b"next"] == salvaged(tmp_path / "w-0.zip~")

    def test_ctrl_c_costs_no_later_blob(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A last checkpoint that is stored after Ctrl-C in the middle of another is whole."""
        (tmp_path / "file").write_bytes(noise(3 * MIB))
        (tmp_path / "last").write_bytes(noise(2 * MIB, 1))
        spool = Spool(tmp_path / "w", SHA)
        self.fail_at(3, KeyboardInterrupt(), monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            spool.add_file(tmp_path / "file")
        spool.add_file(tmp_path / "last")
        spool.close()
        paths = sorted(tmp_path.glob("*.zip~"))

        assert [noise(2 * MIB, 1)] == [data for path in paths for data in salvaged(path)]

    def fail_at(self, call: int, error: BaseException, patch: pytest.MonkeyPatch) -> None:
        """Raise *error* after the given call of append, once."""
        real, calls = fsio.append, 0

        def append(fd: int, data: bytes | memoryview) -> None:
            nonlocal calls
            calls += 1
            real(fd, data)
            if calls == call:
                raise error

        patch.setattr(fsio, "append", append)


class TestSpoolReader:
    @given(cut=st.integers(0, 400))
    def test_a_torn_tail_costs_the_last_blob_only(
        self, tmp_path_factory: pytest.TempPathFactory, cut: int
    ) -> None:
        """A spool cut anywhere gives every blob that is whole, in a pack that verifies."""
        blobs = [noise(100, 1), noise(90, 2), noise(80, 3)]
        path = spooled(tmp_path_factory.mktemp("spool"), *blobs)
        whole = path.read_bytes()
        length = max(len(whole) - cut, 0)
        path.write_bytes(whole[:length])
        ends = [entry.end for entry in pack.scan_spool(whole)]
        expected = [data for data, end in zip(blobs, ends, strict=True) if end <= length]

        assert sorted(expected) == sorted(salvaged(path))

    def test_zeros_at_the_end_are_cut(self, tmp_path: Path) -> None:
        """What a power cut left behind the last whole blob is not in the pack."""
        path = spooled(tmp_path, *BLOBS)
        with path.open("ab") as file:
            file.write(bytes(5000))

        assert sorted(BLOBS) == sorted(salvaged(path))

    @pytest.mark.parametrize("damaged", [0, 1, 2])
    @pytest.mark.parametrize("at", [5, 150])
    def test_a_damaged_blob_costs_itself_only(self, tmp_path: Path, damaged: int, at: int) -> None:
        """A blob whose bytes changed is left out, the others are saved."""
        blobs = [noise(200, seed) for seed in range(3)]
        path = spooled(tmp_path, *blobs)
        data = bytearray(path.read_bytes())
        data[[*pack.scan_spool(data)][damaged].data_offset + at] ^= 1
        path.write_bytes(data)
        del blobs[damaged]

        assert sorted(blobs) == sorted(salvaged(path))

    def test_a_damaged_id_costs_itself_only(self, tmp_path: Path) -> None:
        """A blob whose name became that of another is left out, the others are saved."""
        path = spooled(tmp_path, b"one", b"two", b"three")
        data = bytearray(path.read_bytes())
        at = [*pack.scan_spool(data)][1].data_offset - 1
        data[at] = ord("0") if data[at] != ord("0") else ord("1")
        path.write_bytes(data)

        assert sorted([b"one", b"three"]) == sorted(salvaged(path))

    def test_a_damaged_name_costs_itself_only(self, tmp_path: Path) -> None:
        """A blob whose name is no object's any more is left out, the others are saved."""
        path = spooled(tmp_path, b"one", b"two", b"three")
        data = bytearray(path.read_bytes())
        data[[*pack.scan_spool(data)][1].offset + 30] ^= 1
        path.write_bytes(data)

        assert sorted([b"one", b"three"]) == sorted(salvaged(path))

    def test_a_spool_of_nothing_gives_no_pack(self, tmp_path: Path) -> None:
        """An empty spool, one of zeros, and one whose only blob is damaged give nothing."""
        path = spooled(tmp_path, b"only")
        whole = path.read_bytes()

        for data in (b"", bytes(100), whole[:-1], whole[:-1] + b"!"):
            path.write_bytes(data)
            assert [] == salvaged(path)

    def test_closing_can_be_repeated(self, tmp_path: Path) -> None:
        """Killed after the directory was written, a second try gives the same file."""
        path = spooled(tmp_path, *BLOBS)
        SpoolReader(path, SHA).close_into_pack()
        once = path.read_bytes()
        SpoolReader(path, SHA).close_into_pack()

        assert once == path.read_bytes()
        assert sorted(BLOBS) == sorted(salvaged(path))

    def test_closing_can_be_repeated_after_a_torn_directory(self, tmp_path: Path) -> None:
        """Killed while the directory was written, a second try completes it."""
        path = spooled(tmp_path, *BLOBS)
        SpoolReader(path, SHA).close_into_pack()
        path.write_bytes(path.read_bytes()[:-30])

        assert sorted(BLOBS) == sorted(salvaged(path))

    def test_a_damaged_blob_is_never_returned(self, tmp_path: Path) -> None:
        """Reading a blob whose bytes changed raises, also from a live spool."""
        path = spooled(tmp_path, b"only")
        path.write_bytes(path.read_bytes()[:-1] + b"!")

        with pytest.raises(CorruptError):
            SpoolReader(path, SHA).read(SHA.hash(b"only"))

"""What every container of objects promises; each one inherits the same tests."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import pytest

from vcs_track.errors import CorruptObjectError, ObjectNotFoundError
from vcs_track.formats.oid import ObjectFormat, ObjectId, object_format
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.packs import PackFolder
from vcs_track.plumbing.spool import Spool, SpoolReader

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.plumbing.packs import Objects

CONTENTS = [b"", b"a", b"loss " * 1000, bytes(range(256)) * 40]
NOBODY = ObjectId("f" * 64)


class ObjectsContract:
    """Tests that a container inherits by saying how it is made."""

    @abstractmethod
    def make(self, folder: Path, fmt: ObjectFormat) -> Objects:
        """Return a container of CONTENTS."""

    @pytest.mark.parametrize("name", ["sha256", "xxh128"])
    def test_reads_back_every_object(self, tmp_path: Path, name: str) -> None:
        """Each object comes back byte for byte under its id."""
        fmt = object_format(name)
        objects = self.make(tmp_path, fmt)

        assert CONTENTS == [objects.read(fmt.hash(data)) for data in CONTENTS]

    def test_lists_its_ids_sorted(self, tmp_path: Path) -> None:
        """Iterating gives every id once, in order."""
        fmt = object_format("sha256")

        assert sorted(map(fmt.hash, CONTENTS)) == list(self.make(tmp_path, fmt))

    def test_knows_what_it_holds(self, tmp_path: Path) -> None:
        """Membership is true for what was stored and for nothing else."""
        fmt = object_format("sha256")
        objects = self.make(tmp_path, fmt)

        assert fmt.hash(CONTENTS[1]) in objects
        assert NOBODY not in objects

    def test_a_missing_object_is_named(self, tmp_path: Path) -> None:
        """Reading what is not there raises with the id and a hint."""
        objects = self.make(tmp_path, object_format("sha256"))

        with pytest.raises(ObjectNotFoundError, match="ffffffffffff") as caught:
            objects.read(NOBODY)
        assert caught.value.hint


def make_pack(folder: Path, fmt: ObjectFormat) -> Path:
    """Write a pack of CONTENTS."""
    writer = PackWriter(folder, fmt)
    for data in CONTENTS:
        writer.add(data)
    return writer.install(folder, "p")


class TestMemoryObjects(ObjectsContract):
    def make(self, folder: Path, fmt: ObjectFormat) -> Objects:
        """Keep CONTENTS in memory."""
        del folder
        objects = MemoryObjects(fmt)
        for data in CONTENTS:
            objects.add(data)
        return objects


class TestPackFile(ObjectsContract):
    def make(self, folder: Path, fmt: ObjectFormat) -> Objects:
        """Put CONTENTS into one pack."""
        return PackFile(make_pack(folder, fmt), fmt)

    def test_every_flipped_bit_is_reported_or_harmless(self, tmp_path: Path) -> None:
        """No flipped bit of a pack ever gives other bytes under an id."""
        fmt = object_format("sha256")
        path = make_pack(tmp_path, fmt)
        whole = path.read_bytes()
        path.chmod(0o644)
        wanted = {fmt.hash(data): data for data in CONTENTS}
        for at in range(0, len(whole), 7):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << at % 8
            path.write_bytes(damaged)
            for oid, data in wanted.items():
                try:
                    assert data == PackFile(path, fmt).read(oid)
                except (CorruptObjectError, ObjectNotFoundError):
                    continue
                except Exception as error:
                    if type(error).__module__ != "vcs_track.errors":
                        raise


class TestPackFolder(ObjectsContract):
    def make(self, folder: Path, fmt: ObjectFormat) -> Objects:
        """Put each of CONTENTS into a pack of its own."""
        for data in CONTENTS:
            writer = PackWriter(folder, fmt)
            writer.add(data)
            writer.install(folder, "p")
        packs = PackFolder(folder, fmt)
        packs.refresh()
        return packs


class TestClosedSpool(ObjectsContract):
    def make(self, folder: Path, fmt: ObjectFormat) -> Objects:
        """Spool CONTENTS, then close the spool into a pack."""
        spool = Spool(folder / "w", fmt)
        for data in CONTENTS:
            spool.add(data)
        spool.close()
        path = folder / "w-0.zip~"
        assert SpoolReader(path, fmt).close_into_pack()
        return PackFile(path, fmt)

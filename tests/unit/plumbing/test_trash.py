"""Tests of ``vcs_track.plumbing.trash``: packs go there, and come back when they are needed."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from crash.tap import Call, tapped

from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.packs import PackFolder
from vcs_track.plumbing.trash import Trash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHA = object_format("sha256")
NOBODY = ObjectId("f" * 64)
OLD = 1_000_000_000


@pytest.fixture
def packs(tmp_path: Path) -> PackFolder:
    """Return a folder of packs that is empty."""
    (tmp_path / "packs").mkdir()
    return PackFolder(tmp_path / "packs", SHA)


@pytest.fixture
def trash(tmp_path: Path, packs: PackFolder) -> Trash:
    """Return the trash of these packs."""
    return Trash(tmp_path / "trash", packs, SHA)


def write(packs: PackFolder, *contents: bytes) -> tuple[Path, ObjectId]:
    """Write an old pack; return its path and its first object."""
    writer = PackWriter(packs.folder, SHA)
    oids = [writer.add(data) for data in contents]
    path = writer.install(packs.folder, "b")
    os.utime(path, (OLD, OLD))
    packs.refresh()
    return path, oids[0]


class TestTake:
    def test_a_pack_is_moved_as_of_a_time(self, packs: PackFolder, trash: Trash) -> None:
        """It is in the folder of that time, and its own time stays."""
        path, oid = write(packs, b"one")
        taken = trash.take(path, fsio.stamp(path), 77)
        ((since, here),) = trash.folders()
        packs.refresh()

        assert (True, False, 77) == (taken, path.exists(), since)
        assert [(path.name, OLD)] == [
            (file.path.name, file.path.stat().st_mtime) for file in here.packs
        ]
        assert oid in here
        assert oid not in packs

    def test_a_pack_that_was_marked_before_stays(self, packs: PackFolder, trash: Trash) -> None:
        """A mark since it was judged keeps a pack where it is."""
        path, _ = write(packs, b"one")
        stamp = fsio.stamp(path)
        fsio.touch(path)

        assert not trash.take(path, stamp, 77)
        assert path.exists()

    def test_a_pack_that_is_marked_on_the_way_comes_back(
        self, packs: PackFolder, trash: Trash
    ) -> None:
        """A mark at any call of the move keeps the pack, or the marker finds it gone.

        Seen to fail without the second look in ``take``, and without that in ``freshen``.
        """
        path, oid = write(packs, b"one")
        calls = 0
        while True:
            os.utime(path, (OLD, OLD))
            marked: list[bool] = []
            striker = Striker(calls, lambda m=marked: m.append(packs.freshen(oid)))  # type: ignore[misc]
            stamp = fsio.stamp(path)
            with tapped(striker):
                taken = trash.take(path, stamp, 77)
            if not marked:
                break

            assert not (marked[0] and taken), calls
            assert path.exists() is not taken
            if taken:
                trash.restore([oid])
            calls += 1

        assert calls > 2

    @pytest.mark.parametrize("late", [False, True])
    def test_a_mark_in_two_halves(self, packs: PackFolder, trash: Trash, late: bool) -> None:
        """The marker may be slow between finding the file and marking it.

        The system finds the file by its name first, and sets its time then: the move may come
        in between. Seen to fail without the second look in ``freshen``.
        """
        path, oid = write(packs, b"one")
        stamp, busy = fsio.stamp(path), False

        def react(call: Call) -> object:
            nonlocal busy
            if call.name != "utime" or busy:
                return call.perform()
            busy = True
            fd = os.open(path, os.O_RDONLY)  # found by its name
            if late:
                assert trash.take(path, stamp, 77)
            os.utime(fd)  # marked, wherever it is now
            os.close(fd)
            return None

        with tapped(react):
            marked = packs.freshen(oid)

        assert (not late, not late) == (marked, path.exists())


class TestRestore:
    def test_what_is_lost_comes_back(self, packs: PackFolder, trash: Trash) -> None:
        """A pack with a lost object is put back, marked as in use, and is found at once."""
        path, oid = write(packs, b"one", b"two")
        other, _ = write(packs, b"three")
        for name in (path, other):
            trash.take(name, fsio.stamp(name), 77)

        assert [path.name] == trash.restore([oid])
        assert path.stat().st_mtime > OLD
        assert packs.cached(oid) is not None
        assert not other.exists()

    def test_what_is_there_stays(self, packs: PackFolder, trash: Trash) -> None:
        """An object with a copy among the packs brings nothing back, an unknown one neither."""
        first, oid = write(packs, b"one")
        write(packs, b"one", b"two")
        trash.take(first, fsio.stamp(first), 77)

        assert [] == trash.restore([oid, NOBODY])
        assert not first.exists()

    def test_a_stale_view_of_the_packs_is_no_copy(self, packs: PackFolder, trash: Trash) -> None:
        """What another process moved counts as lost, also where it was seen before.

        Seen to fail without the refresh at the beginning.
        """
        path, oid = write(packs, b"one")
        fsio.make_dirs(trash.folder / "5")
        path.rename(trash.folder / "5" / path.name)

        assert [path.name] == trash.restore([oid])
        assert path.exists()

    def test_two_may_restore_at_once(self, packs: PackFolder, trash: Trash) -> None:
        """Whoever comes second finds the pack in its place."""
        path, oid = write(packs, b"one")
        trash.take(path, fsio.stamp(path), 77)
        other = Trash(trash.folder, PackFolder(packs.folder, SHA), SHA)
        calls = 0
        while True:
            striker = Striker(calls, lambda: other.restore([oid]))
            with tapped(striker):
                trash.restore([oid])

            assert path.exists(), calls
            if not striker.struck:
                break
            trash.take(path, fsio.stamp(path), 77)
            calls += 1

        assert calls > 5

    def test_it_survives_a_power_cut(self, packs: PackFolder, trash: Trash) -> None:
        """The folder of packs is synced behind the name."""
        path, oid = write(packs, b"one")
        trash.take(path, fsio.stamp(path), 77)
        names: list[str] = []

        def react(call: Call) -> object:
            names.append(call.name)
            return call.perform()

        with tapped(react):
            trash.restore([oid])

        assert names.index("rename") < names.index("fsync")


class Striker:
    """Does something in front of the *n*-th call, once, with calls of its own unwatched.

    Calls of other threads do not count: a run that another test left open has some.
    """

    def __init__(self, n: int, act: Callable[[], object]) -> None:
        self.struck = False
        self._thread = threading.get_ident()
        self._left = n
        self._act = act

    def __call__(self, call: Call) -> object:
        """Let the call through."""
        if not self.struck and threading.get_ident() == self._thread:
            self.struck = self._left == 0
            self._left -= 1
            if self.struck:
                self._act()
        return call.perform()

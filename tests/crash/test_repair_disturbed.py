"""A repair that dies or meets a full disk, at any of its calls: nothing is lost by it."""

from __future__ import annotations

import errno
import os
import random
import shutil
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from crash.damage import Lab, Work, assert_settled, make_lab, scratch
from crash.power import Recorder, Tree, cuts, laid_out, states, write_tree
from crash.tap import Call, tapped

from vcs_track.errors import StorageError
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.fsck import fsck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__: list[str] = []

STRAY = f"b-{'0' * 40}.zip"
_HARMLESS = ("close", "fstat", "stat", "access")  # a disk does not refuse these


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with scratch() as place:
        yield make_lab(place, "sha256")


@pytest.fixture
def folder() -> Iterator[Path]:
    with scratch() as place:
        yield place


def damage(work: Work) -> None:
    """Damage each kind of file, in ways that need different steps to mend.

    The large pack has a damaged object, which the bundle has; the pack of the edit is missing,
    that of images and files has a wrong name; the head is in a wrong folder, and one
    ``FORMAT`` says nothing.
    """
    sizes = {name: len(data) for name, data in work.lab.packs.items() if name[0] == "p"}
    large, edit = max(sizes, key=sizes.__getitem__), min(sizes, key=sizes.__getitem__)
    file = PackFile(work.packs / large, work.lab.format)
    data = bytearray(work.lab.packs[large])
    data[file.entry(next(iter(file))).data_offset] ^= 4
    work.write(large, bytes(data))
    (work.packs / edit).unlink()
    for name in work.lab.packs.keys() - sizes.keys():
        (work.packs / name).rename(work.packs / STRAY)
    (head,) = work.heads.rglob("*.*")
    (work.heads / "zz").mkdir()
    head.rename(work.heads / "zz" / head.name)
    (work.folder / ".runs" / "local" / "FORMAT").write_bytes(b"nothing")


def read_tree(folder: Path) -> Tree:
    """Return all that is below *folder*, folders before what is in them."""
    paths = sorted(folder.rglob("*"))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in paths
    }


def at_call(number: int, act: Callable[[], object]) -> Callable[[Call], Any]:
    """Return what acts once, in front of the call of this number."""
    numbers = count()

    def react(call: Call) -> Any:
        if call.name not in _HARMLESS and next(numbers) == number:
            act()
        return call.perform()

    return react


def die(work: Work, number: int) -> bool:
    """Repair in a child that dies before its call *number*; return whether it did."""
    child = os.fork()
    if child == 0:
        try:
            store = Store.open(work.folder)
            with tapped(at_call(number, lambda: os._exit(9))):
                fsck(store, None, [work.lab.bundle])
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def refuse(work: Work, number: int) -> bool:
    """Repair while the call *number* is refused; return whether there was one."""
    reached = False

    def fail() -> None:
        nonlocal reached
        reached = True
        raise OSError(errno.EIO, "input/output error")

    store = Store.open(work.folder)
    with tapped(at_call(number, fail)), suppress(StorageError):
        fsck(store, None, [work.lab.bundle])
    return reached


def disturb_everywhere(
    work: Work, how: Callable[[Work, int], bool], start: int = 0, step: int = 1
) -> int:
    """Disturb a repair at every *step*th call and repeat it; return how many calls it has."""
    damage(work)
    damaged = work.folder.with_name("damaged")
    shutil.copytree(work.folder, damaged)
    before = work.readable()
    number = start
    while True:
        shutil.rmtree(work.folder)
        shutil.copytree(damaged, work.folder)
        if not how(work, number):
            return number
        assert before.items() <= work.readable().items(), f"call {number}"
        report = work.check([work.lab.bundle])

        assert report.ok, f"call {number}"
        work.assert_whole()
        assert_settled(work, [work.lab.bundle])
        number += step


class TestDisturbedRepair:
    def test_a_repair_that_dies_can_be_repeated(self, lab: Lab, folder: Path) -> None:
        """A repair that dies loses nothing that could be read, and can be repeated.

        Seen to fail when a damaged pack went to the quarantine before the new one was there.
        """
        assert disturb_everywhere(lab.copy(folder / "work"), die, 2, 7) > 50

    def test_a_disk_that_refuses(self, lab: Lab, folder: Path) -> None:
        """A repair that a disk refuses a call says so, loses nothing, and can be repeated.

        Seen to fail when an error of the disk left the check as it came.
        """
        assert disturb_everywhere(lab.copy(folder / "work"), refuse, 3, 13) > 50

    def test_a_power_cut(self, lab: Lab, folder: Path) -> None:
        """Whatever a power cut leaves, what could be read is there, a head has its state, what
        was moved away is in the quarantine, and the repair can be repeated.

        Seen to fail with the sync left out of a pack, of the folder of packs (before a damaged
        pack is moved, and before a head is put back) and of the quarantine.
        """
        work = lab.copy(folder / "work")
        damage(work)
        before, tree = work.readable(), read_tree(work.folder)
        stray = tree[f".runs/local/packs/{STRAY}"]
        events = laid_out(tree)
        recorder = Recorder(work.folder, events)
        with tapped(recorder):
            work.check([lab.bundle])
        disks = cuts(recorder.events, start=len(events))
        chance = random.Random(7)
        seen = {tuple(t.items()): t for disk, _ in disks for t in states(disk, chance, 3)}
        for found in seen.values():
            write_tree(found, work.folder)

            readable = work.readable()
            assert before.items() <= readable.items()
            for head in set(work.heads.rglob("*.*")) - set(work.heads.glob("zz/*")):
                assert head.name.partition(".")[2] in readable
            assert any(
                data == stray and ("quarantine" in path or path.endswith(STRAY))
                for path, data in found.items()
            )
            assert work.check([lab.bundle]).ok
            work.assert_whole()
        assert len(seen) > 40

    @pytest.mark.slow
    @pytest.mark.parametrize("how", [die, refuse])
    def test_at_each_call(self, lab: Lab, folder: Path, how: Callable[[Work, int], bool]) -> None:
        """The same at each of its calls."""
        disturb_everywhere(lab.copy(folder / "work"), how)

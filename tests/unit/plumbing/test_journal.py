"""Tests of ``vcs_track.plumbing.journal``."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import warnings
from typing import TYPE_CHECKING

import pytest

from vcs_track.errors import StorageError
from vcs_track.formats import slots
from vcs_track.plumbing.journal import JournalReader, JournalWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORD = 1 << 8 | slots.FLOAT


def make(path: Path, *, mapped: bool = True, strict: bool = False) -> JournalWriter:
    """Return a new journal."""
    return JournalWriter(path, run="r", writer="w", mapped=mapped, strict=strict)


def values(path: Path) -> list[float]:
    """Return the values of all points in a journal."""
    return [r.value for r in JournalReader(path).records() if r.kind == slots.FLOAT]


@pytest.mark.parametrize("mapped", [True, False], ids=["mmap", "pwrite"])
class TestBothEngines:
    def test_points_are_there_without_closing(self, tmp_path: Path, *, mapped: bool) -> None:
        """A reader sees each point as soon as the call returned."""
        journal = make(tmp_path / "j", mapped=mapped)
        for n in range(10):
            journal.point(WORD, n, n / 2)

        assert [n / 2 for n in range(10)] == values(tmp_path / "j")

    def test_growth_loses_nothing(self, tmp_path: Path, *, mapped: bool) -> None:
        """Points on both sides of every growth boundary are kept."""
        journal = make(tmp_path / "j", mapped=mapped)
        for n in range(20_000):
            journal.point(WORD, n, float(n))

        assert list(map(float, range(20_000))) == values(tmp_path / "j")

    def test_frames_and_rows_across_a_window_boundary(
        self, tmp_path: Path, *, mapped: bool
    ) -> None:
        """A record of many slots that straddles the mapped part is whole."""
        journal = make(tmp_path / "j", mapped=mapped)
        journal.frame({"k": "text", "text": "x" * 50_000})
        journal.frame({"k": "text", "text": "y" * 50_000})
        journal.row(3, 3)(7, [1.0, 2.0, 3.0], 5)
        reader = JournalReader(tmp_path / "j")
        reader.row_sizes[3] = 3
        kinds = [r.kind for r in reader.records()]

        assert ([slots.FRAME, slots.FRAME, slots.ROW], 0) == (kinds, reader.damage.slots)

    def test_threads_get_different_slots(self, tmp_path: Path, *, mapped: bool) -> None:
        """Four threads that log at once lose no point, frames between them included."""
        journal = make(tmp_path / "j", mapped=mapped)

        def log(base: int) -> None:
            for n in range(2000):
                journal.point(WORD, n, float(base + n))
                if n % 100 == 0:
                    journal.frame({"k": "x", "text": "z" * 100})

        threads = [threading.Thread(target=log, args=(10_000 * n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        reader = JournalReader(tmp_path / "j")
        records = list(reader.records())

        assert sorted(float(10_000 * t + n) for t in range(4) for n in range(2000)) == sorted(
            r.value for r in records if r.kind == slots.FLOAT
        )
        assert (80, 0) == (sum(r.kind == slots.FRAME for r in records), reader.damage.slots)


CHILD = """
import os, sys, mmap
from pathlib import Path
from vcs_track.plumbing.journal import JournalWriter
path, shared = Path(sys.argv[1]), sys.argv[2]
fd = os.open(shared, os.O_RDWR)
count = memoryview(mmap.mmap(fd, 8)).cast("Q")
journal = JournalWriter(path, run="r", writer="w", mapped=sys.argv[3] == "mmap")
n = 0
while True:
    journal.point(257, n, float(n))
    n += 1
    count[0] = n
"""


class TestKill:
    @pytest.mark.parametrize("engine", ["mmap", "pwrite"])
    def test_kill_9_loses_no_returned_point(self, tmp_path: Path, engine: str) -> None:
        """Every point whose call returned is readable after SIGKILL."""
        for trial in range(5):
            path, shared = tmp_path / f"{trial}.j", tmp_path / f"{trial}.n"
            shared.write_bytes(bytes(8))
            child = subprocess.Popen([sys.executable, "-c", CHILD, str(path), str(shared), engine])
            while not int.from_bytes(shared.read_bytes(), "little"):
                assert child.poll() is None
            threading.Event().wait(0.02 + trial * 0.031)
            child.send_signal(signal.SIGKILL)
            child.wait()
            accepted = int.from_bytes(shared.read_bytes(), "little")
            found = values(path)

            assert list(map(float, range(accepted))) == found[:accepted]
            assert len(found) <= accepted + 1


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


class TestFullDisk:
    @pytest.mark.parametrize("mapped", [True, False], ids=["mmap", "pwrite"])
    def test_logging_goes_on_and_nothing_is_lost(self, tiny_disk: Path, *, mapped: bool) -> None:
        """On a full disk points wait in memory, with one warning, until there is room."""
        journal = make(tiny_disk / "j", mapped=mapped)
        filler = tiny_disk / "filler"
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            filler.write_bytes(bytes(600_000))
            for n in range(30_000):
                journal.point(WORD, n, float(n))
        filler.unlink()

        assert 1 == len(caught)
        assert "no space left" in str(caught[0].message)
        assert 0 == journal.settle()
        assert list(map(float, range(30_000))) == values(tiny_disk / "j")

    def test_strict_raises(self, tiny_disk: Path) -> None:
        """A strict journal says at once that a point cannot be written."""
        journal = make(tiny_disk / "j", strict=True)
        (tiny_disk / "filler").write_bytes(bytes(600_000))

        def fill() -> None:
            for n in range(30_000):
                journal.point(WORD, n, float(n))

        with pytest.raises(StorageError, match="no space left") as error:
            fill()
        assert "free some disk space" in error.value.hint


class TestSync:
    def test_sync_after_close_is_harmless(self, tmp_path: Path) -> None:
        """The background thread may come late."""
        journal = make(tmp_path / "j")
        journal.point(WORD, 0, 1.0)
        journal.close()
        journal.sync()

        assert [1.0] == values(tmp_path / "j")

    def test_signal_handler_may_log(self, tmp_path: Path) -> None:
        """A handler that logs in the middle of logging neither blocks nor loses a point."""
        journal = make(tmp_path / "j")
        handled = []

        def handler(number: int, frame: object) -> None:
            del number, frame
            handled.append(1)
            journal.point(WORD, 0, -1.0)

        before = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        try:
            for n in range(50_000):
                journal.point(WORD, n, float(n))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        found = values(tmp_path / "j")

        assert handled
        assert (50_000, len(handled)) == (sum(v >= 0 for v in found), found.count(-1.0))

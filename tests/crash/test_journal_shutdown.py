"""Those who still log while the interpreter goes down: accepted and kept, or refused clearly."""

from __future__ import annotations

import mmap
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

# Every program counts the calls that returned in memory that outlives it.
HEAD = """
import atexit, mmap, os, sys, threading, time, weakref
import vcs_track
fd = os.open("board", os.O_RDWR)
board = memoryview(mmap.mmap(fd, mmap.PAGESIZE)).cast("Q")
repo = vcs_track.open().with_defaults(capture_git=False, sync_interval=0.005)
def late():
    run.add_scalar("late", 1.0)
    board[0] += 1
class Late:
    def __del__(self, late=late):
        late()
"""
START = "run = repo.start_run('r', id='r')\nrun.add_scalar('loss', 0.5)\n"

THREADS = """
def work(i):
    n = 0
    while True:
        run.add_scalar(f"t{i}", n / 2, n)
        if n % 5 == 0:
            run.add_scalars({f"a{i}": 1.0, f"b{i}": 2.0}, n)
        if i % 2 and n % 50 == 0:
            run.add_text("a text", tag=f"x{i}")
        n += 1
        board[i] = n
for i in range(4):
    threading.Thread(target=work, args=(i,), daemon=True).start()
while not all(board[:4]):
    time.sleep(0.001)
"""


def run_program(folder: Path, body: str) -> tuple[list[int], str]:
    """Run a program to its end, which must be a normal one; return its counts and stderr."""
    vcs_track.init(folder)
    board = folder / "board"
    board.write_bytes(bytes(mmap.PAGESIZE))
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", HEAD + body],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    assert "Fatal" not in done.stderr
    return list(memoryview(board.read_bytes()).cast("Q")), done.stderr


class TestThreads:
    @pytest.mark.parametrize("long", [False, True], ids=["one journal", "many journals"])
    def test_daemons_that_never_stop(self, tmp_path: Path, long: bool) -> None:
        """Threads that log until they are frozen lose no call that returned.

        Seen to fail when calls on a closed journal returned.
        """
        small = "from vcs_track.porcelain import writer\nwriter._LONG = 64 << 10\n"
        counts, err = run_program(tmp_path, small * long + START + THREADS + "time.sleep(0.1)\n")
        run = vcs_track.open(tmp_path).run("r")

        assert "finished" == run.status
        for i, count in enumerate(counts[:4]):
            assert [n / 2 for n in range(count)] == run.series(f"t{i}").value[:count]
            assert -(-count // 5) <= len(run.series(f"a{i}")) == len(run.series(f"b{i}"))
            assert -(-count // 50) * (i % 2) <= len(run.get_text(tag=f"x{i}"))
        # Those whose call was refused were told why.
        assert "RunSealedError" in err or "Traceback" not in err

    def test_those_that_python_waits_for(self, tmp_path: Path) -> None:
        """Threads that go on behind the end of the program log to the end."""
        body = START + "threading.Thread(target=lambda: [late() for _ in range(5000)]).start()\n"
        counts, err = run_program(tmp_path, body)
        run = vcs_track.open(tmp_path).run("r")

        assert (5000, "", "finished") == (counts[0], err, run.status)
        assert 5000 == len(run.series("late"))


# What logs late, and whether that is in time.
LATE = {
    "atexit, registered last": (START + "atexit.register(late)\n", True),
    "atexit, registered first": ("atexit.register(late)\n" + START, False),
    "weakref.finalize": (START + "x = Late\nweakref.finalize(x, late)\n", True),
    "__del__ of a global": (START + "x = Late()\n", False),
    "__del__ in a cycle": (START + "x = Late()\nx.x = x\n", False),
}


class TestLate:
    @pytest.mark.parametrize("how", LATE)
    def test_one_that_logs(self, tmp_path: Path, how: str) -> None:
        """What logs while the interpreter goes down is in time, or told that it is not."""
        body, in_time = LATE[how]
        counts, err = run_program(tmp_path, body)
        run = vcs_track.open(tmp_path).run("r")

        assert ("finished", [0.5]) == (run.status, run.series("loss").value)
        assert in_time == counts[0] == ("late" in run.series_tags)
        assert in_time or "run 'r' has ended: nothing can be logged to it" in err

    @pytest.mark.parametrize("before", ["", "repo.start_run('first', id='s')\n"])
    def test_a_run_started_at_exit(self, tmp_path: Path, before: str) -> None:
        """A run that an exit handler starts keeps what is logged to it."""
        start = "def start():\n    global run\n    run = repo.start_run('r', id='r')\n    late()\n"
        counts, err = run_program(tmp_path, start + "atexit.register(start)\n" + before)
        run = vcs_track.open(tmp_path).run("r")

        assert (1, "", [1.0]) == (counts[0], err, run.series("late").value)

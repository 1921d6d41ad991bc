"""Tests of ``vcs_track.plumbing.lock``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vcs_track.plumbing.lock import Lock, identity

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD = """
import os, sys, time
from pathlib import Path
from vcs_track.plumbing.lock import Lock
lock = Lock.take(Path(sys.argv[1]))
if sys.argv[2] == "fork" and os.fork() == 0:
    # A worker that outlives its parent: it holds a copy of every descriptor.
    os.write(1, b"worker %d\\n" % os.getpid())
    sys.stdin.readline()
    os._exit(0)
# One call a line: two processes share the pipe.
os.write(1, b"parent %d\\n" % (lock is not None))
time.sleep(60)
"""

TRY = """
import sys
from pathlib import Path
from vcs_track.plumbing.lock import Lock
print(Lock.take(Path(sys.argv[1])) is not None)
"""


def taken_elsewhere(path: Path) -> bool:
    """Return whether another process can take the lock."""
    out = subprocess.run([sys.executable, "-c", TRY, path], capture_output=True, check=True)
    return out.stdout.strip() == b"True"


@contextmanager
def holder(path: Path, mode: str = "plain") -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """Run a process that holds the lock on *path*, with a forked worker in mode 'fork'."""
    command = [sys.executable, "-c", HOLD, str(path), mode]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2 if mode == "fork" else 1)]
        try:
            yield process, sorted(lines)
        finally:
            process.kill()


class TestLock:
    def test_one_process_at_a_time(self, tmp_path: Path) -> None:
        """What one process holds no other gets, until it is released."""
        lock = Lock.take(tmp_path / "x.lock")
        assert lock is not None

        assert not taken_elsewhere(tmp_path / "x.lock")
        lock.release()
        assert taken_elsewhere(tmp_path / "x.lock")

    def test_a_process_cannot_take_its_own_lock_twice(self, tmp_path: Path) -> None:
        """A second take is refused in the process too, and does not drop the first."""
        lock = Lock.take(tmp_path / "x.lock")
        assert lock is not None

        assert Lock.take(tmp_path / "x.lock") is None
        assert not taken_elsewhere(tmp_path / "x.lock")
        lock.release()
        again = Lock.take(tmp_path / "x.lock")
        assert again is not None
        again.release()

    def test_another_spelling_is_the_same_lock(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A link or a relative path to a held lock does not take it again."""
        monkeypatch.chdir(tmp_path)
        (tmp_path / "link").symlink_to(tmp_path)
        lock = Lock.take(tmp_path / "x.lock")
        assert lock is not None

        assert Lock.take(tmp_path / "link" / "x.lock") is None
        assert Lock.take(Path("x.lock")) is None

    def test_locks_do_not_know_each_other(self, tmp_path: Path) -> None:
        """Two locks are held side by side, and released one by one."""
        one, two = Lock.take(tmp_path / "1"), Lock.take(tmp_path / "2")
        assert one is not None
        assert two is not None
        one.release()

        assert taken_elsewhere(tmp_path / "1")
        assert not taken_elsewhere(tmp_path / "2")
        two.release()

    def test_releasing_twice_is_harmless(self, tmp_path: Path) -> None:
        """A second release closes nothing that somebody else opened meanwhile."""
        lock = Lock.take(tmp_path / "x.lock")
        assert lock is not None
        lock.release()
        fd = os.open(tmp_path / "other", os.O_CREAT | os.O_WRONLY)
        lock.release()

        assert 1 == os.write(fd, b"x")
        os.close(fd)

    def test_death_frees_it(self, tmp_path: Path) -> None:
        """The kernel frees the lock of a process that was killed."""
        path = tmp_path / "x.lock"
        with holder(path) as (process, lines):
            assert (["parent 1\n"], None) == (lines, Lock.take(path))
            process.send_signal(signal.SIGKILL)
            process.wait()
            lock = Lock.take(path)

        assert lock is not None
        lock.release()

    def test_a_forked_worker_does_not_inherit_it(self, tmp_path: Path) -> None:
        """The lock of a killed process is free although its workers live on."""
        path = tmp_path / "x.lock"
        with holder(path, "fork") as (process, lines):
            worker = int(lines[1].split()[1])
            process.send_signal(signal.SIGKILL)
            process.wait()
            os.kill(worker, 0)  # it lives
            lock = Lock.take(path)

        assert lock is not None
        lock.release()

    def test_a_forked_worker_cannot_release_it(self, tmp_path: Path) -> None:
        """A release in a forked child leaves the parent its lock; the child cannot take it."""
        code = f"""
import os
from pathlib import Path
from vcs_track.plumbing.lock import Lock
path = Path({str(tmp_path / "x.lock")!r})
lock = Lock.take(path)
pid = os.fork()
if pid == 0:
    refused = Lock.take(path) is None
    lock.release()
    os._exit(0 if refused else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert Lock.take(path) is None
print("held", flush=True)
input()
"""
        with subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            line = process.stdout.readline()

            assert ("held\n", False) == (line, taken_elsewhere(tmp_path / "x.lock"))
            process.communicate("\n")

    def test_a_folder_that_is_missing_is_an_error(self, tmp_path: Path) -> None:
        """Without its folder there is no lock, and no pretence of one."""
        with pytest.raises(FileNotFoundError):
            Lock.take(tmp_path / "none" / "x.lock")


class TestIdentity:
    def test_it_is_this_process(self) -> None:
        """The identity names this process, and is the same whenever it is asked for."""
        who = identity()

        assert os.getpid() == who.pid
        assert who == identity()
        assert who.host

    @pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
    def test_another_process_is_another(self) -> None:
        """A later process with the same boot id and namespace differs in its start."""
        code = "from vcs_track.plumbing.lock import identity as i; w = i(); print(w.boot, w.ticks)"
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        boot, ticks = out.stdout.decode().split()
        who = identity()

        assert who.boot == boot
        assert 0 < who.ticks < int(ticks)

"""Tests of ``vcs_track.plumbing.workers``: nothing is lost, left over or done twice."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vcs_track.plumbing.workers import processors, spread


def children() -> set[str]:
    """Return the processes that this one has."""
    path = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    return set(path.read_text().split())


@pytest.mark.parametrize("processes", [1, 2, 3])
class TestSpread:
    def test_is_in_order(self, processes: int) -> None:
        """What was made of each part comes in the order of the parts, whatever it is."""
        parts = [*range(40)]

        found = [*spread(lambda n: [n, f"{n}", b"n", -math.inf, {"a": None}], parts, processes)]

        assert [[n, f"{n}", b"n", -math.inf, {"a": None}] for n in parts] == found

    def test_is_large(self, processes: int) -> None:
        """More than a pipe holds arrives whole."""
        found = [*spread(lambda n: bytes(3_000_000 + n), [0, 1, 2], processes)]

        assert [3_000_000, 3_000_001, 3_000_002] == [len(one) for one in found]

    def test_leaves_no_process(self, processes: int) -> None:
        """All children are gone at the end, also where it was left early.

        Seen to fail without `waitpid`.
        """
        before = children()
        for _ in spread(bytes, [1, 2, 3, 4], processes):
            break

        assert before == children()

    def test_an_error_is_told_here(self, processes: int) -> None:
        """What the work raises comes out of here, once it is the part's turn."""
        found: list[float] = []
        with pytest.raises(ZeroDivisionError):
            found.extend(spread(lambda n: 1 / n, [2, 1, 0], processes))

        assert [0.5, 1.0] == found


def test_work_of_a_dead_child_is_done_here() -> None:
    """A child that is killed in the midst costs time and nothing else.

    Seen to fail when a short read was given on.
    """
    here = os.getpid()

    def work(n: int) -> int:
        if n > 2 and os.getpid() != here:
            os.kill(os.getpid(), 9)
        return n * n

    assert [n * n for n in range(9)] == [*spread(work, range(9), 2)]


def test_children_do_not_end_as_the_program_does(tmp_path: Path) -> None:
    """What a program does at its end, it does once.

    Seen to fail with `sys.exit` in place of `os._exit`.
    """
    script = tmp_path / "a.py"
    script.write_text(
        "import atexit\n"
        "from vcs_track.plumbing.workers import spread\n"
        "atexit.register(print, 'end')\n"
        "print([*spread(str, [1, 2, 3], 3)])\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=True
    )

    assert "['1', '2', '3']\nend\n" == done.stdout


class TestProcessors:
    def test_is_never_more_than_asked(self) -> None:
        """One is one, and there are never more than the machine has."""
        assert processors(1) == 1
        assert 1 <= processors(1000) <= (os.cpu_count() or 1)

    def test_a_program_with_threads_is_not_forked(self) -> None:
        """Beside another thread all is done here.

        Seen to fail when threads were not counted.
        """
        go_on = threading.Event()
        thread = threading.Thread(target=go_on.wait)
        thread.start()
        try:
            assert processors(1000) == 1
        finally:
            go_on.set()
            thread.join()

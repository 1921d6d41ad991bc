"""Tests of ``vcs_track.porcelain.notebook``, in the real shell of notebooks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("IPython")

NOTEBOOK = """\
import signal, os
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for cell in {cells!r}:
    shell.run_cell(cell, store_history=True)
{then}
"""
START = "import vcs_track; run = vcs_track.start_run('nb', id='r')"


def execute(folder: Path, *cells: str, then: str = "") -> str:
    """Execute *cells* in a shell of their own; return the source that the run has."""
    program = NOTEBOOK.format(cells=list(cells), then=then)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=60,
        check=False, env=None,
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    [item] = vcs_track.open(folder).run("r").media("cells")
    assert ("cells.py", "text/x-python") == (item.name, item.mime)
    return item.text


class TestCells:
    def test_are_kept(self, tmp_path: Path) -> None:
        """Cells before the start, that of the start, and those after it are kept in order.

        Seen to fail when the history before the start was left out.
        """
        vcs_track.init(tmp_path)
        text = execute(tmp_path, "lr = 0.1", START, "run.add_scalar('loss', lr)", "run.finish()")

        assert (
            "# In [1]\nlr = 0.1\n\n"
            f"# In [2]\n{START}\n\n"
            "# In [3]\nrun.add_scalar('loss', lr)\n\n"
            "# In [4]\nrun.finish()\n"
        ) == text

    def test_end_with_the_run(self, tmp_path: Path) -> None:
        """What is executed when the run has ended is no part of it."""
        vcs_track.init(tmp_path)

        assert "later" not in execute(tmp_path, START, "run.finish()", "later = 1")

    def test_survive_the_kernel(self, tmp_path: Path) -> None:
        """A kernel that is killed has kept every cell that began."""
        vcs_track.init(tmp_path)
        then = "os.kill(os.getpid(), signal.SIGKILL)"

        assert "last = 1" in execute(tmp_path, START, "last = 1", then=then)

    def test_magics_stay_and_secrets_go(self, tmp_path: Path) -> None:
        """A cell is kept as it was typed, but for what looks like a secret."""
        vcs_track.init(tmp_path)
        text = execute(tmp_path, "%env API_KEY=abcdef\n!echo hej", START)

        assert "%env API_KEY=***\n!echo hej\n" in text

    def test_not_without_code(self, tmp_path: Path) -> None:
        """Who wants no code kept has no cells kept."""
        vcs_track.init(tmp_path)
        start = START.replace("id='r'", "id='r', capture_code=False")
        with pytest.raises(ValueError, match="not enough values"):
            execute(tmp_path, start)

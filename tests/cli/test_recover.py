"""``vcs-track recover``: runs whose programs died are sealed, the others left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cli.program import only_run, vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []

DYING = """
import os, signal, vcs_track
run = vcs_track.start_run("dying")
for step in range(50):
    run.add_scalar("loss", float(step), step)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return vcs_track.init(tmp_path)


def die() -> None:
    """Let a logging process be killed."""
    done = subprocess.run([sys.executable, "-c", DYING], check=False, timeout=60)
    assert -signal.SIGKILL == done.returncode


class TestRecover:
    def test_seals_what_died(self, repo: Repository) -> None:
        """A run whose process was killed is listed, crashed, and has every point."""
        die()
        done = vcs("recover")
        run = only_run(repo.root)

        assert f"sealed  {run.id} dying (crashed)\n" == done.stdout
        assert 50 == len(run.series("loss"))

    def test_json(self, repo: Repository) -> None:
        """``--json`` prints the sealed run as a row."""
        die()
        found = json.loads(vcs("recover", "--json").stdout)

        assert ("sealed", "dying", "crashed") == (found["change"], found["name"], found["status"])

    def test_leaves_the_living(self, repo: Repository) -> None:
        """A run that is going on is left alone, and its process is named."""
        with repo.start_run("going") as run:
            done = vcs("recover", "--force")

        assert f"left    {run.id} is going on (process {os.getpid()})\n" == done.stdout
        assert "finished" == run.status

    def test_leaves_other_hosts_unless_forced(self, repo: Repository) -> None:
        """A run of another host is left alone with the reason, and sealed with ``--force``."""
        elsewhere = DYING.replace("import os", "import socket, os", 1)
        elsewhere = f"import os; os.uname = lambda: os.uname_result(['', 'far-away', '', '', ''])\n{elsewhere}"
        subprocess.run([sys.executable, "-c", elsewhere], check=False, timeout=60)
        left = json.loads(vcs("recover", "--json").stdout)
        forced = vcs("recover", "--force")

        assert "left" == left["change"]
        assert "far-away" in left["reason"]
        assert forced.stdout.startswith(f"sealed  {left['id']} ")

    def test_nothing_to_do(self, repo: Repository) -> None:
        """A second time there is nothing to do."""
        done = vcs("recover")

        assert ("", "nothing to recover\n") == (done.stdout, done.stderr)

    def test_no_repository(self, tmp_path: Path) -> None:
        """Without a repository the exit code is 10."""
        vcs("-C", tmp_path, "recover", code=10)

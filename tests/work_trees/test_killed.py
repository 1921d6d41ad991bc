"""A capture that is killed leaves the repository as it was, to the byte."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from work_trees.places import Place, committed, disturb, everything, git

import vcs_track
from vcs_track.porcelain.gc import gc

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from vcs_track.plumbing.gitlink import read_state
from vcs_track.porcelain.capture import Rules, capture
from vcs_track.formats.oid import object_format

root, tmp = map(Path, sys.argv[1:])
keep = object_format("sha256").hash
print("ready", flush=True)
while True:
    capture(root, read_state(root), tmp, keep, Rules())
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a work tree with every kind of change."""
    place = committed(tmp_path)
    disturb(place.root, tmp_path / "other")
    return place


def test_leaves_git_as_it_was(place: Place) -> None:
    """Index, refs, stash, objects and files are the same after twenty kills at any moment.

    Seen to fail when git wrote its objects into the repository.
    """
    chance = random.Random()
    before = everything(place.root)
    status = git(place.root, "--no-optional-locks", "status", "--porcelain")
    for _ in range(20):
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(place.root), str(place.tmp)],
            stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(chance.random() * 0.05)
        os.killpg(child.pid, signal.SIGKILL)
        child.stdout.close()
        child.wait()

    assert before == everything(place.root)
    assert status == git(place.root, "--no-optional-locks", "status", "--porcelain")


def test_what_it_leaves_is_cleaned_up(tmp_path: Path) -> None:
    """The scratch folder of a capture that died goes with the other left-overs."""
    repo = vcs_track.init(tmp_path)
    scratch = repo.store.layout.tmp / "code-0123456789abcdef" / "objects"
    scratch.mkdir(parents=True)
    (scratch / "file").write_bytes(b"x")
    day = 86_400_000_000
    now = time.time_ns() // 1000
    for days in (2, 4):
        gc(repo.store, now_us=now + days * day)

    assert not scratch.parent.exists()


def test_a_run_that_dies_before_has_its_commit(place: Place) -> None:
    """A run that is killed before the capture is done has commit and dirtiness, and no code."""
    body = (
        "import os, signal, vcs_track\n"
        "from vcs_track.porcelain import capture\n"
        "capture.capture = lambda *_: __import__('time').sleep(60)\n"
        "run = vcs_track.init('.').start_run(id='r')\n"
        "run.add_scalar('loss', 0.5, 0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", body], cwd=place.root, check=False)
    run = vcs_track.open(place.root).run("r")

    assert ("crashed", None, True) == (run.status, run.code, run.git["dirty"])
    assert git(place.root, "rev-parse", "HEAD").decode().strip() == run.git["commit"]
    assert [0.5] == run.series("loss").value


def test_one_that_fails_is_a_gap(place: Place) -> None:
    """What cannot be captured never stops a run; its gaps say why."""
    body = (
        "import vcs_track\n"
        "from vcs_track.porcelain import capture\n"
        "def fail(*_): raise MemoryError('no room')\n"
        "capture.capture = fail\n"
        "with vcs_track.init('.').start_run(id='r') as run: run.add_scalar('loss', 0.5, 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", body], cwd=place.root, check=True, capture_output=True, text=True
    )
    run = vcs_track.open(place.root).run("r")

    assert "" == done.stderr
    assert ("finished", None) == (run.status, run.code)
    assert ["the code was not captured: no room"] == [gap["why"] for gap in run.manifest.gaps]

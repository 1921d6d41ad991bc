"""A capture that is killed leaves the repository as it was, to the byte."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from work_trees.places import Place, committed, disturb, everything, git
from work_trees.training import snapshot

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


WRAPPER = """#!/bin/sh
n=$(($(cat "$CALLS") + 1))
echo $n > "$CALLS.$$" && mv "$CALLS.$$" "$CALLS"
if [ $n = "$KILL_AT" ] && [ "$KILL" = before ]; then kill -9 $PPID; exit 1; fi
if [ $n = "$KILL_AT" ] && [ "$KILL" = while ]; then kill -9 $PPID; fi
{git} "$@"
code=$?
if [ $n = "$KILL_AT" ] && [ "$KILL" = after ]; then kill -9 $PPID; fi
if [ $n = "$KILL_AT" ]; then echo done > "$CALLS.done"; fi
exit $code
"""
BODY = """
import vcs_track
with vcs_track.start_run("run", id="r") as run:
    run.add_scalar("loss", 0.5, 0)
"""
LAST = 12  # calls that a capture of every kind of change makes


def head(root: Path) -> str:
    """Return the id of the commit."""
    return git(root, "rev-parse", "HEAD").decode().strip()


class TestKilledAtEachCall:
    """The program dies at one call of git: before it, while git goes on alone, or after it."""

    def train(self, place: Place, at: int, when: str) -> int:
        """Train with a git that kills; return how many calls were made."""
        folder = place.root.parent / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "git").write_text(WRAPPER.replace("{git}", shutil.which("git") or "git"))
        (folder / "git").chmod(0o755)
        calls = place.root.parent / "calls"
        calls.write_text("0\n")
        done = calls.with_name("calls.done")
        done.unlink(missing_ok=True)
        path = f"{folder}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "CALLS": str(calls), "KILL_AT": str(at), "KILL": when}
        subprocess.run([sys.executable, "-c", BODY], cwd=place.root, env=env, check=False)
        while when == "while" and int(calls.read_text()) >= at and not done.exists():
            time.sleep(0.01)  # git, which was left alone, is still at work
        return int(calls.read_text())

    def check(self, place: Place, at: int, when: str) -> None:
        """Look that git is as it was, and that the run is there if its start was done."""
        before = snapshot(place.root)
        self.train(place, at, when)
        assert before == snapshot(place.root)

        repo = vcs_track.open(place.root)
        tmp = repo.store.layout.tmp
        found = [run.id for run in repo.runs()]
        if found:
            view = repo.run("r")
            assert ("crashed", None, True) == (view.status, view.code, view.git["dirty"])
            assert head(place.root) == view.git["commit"]
            assert ["the code was not captured: the run ended before it was done"] == [
                gap.get("why") for gap in view.manifest.gaps
            ]
        assert found or at <= 3  # no call of ours had returned yet
        assert repo.fsck().ok
        for days in (2, 4):
            gc(repo.store, now_us=time.time_ns() // 1000 + days * 86_400_000_000)
        assert [] == [path.name for path in tmp.glob("code-*")]

        with repo.start_run("again", id="again"):
            pass
        assert repo.run("again").git["tree"] == repo.code("again").tree
        assert before == snapshot(place.root)

    def test_there_are_so_many(self, place: Place) -> None:
        """A whole capture makes so many calls, so that each is among those below."""
        assert LAST == self.train(place, 0, "never")

    @pytest.mark.parametrize("at", range(1, LAST + 1))
    def test_while_git_goes_on(self, place: Place, at: int) -> None:
        """Git that is left alone does no harm, and the run says what it lacks."""
        self.check(place, at, "while")

    @pytest.mark.slow
    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("at", range(1, LAST + 1))
    def test_before_and_after(self, place: Place, at: int, when: str) -> None:
        """Before a call and after it the same holds."""
        self.check(place, at, when)

    def test_of_a_clean_work_tree(self, tmp_path: Path) -> None:
        """A run in a clean work tree that dies at any call is recovered too."""
        place = committed(tmp_path)
        last = self.train(place, 0, "never")
        shutil.rmtree(place.root / ".runs")
        before = snapshot(place.root)
        for at in range(1, last + 1):
            self.train(place, at, "while")
            found = [run.status for run in vcs_track.open(place.root).runs()]

            assert before == snapshot(place.root)
            # Two calls may take one number, so that the one after is not reached.
            assert found in ([["crashed"], []] if at <= 3 else [["crashed"], ["finished"]])
            shutil.rmtree(place.root / ".runs")


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
    """A run that is killed before the capture is done has commit and dirtiness, and no code.

    A gap says so. Seen to fail: there was none.
    """
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
    assert head(place.root) == run.git["commit"]
    assert ["the code was not captured: the run ended before it was done"] == [
        gap["why"] for gap in run.manifest.gaps
    ]
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

"""Clocks that jump by years: times may be nonsense then, points and edits may not."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

YEAR = 365 * 86_400 * 10**9
JUMPS = [-50, -5, 5, 150]  # years from the first call to the second


jumps = pytest.mark.parametrize("jump", JUMPS)


class Clock:
    """The clock of the system, set to another time."""

    def __init__(self) -> None:
        self.real = time.time_ns
        self.years = 0

    def __call__(self) -> int:
        return self.real() + self.years * YEAR


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock that can be set, and that all of this process goes by."""
    found = Clock()
    monkeypatch.setattr(time, "time_ns", found)
    return found


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository without a background thread."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False, sync_interval=0)


class TestJumps:
    @jumps
    def test_between_two_calls(self, repo: Repository, clock: Clock, jump: int) -> None:
        """Points stay in the order of the calls, each with the time that the clock said."""
        run = repo.start_run("r", id="r")
        for n in range(40):
            clock.years = jump * (n // 10 % 2)
            run.add_scalar("loss", float(n))
            run.add_scalars({"a": float(n), "b": -float(n)})
            run.set_note(f"note {n}")
        run.finish()
        view = vcs_track.open(repo.root).run("r")
        walls = view.series("loss").walltime

        assert [float(n) for n in range(40)] == view.series("loss").value
        assert [-float(n) for n in range(40)] == view.series("b").value
        assert list(range(40)) == view.series("a").step
        assert ("note 39", "finished") == (view.manifest.notes, view.status)
        assert [jump, -jump, jump] == [
            round((walls[n] - walls[n - 1]) * 1e9 / YEAR) for n in (10, 20, 30)
        ]
        assert repo.fsck().ok

    @jumps
    def test_ends_after_its_beginning(self, repo: Repository, clock: Clock, jump: int) -> None:
        """No run ends before it began.

        Seen to fail when the end was what the clock said.
        """
        run = repo.start_run("r", id="r")
        run.add_scalar("loss", 0.5)
        clock.years = jump
        run.finish()

        assert repo.run("r").duration >= 0

    @jumps
    def test_between_journals(self, repo: Repository, clock: Clock, jump: int) -> None:
        """A journal that follows another is read behind it, whatever the clock said.

        Seen to fail when journals were read in the order of the clock.
        """
        run = repo.start_run("r", id="r")
        for part in range(3):
            for n in range(100):
                run.add_scalar("loss", 100.0 * part + n)
            run.set_note(f"note {part}")
            clock.years = jump
            run._relay.hand_over()
        run.finish()
        view = repo.run("r")

        assert [float(n) for n in range(300)] == view.series("loss").value
        assert ({"loss": 299.0}, "note 2") == (view.summary, view.manifest.notes)

    @jumps
    def test_before_a_run_goes_on(self, repo: Repository, clock: Clock, jump: int) -> None:
        """A run goes on behind what it has, and is recovered there, whatever the clock says.

        Seen to fail when a manifest was not made younger than the one that it replaces.
        """
        with repo.start_run("r", id="r") as run:
            run.add_scalar("loss", 0.0)
            run.set_note("first")
        clock.years = jump
        pid = os.fork()
        if not pid:
            try:
                run = vcs_track.open(repo.root).start_run(id="r", resume="must")
                run.add_scalar("loss", 1.0)
                run.set_note("second")
                os.kill(os.getpid(), signal.SIGKILL)
            finally:
                os._exit(1)
        assert signal.SIGKILL == os.waitpid(pid, 0)[1]
        view = vcs_track.open(repo.root).run("r")

        assert ([0.0, 1.0], [0, 1]) == (view.series("loss").value, view.series("loss").step)
        assert ["second", "first"] == [manifest.notes for manifest in view.history]

    @jumps
    def test_edits_keep_their_order(self, repo: Repository, clock: Clock, jump: int) -> None:
        """The last edit is the one that stands, and the history tells them in order.

        Seen to fail when the time of an edit was what the clock said.
        """
        repo.start_run("r", id="r").finish()
        for n in range(4):
            clock.years = jump * (n % 2)
            repo.edit("r", notes=f"edit {n}")
        view = vcs_track.open(repo.root).run("r")

        assert ["edit 3", "edit 2", "edit 1", "edit 0", None] == [
            manifest.notes for manifest in view.history
        ]
        assert "edit 3" == view.manifest.notes

    @jumps
    def test_between_runs(self, repo: Repository, clock: Clock, jump: int) -> None:
        """Runs of any time are listed, and found by any name."""
        for n in range(3):
            clock.years = jump * (n % 2)
            with repo.start_run(f"name{n}", id=f"r{n}") as run:
                run.add_scalar("loss", float(n))
        clock.years = 0

        assert {"r0", "r1", "r2"} == {run.id for run in repo.runs()}
        assert ("r1" if jump > 0 else "r2") == repo.run("@").id


def test_the_programs_show_any_time(repo: Repository, clock: Clock) -> None:
    """``ls`` and ``show`` print runs of the past and of the future."""
    for years in JUMPS:
        clock.years = years
        with repo.start_run(f"name {years}", id=f"r{years}".replace("-", "_")) as run:
            run.add_scalar("loss", 0.5)
    shown = vcs("-C", repo.root, "ls").stdout

    assert [] == [years for years in JUMPS if f"name {years}" not in shown]
    assert str(repo.run("r150").created.year) in vcs("-C", repo.root, "show", "r150").stdout

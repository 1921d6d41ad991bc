"""Tests of ``vcs_track.porcelain.relay``: long runs, and disks that fail to sync."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import RunSealedError
from vcs_track.plumbing import fsio
from vcs_track.porcelain import relay, writer
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track import Repository, Run

LONG = 30.0  # far above what a loaded machine needs


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Return a repository in which a journal is long when it has 2,000 slots."""
    monkeypatch.setattr(writer, "_LONG", 64 << 10)
    # No background thread: the tests say when its round is.
    return vcs_track.init(tmp_path).with_defaults(capture_git=False, sync_interval=0)


def wait(what: Callable[[], object]) -> None:
    """Wait until *what* is true."""
    until = time.monotonic() + LONG
    while not what():
        assert time.monotonic() < until
        time.sleep(0.005)


def rounds(run: Run) -> None:
    """Do what the background thread does, until nothing is left to seal."""
    run._relay.sync()
    if run._relay._sealer is not None:
        run._relay._sealer.join()


def journals(repo: Repository) -> int:
    """Return the number of journals."""
    return len(list(repo.store.layout.live.rglob("*.j")))


class TestLongRuns:
    def test_what_is_long_is_sealed_while_the_run_goes_on(self, repo: Repository) -> None:
        """One short journal is left of a long run, and every point is seen all the time."""
        run = repo.start_run("r", id="r", hparams={"lr": 0.1}, tags=["t"])
        for n in range(10_000):
            run.add_scalar("loss", n / 3, n)
            if n % 100 == 0:
                run.add_scalars({"a": float(n), "b": -float(n)}, n)
            if n % 2500 == 2499:
                rounds(run)
                view = repo.run("r")
                assert ("running", n + 1) == (view.status, len(view.series("loss")))
        assert 1 == journals(repo)
        sealed = repo.run("r").history[0]
        assert "running" == sealed.status
        run.finish()
        view = repo.run("r")

        assert [n / 3 for n in range(10_000)] == view.series("loss").value
        assert list(range(10_000)) == view.series("loss").step
        assert [float(n) for n in range(0, 10_000, 100)] == view.series("a").value
        assert ("finished", {"lr": 0.1}, ["t"], ()) == (
            view.status, view.hparams, view.tags, view.manifest.gaps,
        )  # fmt: skip
        assert repo.fsck().ok

    def test_the_parts_are_the_same_series(self, repo: Repository, tmp_path: Path) -> None:
        """A run that was sealed in parts has the ids of one that was sealed at once."""
        whole = vcs_track.init(tmp_path / "whole").with_defaults(sync_interval=0)
        views = []
        for store, parts in ((repo, True), (whole, False)):
            with store.start_run("r", id="r") as run:
                for n in range(40_000):
                    run.add_scalar("loss", n / 3, n, walltime=1e9 + n)
                    if parts and n % 7000 == 6999:
                        rounds(run)
            views.append(store.run("r"))

        assert views[0].manifest.scalars == views[1].manifest.scalars

    def test_automatic_steps_count_on(self, repo: Repository) -> None:
        """A new journal changes no step, epoch or repetition."""
        with repo.start_run("r") as run:
            for _ in range(3):
                for _ in range(2500):
                    run.add_scalar("loss", 0.5, epoch=3)
                rounds(run)
            run.new_repetition()
            run.add_scalar("loss", 0.25)
        series = repo.run("r").series("loss")

        assert ([*range(7500), 0], [0] * 7500 + [1]) == (series.step, series.repetition)
        assert [3] * 7500 + [None] == series.epoch

    def test_media_and_labels_of_every_part_stay(self, repo: Repository) -> None:
        """Texts, files, output, parameters and labels do not depend on where a journal ended."""
        with repo.start_run("r", id="r") as run:
            for part in range(3):
                run.add_text(f"text {part}", tag="t")
                run.add_output(1, b"line %d\n" % part)
                run.add_hparams({f"p{part}": part})
                run.set_note(f"note {part}")
                (repo.root / "f").write_bytes(bytes([part]) * 5000)
                run.add_file(repo.root / "f", name=f"f{part}")
                for n in range(2500):
                    run.add_scalar("loss", 0.5, n)
                rounds(run)
        view = repo.run("r")

        assert ["text 0", "text 1", "text 2"] == [m.text for m in view.get_text()]
        assert [bytes([n]) * 5000 for n in range(3)] == [m.data for m in view.get_files()]
        assert ({"p0": 0, "p1": 1, "p2": 2}, "note 2") == (view.hparams, view.manifest.notes)
        assert b"line 0\nline 1\nline 2\n" == b"".join(m.data for m in view.media("console"))

    def test_a_call_in_another_thread_ends_in_its_own_journal(self, repo: Repository) -> None:
        """A journal is not closed while a call that began on it goes on."""
        run = repo.start_run("r", id="r")
        for n in range(2500):
            run.add_scalar("loss", float(n), n)
        series = run._series["loss"]  # what a call holds that has just begun
        rounds(run)
        assert 2 == journals(repo)
        series.point(series.word, 2500, 2500.0)
        del series
        rounds(run)
        assert 1 == journals(repo)
        run.finish()

        assert list(map(float, range(2501))) == repo.run("r").series("loss").value

    def test_a_storm_of_threads_loses_nothing(self, repo: Repository) -> None:
        """Four threads that log all the time lose no point while journals change.

        Seen to fail when a journal was closed without looking whether it is in use.
        """
        run = repo.start_run("r", id="r")
        counts, stop = [0] * 4, threading.Event()
        before = sys.getswitchinterval()
        sys.setswitchinterval(2e-5)

        def log(thread: int) -> None:
            n = 0
            while not stop.is_set():
                run.add_scalar(f"t{thread}", float(n), n)
                if n % 10 == 0:
                    run.add_scalars({f"a{thread}": float(n), f"b{thread}": float(n)}, n)
                n += 1
            counts[thread] = n

        threads = [threading.Thread(target=log, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        changes: set[Path] = set()
        while len(changes) < 6:
            run._relay.sync()
            changes.add(run._relay.writer.journal.path)
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(before)
        run.finish()
        view = repo.run("r")

        assert [list(map(float, range(n))) for n in counts] == [
            view.series(f"t{thread}").value for thread in range(4)
        ]
        assert [-(-n // 10) for n in counts] == [len(view.series(f"b{t}")) for t in range(4)]
        assert () == view.manifest.gaps

    def test_the_end_does_not_wait_for_slow_sealing(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Sealing in the background takes little of the time, until the run ends."""
        monkeypatch.setattr(relay, "_SHARE", 1e-6)  # would sleep for hours
        run = repo.start_run("r", id="r")
        for n in range(20_000):
            run.add_scalar("loss", float(n), n)
        run._relay.sync()
        wait(lambda: run._relay._sealer is not None)
        run.finish()

        assert 20_000 == len(repo.run("r").series("loss"))

    def test_kill_between_the_parts(self, repo: Repository) -> None:
        """What was sealed in parts and what was not are one run after a kill."""
        program = (
            "import os, signal, vcs_track\nfrom vcs_track.porcelain import writer\n"
            "writer._LONG = 64 << 10\nrepo = vcs_track.open().with_defaults(sync_interval=0)\n"
            "run = repo.start_run('r', id='r')\n"
            "for n in range(9000):\n    run.add_scalar('loss', float(n), n)\n"
            "    if n % 2500 == 2499:\n        run._relay.sync(); run._relay._sealer.join()\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        child = subprocess.run([sys.executable, "-c", program], cwd=repo.root, check=False)
        assert -signal.SIGKILL == child.returncode
        assert "running" == repo.run("r").status
        repo = vcs_track.open(repo.root)
        view = repo.run("r")

        assert ("crashed", list(map(float, range(9000)))) == (
            view.status, view.series("loss").value,
        )  # fmt: skip
        assert [] == live_runs(repo.store)
        assert repo.fsck().ok

    def test_a_forked_worker_writes_on_its_own(self, repo: Repository) -> None:
        """A worker forked off after a change of journals touches none of its parent's."""
        run = repo.start_run("r", id="r")
        for n in range(2500):
            run.add_scalar("loss", float(n), n)
        rounds(run)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                for n in range(3000):
                    run.add_scalar("child", float(n), n)
                run._relay.sync()
                code = 0
            finally:
                os._exit(code)
        assert 0 == os.waitpid(pid, 0)[1]
        run.add_scalar("loss", 2500.0, 2500)
        run.finish()
        view = repo.run("r")

        assert (2501, 3000) == (len(view.series("loss")), len(view.series("child")))
        assert "finished" == view.status


class TestFailingDisk:
    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
        """Return a switch that makes syncs of journals fail."""
        failing = False

        def switch(on: bool) -> None:
            nonlocal failing
            failing = on

        def sync_data(fd: int) -> None:
            if failing:
                raise OSError(errno.EIO, "Input/output error")
            os.fdatasync(fd)

        monkeypatch.setattr(fsio, "sync_data", sync_data)
        return switch

    def test_what_could_not_be_synced_is_written_anew(
        self, repo: Repository, broken: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a failed sync the points go to a pack, and a new journal is begun.

        Seen to fail when a failed sync was only noted.
        """
        run = repo.start_run("r", id="r")
        run.add_scalar("loss", 0.5, 0)
        broken(True)
        run._relay.writer.sync()
        broken(False)
        old = run._relay.writer.journal.path
        run.flush()

        assert run._relay.writer.journal.path != old
        assert not old.exists()
        assert 1 == len(repo.run("r").history)
        run.add_scalar("loss", 0.25, 1)
        run.finish()
        view = repo.run("r")
        assert [0.5, 0.25] == view.series("loss").value
        assert [(0, "sync: input/output error")] == [
            (gap["lost"], gap["why"]) for gap in view.manifest.gaps
        ]

    def test_a_disk_that_goes_on_failing_gets_no_heap_of_journals(
        self, repo: Repository, broken: Callable[[bool], None]
    ) -> None:
        """The journal is changed once, not with every round, and the run can be finished."""
        run = repo.start_run("r", id="r")
        run.add_scalar("loss", 0.5, 0)
        broken(True)
        for _ in range(10):
            rounds(run)

        assert journals(repo) <= 2
        broken(False)
        run.finish()
        assert [0.5] == repo.run("r").series("loss").value


class TestTheEnd:
    def test_a_call_after_the_end_is_refused(self, repo: Repository) -> None:
        """A call that began before the end and comes too late does not return."""
        run = repo.start_run("r", id="r")
        run.add_scalar("loss", 0.5, 0)
        series = run._series["loss"]
        run.finish()

        with pytest.raises(RunSealedError, match="has ended"):
            series.point(series.word, 1, 0.25)

    def test_a_run_that_nobody_holds_is_finished_at_the_end(self, repo: Repository) -> None:
        """Losing hold of a run does not lose its end."""
        program = (
            "import vcs_track, gc\nvcs_track.start_run('r', id='r').add_scalar('loss', 0.5)\n"
            "gc.collect()\n"
        )
        subprocess.run([sys.executable, "-c", program], cwd=repo.root, check=True)

        assert "finished" == repo.run("r").status

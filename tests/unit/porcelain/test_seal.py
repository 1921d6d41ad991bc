"""Tests of ``vcs_track.porcelain.seal``."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import vcs_track
from vcs_track.errors import LockedError
from vcs_track.plumbing import fsio, journal
from vcs_track.plumbing.lock import Lock, identity
from vcs_track.porcelain import seal as sealing
from vcs_track.porcelain.seal import all_ended, live_runs, live_state, recover, seal

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository, Run


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder below *folder* with its content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def die(run: Run) -> None:
    """Leave a run as the death of its process would."""
    run._relay.writer.abandon()
    run._ended = True


def start(repo: Repository, run_id: str, points: int = 3) -> Run:
    """Start a run with some points, a text and a file."""
    run = repo.start_run(run_id, id=run_id, hparams={"lr": 0.1})
    for n in range(points):
        run.add_scalar("loss", n / 3, n)
    run.add_text("hello", tag="t")
    file = repo.root / "file"
    file.write_bytes(b"bytes")
    run.add_file(file)
    return run


class TestSeal:
    def test_nothing_to_seal(self, repo: Repository) -> None:
        """A run that is not live is left alone."""
        assert seal(repo.store, "nobody") is None

    def test_journals_go_when_the_run_is_stored(self, repo: Repository) -> None:
        """After sealing there is a head and no live folder, and nothing temporary."""
        run = start(repo, "r")
        assert ["r"] == live_runs(repo.store)
        run.finish()

        assert [] == live_runs(repo.store)
        assert [] == list(repo.store.layout.live.iterdir())
        assert [] == list(repo.store.layout.tmp.iterdir())
        assert 1 == len(repo.run("r").heads)

    def test_a_repeated_seal_changes_nothing(self, repo: Repository) -> None:
        """Killed before the journals were removed, sealing again gives the same state."""
        run = start(repo, "r")
        folder = repo.store.layout.live_run("r")
        kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        die(run)
        kept |= {path.name: path.read_bytes() for path in folder.glob("*.j")}
        first = seal(repo.store, "r")
        before = (
            everything(repo.store.home.root / "packs"),
            everything(repo.store.home.root / "heads"),
        )
        folder.mkdir(exist_ok=True)
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        again = seal(repo.store, "r")

        assert first == again
        assert before == (
            everything(repo.store.home.root / "packs"), everything(repo.store.home.root / "heads"),
        )  # fmt: skip
        assert [] == live_runs(repo.store)

    def test_a_writer_that_goes_on_keeps_its_journal(self, repo: Repository) -> None:
        """Sealing while another writer lives leaves its journal alone; both are seen."""
        one = start(repo, "r", points=2)
        two = vcs_track.open(repo.root).start_run(id="r")
        two.add_scalar("other", 1.0, 0)
        one._ended = True
        one._relay.end("finished", {})
        state = seal(repo.store, "r")
        assert state is not None
        assert ["loss"] == list(state.summary)
        assert {"loss", "other"} == repo.run("r").summary.keys()
        assert ("running", ["r"]) == (repo.run("r").status, live_runs(repo.store))
        two.add_scalar("other", 2.0, 1)
        two.finish()
        view = repo.run("r")

        assert ([0.0, 1 / 3], [1.0, 2.0]) == (
            view.series("loss").value, view.series("other").value,
        )  # fmt: skip
        assert "finished" == view.status
        assert [] == live_runs(repo.store)

    def test_a_run_of_any_size_is_stored(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A run whose columns fill more than one pack gets several, and is whole."""
        monkeypatch.setattr(sealing, "_PACK", 50_000)
        with repo.start_run("r", id="r") as run:
            for n in range(60_000):
                run.add_scalar("loss", n / 7, n)
        packs = [name for name in repo.store.home.packs.packs if name.path.name[:2] == "p-"]

        assert len(packs) >= 3
        assert [n / 7 for n in range(60_000)] == repo.run("r").series("loss").value
        assert repo.fsck().ok

    def test_somebody_else_seals(self, repo: Repository) -> None:
        """While another process seals a run, patience ends in a clear error."""
        run = start(repo, "r")
        die(run)
        lock = Lock.take(repo.store.layout.live_run("r") / "seal.lock")
        assert lock is not None
        with pytest.raises(LockedError, match="being sealed"):
            seal(repo.store, "r", patience=0.0)
        lock.release()

        assert seal(repo.store, "r") is not None

    def test_a_missing_file_of_a_spool_is_a_gap(self, repo: Repository) -> None:
        """A run whose spooled bytes are lost says so and keeps the rest."""
        run = start(repo, "r")
        die(run)
        for path in repo.store.layout.live_run("r").glob("*.zip~"):
            path.unlink()
        state = seal(repo.store, "r")
        assert state is not None

        assert ["its bytes are missing"] == [gap["why"] for gap in state.gaps]
        assert 3 == len(repo.run("r").series("loss"))

    def test_a_clock_that_went_back(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A resumed run is newer than what it goes on with, whatever the clock says."""
        start(repo, "r").finish()
        run = repo.start_run(id="r", resume="must")
        monkeypatch.setattr("time.time_ns", lambda: 1_000_000)
        run.finish()
        newest, older = repo.run("r").history

        assert newest.time_us > older.time_us


class TestRecover:
    def test_a_dead_run_is_sealed_as_crashed(self, repo: Repository) -> None:
        """Everything that was logged is there, with the status crashed."""
        die(start(repo, "r"))
        assert ["r"] == recover(repo.store)
        view = repo.run("r")

        assert ("crashed", 3, "hello", b"bytes", {"lr": 0.1}) == (
            view.status, len(view.series("loss")), view.get_text()[0].text,
            view.get_files()[0].data, view.hparams,
        )  # fmt: skip
        assert repo.fsck().ok

    def test_opening_recovers(self, repo: Repository) -> None:
        """The next open of the repository seals what was left."""
        die(start(repo, "r"))

        assert "crashed" == vcs_track.open(repo.root).run("r").status

    def test_a_living_run_is_left_alone(self, repo: Repository) -> None:
        """A run whose writer lives is not touched, not even with force."""
        run = start(repo, "r")
        before = everything(repo.path)
        assert [] == recover(repo.store) == recover(repo.store, force=True)
        assert before == everything(repo.path)
        run.finish()

        assert "finished" == repo.run("r").status

    def test_nothing_to_recover(self, repo: Repository) -> None:
        """A second recovery does nothing."""
        die(start(repo, "r"))
        recover(repo.store)
        before = everything(repo.path)

        assert [] == recover(repo.store)
        assert before == everything(repo.path)

    def test_a_look_is_no_writer(self, repo: Repository) -> None:
        """Somebody who looks whether a dead writer lives does not keep others from sealing it.

        Seen to fail when only the writers of the own process were waited for.
        """
        dies = (
            "import os, vcs_track\nrun = vcs_track.start_run(id='r')\n"
            "run.add_scalar('loss', 0.5, 0)\nos._exit(0)\n"
        )
        subprocess.run([sys.executable, "-c", dies], cwd=repo.root, check=True)
        (lock,) = repo.store.layout.live_run("r").glob("*[0-9a-f].lock")
        looks = (
            "import pathlib, sys, time\nfrom vcs_track.plumbing.lock import Lock\n"
            "lock = Lock.take(pathlib.Path(sys.argv[1]))\nprint(flush=True)\ntime.sleep(0.03)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", looks, str(lock)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()

            assert ["r"] == recover(repo.store)

    def test_another_host_needs_force(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whether a writer on another machine lives cannot be seen from here."""
        elsewhere = replace(identity(), host="elsewhere", boot="other")
        with monkeypatch.context() as patch:
            patch.setattr(journal, "identity", lambda: elsewhere)
            run = start(repo, "r")
        die(run)
        assert [] == recover(repo.store)
        assert "running" == repo.run("r").status

        assert ["r"] == recover(repo.store, force=True)

    @pytest.mark.parametrize(("silent", "sealed"), [(590, []), (610, ["r"]), (-9999, [])])
    def test_another_host_that_fell_silent(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch, silent: int, sealed: list[str]
    ) -> None:
        """Ten minutes without a sign of life mean that a writer elsewhere is dead.

        Seen to fail when any age was taken for silence.
        """
        elsewhere = replace(identity(), host="elsewhere", boot="other")
        with monkeypatch.context() as patch:
            patch.setattr(journal, "identity", lambda: elsewhere)
            run = start(repo.with_defaults(sync_interval=3600), "r")
        run._relay.writer.beat()
        beat = run._relay.writer.journal.path.with_suffix(".beat")
        die(run)
        os.utime(beat, (time.time() - silent, time.time() - silent))

        assert sealed == recover(repo.store)

    def test_a_writer_that_was_taken_for_dead_loses_nothing(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A host that slept finds its run sealed by another one, and goes on with it.

        Seen to fail when the journal that the other host removed was not written anew, and
        when media went on into the file that it had made a pack.
        """
        nap = repo.with_defaults(sync_interval=0)
        monkeypatch.setattr(fsio, "lock", lambda _: None)  # a disk without locks
        monkeypatch.setattr(
            journal, "identity", lambda: replace(identity(), host="asleep", boot="x")
        )
        run = start(nap, "r")
        other = (
            "import vcs_track\nfrom vcs_track.plumbing import fsio, lock\n"
            "fsio.lock = lambda fd: None\nprint(vcs_track.open().recover(force=True))\n"
        )
        child = [sys.executable, "-c", other]
        done = subprocess.run(child, cwd=repo.root, capture_output=True, text=True, check=True)
        assert "['r']\n" == done.stdout
        assert "crashed" == vcs_track.open(repo.root, recover=False).run("r").status
        run.add_scalar("loss", 9.0, 9)
        run.add_image(np.full((40, 40), 7, dtype="uint8"), step=1)
        run._relay.sync()
        run.add_scalar("loss", 10.0, 10)
        run.finish()
        view = vcs_track.open(repo.root).run("r")

        assert [0.0, 1 / 3, 2 / 3, 9.0, 10.0] == view.series("loss").value
        assert ("finished", 1, ["hello"]) == (
            view.status, len(view.get_images()), [m.text for m in view.get_text()],
        )  # fmt: skip
        assert (40, 40) == view.get_images()[0].image.size
        assert repo.fsck().ok

    def test_a_dead_worker_of_a_finished_run(self, repo: Repository) -> None:
        """The run keeps the word of its first writer."""
        one = start(repo, "r")
        two = vcs_track.open(repo.root).start_run(id="r")
        two.add_scalar("w", 1.0)
        die(two)
        one.finish()
        vcs_track.open(repo.root)
        view = repo.run("r")

        assert ("finished", [1.0]) == (view.status, view.series("w").value)

    def test_a_dead_second_part(self, repo: Repository) -> None:
        """A run that died after it was resumed has both parts."""
        start(repo, "r").finish()
        run = repo.start_run(id="r", resume="must")
        run.add_scalar("loss", 9.0, 9)
        die(run)
        recover(repo.store)
        view = repo.run("r")

        assert ("crashed", 4, 2) == (view.status, len(view.series("loss")), len(view.history))

    def test_the_end_of_a_crashed_run_is_no_time_of_a_point(self, repo: Repository) -> None:
        """A walltime that a caller gave does not make a run end in 1970."""
        run = repo.start_run(id="r")
        run.add_scalar("a", 1.0, 0, walltime=5.0)
        die(run)
        recover(repo.store)

        assert repo.run("r").duration >= 0


class TestLive:
    def test_state_of_a_run_that_is_not_live(self, repo: Repository) -> None:
        """There is no live state of an ended or unknown run."""
        start(repo, "r").finish()

        assert live_state(repo.store, "r") is None
        assert live_state(repo.store, "nobody") is None

    def test_all_ended_tells_the_living_from_the_dead(self, repo: Repository) -> None:
        """One living writer is enough."""
        run = start(repo, "r")
        folder = repo.store.layout.live_run("r")
        assert not all_ended(folder)
        die(run)

        assert all_ended(folder)

    def test_looking_changes_nothing(self, repo: Repository) -> None:
        """A live view reads only."""
        run = start(repo, "r")
        before = everything(repo.path)
        _ = repo.run("r").to_dict(), list(repo.runs(where="status = running"))
        after = everything(repo.path)
        run.finish()
        # The index is made by whoever asks first.
        news = {name: found for name, found in after.items() if "index.sqlite" not in name}

        assert before == news

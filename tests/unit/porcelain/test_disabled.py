"""Tests of ``vcs_track.porcelain.disabled``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.porcelain.disabled import DisabledRun
from vcs_track.porcelain.media_log import MediaLog
from vcs_track.porcelain.run import Run

if TYPE_CHECKING:
    from vcs_track import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path)


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of everything below *folder*."""
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
    }


def use_everything(run: Run) -> None:
    """Call every method that logs."""
    run.add_scalar("loss", 0.5, 0, epoch=1, walltime=5.0, flush=True)
    run.add_scalars({"a": 1, "b": 2.0}, step=3)
    run.add_hparams({"lr": 0.1}, depth=3)
    run.add_image(b"not looked at", step=1, tag="im")
    run.add_text("hello", tag="t")
    run.add_fragment("<b>x</b>")
    run.add_histogram("h", [1], [0, 1])
    run.add_output(1, b"out")
    run.add_file("/no/such/file")
    run.detect_and_log_figures()
    run.new_repetition()
    run.set_note("n")
    run.set_tag("t")
    run.set_color("ff0000")
    run.set_name("other")
    run.set_summary(best=1)
    run.flush()


class TestDisabledRun:
    def test_writes_nothing_at_all(self, repo: Repository) -> None:
        """No file is made or touched, whatever is called."""
        before = stamps(repo.root)
        run = repo.start_run("x", hparams={"lr": 0.1}, tags=["t"], mode="disabled")
        use_everything(run)
        run.write_result(acc=1)
        run.set_status("failed")
        run.finish()

        assert before == stamps(repo.root)
        assert 0 == len(repo.runs())

    def test_nothing_reaches_the_current_folder(self, repo: Repository) -> None:
        """The path of a disabled run is not made."""
        run = repo.start_run(mode="disabled")
        use_everything(run)
        run.finish()

        assert [] == list(Path.cwd().iterdir())
        assert not run.path.exists()

    def test_no_public_method_of_a_run_is_left_out(self) -> None:
        """Each method that logs is a no-op, also one that is added later."""
        reading = {"view", "name", "status", "step", "path", "disabled"}
        public = {
            name for cls in (Run, MediaLog) for name in vars(cls) if not name.startswith("_")
        }
        own = {name for name in vars(DisabledRun) if not name.startswith("_")}

        assert set() == public - own - reading

    def test_reads_as_an_empty_run(self, repo: Repository) -> None:
        """Getters give what a run without anything gives."""
        run = repo.start_run("x", id="r", mode="disabled")
        use_everything(run)

        assert ("r", "x", "running", 0, 0) == (
            run.id, run.name, run.status, run.step, run.repetition,
        )  # fmt: skip
        assert ([], {}, [], [], [], [], [], [], []) == (
            run.get_scalar("loss"), run.get_hparams(), run.get_images(), run.get_figures(),
            run.get_text(), run.get_fragment(), run.get_histograms(), run.get_files(),
            run.get_repetitions(),
        )  # fmt: skip
        assert ({}, []) == (run.view().summary, run.view().series_tags)

    def test_body_and_exception_behave_as_in_a_real_run(self, repo: Repository) -> None:
        """The context manager sets the status and raises again."""
        with repo.start_run(mode="disabled") as run:
            pass
        assert "finished" == run.status
        with pytest.raises(ZeroDivisionError), repo.start_run(mode="disabled") as run:
            1 / 0  # noqa: B018 -- the error is the point

        assert "failed" == run.status

    def test_logging_after_the_end_is_allowed(self, repo: Repository) -> None:
        """A disabled run never raises."""
        run = repo.start_run(mode="disabled")
        run.finish()
        use_everything(run)

        assert "finished" == run.status

    def test_comes_from_the_defaults(self, repo: Repository) -> None:
        """The configuration can disable all runs, and a call can enable one."""
        off = repo.with_defaults(mode="disabled")
        with off.start_run("on", mode="normal"), off.start_run("off"):
            pass

        assert ["on"] == [run.name for run in repo.runs()]

    def test_starting_one_makes_no_repository(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In a folder without a repository a disabled run leaves it so."""
        vcs_track.start_run(mode="disabled").finish()
        monkeypatch.setenv("VCS_TRACK_MODE", "disabled")
        vcs_track.start_run().finish()

        assert [] == list(Path.cwd().iterdir())

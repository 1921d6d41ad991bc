"""Tests of ``vcs_track.porcelain.run_view``."""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import ObjectNotFoundError, RunNotFoundError, SeriesNotFoundError
from vcs_track.formats import typed_json
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track import Repository, Run


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


def fill(run: Run, file: Path) -> None:
    """Log a bit of everything."""
    file.write_bytes(b"w" * 9)
    run.add_hparams({"lr": 0.1, "optim": {"name": "adam", "betas": (0.9, 0.99)}}, depth=3)
    for step in range(3):
        run.add_scalar(
            "train/loss", 1 / (step + 1), step * 10, epoch=step // 2, walltime=step + 0.25
        )
    run.add_scalar("n", 2**63 - 1, 0)
    run.new_repetition()
    run.add_scalar("train/loss", math.nan, 0, walltime=9.0)
    run.add_text("hello", step=1, tag="t", epoch=0.5)
    run.add_text("again", step=2, tag="t")
    run.add_fragment("<b>x</b>", step=1)
    run.add_histogram("h", [1, 2.5], [0, 1, 2], step=4)
    run.add_file(file)
    run.set_summary(best=0.5)


@pytest.fixture(params=["live", "sealed"])
def view(request: pytest.FixtureRequest, repo: Repository) -> Iterator[RunView]:
    """Return a run that has everything, while it runs and after."""
    run = repo.start_run("name", id="r", project="p", group="g", job_type="j", tags="x", notes="n")
    fill(run, repo.root / "file.bin")
    if request.param == "live":
        yield repo.run("r")
        run.finish()
    else:
        run.finish()
        yield repo.run("r")


class TestBothSides:
    """A live run reads as a sealed one does."""

    def test_hparams_keep_types_and_nesting(self, view: RunView) -> None:
        """What was given comes back."""
        expected = {"lr": 0.1, "optim": {"name": "adam", "betas": (0.9, 0.99)}, "depth": 3}

        assert expected == view.hparams == view.get_hparams()

    def test_series_are_columns(self, view: RunView) -> None:
        """Steps, values, times, epochs and repetitions of all points, in order."""
        series = view.series("train/loss")

        assert ["n", "train/loss"] == view.series_tags
        assert [0, 10, 20, 0] == series.step
        assert [1.0, 0.5, 1 / 3] == series.value[:3]
        assert math.isnan(series.value[3])
        assert [0.25, 1.25, 2.25, 9.0] == series.walltime
        assert [0, 0, 1, None] == series.epoch
        assert [0, 0, 0, 1] == series.repetition
        assert [0, 1] == view.get_repetitions()

    def test_points(self, view: RunView) -> None:
        """A series can be walked point by point; an unknown tag has none."""
        points = view.get_scalar("train/loss")

        assert (10, 0.5, 1.25, 0, 0, None) == tuple(points[1])
        assert [] == view.get_scalar("nothing")

    def test_statistics_leave_nan_out(self, view: RunView) -> None:
        """Minimum and mean are those of the numbers."""
        stats = view.series("train/loss").stats

        assert (4, 1, 1 / 3, 1.0) == (stats["count"], stats["nan"], stats["min"], stats["max"])
        assert math.isnan(stats["last"])

    def test_summary(self, view: RunView) -> None:
        """The last value of each series, and what was set by hand."""
        summary = view.summary

        assert (2**63 - 1, 0.5) == (summary["n"], summary["best"])
        assert math.isnan(summary["train/loss"])

    def test_media(self, view: RunView) -> None:
        """Media narrow by kind, step, tag, epoch and repetition."""
        assert ["hello", "again"] == [item.text for item in view.get_text()]
        assert ["hello"] == [item.text for item in view.get_text(step=1, tag="t", epoch=0.5)]
        assert [] == view.get_text(repetition=0)
        assert ["<b>x</b>"] == [item.text for item in view.get_fragment()]
        assert [{"counts": [1, 2.5], "edges": [0, 1, 2]}] == [
            item.histogram for item in view.get_histograms()
        ]
        assert [(b"w" * 9, "file.bin")] == [(item.data, item.name) for item in view.get_files()]
        assert 5 == len(view.media())
        assert all(item.here for item in view.media())

    def test_labels(self, view: RunView) -> None:
        """Labels are what start_run() was told."""
        m = view.manifest

        assert ("r", "name", "p", "g", "j", ["x"], "n") == (
            view.id, view.name, m.project, m.group, m.job_type, view.tags, m.notes,
        )  # fmt: skip

    def test_surroundings(self, view: RunView) -> None:
        """Environment, command and times are there; outside git there is no commit."""
        assert sys.version.split()[0] in str(view.env["python"])
        assert view.command["argv"]
        assert ({}, None) == (view.git, view.code)
        assert 0 <= (datetime.now(UTC) - view.created).total_seconds() < 60
        assert 0 <= view.duration < 60

    def test_an_unknown_series_gets_near_names(self, view: RunView) -> None:
        """The hint names series that look like it."""
        with pytest.raises(SeriesNotFoundError, match="no series 'train/los'") as caught:
            view.series("train/los")

        assert "'train/loss'" in caught.value.hint

    def test_values_by_full_name(self, view: RunView) -> None:
        """get() takes the names that filters use."""
        assert (0.1, "adam", 4, "p") == (
            view.get("hparams.lr"), view.get("hparams.optim.name"),
            view.get("metrics.train/loss.count"), view.get("project"),
        )  # fmt: skip
        with pytest.raises(KeyError):
            view.get("hparams.nothing")

    def test_what_it_hands_out_can_be_changed(self, view: RunView) -> None:
        """Changing a dictionary that was handed out changes no run."""
        view.summary["best"] = 99
        view.tags.append("z")

        assert (0.5, ["x"]) == (view.summary["best"], view.tags)


class TestLive:
    def test_status_end_and_heads(self, repo: Repository) -> None:
        """A live run is running, has no end and no head."""
        run = repo.start_run(id="r")
        view = repo.run("r")
        run.finish()

        assert ("running", None, ()) == (view.status, view.ended, view.heads)
        assert view.to_dict()["head"] is None

    def test_a_view_is_a_moment(self, repo: Repository) -> None:
        """What is logged later is in the next view."""
        run = repo.start_run(id="r")
        run.add_scalar("a", 1.0, 0)
        before = repo.run("r")
        run.add_scalar("a", 2.0, 1)
        after = repo.run("r")
        run.finish()

        assert ([1.0], [1.0, 2.0]) == (before.series("a").value, after.series("a").value)

    def test_a_view_outlives_the_run(self, repo: Repository) -> None:
        """Texts and files of a live view can be read after the run was sealed."""
        run = repo.start_run(id="r")
        fill(run, repo.root / "f.bin")
        view = repo.run("r")
        run.finish()

        assert b"w" * 9 == view.get_files()[0].data
        assert "hello" == view.get_text()[0].text

    def test_live_and_sealed_views_say_the_same(self, repo: Repository) -> None:
        """Sealing changes nothing but status, end and head."""
        run = repo.start_run(id="r")
        fill(run, repo.root / "f.bin")
        live = repo.run("r").to_dict()
        run.finish()
        sealed = repo.run("r").to_dict()
        for row in (live, sealed):
            for key in ("status", "ended", "duration", "head", "exit"):
                row.pop(key)

        assert typed_json.freeze(live) == typed_json.freeze(sealed)


class TestSealed:
    def test_to_dict_is_the_whole_row(self, repo: Repository) -> None:
        """Plain data has at least what the command line promises."""
        repo.start_run(id="r").finish()
        row = repo.run("r").to_dict()

        assert {
            "id", "name", "status", "created", "hparams", "summary", "results", "git", "tags",
        } <= row.keys()  # fmt: skip

    def test_an_unknown_id(self, repo: Repository) -> None:
        """load() of what is not there is an error."""
        with pytest.raises(RunNotFoundError, match="'nobody'"):
            RunView.load(repo.store, "nobody")

    def test_missing_bytes_are_named(self, repo: Repository) -> None:
        """A run without its files is usable but for them."""
        with repo.start_run(id="r") as run:
            fill(run, repo.root / "f.bin")
        for path in repo.store.home.packs.folder.glob("b-*.zip"):
            path.unlink()
        view = vcs_track.open(repo.root).run("r")
        (file,) = view.get_files()

        assert (False, "hello", 4) == (
            file.here, view.get_text()[0].text, len(view.series("train/loss")),
        )  # fmt: skip
        with pytest.raises(ObjectNotFoundError, match=file.oid[:12]) as caught:
            _ = file.data
        assert "import a bundle" in caught.value.hint

    def test_repr(self, repo: Repository) -> None:
        """A run prints what tells it from others."""
        repo.start_run("name", id="r").finish()

        assert "<RunView r 'name' finished>" == repr(repo.run("r"))

"""Tests of ``vcs_track.porcelain.edits``."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import RunNotFoundError, VcsTrackError
from vcs_track.porcelain.edits import clear, edit

if TYPE_CHECKING:
    from vcs_track import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with one finished run, ``r``."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    with repo.start_run("first", id="r", notes="n0", tags=["t0"]) as run:
        run.add_scalar("loss", 0.5, 0)
    return repo


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file below *folder* with its content."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class TestEdit:
    def test_every_label_can_change(self, repo: Repository) -> None:
        """Labels of a sealed run are what they were last set to."""
        wanted = {
            "name": "new", "notes": "n1", "color": "00ff00", "project": "p", "group": "g",
            "job_type": "j", "status": "failed",
        }  # fmt: skip
        edit(repo.store, "r", **wanted)
        state = repo.run("r").manifest

        assert wanted == {name: getattr(state, name) for name in wanted}

    def test_facts_of_compatible_apis_are_added(self, repo: Repository) -> None:
        """Facts that an API tells of a sealed run stand beside those that it has."""
        edit(repo.store, "r", faces={"api": {"a": 1, "b": 1}})
        edit(repo.store, "r", faces={"api": {"b": 2}, "other": {"c": 3}})

        assert {"api": {"a": 1, "b": 2}, "other": {"c": 3}} == repo.run("r").faces

    def test_hyperparameters_take_the_place_of_those_before(self, repo: Repository) -> None:
        """New hyperparameters are all that the run has; what it began with is kept too.

        Seen to fail when the document was not written.
        """
        with repo.start_run(id="h", hparams={"lr": 0.1, "net": {"depth": 3}}) as run:
            run.add_scalar("loss", 0.5, 0)
        began = repo.run("h").command["hparams"]
        edit(repo.store, "h", hparams={"lr": math.nan, "b": (1, {"c": 2})}, notes="new")
        after = vcs_track.open(repo.root).run("h")

        assert repr({"b": (1, {"c": 2}), "lr": math.nan}) == repr(after.hparams)
        assert (began, "new", 0.1) == (
            after.command["hparams"], after.note, repo.run("h@{1}").hparams["lr"],
        )  # fmt: skip
        assert ["h"] == repo.runs("b is not null").ids()
        assert vcs_track.open(repo.root).fsck().ok
        edit(repo.store, "h", hparams={})
        assert {} == repo.run("h").hparams

    def test_edits_of_hyperparameters_by_two_clones(self, repo: Repository) -> None:
        """Of two clones that changed the hyperparameters the later one stands, in both orders."""
        first = repo.run("r").heads[0]
        edit(repo.store, "r", hparams={"a": 1})
        repo.store.home.head_folder.add("r", first)
        edit(repo.store, "r", notes="n2")

        assert ({"a": 1}, "n2") == (repo.run("r").hparams, repo.run("r").note)

    @pytest.mark.parametrize("faces", [3, {"api": 3}])
    def test_facts_must_be_mappings(self, repo: Repository, faces: Any) -> None:
        """What is no mapping of facts is refused, and nothing changes."""
        before = repo.run("r").heads

        with pytest.raises(TypeError):
            edit(repo.store, "r", faces=faces)
        assert before == repo.run("r").heads

    def test_everything_else_stays(self, repo: Repository) -> None:
        """An edit changes no point, no time and no other label."""
        before = repo.run("r")
        edit(repo.store, "r", notes="n1")
        after = repo.run("r")

        assert [] == [c for c in repo.diff(before, after) if c.name != "note"]
        assert (before.ended, before.series("loss").walltime, ["t0"]) == (
            after.ended, after.series("loss").walltime, after.tags,
        )  # fmt: skip

    def test_history_is_kept(self, repo: Repository) -> None:
        """Every state before an edit can still be seen, newest first."""
        for n in (1, 2, 3):
            edit(repo.store, "r", notes=f"n{n}")

        assert ["n3", "n2", "n1", "n0"] == [state.notes for state in repo.run("r").history]
        assert ["n3", "n2", "n1", "n0"] == [
            repo.run(f"r@{{{n}}}").manifest.notes for n in range(4)
        ]
        assert 1 == len(repo.run("r").heads)

    def test_an_edit_that_changes_nothing_writes_nothing(self, repo: Repository) -> None:
        """Setting what is set already leaves the repository as it is."""
        edit(repo.store, "r", notes="n1", results={"acc": 1})
        before = everything(repo.path)
        edit(repo.store, "r", notes="n1", tags=["t0", "t0"], results={"acc": 1})

        assert before == everything(repo.path)

    def test_tags_become_a_sorted_set(self, repo: Repository) -> None:
        """Tags are kept once each, in order."""
        edit(repo.store, "r", tags=["b", "a", "b"])

        assert ["a", "b"] == repo.run("r").tags

    def test_late_results_are_merged_and_summarized(self, repo: Repository) -> None:
        """Results add up, and the summary puts hand-set values over results over series."""
        edit(repo.store, "r", results={"acc": 1, "loss": 7})
        edit(repo.store, "r", results={"f1": 2.5}, summary_set={"acc": 9})
        view = repo.run("r")

        assert {"acc": 1, "loss": 7, "f1": 2.5} == view.results
        assert {"loss": 7, "acc": 9, "f1": 2.5} == view.summary

    def test_odd_values_survive(self, repo: Repository) -> None:
        """Infinity, huge integers, tuples and the key of typed values come back."""
        values = {"a": math.inf, "b": 2**200, "c": (1, "x"), "$": "i"}
        edit(repo.store, "r", results=values)

        assert values == repo.run("r").results

    def test_an_unknown_run_is_an_error(self, repo: Repository) -> None:
        """There is nothing to edit where there is no run."""
        with pytest.raises(RunNotFoundError, match="'nobody'"):
            edit(repo.store, "nobody", notes="x")

    def test_a_clock_that_went_back_does_not_make_it_older(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An edit is newer than what it replaces, whatever the clock says."""
        monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
        edit(repo.store, "r", notes="n1")
        newest, older = repo.run("r").history

        assert newest.time_us > older.time_us
        assert "n1" == newest.notes

    def test_several_heads_become_one(self, repo: Repository) -> None:
        """An edit of a run that two clones had edited stands on both."""
        heads = repo.store.home.head_folder
        (first,) = heads.of("r")
        edit(repo.store, "r", notes="n1")
        (one,) = heads.of("r")
        heads.path("r", one).unlink()
        heads.add("r", first)
        edit(repo.store, "r", color="ff0000")
        heads.add("r", one)
        assert 2 == len(repo.run("r").heads)
        edit(repo.store, "r", tags=["x"])
        view = repo.run("r")

        assert (1, "n1", "ff0000", ["x"]) == (
            len(view.heads), view.manifest.notes, view.manifest.color, view.tags,
        )  # fmt: skip
        assert 4 == len(view.history)

    def test_two_writers_at_once_lose_nothing(self, repo: Repository) -> None:
        """Edits on the same state, as two processes make them, both count."""
        heads = repo.store.home.head_folder
        (first,) = heads.of("r")
        edit(repo.store, "r", notes="n1")
        heads.add("r", first)  # the other process still sees it
        other = vcs_track.open(repo.root)
        edit(other.store, "r", color="ff0000")
        state = repo.run("r").manifest

        assert ("n1", "ff0000") == (state.notes, state.color)

    def test_the_store_is_clean_afterwards(self, repo: Repository) -> None:
        """Edits leave no temporary file and an undamaged store."""
        for n in range(3):
            edit(repo.store, "r", notes=f"n{n}")

        assert [] == list(repo.store.layout.tmp.iterdir())
        assert [] == repo.fsck().problems


class TestBadEdits:
    @pytest.mark.parametrize(
        "changes",
        [
            {"name": 5}, {"name": None}, {"notes": 5}, {"tags": [5]},
            {"status": "weird"}, {"status": "running"}, {"color": "red"}, {"bogus": 1},
            {"results": 5}, {"run": "other"}, {"time_us": 1}, {"parents": ()},
            {"scalars": "f" * 64}, {"name": "a\nb"},
        ],
        ids=str,
    )  # fmt: skip
    def test_are_refused_and_change_nothing(
        self, repo: Repository, changes: dict[str, Any]
    ) -> None:
        """A value that a run cannot have is our own error, and the run stays readable."""
        before = everything(repo.path)
        with pytest.raises(VcsTrackError):
            repo.edit("r", **changes)

        assert before == everything(repo.path)
        assert ["first"] == [run.name for run in repo.runs()]

    def test_one_text_is_one_tag(self, repo: Repository) -> None:
        """A text given as tags is a tag, not a list of letters."""
        repo.edit("r", tags="best")

        assert ["best"] == repo.run("r").tags

    def test_arrays_can_be_given_twice(self, repo: Repository) -> None:
        """A result that is an array is compared without ambiguity."""
        np = pytest.importorskip("numpy")
        for _ in range(2):
            edit(repo.store, "r", results={"confusion": np.arange(4)})

        assert [0, 1, 2, 3] == list(repo.run("r").results["confusion"])

    def test_a_live_run_says_what_to_do(self, repo: Repository) -> None:
        """A run that was never sealed is edited through itself."""
        run = repo.start_run("live", id="live")

        with pytest.raises(VcsTrackError) as caught:
            repo.edit("live", notes="x")
        run.finish()
        assert "no run has the id" not in str(caught.value)


class TestClear:
    def test_content_goes_and_labels_stay(self, repo: Repository) -> None:
        """Points, media and hyperparameters leave the state; the old one stays in the history."""
        before = repo.run("r").heads
        clear(repo.store, "r")
        run = repo.run("r")

        assert ([], [], {}, {}) == (run.series_tags, run.media(), run.hparams, run.summary)
        assert ("first", "n0", ["t0"], "finished") == (run.name, run.note, run.tags, run.status)
        assert before == run.manifest.parents
        assert [0.5] == repo.run("r@{1}").series("loss").value
        assert [] == repo.fsck().problems

    def test_what_is_logged_then_is_all(self, repo: Repository) -> None:
        """A run that goes on after it has nothing but what comes."""
        clear(repo.store, "r")
        with repo.start_run(id="r", resume="must") as run:
            run.add_scalar("other", 1.0, 7)

        assert ({"other": 1.0}, ["other"]) == (repo.run("r").summary, repo.run("r").series_tags)

    def test_a_live_run_is_refused(self, repo: Repository) -> None:
        """A run that goes on is not cleared under its writer."""
        with repo.start_run(id="live"), pytest.raises(VcsTrackError, match="still going on"):
            clear(repo.store, "live")

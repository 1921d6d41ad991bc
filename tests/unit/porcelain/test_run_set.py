"""Tests of ``vcs_track.porcelain.run_set``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import (
    AmbiguousRunError,
    ExpressionError,
    InvalidTypeError,
    InvalidValueError,
    NotInstalledError,
    RunNotFoundError,
    VcsTrackError,
)
from vcs_track.formats.manifest import RunManifest
from vcs_track.formats.oid import object_format
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.run_set import RunSet
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with four runs, r0 the oldest, with rising lr and falling loss."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    for n in range(4):
        hparams = {"lr": n / 10, "optim": {"name": "adam" if n % 2 else "sgd", "beta": [0.9, n]}}
        with repo.start_run(f"run {n}", id=f"r{n}", hparams=hparams, tags=[f"t{n % 2}"]) as run:
            run.add_scalars({"val/loss": 1.0 - n / 10, "acc": n}, step=0)
            run.add_scalars({"val/loss": 2.0 - n / 10, "acc": n}, step=1)
    return repo


def ids(runs: RunSet) -> list[str]:
    """Return the ids, in order."""
    return [run.id for run in runs]


class TestLaziness:
    def test_nothing_is_asked_before_it_is_needed(self) -> None:
        """The source is called when the first result is, and once."""
        calls = []

        def source() -> list[RunView]:
            calls.append(1)
            objects = MemoryObjects(object_format("sha256"))
            return [RunView(RunManifest("r", "n", "finished", 1, 1), objects)]

        runs = RunSet(source, "name = n", None, 5)
        assert [] == calls
        _ = len(runs), runs[0], list(runs), runs.first(), runs.to_dicts(), repr(runs)

        assert [1] == calls

    def test_without_a_filter_no_document_is_read(self, repo: Repository) -> None:
        """Listing runs reads their states alone."""
        view = repo.runs()[0]

        assert not {"hparams", "env", "flat", "_scalars", "_media"} & set(vars(view))

    def test_a_set_does_not_change_while_it_is_used(self, repo: Repository) -> None:
        """Runs that appear later are in the next set."""
        runs = repo.runs()
        assert 4 == len(runs)
        repo.start_run("new").finish()

        assert (4, 5) == (len(runs), len(repo.runs()))

    def test_a_bad_filter_is_refused_at_once(self, repo: Repository) -> None:
        """A typo shows where it was made, not where the result is used."""
        with pytest.raises(ExpressionError):
            repo.runs(where="hparams.lr <")


class TestOrder:
    def test_newest_first_by_default(self, repo: Repository) -> None:
        """Runs come in the order in which people look for them."""
        assert ["r3", "r2", "r1", "r0"] == ids(repo.runs())

    @pytest.mark.parametrize(
        ("order", "found"),
        [
            ("hparams.lr", "r0 r1 r2 r3"), ("-hparams.lr", "r3 r2 r1 r0"),
            ("-summary.val/loss", "r0 r1 r2 r3"), (["-hparams.optim.name", "hparams.lr"], "r0 r2 r1 r3"),
            ("hparams.optim.name, -lr", "r3 r1 r2 r0"), ("created", "r0 r1 r2 r3"),
            ("metrics.val/loss.min", "r3 r2 r1 r0"), ("name", "r0 r1 r2 r3"),
        ],
        ids=str,
    )  # fmt: skip
    def test_by_any_name(self, repo: Repository, order: str | list[str], found: str) -> None:
        """Rising or falling, by one or several names."""
        assert found.split() == ids(repo.runs(order_by=order))

    def test_runs_without_the_value_come_last(self, repo: Repository) -> None:
        """A missing value is neither small nor large."""
        repo.start_run("bare", id="bare").finish()

        assert "bare" == ids(repo.runs(order_by="hparams.lr"))[-1]
        assert "bare" == ids(repo.runs(order_by="-hparams.lr"))[-1]

    def test_an_unknown_name_is_an_error_with_near_names(self, repo: Repository) -> None:
        """A typo in the order is no silent nothing."""
        with pytest.raises(ExpressionError) as caught:
            ids(repo.runs(order_by="hparams.lrr"))

        assert "lr" in caught.value.hint


class TestWhere:
    @pytest.mark.parametrize(
        ("where", "found"),
        [
            ("hparams.lr >= 0.2", "r3 r2"), ("hparams.optim.name = adam", "r3 r1"),
            ("optim.name = adam and lr < 0.2", "r1"), ('summary["val/loss"] < 1.75', "r3"),
            ("summary.val/loss < 1.75", "r3"), ("metrics.acc.max = 2", "r2"),
            ("name = 'run 1' or id = r2", "r2 r1"), ("status = finished", "r3 r2 r1 r0"),
            ("not status = finished", ""), ("tags contains t1", "r3 r1"),
        ],
    )  # fmt: skip
    def test_chooses_runs(self, repo: Repository, where: str, found: str) -> None:
        """Nested hyperparameters, summaries, statistics and labels can be asked for."""
        assert found.split() == ids(repo.runs(where=where))

    def test_an_unknown_name_is_an_error_with_near_names(self, repo: Repository) -> None:
        """A filter that names what no run has is a typo."""
        with pytest.raises(ExpressionError) as caught:
            len(repo.runs(where="hparams.lrr > 0"))

        assert "lr" in caught.value.hint

    def test_an_empty_filter_is_no_filter(self, repo: Repository) -> None:
        """An empty text chooses all."""
        assert 4 == len(repo.runs(where=""))

    def test_live_runs_are_chosen_by_their_newest_values(self, repo: Repository) -> None:
        """What a run logged just now can be asked for."""
        live = repo.start_run("live", id="live", hparams={"lr": 9})
        live.add_scalar("val/loss", 0.5, 0)
        assert ["live"] == ids(repo.runs(where="summary.val/loss = 0.5"))
        live.add_scalar("val/loss", 0.25, 1)
        found = ids(repo.runs(where="summary.val/loss = 0.25 and status = running"))
        older = ids(repo.runs(where="summary.val/loss = 0.5"))
        live.finish()

        assert (["live"], []) == (found, older)

    def test_an_empty_repository(self, tmp_path: Path) -> None:
        """Where there are no runs no name is known, and nothing matches."""
        empty = vcs_track.init(tmp_path / "x")

        assert [] == ids(empty.runs())
        assert empty.runs().first() is None


class TestLimitAndAccess:
    @pytest.mark.parametrize(("limit", "count"), [(None, 4), (0, 0), (2, 2), (99, 4)])
    def test_limit(self, repo: Repository, limit: int | None, count: int) -> None:
        """At most so many, after ordering."""
        runs = repo.runs(order_by="hparams.lr", limit=limit)

        assert ["r0", "r1", "r2", "r3"][:count] == ids(runs)

    @pytest.mark.parametrize("limit", ["2", 2.0, True, [2]], ids=repr)
    def test_a_limit_of_another_type(self, repo: Repository, limit: object) -> None:
        """A limit is an integer."""
        with pytest.raises(InvalidTypeError, match="limit"):
            repo.runs(limit=limit)  # type: ignore[arg-type]

    def test_a_negative_limit(self, repo: Repository) -> None:
        """There are no minus three runs."""
        with pytest.raises(InvalidValueError, match="limit is -3"):
            repo.runs(limit=-3)

    @pytest.mark.parametrize("bad", [{"where": 5}, {"order_by": 5}, {"where": ["a"]}], ids=str)
    def test_other_types(self, repo: Repository, bad: dict[str, object]) -> None:
        """Filters and orders are text."""
        with pytest.raises(VcsTrackError):
            len(repo.runs(**bad))  # type: ignore[arg-type]

    def test_indices_and_slices(self, repo: Repository) -> None:
        """A set is used like a list."""
        runs = repo.runs()
        first = runs.first()
        assert first is not None

        assert ("r3", "r0", "r3") == (runs[0].id, runs[-1].id, first.id)
        assert ["r2", "r1"] == [run.id for run in runs[1:3]]
        assert ["r0", "r1", "r2", "r3"] == [run.id for run in runs[::-1]]
        with pytest.raises(IndexError):
            _ = runs[4]

    def test_iterating_twice(self, repo: Repository) -> None:
        """A set can be walked again."""
        runs = repo.runs()

        assert ids(runs) == ids(runs)
        assert "<RunSet 4 runs>" == repr(runs)


class TestTables:
    def test_dictionaries(self, repo: Repository) -> None:
        """Each run becomes plain data, as ``--json`` prints it."""
        found = repo.runs(where="id = r1").to_dicts()

        assert [("r1", {"lr": 0.1, "optim": {"name": "adam", "beta": [0.9, 1]}})] == [
            (row["id"], row["hparams"]) for row in found
        ]

    def test_rows_have_full_names(self, repo: Repository) -> None:
        """The columns of a table are the names that filters use."""
        (row,) = repo.runs(where="id = r1").rows()

        assert (0.1, "adam", 1.9, 0.9) == (
            row["hparams.lr"], row["hparams.optim.name"], row["summary.val/loss"],
            row["metrics.val/loss.min"],
        )  # fmt: skip

    @pytest.mark.parametrize("name", ["pandas", "polars", "arrow"])
    def test_data_frames(self, repo: Repository, name: str) -> None:
        """With pandas or polars there is a frame; without, an error names the package."""
        make = getattr(repo.runs(), f"to_{name}")
        package = "pyarrow" if name == "arrow" else name
        if find_spec(package) is None:
            with pytest.raises(NotInstalledError, match=package) as caught:
                make()
            assert f"pip install {package}" in caught.value.hint
        else:
            column = make()["hparams.lr"]
            values = column.to_pylist() if name == "arrow" else list(column)
            assert (4, [0.3, 0.2, 0.1, 0.0]) == (len(make()), values)

    def test_select(self, repo: Repository) -> None:
        """A few values of each run, by full names; what a run has not is None."""
        repo.start_run("bare", id="bare").finish()

        assert [{"id": "bare", "hparams.lr": None}, {"id": "r3", "hparams.lr": 0.3}] == repo.runs(
            limit=2
        ).select("id", "lr")
        assert [{"id": "r3", "hparams.lr": 0.3}] == repo.runs("lr = 0.3").select("id, lr")

    def test_names_are_those_of_all_runs(self, repo: Repository) -> None:
        """A name that no run of the set has is known when another run has it."""
        repo.start_run("other", hparams={"momentum": 1}).finish()

        assert [{"hparams.momentum": None}] == repo.runs("id = r1").select("momentum")
        with pytest.raises(ExpressionError, match="unknown name 'momentun'"):
            repo.runs("id = r1").select("momentun")

    def test_groups(self, repo: Repository) -> None:
        """A set can be grouped and described."""
        table = repo.runs(order_by="lr").group_by("optim.name").stats("summary.acc", "val/loss")

        assert [("sgd", "summary.acc", 2, 1.0), ("adam", "summary.acc", 2, 2.0)] == [
            (row.group["hparams.optim.name"], row.metric, row.n, row.mean) for row in table[::2]
        ]
        assert "<Grouped 2 groups by hparams.optim.name>" == repr(
            repo.runs().group_by("optim.name")
        )


class TestOne:
    def test_the_only_run(self, repo: Repository) -> None:
        """Where exactly one run matches, that is it."""
        assert "r2" == repo.runs("lr = 0.2").one().id

    def test_none(self, repo: Repository) -> None:
        """No run is an error that says what was asked for."""
        with pytest.raises(RunNotFoundError, match="there is no run for 'lr > 5', expected one"):
            repo.runs("lr > 5").one()

    def test_several(self, repo: Repository) -> None:
        """Several runs are an error that lists them."""
        with pytest.raises(AmbiguousRunError, match="there are 2 runs for 'lr > 0") as caught:
            repo.runs("lr > 0.1").one()

        assert ("r3", "r2") == caught.value.candidates
        assert "r3 (run 3), r2 (run 2)" in caught.value.hint

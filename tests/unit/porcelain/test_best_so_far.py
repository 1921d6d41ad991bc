"""Tests of ``Repository.blame``: who moved the best value so far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st
from work_trees.lineage import Lineage

import vcs_track
from vcs_track.errors import CommitNotFoundError, ExpressionError, InvalidValueError
from vcs_track.porcelain.best_so_far import beats, moves

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.porcelain.best_so_far import Blame
    from vcs_track.porcelain.interest import Better


@pytest.fixture
def line(tmp_path: Path) -> Lineage:
    """Return four commits with runs, of which the first, third and fourth are a best."""
    line = Lineage(tmp_path / "work")
    line.commit("one", author="Ada")
    line.run("one", acc=0.8, hparams={"lr": 0.1, "model": {"depth": 2}})
    line.commit("two", author="Bob")
    line.run("two", acc=0.7, hparams={"lr": 0.3})
    line.commit("three", author="Eve", name="make it wider")
    line.run("three", acc=0.85, hparams={"lr": 0.1, "model": {"depth": 4}})
    (line.root / "model.py").write_text("not committed")
    line.run("four", acc=0.9, hparams={"lr": 0.1, "model": {"depth": 4}, "wd": 1})
    line.git("checkout", "-q", "model.py")
    return line


def ids(found: Blame) -> list[str]:
    return [one.run.id for one in found.holders]


class TestBlame:
    def test_who_and_what(self, line: Lineage) -> None:
        """Each run that moved the best, with the commit, its author and what was changed."""
        found = line.repo.blame("acc")
        first, second, third = found.holders

        assert ("summary.acc", "higher", 4) == (found.metric, found.better, found.runs)
        assert ["one", "three", "four"] == ids(found)
        assert (None, ()) == (first.delta, first.changes)
        assert second.delta == pytest.approx(0.05)
        assert second.commit is not None
        assert ("Eve", "make it wider", False) == (
            second.commit.author, second.commit.subject, second.changed,
        )  # fmt: skip
        assert [("model.depth", "changed", 2, 4)] == [
            (each.name, each.way, each.old, each.new) for each in second.changes
        ]
        assert [("wd", "added")] == [(each.name, each.way) for each in third.changes]
        assert third.changed

    def test_lower(self, line: Lineage) -> None:
        """The other way may be the good one."""
        assert ["one", "two"] == ids(line.repo.blame("acc", better="lower"))

    def test_equal_and_nan(self, line: Lineage) -> None:
        """An equal value moves nothing, and NaN is no number.

        Seen to fail when values were compared with 'not worse'.
        """
        line.run("same", acc=0.9)
        line.run("diverged", acc=math.nan)
        line.run("endless", acc="inf")
        found = line.repo.blame("acc")

        assert (["one", "three", "four"], 5) == (ids(found), found.runs)

    def test_nan_first(self, tmp_path: Path) -> None:
        """A first run that diverged does not hold the best for ever."""
        line = Lineage(tmp_path / "work")
        line.commit("one")
        line.run("diverged", acc=math.nan)
        line.run("fine", acc=0.1)

        assert ["fine"] == ids(line.repo.blame("acc"))

    def test_range_and_filter(self, line: Lineage) -> None:
        """Only some commits, or some runs."""
        assert ["two", "three", "four"] == ids(line.repo.blame("acc", rev_range="HEAD~2.."))
        assert ["two", "three"] == ids(line.repo.blame("acc", where="acc < 0.9 and name != one"))

    def test_other_branches(self, line: Lineage) -> None:
        """A run of another branch has its commit too."""
        line.git("switch", "-q", "-c", "wider")
        line.commit("five", author="Zoe")
        line.run("five", acc=0.95)
        line.git("switch", "-q", "main")
        last = line.repo.blame("acc").holders[-1]

        assert last.commit is not None
        assert ("five", "Zoe") == (last.run.id, last.commit.author)

    def test_a_live_run(self, line: Lineage) -> None:
        """A run that goes on counts as it is now."""
        run = line.repo.start_run("live", id="live", command=["train"])
        run.set_summary(acc=0.99)

        assert "live" == ids(line.repo.blame("acc"))[-1]
        run.finish()

    def test_outside_git(self, tmp_path: Path) -> None:
        """Without git there are no commits, and all else."""
        repo = vcs_track.init(tmp_path)
        for name, loss in (("a", 0.5), ("b", 0.4)):
            run = repo.start_run(name, id=name)
            run.set_summary(loss=loss)
            run.finish()
        found = repo.blame("loss")

        assert (["a", "b"], [None, None]) == (ids(found), [one.commit for one in found.holders])

    def test_no_run(self, line: Lineage) -> None:
        """Where no run has it there is nobody to blame."""
        assert [] == ids(line.repo.blame("acc", where="name = nobody"))

    def test_plain_data(self, line: Lineage) -> None:
        """A holder is plain data for scripts."""
        row = line.repo.blame("acc").to_dicts()[1]

        assert ("summary.acc", "three", "Eve") == (row["metric"], row["id"], row["author"])
        assert [2, 4] == [row["changes"][0]["old"], row["changes"][0]["new"]]

    def test_mistakes(self, line: Lineage) -> None:
        """An unknown name, range or way is said."""
        with pytest.raises(ExpressionError, match="unknown name 'accc'"):
            line.repo.blame("accc")
        with pytest.raises(CommitNotFoundError):
            line.repo.blame("acc", rev_range="nothing..main")
        with pytest.raises(InvalidValueError, match="nobody knows which way"):
            line.repo.blame("hparams.lr")
        with pytest.raises(InvalidValueError, match="names 2 values"):
            line.repo.blame("acc, lr")
        with pytest.raises(InvalidValueError, match="better is 'up'"):
            line.repo.blame("acc", better="up")  # type: ignore[arg-type]


VALUES = st.one_of(
    st.floats(), st.integers(-(2**70), 2**70), st.booleans(), st.sampled_from(["0.5", "nan", None])
)


@settings(max_examples=25)
@given(values=st.lists(VALUES, max_size=8), better=st.sampled_from(["higher", "lower"]))
def test_the_index_says_what_the_runs_do(
    values: list[Any], better: Better, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Asked by way of the index, or run by run, the answer is the same, whatever was logged.

    Seen to fail when numbers below zero were not asked for.
    """
    repo = vcs_track.init(tmp_path_factory.mktemp("values")).with_defaults(capture_git=False)
    for value in [0.25, *values]:
        run = repo.start_run(command=["train"])
        run.set_summary(acc=value)
        run.finish()
    in_order = sorted(repo.runs().whole(), key=lambda run: (run.manifest.created_us, run.id))
    expected, count = moves(in_order, "summary.acc", better)
    found = repo.blame("acc", better=better)

    assert [(run.id, repr(value)) for run, value in expected] == [
        (one.run.id, repr(one.value)) for one in found.holders
    ]
    assert count == found.runs


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_beats_is_strict(one: float, other: float) -> None:
    """Of two values at most one beats the other, and none itself."""
    ways: tuple[Better, ...] = ("higher", "lower")
    for way in ways:
        assert not beats(one, one, way)
        assert (one != other) is (beats(one, other, way) or beats(other, one, way))

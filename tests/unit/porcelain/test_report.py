"""Tests of ``Repository.report``: what a branch changes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from work_trees.lineage import Lineage
from work_trees.places import everything

import vcs_track
from vcs_track.errors import ExpressionError, GitError, RunNotFoundError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def line(tmp_path: Path) -> Lineage:
    """Return ``main`` with two runs, and a branch on which HEAD has another."""
    line = Lineage(tmp_path / "work")
    line.commit("old")
    line.run("old", acc=0.8, loss=0.5, hparams={"width": 1})
    line.run("lossy", acc=0.82, loss=0.6, hparams={"width": 1})
    line.git("switch", "-q", "-c", "wider")
    line.commit("new")
    line.run("new", acc=0.85, loss=0.4, size=3, hparams={"width": 2})
    return line


class TestReport:
    def test_what_changed(self, line: Lineage) -> None:
        """The run, its base, every number before and after, and the diff of both."""
        found = line.repo.report()

        assert found.base is not None
        assert ("new", "old", "summary.loss") == (found.run.id, found.base.run.id, found.by)
        assert [("loss", 0.5, 0.4, True), ("acc", 0.8, 0.85, True), ("size", None, 3, None)] == [
            (each.name, each.old, each.new, each.better) for each in found.figures
        ]
        assert found.diff is not None
        assert ["width"] == [change.name for change in found.diff.of("hparam")]
        assert ["model.py"] == [change.name for change in found.diff.of("code")]
        assert (None, True) == (found.check, found.holds)

    def test_conditions_choose_the_base(self, line: Lineage) -> None:
        """The base is that of the first condition that has one, so that both say the same.

        Seen to fail when the number that tells most chose it in any case.
        """
        found = line.repo.report("loss < 1", "acc >= base", "loss <= base")

        assert found.base is not None
        assert found.check is not None
        assert ("lossy", "summary.acc") == (found.base.run.id, found.by)
        assert found.holds
        assert ["lossy", "old"] == [base.run.id for base in found.check.bases]

    def test_a_condition_fails(self, line: Lineage) -> None:
        """It is told, and the report is whole all the same."""
        found = line.repo.report("acc > 0.9")

        assert not found.holds
        assert found.base is not None

    def test_others(self, line: Lineage) -> None:
        """What the figures show is not told twice; what they leave out is told."""
        found = line.repo.report()
        names = {(change.kind, change.name) for change in found.others()}
        few = {(change.kind, change.name) for change in found.others(1)}

        assert {("hparam", "width"), ("code", "model.py"), ("summary", "size")} == names
        assert {("summary", "acc")} == few - names

    def test_a_base_without_the_number(self, line: Lineage) -> None:
        """Where no base has the number that tells most, the nearest run is the base."""
        line.commit("text")
        line.run("text", val_loss=0.1)
        found = line.repo.report()

        assert found.base is not None
        assert ("lossy", None) == (found.base.run.id, found.by)

    def test_no_number_at_all(self, line: Lineage) -> None:
        """A run that logged nothing has a report."""
        line.commit("silent")
        line.run("silent")
        found = line.repo.report()

        assert found.base is not None
        assert [None, None] == [each.new for each in found.figures]

    def test_nan(self, line: Lineage) -> None:
        """A number that is none is neither better nor worse."""
        line.commit("diverged")
        line.run("diverged", loss=math.nan)
        (figure, *_) = line.repo.report(run="diverged").figures

        assert ("loss", None, None) == (figure.name, figure.delta, figure.better)

    def test_no_base(self, tmp_path: Path) -> None:
        """Without a base it is an error, unless it is allowed."""
        line = Lineage(tmp_path / "work")
        line.step("only", acc=0.8)
        with pytest.raises(RunNotFoundError, match="no finished run is at the merge base"):
            line.repo.report()
        found = line.repo.report("acc >= base", no_base_ok=True)

        assert (None, None, True) == (found.base, found.diff, found.holds)
        assert ((), [(None, 0.8)]) == (
            found.others(), [(each.old, each.new) for each in found.figures],
        )  # fmt: skip

    def test_plain_data(self, line: Lineage) -> None:
        """A report is plain data for scripts."""
        row = line.repo.report("acc >= base").to_dict()

        assert ("new", "lossy", True) == (
            row["run"]["id"], row["base"]["id"], row["check"][0]["holds"],
        )  # fmt: skip
        assert "hparam" in {change["kind"] for change in row["diff"]["changes"]}

    def test_nothing_is_written(self, line: Lineage) -> None:
        """A report only reads: no file of git or of the user changes."""
        before = everything(line.root / ".git"), everything(line.root)
        line.repo.report("acc >= base")

        # The index of the store is kept up to date by whoever asks.
        after = everything(line.root / ".git"), everything(line.root)
        assert before[0] == after[0]
        assert {name for name, state in before[1].items() if after[1].get(name) != state} <= {
            name for name in before[1] if name.startswith(".runs/local/index")
        }

    def test_mistakes(self, line: Lineage, tmp_path: Path) -> None:
        """A wrong condition, and a folder that git does not know."""
        with pytest.raises(ExpressionError, match="unknown name"):
            line.repo.report("accc > 1")
        repo = vcs_track.init(tmp_path / "plain")
        repo.start_run("one").finish()
        with pytest.raises(GitError, match="not in a git repository"):
            repo.report()

"""Tests of ``Repository.check``: conditions, and the base that a run is measured by."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from work_trees.lineage import Lineage
from work_trees.places import everything

import vcs_track
from vcs_track.errors import (
    CommitNotFoundError,
    ExpressionError,
    GitError,
    InvalidValueError,
    RunNotFoundError,
)


@pytest.fixture
def line(tmp_path: Path) -> Lineage:
    """Return ``main`` with a good run, and a branch on which HEAD has another."""
    return two_branches(Lineage(tmp_path / "work"))


def two_branches(line: Lineage) -> Lineage:
    line.step("old", acc=0.8, loss=0.5)
    line.git("switch", "-q", "-c", "wider")
    line.step("new", acc=0.85, loss=0.4)
    return line


def plain(tmp_path: Path) -> Lineage:
    """Return a repository with a good run on ``main``."""
    line = Lineage(tmp_path / "work")
    line.step("old", acc=0.8)
    return line


def bases(line: Lineage, *conditions: str, **how: str) -> list[str]:
    found = line.repo.check(*conditions or ("acc >= base",), **how)  # type: ignore[arg-type]
    return [base.run.id for base in found.bases]


class TestVerdict:
    def test_each_condition(self, line: Lineage) -> None:
        """Each has its verdict, with the values that decided."""
        found = line.repo.check("acc >= base + 5%", "acc > 0.9", "status = finished")
        rows = [(v.holds, v.value, v.base_value, v.name) for v in found.verdicts]

        assert [
            (True, 0.85, 0.8, "summary.acc"),
            (False, 0.85, None, "summary.acc"),
            (True, "finished", None, "status"),
        ] == rows
        assert (False, "new", ["old"]) == (
            found.holds, found.run.id, [base.run.id for base in found.bases],
        )  # fmt: skip
        assert "the merge base of HEAD and main" == found.bases[0].sentence

    def test_nan_fails(self, line: Lineage) -> None:
        """A run that diverged is never good enough."""
        line.step("diverged", acc=math.nan)
        found = line.repo.check("acc >= base", "not acc < base")

        assert [False, False] == [verdict.holds for verdict in found.verdicts]

    def test_a_value_that_the_base_has_not(self, line: Lineage) -> None:
        """It is told of the base, and the condition fails."""
        line.step("more", acc=0.9, f1=0.7)
        (verdict,) = line.repo.check("summary.f1 >= base").verdicts

        assert (False, "the base has no 'summary.f1'") == (verdict.holds, verdict.why)
        assert line.repo.check("summary.f1 >= base", no_base_ok=True).holds

    def test_nothing_is_written(self, line: Lineage) -> None:
        """A check only reads, in the repository of git too."""
        before = everything(line.root / ".git")
        line.repo.check("acc >= base")

        assert before == everything(line.root / ".git")

    def test_plain_data(self, line: Lineage) -> None:
        """A verdict is plain data for scripts."""
        (row,) = line.repo.check("acc >= base").to_dicts()

        assert {"run": "new", "holds": True, "limit": 0.8} == {
            key: row[key] for key in ("run", "holds", "limit")
        }
        assert "old" == row["base"]["id"]


class TestBase:
    def test_best_of_several(self, line: Lineage) -> None:
        """Of the runs there the best counts, by the value that is compared.

        Seen to fail when the newest was taken.
        """
        line.git("switch", "-q", "main")
        line.run("best", acc=0.84, loss=0.6)
        line.run("newest", acc=0.7, loss=0.45)
        line.git("switch", "-q", "wider")

        assert ["best"] == bases(line)
        assert ["newest"] == bases(line, "loss <= base")
        assert ["best", "newest"] == bases(line, "acc >= base", "loss <= base")

    def test_equal_values(self, line: Lineage) -> None:
        """Of two runs of equal value the newer one is the base."""
        line.git("switch", "-q", "main")
        line.run("again", acc=0.8)
        line.git("switch", "-q", "wider")

        assert ["again"] == bases(line)

    @pytest.mark.parametrize("status", ["failed", "killed", "crashed"])
    def test_only_finished_runs(self, line: Lineage, status: str) -> None:
        """What did not finish is no base, however good."""
        line.git("switch", "-q", "main")
        line.run("broken", status=status, acc=0.99)
        line.git("switch", "-q", "wider")

        assert ["old"] == bases(line)

    def test_walks_back(self, tmp_path: Path) -> None:
        """Where the branch began there is no run: the nearest before counts, and it is said."""
        line = plain(tmp_path)
        line.commit("two")
        line.commit("three")
        line.git("switch", "-q", "-c", "wider")
        line.step("new", acc=0.85)
        (base,) = line.repo.check("acc >= base").bases

        assert ("old", 2) == (base.run.id, base.steps)
        assert "2 commits before the merge base of HEAD and main" == base.sentence

    def test_what_main_got_since_does_not_count(self, line: Lineage) -> None:
        """The branch is measured by where it began, not by what others did since."""
        line.git("switch", "-q", "main")
        line.step("others", acc=0.99)
        line.git("switch", "-q", "wider")

        assert ["old"] == bases(line)

    def test_merged_since(self, line: Lineage) -> None:
        """After a merge of main the branch begins there.

        Seen to fail when the oldest common commit was taken.
        """
        line.git("switch", "-q", "main")
        (line.root / "other.py").write_text("others")
        line.commit(name="others")
        line.run("others", acc=0.82)
        line.git("switch", "-q", "wider")
        line.git("merge", "-q", "--no-edit", "main")
        line.run("merged", acc=0.86)

        assert ["others"] == bases(line)
        assert "merged" == line.repo.check("acc > 0").run.id

    def test_sha256(self, tmp_path: Path) -> None:
        """Repositories with the long ids of git are no different."""
        line = two_branches(Lineage(tmp_path / "long", "sha256"))
        (base,) = line.repo.check("acc >= base").bases

        assert ("old", 64) == (base.run.id, len(base.commit.id))

    def test_octopus(self, tmp_path: Path) -> None:
        """A commit with three parents is walked through as any other."""
        line = plain(tmp_path)
        for name in ("a", "b"):
            line.git("switch", "-q", "-c", name, "main")
            (line.root / f"{name}.py").write_text(name)
            line.commit(name=name)
            line.run(name, acc=0.9 if name == "a" else 0.7)
        line.git("switch", "-q", "main")
        (line.root / "c.py").write_text("c")
        line.commit(name="c")
        line.git("merge", "-q", "--no-edit", "a", "b")
        line.git("switch", "-q", "-c", "wider")
        line.step("new", acc=0.85)

        assert ["b"] == bases(line)
        assert 3 == len(line.git("show", "-s", "--format=%P", "main").split())

    def test_a_changed_run_is_no_base(self, line: Lineage) -> None:
        """Code that was never committed is not that of the commit.

        Seen to fail when the commit of the run was looked at alone.
        """
        line.git("switch", "-q", "main")
        (line.root / "model.py").write_text("tried")
        line.run("tried", acc=0.99)
        line.git("checkout", "-q", "model.py")
        (line.root / "new.py").write_text("beside it")
        line.run("beside", acc=0.98)
        (line.root / "new.py").unlink()
        line.git("switch", "-q", "wider")

        assert ["old"] == bases(line)

    def test_a_changed_run_of_a_later_commit(self, tmp_path: Path) -> None:
        """It is a base where its code was committed afterwards, just as it was."""
        line = plain(tmp_path)
        (line.root / "model.py").write_text("tried")
        line.run("tried", acc=0.82)
        line.commit()
        line.git("switch", "-q", "-c", "wider")
        line.step("new", acc=0.85)

        assert ["tried"] == bases(line)

    def test_on_main_itself(self, tmp_path: Path) -> None:
        """HEAD is measured by the commit before of other code, never by itself.

        Seen to fail when the search began at HEAD.
        """
        line = plain(tmp_path)
        line.step("new", acc=0.85)
        line.repo.commit(["new"])

        assert ["old"] == bases(line)
        assert "new" == line.repo.check("acc > 0").run.id

    def test_where(self, line: Lineage) -> None:
        """Only runs that match are a base, or are checked."""
        line.git("switch", "-q", "main")
        line.run("best", acc=0.84, hparams={"model": "mlp"})
        line.git("switch", "-q", "wider")
        line.run("newest", acc=0.86, hparams={"model": "mlp"})

        assert ["best"] == bases(line, where="hparams.model = mlp")
        assert ["best"] == bases(line)
        assert ["old"] == bases(line, where="hparams.model is null")
        assert "new" == line.repo.check("acc > 0", where="hparams.model is null").run.id

    def test_renamed_branches(self, line: Lineage) -> None:
        """The usual base may have another name: it is named then."""
        line.git("branch", "-q", "-m", "main", "trunk")
        line.git("branch", "-q", "-m", "wider", "anything")

        assert ["old"] == bases(line, base="trunk")
        with pytest.raises(GitError, match="nobody knows what this branch goes to") as error:
            bases(line)
        assert "--base" in error.value.hint

    def test_what_the_remote_says(self, line: Lineage) -> None:
        """``origin/HEAD`` comes before a branch of this clone."""
        line.git("update-ref", "refs/remotes/origin/trunk", "main")
        line.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
        line.git("branch", "-f", "main", "wider")
        (base,) = line.repo.check("acc >= base").bases

        assert ("old", "origin/HEAD") == (base.run.id, base.rev)


class TestNoBase:
    def test_no_run_before(self, tmp_path: Path) -> None:
        """That there is nothing to be measured by is an error of its own, unless it is allowed."""
        line = Lineage(tmp_path / "work")
        line.commit("start")
        line.git("switch", "-q", "-c", "wider")
        line.step("new", acc=0.85)

        with pytest.raises(RunNotFoundError, match="no finished run is at the merge base"):
            line.repo.check("acc >= base")
        found = line.repo.check("acc >= base", "acc > 0.9", no_base_ok=True)
        assert [(True, "there is no base to compare with"), (False, "")] == [
            (verdict.holds, verdict.why) for verdict in found.verdicts
        ]

    def test_unrelated_histories(self, line: Lineage) -> None:
        """A branch that was begun apart has no base."""
        line.git("switch", "-q", "--orphan", "apart")
        line.step("apart", acc=1.0)

        with pytest.raises(GitError, match="have no commit in common") as error:
            line.repo.check("acc >= base")
        assert "begun apart" in error.value.hint

    def test_shallow(self, line: Lineage, tmp_path: Path) -> None:
        """In a clone without history it is said how to get it."""
        line.git("switch", "-q", "main")
        line.step("others", acc=0.7)
        line.git("switch", "-q", "wider")
        line.git(
            "clone", "-q", "--depth=1", "--no-single-branch", f"file://{line.root}", "../copy"
        )
        line.git("-C", str(tmp_path / "copy"), "switch", "-q", "wider")
        copy = vcs_track.init(tmp_path / "copy")
        copy.import_(line.repo.export(["new"], tmp_path / "runs.zip"))

        with pytest.raises(GitError, match="have no commit in common") as error:
            copy.check("acc >= base", base="origin/main")
        assert "git fetch --unshallow" in error.value.hint

    def test_shallow_without_a_run(self, line: Lineage, tmp_path: Path) -> None:
        """Where the base run may be in what was cut off, that is said too."""
        line.repo.commit(["new"])
        line.git("clone", "-q", "--depth=1", "--branch=wider", f"file://{line.root}", "../copy")
        copy = vcs_track.open(tmp_path / "copy")

        with pytest.raises(RunNotFoundError) as error:
            copy.check("acc >= base", base="origin/wider")
        assert "git fetch --unshallow" in error.value.hint

    def test_unknown_base(self, line: Lineage) -> None:
        """A base that git does not know has near names."""
        with pytest.raises(CommitNotFoundError, match="maim") as error:
            line.repo.check("acc >= base", base="maim")
        assert "main" in error.value.hint

    def test_a_base_is_no_option(self, line: Lineage) -> None:
        """What begins with a dash never reaches git as an option."""
        with pytest.raises(CommitNotFoundError):
            line.repo.check("acc >= base", base="--output=x")


class TestChecked:
    def test_newest_finished(self, line: Lineage) -> None:
        """Of several runs of HEAD the newest that finished is checked."""
        line.run("second", acc=0.86)
        line.run("failed", status="failed", acc=0.1)

        assert "second" == line.repo.check("acc > 0").run.id

    def test_one_that_did_not_finish(self, line: Lineage) -> None:
        """Where none finished it is the newest, so that it can be seen to fail."""
        line.commit("broken")
        line.run("failed", status="failed", acc=0.1)
        found = line.repo.check("status = finished")

        assert ("failed", False) == (found.run.id, found.holds)

    def test_after_runs_were_committed(self, line: Lineage) -> None:
        """A commit of nothing but runs has the code of the one before."""
        line.repo.commit(["new"])

        assert "new" == line.repo.check("acc > 0").run.id

    def test_other_code_is_not_checked(self, line: Lineage) -> None:
        """A run of changed code does not stand for HEAD; it is said which one is near."""
        line.commit("later")
        (line.root / "model.py").write_text("not committed")
        line.run("changed", acc=0.99)

        with pytest.raises(RunNotFoundError, match="no run has exactly the code of HEAD") as error:
            line.repo.check("acc > 0")
        assert "'changed'" in error.value.hint
        assert line.repo.check("acc > 0.9", run="changed").holds

    def test_the_merge_that_a_service_makes(self, line: Lineage) -> None:
        """At a merge that nobody has made, the run of what was merged is told."""
        line.git("checkout", "-q", "--detach", "main")
        (line.root / "other.py").write_text("others")
        line.commit(name="others")
        line.git("merge", "-q", "--no-ff", "--no-edit", "wider")

        with pytest.raises(RunNotFoundError) as error:
            line.repo.check("acc > 0")
        assert "HEAD is a merge, and run 'new' has the code" in error.value.hint
        assert line.repo.check("acc >= base", run="new").holds

    def test_a_run_that_goes_on(self, line: Lineage) -> None:
        """A live run is checked as it is now."""
        run = line.repo.start_run("live", id="live", command=["train"])
        run.set_summary(acc=0.95)

        assert line.repo.check("acc > 0.9", run="live").holds
        run.finish()

    def test_outside_git(self, tmp_path: Path) -> None:
        """Plain conditions need no git; a base does."""
        repo = vcs_track.init(tmp_path)
        run = repo.start_run("one", id="one")
        run.set_summary(acc=0.9)
        run.finish()

        assert repo.check("acc > 0.8").holds
        with pytest.raises(GitError, match="not in a git repository"):
            repo.check("acc >= base")

    def test_no_run_at_all(self, tmp_path: Path) -> None:
        """Nothing that could be checked is an error, not a success."""
        with pytest.raises(RunNotFoundError):
            vcs_track.init(tmp_path).check("acc > 0.8")

    def test_mistakes(self, line: Lineage) -> None:
        """No condition and an unknown name are said before anything is looked for."""
        with pytest.raises(InvalidValueError, match="there is no condition"):
            line.repo.check()
        with pytest.raises(ExpressionError, match="unknown name 'accc'"):
            line.repo.check("accc > 0")

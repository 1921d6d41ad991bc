"""Tests of ``Repository.bisect``: the commit that made a number worse."""

from __future__ import annotations

import math
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from work_trees.lineage import Lineage
from work_trees.places import everything

import vcs_track
from vcs_track.errors import CommitNotFoundError, ExpressionError, GitError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Repository, Run
    from vcs_track.porcelain.bisecting import Step
    from vcs_track.porcelain.judging import Trial

FIRST_BAD = 6


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Lineage:
    """Make the commits once."""
    return ten_commits(Lineage(tmp_path_factory.mktemp("bare") / "work"))


@pytest.fixture(scope="module")
def full(bare: Lineage, tmp_path_factory: pytest.TempPathFactory) -> Lineage:
    """Make the runs of all commits once."""
    return with_runs(bare.copied_to(tmp_path_factory.mktemp("full") / "work"), *range(10))


@pytest.fixture
def line(bare: Lineage, tmp_path: Path) -> Lineage:
    """Return ten commits, without runs, of which the seventh is the first bad one."""
    return bare.copied_to(tmp_path / "work")


@pytest.fixture
def run_line(full: Lineage, tmp_path: Path) -> Lineage:
    """Return the same ten commits, each with its run."""
    return full.copied_to(tmp_path / "work")


def ten_commits(line: Lineage) -> Lineage:
    for n in range(10):
        line.commit(f"{0.9 if n < FIRST_BAD else 0.5}\n# {n}", name=f"version {n}")
    return line


def with_runs(line: Lineage, *places: int) -> Lineage:
    """Make the runs of some commits, named by their places from HEAD."""
    for back in places:
        line.git("checkout", "-q", f"main~{back}")
        line.run(f"run{9 - back}", acc=float(model(line.root)))
    line.git("checkout", "-q", "main")
    return line


def model(folder: Path) -> str:
    return (folder / "model.py").read_text().split()[0]


def train(trial: Trial[Repository]) -> Run:
    """Make a run that has what the code says."""
    run = trial.repo.start_run(command=["train"])
    run.set_summary(acc=float(model(trial.folder)))
    run.finish()
    return run


def untouched(line: Lineage, work: Callable[[], Any]) -> Any:
    """Look that *work* changes nothing of the user's but objects and runs."""

    def look() -> dict[str, object]:
        git = everything(line.root / ".git")
        # Git writes an empty 'packed-refs' when it deletes a ref.
        return {
            name: state
            for name, state in git.items()
            if not name.startswith("objects") and name != "packed-refs"
        } | {name: state for name, state in everything(line.root).items() if ".runs" not in name
             and not name.startswith(".git")}  # fmt: skip

    before = look()
    done = work()

    assert before == look()
    assert [] == leftovers()
    return done


def leftovers() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("vcs-track-bisect-*"))


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for what is left in a folder that nobody else writes to."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)


def find(line: Lineage, **how: Any) -> Any:
    how = {"good": "main~9", "bad": "main", "low": 0.8, **how}
    return untouched(line, lambda: line.repo.bisect("summary.acc", **how))


class TestStored:
    def test_all_commits_have_runs(self, run_line: Lineage) -> None:
        """The first bad commit is found by what is stored; nothing is run."""
        found = find(run_line)

        assert "version 6" == found.first_bad.subject
        assert ("run6", "run5") == (found.bad.id, found.good.id)
        assert len(found.steps) <= 4
        assert 10 == len(run_line.repo.runs())

    def test_only_those_beside_it(self, line: Lineage) -> None:
        """Commits without runs do not matter where those beside the change have some.

        Seen to fail when only the commit that git asked for was looked at.
        """
        with_runs(line, 4, 3)
        found = find(line)

        assert ["version 5", "version 6"] == sorted(step.commit.subject for step in found.steps)
        assert "version 6" == found.first_bad.subject

    def test_several_may_be_it(self, line: Lineage) -> None:
        """What runs cannot tell is left open, with all that it may be."""
        with_runs(line, 5, 2)
        found = find(line)

        assert found.first_bad is None
        assert [f"version {n}" for n in (7, 6, 5)] == [c.subject for c in found.possible]

    def test_no_run_in_between(self, line: Lineage) -> None:
        """Without a run between the ends every commit may be it."""
        with_runs(line, 9, 0)

        assert 9 == len(find(line).possible)

    def test_newest_finished_run(self, run_line: Lineage) -> None:
        """Of several runs of a commit the newest that finished and has the number decides."""
        run_line.git("checkout", "-q", "main~4")
        run_line.run("flaky", acc=0.1)
        run_line.run("failed", status="failed", acc=0.9)
        run_line.run("silent")
        run_line.git("checkout", "-q", "main")
        found = find(run_line)

        assert ("version 5", "flaky") == (found.first_bad.subject, found.bad.id)

    def test_changed_runs_decide_about_their_own_code(self, line: Lineage) -> None:
        """A run of changed files is no verdict of its commit, but of one with exactly its code.

        Seen to fail when the commit of the run was looked at alone.
        """
        with_runs(line, 4)
        line.git("checkout", "-q", "main~5")
        (line.root / "model.py").write_text("0.5\n# 6")  # as the next but one
        line.run("ahead", acc=0.5)
        line.git("checkout", "-q", "-f", "main")
        found = find(line)

        assert ("version 6", "ahead", "run5") == (
            found.first_bad.subject, found.bad.id, found.good.id,
        )  # fmt: skip

    def test_reverted(self, run_line: Lineage) -> None:
        """A run decides about every commit that has its tree."""
        run_line.commit("0.9\n# 0", name="back to the start")
        run_line.commit("0.5\n# 9", name="and bad again")
        found = find(run_line, good="main~1")

        assert "and bad again" == found.first_bad.subject

    def test_nan_is_bad(self, line: Lineage) -> None:
        """A training that diverged is as bad as a low number."""
        with_runs(line, 9, 8, 7, 6)
        line.git("checkout", "-q", "main~5")
        line.run("diverged", acc=math.nan)
        line.git("checkout", "-q", "main")

        assert "version 4" == find(line).first_bad.subject

    def test_at_most(self, run_line: Lineage) -> None:
        """A number that grew is found too, by its upper bound."""
        run_line.commit("0.95", name="too good")
        run_line.run("toogood", acc=0.95)

        assert "too good" == find(run_line, good="main~1", low=None, high=0.6).first_bad.subject

    def test_where(self, run_line: Lineage) -> None:
        """Only runs that match are verdicts."""
        run_line.git("checkout", "-q", "main~4")
        run_line.run("debug", acc=0.1, hparams={"debug": True})
        run_line.git("checkout", "-q", "main")

        found = find(run_line, where="hparams.debug is null")
        assert "version 6" == found.first_bad.subject

    def test_merges(self, line: Lineage) -> None:
        """A bad commit on a branch that was merged is found there, not at the merge."""
        line.git("switch", "-q", "-c", "side", "main~7")
        (line.root / "other.py").write_text("side")
        line.commit(name="side one")
        line.run("sideone", acc=0.9)
        line.commit("0.1", name="side two")
        line.run("sidetwo", acc=0.1)
        line.git("switch", "-q", "-c", "third", "main~7")
        (line.root / "third.py").write_text("third")
        line.commit(name="third")
        line.run("third", acc=0.9)
        line.git("switch", "-q", "-c", "all", "main~7")
        (line.root / "fourth.py").write_text("fourth")
        line.commit(name="fourth")
        line.run("fourth", acc=0.9)
        line.git("merge", "-q", "--no-edit", "side", "third")
        line.run("octopus", acc=0.1)
        line.git("switch", "-q", "main")
        with_runs(line, 8, 7)
        found = find(line, good="main~8", bad="all")

        assert "side two" == found.first_bad.subject

    def test_good_on_another_branch(self, run_line: Lineage) -> None:
        """Where good is no ancestor git asks about the commit that both come from."""
        run_line.git("switch", "-q", "-c", "side", "main~8")
        run_line.commit("0.9", name="side")
        run_line.git("switch", "-q", "main")
        found = find(run_line, good="side")

        assert "version 6" == found.first_bad.subject
        assert "version 1" == found.steps[0].commit.subject

    def test_both_come_from_a_bad_one(self, run_line: Lineage) -> None:
        """Where that one is bad too, good was mended, and there is no first bad one between."""
        run_line.git("switch", "-q", "-c", "mended", "main~2")
        run_line.commit("0.9", name="mended")
        run_line.git("switch", "-q", "main")

        with pytest.raises(GitError, match="from which good and bad both come, is bad too"):
            find(run_line, good="mended")
        assert [] == leftovers()

    def test_sha256(self, tmp_path: Path) -> None:
        """Repositories with the long ids of git are no different."""
        line = with_runs(ten_commits(Lineage(tmp_path / "long", "sha256")), *range(10))

        assert "version 6" == find(line).first_bad.subject


class TestMeasured:
    def test_nothing_is_stored(self, line: Lineage) -> None:
        """A run is made for each commit that is asked about, of its code, and is kept."""
        steps: list[Step] = []
        found = find(line, measure=train, tell=steps.append)
        runs = {run.id: run for run in line.repo.runs()}

        assert "version 6" == found.first_bad.subject
        assert len(runs) == len(found.steps) == len(steps) <= 4
        for step in steps:
            assert step.run is not None
            assert not step.stored
            assert step.commit.id == runs[step.run.id].git["commit"]
            assert not runs[step.run.id].git["dirty"]
        assert len(runs) == len(line.repo.runs_of("main"))

    def test_a_second_time(self, line: Lineage) -> None:
        """What was measured is known the next time.

        Seen to fail when the runs were recorded for the work tree of the user.
        """
        find(line, measure=train)
        again = find(line)

        assert "version 6" == again.first_bad.subject
        assert all(step.stored for step in again.steps)

    def test_only_where_there_is_none(self, line: Lineage) -> None:
        """What is stored is never made again."""
        with_runs(line, 5, 4, 2)
        find(line, measure=train)

        assert 4 == len(line.repo.runs())

    def test_some_cannot_be_tested(self, line: Lineage) -> None:
        """Commits whose run fails or has no number are skipped, and that is said."""

        def moody(trial: Trial[Repository]) -> Run | None:
            place = int((trial.folder / "model.py").read_text().split("# ")[1])
            if place in (4, 5):
                return None
            run = trial.repo.start_run(command=["train"])
            if place != 3:
                run.set_summary(acc=float(model(trial.folder)))
            run.finish("failed" if place == 2 else "finished")
            return run

        found = find(line, measure=moody)
        skipped = {step.commit.subject: step.why for step in found.steps if step.term == "skip"}

        assert found.first_bad is None
        assert {"version 6", "version 5", "version 4"} <= {c.subject for c in found.possible}
        assert "no run was made" == skipped["version 4"]
        assert set(skipped.values()) <= {
            "no run was made", "the run failed", "the run has no such number",
        }  # fmt: skip

    def test_what_is_left_in_a_tree(self, line: Lineage) -> None:
        """Files and locked folders that a program leaves go with the tree; each tree is fresh.

        Seen to fail when folders without permission to write stayed.
        """

        def untidy(trial: Trial[Repository]) -> Run:
            assert ["model.py"] == [
                path.name for path in trial.folder.iterdir() if path.name not in (".git", ".runs")
            ]
            run = train(trial)
            (trial.folder / "model.py").write_text("changed")
            (trial.folder / "cache" / "deep").mkdir(parents=True)
            (trial.folder / "cache" / "deep" / "file").write_text("left")
            (trial.folder / "cache" / "deep").chmod(stat.S_IRUSR | stat.S_IXUSR)
            return run

        assert "version 6" == find(line, measure=untidy).first_bad.subject

    def test_an_error_in_between(self, line: Lineage) -> None:
        """Whatever goes wrong, nothing is left behind."""

        def broken(trial: Trial[Repository]) -> Run:
            raise KeyboardInterrupt

        def interrupted() -> None:
            with pytest.raises(KeyboardInterrupt):
                line.repo.bisect(
                    "summary.acc", good="main~9", bad="main", low=0.8, measure=broken
                )  # fmt: skip

        untouched(line, interrupted)
        assert "main" == line.git("worktree", "list").split("[")[1].rstrip("]")

    def test_hooks_of_the_user(self, line: Lineage) -> None:
        """A checkout of ours runs no hook of theirs.

        Seen to fail when trees were made as a user makes them.
        """
        hook = line.root / ".git" / "hooks" / "post-checkout"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho ran >> {line.root.parent}/hook\n")
        hook.chmod(0o755)
        find(line, measure=train)

        assert not (line.root.parent / "hook").exists()

    def test_a_bisection_of_the_user(self, line: Lineage) -> None:
        """One that goes on in their own work tree goes on afterwards."""
        line.git("bisect", "start", "main", "main~9")
        before = line.git("bisect", "log"), line.head
        find(line, measure=train)

        assert before == (line.git("bisect", "log"), line.head)
        line.git("bisect", "good")
        line.git("bisect", "reset")

    def test_changed_files_of_the_user(self, line: Lineage) -> None:
        """What is changed, staged or new in their tree neither matters nor changes."""
        (line.root / "model.py").write_text("0.0")
        (line.root / "staged.py").write_text("staged")
        line.git("add", "staged.py")
        (line.root / "new.py").write_text("new")

        assert "version 6" == find(line, measure=train).first_bad.subject

    def test_a_work_tree_that_is_away(self, line: Lineage, tmp_path: Path) -> None:
        """A work tree of the user on a disk that is not there now is still one afterwards.

        Seen to fail when git was told to prune.
        """
        line.git("worktree", "add", "-q", "--detach", str(tmp_path / "disk" / "tree"))
        (tmp_path / "disk").rename(tmp_path / "away")
        find(line, measure=train)

        assert 2 == len(line.git("worktree", "list").splitlines())
        (tmp_path / "away").rename(tmp_path / "disk")
        assert "" == line.git("-C", str(tmp_path / "disk" / "tree"), "status", "--porcelain")

    def test_in_a_folder_below(self, tmp_path: Path) -> None:
        """Runs may be kept in a folder below the top of the work tree."""
        line = Lineage(tmp_path / "work")
        (line.root / "exp").mkdir()
        (line.root / "exp" / "notes").write_text("x")
        ten_commits(line)
        repo = vcs_track.init(line.root / "exp")
        found = repo.bisect("summary.acc", good="main~9", bad="main", low=0.8, measure=train)

        assert found.first_bad is not None
        assert "version 6" == found.first_bad.subject
        assert len(found.steps) == len(repo.runs())

    def test_in_a_linked_work_tree(self, line: Lineage, tmp_path: Path) -> None:
        """From a linked work tree it works as well, and the runs go to the same store."""
        line.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
        repo = vcs_track.init(tmp_path / "linked")
        found = repo.bisect("summary.acc", good="main~9", bad="main", low=0.8, measure=train)

        assert found.first_bad is not None
        assert len(found.steps) == len(line.repo.runs())
        assert 2 == len(line.git("worktree", "list").splitlines())


KILLED = """
import sys, time, vcs_track
def wait(trial):
    print("ready", flush=True)
    time.sleep(60)
vcs_track.open(sys.argv[1]).bisect(
    "summary.acc", good="main~9", bad="main", low=0.8, measure=wait
)
"""


class TestKilled:
    def test_the_next_cleans_up(self, line: Lineage) -> None:
        """What a killed bisection left is removed by the next one; the user's tree is as it was.

        Seen to fail when nobody looked for it.
        """
        before = line.head, line.git("status", "--porcelain")
        dead = self.begun(line)
        dead.kill()
        dead.wait()

        assert 1 == len(leftovers())
        assert before == (line.head, line.git("status", "--porcelain"))
        found = line.repo.bisect("summary.acc", good="main~9", bad="main", low=0.8, measure=train)
        assert found.first_bad is not None
        assert "version 6" == found.first_bad.subject
        assert [] == leftovers()
        assert 1 == len(line.git("worktree", "list").splitlines())
        assert not (line.root / ".git" / "worktrees").exists()

    def test_temporary_files_were_removed(self, line: Lineage) -> None:
        """What git knows of a killed bisection goes also where its folder is gone.

        Seen to fail when only a folder with a lock was looked at.
        """
        dead = self.begun(line)
        dead.kill()
        dead.wait()
        (left,) = leftovers()
        shutil.rmtree(left)
        line.repo.bisect("summary.acc", good="main~9", bad="main", low=0.8, measure=train)

        assert 1 == len(line.git("worktree", "list").splitlines())

    def test_one_that_is_alive_stays(self, line: Lineage) -> None:
        """Another bisection that goes on is not taken for a dead one."""
        alive = self.begun(line)
        line.repo.bisect("summary.acc", good="main~9", bad="main", low=0.8, measure=train)

        assert 1 == len(leftovers())
        assert 3 == len(line.git("worktree", "list").splitlines())
        alive.kill()
        alive.wait()

    def test_a_folder_of_the_user_stays(self, run_line: Lineage, tmp_path: Path) -> None:
        """A work tree of theirs in a folder of such a name is none of our business."""
        place = tmp_path / "vcs-track-bisect-notes" / "state"
        run_line.git("worktree", "add", "-q", "--detach", str(place))
        run_line.repo.bisect("summary.acc", good="main~9", bad="main", low=0.8)

        assert (place / "model.py").exists()

    def begun(self, line: Lineage) -> subprocess.Popen[str]:
        """Start a bisection and wait until it measures."""
        if not line.repo.runs():
            line.run("other", acc=0.5)
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(line.root)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        process.stdout.close()
        return process


class TestRefused:
    @pytest.mark.parametrize(
        ("how", "message", "hint"),
        [
            ({"good": "main", "bad": "main~9"}, "is older than good", "swap --good and --bad"),
            ({"good": "main", "bad": "main"}, "are one commit", "name two"),
            ({"low": 0.95}, "good '.*' is bad by 'summary.acc >= 0.95'", "'run0' has 0.9"),
            ({"low": 0.4}, "bad '.*' is good by", "'run9' has 0.5"),
            ({"low": None, "high": 0.6}, "good is bad, and bad is good", "swap"),
            ({"low": None}, "there is no bound", ""),
        ],
    )
    def test_ends(self, run_line: Lineage, how: dict[str, Any], message: str, hint: str) -> None:
        """Ends that are not what they are said to be are refused before anything begins."""
        how = {"good": "main~9", "bad": "main", "low": 0.8, **how}

        with pytest.raises(InvalidValueError, match=message) as error:
            run_line.repo.bisect("summary.acc", **how)
        assert hint in error.value.hint
        assert not (run_line.root / ".git" / "worktrees").exists()

    def test_unknown_names(self, line: Lineage) -> None:
        """A typo in a commit or a number is said, with near names."""
        with_runs(line, 0)
        with pytest.raises(CommitNotFoundError):
            line.repo.bisect("summary.acc", good="v1", bad="main", low=0.8)
        with pytest.raises(CommitNotFoundError):
            line.repo.bisect("summary.acc", good="--all", bad="main", low=0.8)
        with pytest.raises(ExpressionError) as error:
            line.repo.bisect("accc", good="main~9", bad="main", low=0.8)
        assert "did you mean" in error.value.hint
        with pytest.raises(ExpressionError) as error:
            line.repo.bisect("accc", good="main~9", bad="main", low=0.8, measure=train)
        assert "'summary.accc'" in error.value.hint

    def test_a_number_that_no_run_has_yet(self, line: Lineage) -> None:
        """What is to be measured first is named in full."""
        line.run("other", loss=1.0)

        assert "version 6" == find(line, measure=train).first_bad.subject

    def test_nothing_to_go_by(self, line: Lineage) -> None:
        """Without any run and without a way to make one there is nothing to ask."""
        with pytest.raises(InvalidValueError, match=r"no run has 'summary\.acc'"):
            line.repo.bisect("summary.acc", good="main~9", bad="main", low=0.8)

    def test_unrelated(self, line: Lineage) -> None:
        """Histories that were begun apart cannot be bisected."""
        line.git("switch", "-q", "--orphan", "apart")
        line.commit("0.5")
        line.run("other", acc=0.5)

        with pytest.raises(GitError, match="have no commit in common"):
            line.repo.bisect("summary.acc", good="main", bad="apart", low=0.8)

    def test_shallow(self, line: Lineage, tmp_path: Path) -> None:
        """A good commit that a shallow clone has not got is not known there."""
        line.git("tag", "v1", "main~9")
        line.git("clone", "-q", "--depth=2", f"file://{line.root}", "../copy")
        copy = vcs_track.init(tmp_path / "copy")
        with copy.start_run("other", command=["train"]) as run:
            run.set_summary(acc=0.5)

        with pytest.raises(CommitNotFoundError) as error:
            copy.bisect("summary.acc", good="v1", bad="main", low=0.8)
        assert "git fetch --unshallow" in error.value.hint

    def test_outside_git(self, tmp_path: Path) -> None:
        """Without git there are no commits."""
        repo = vcs_track.init(tmp_path)
        with repo.start_run("other", command=["train"]) as run:
            run.set_summary(acc=0.5)

        with pytest.raises(GitError, match="not in a git repository"):
            repo.bisect("summary.acc", good="a", bad="b", low=0.8)

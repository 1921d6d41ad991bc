"""What the real git does to runs: merges, branches, clones, clean, stash."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track import Repository

    Step = Callable[[Repository], None]


def git(folder: Path, *args: str) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", *args], cwd=folder, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def record(repo: Repository, name: str) -> None:
    """Record a run of this name and id."""
    with repo.start_run(name, id=name, hparams={"lr": 0.1, "of": name}) as run:
        run.add_scalars({"loss": 0.5, "acc": 1}, step=0)


def fresh(repo: Repository) -> Repository:
    """Open the repository as a new process would."""
    return vcs_track.open(repo.root)


def ids(repo: Repository) -> list[str]:
    """Return the ids of all runs as a new process sees them."""
    return sorted(run.id for run in fresh(repo).runs())


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with one run, ``base``, committed on ``main``."""
    root = tmp_path / "work"
    root.mkdir()
    git(root, "init", "-q")
    (root / "train.py").write_text("x = 1\n")
    git(root, "add", "train.py")
    git(root, "commit", "-qm", "start")
    repo = vcs_track.init(root)
    record(repo, "base")
    repo.commit()
    return repo


def new(name: str) -> Step:
    """Return a step that records and commits a run."""

    def step(repo: Repository) -> None:
        record(repo, name)
        repo.commit([name])

    return step


def edit(**changes: object) -> Step:
    """Return a step that edits and commits the base run."""

    def step(repo: Repository) -> None:
        repo.edit("base", **changes)
        repo.commit(["base"])

    return step


def several(*steps: Step) -> Step:
    """Return a step of steps."""

    def step(repo: Repository) -> None:
        for one in steps:
            one(repo)

    return step


def resume(repo: Repository) -> None:
    """Go on with the base run and commit it."""
    with repo.start_run(id="base", resume="must") as run:
        run.add_scalar("loss", 0.25, 1)
    repo.commit(["base"])


def code(repo: Repository) -> None:
    """Commit code, no runs."""
    (repo.root / "other.py").write_text("y = 1\n")
    git(repo.root, "add", "other.py")
    git(repo.root, "commit", "-qm", "code")


def drop_pack(repo: Repository) -> None:
    """Remove the packs of the base run from the branch, by hand."""
    git(repo.root, "rm", "-q", "-r", "-f", ".runs/packs")
    git(repo.root, "commit", "-qm", "drop packs")


MATRIX = {
    "different runs": (new("left"), new("right")),
    "the same run": (new("twin"), new("twin")),
    "both edit one run": (edit(notes="left"), edit(color="ff0000")),
    "both edit one field": (edit(notes="left"), edit(notes="right")),
    "the same edit": (edit(notes="same"), edit(notes="same")),
    "many edits on both": (
        several(edit(notes="1"), edit(notes="2"), edit(tags=["a"])),
        several(edit(color="00ff00"), edit(tags=["b"]), edit(notes="3")),
    ),
    "edit and new run": (edit(notes="left"), new("right")),
    "resumed and edited": (resume, edit(notes="right")),
    "runs and code": (new("left"), code),
    "one removes packs": (edit(notes="left"), drop_pack),
    "both remove packs": (drop_pack, several(drop_pack, code)),
}


def in_one_clone(repo: Repository, sides: tuple[Step, Step]) -> list[Repository]:
    """Do each side on a branch of one clone, merge both ways; return the clone."""
    for branch, side in zip(("left", "right"), sides, strict=True):
        git(repo.root, "switch", "-q", "-c", branch, "main")
        # Both branches share one store: a run that the first side made is there already.
        if side is MATRIX["the same run"][1] and branch == "right":
            fresh(repo).commit(["twin"])
        else:
            side(fresh(repo))
    for one, other in (("left", "right"), ("right", "left")):
        git(repo.root, "switch", "-q", "-c", f"{one}-merged", one)
        git(repo.root, "merge", "-q", "--no-edit", other)
    return [repo]


def in_two_clones(repo: Repository, sides: tuple[Step, Step]) -> list[Repository]:
    """Do each side in its own clone, pull both ways; return both."""
    copy = repo.root.parent / "copy"
    git(repo.root.parent, "clone", "-q", str(repo.root), str(copy))
    clones = [repo, vcs_track.open(copy)]
    for clone, branch, side in zip(clones, ("left", "right"), sides, strict=True):
        git(clone.root, "switch", "-q", "-c", branch)
        side(fresh(clone))
    git(copy, "fetch", "-q", "origin", "left")
    git(repo.root, "fetch", "-q", str(copy), "right")
    for clone in clones:
        git(clone.root, "merge", "-q", "--no-edit", "FETCH_HEAD")
    return clones


class TestMerge:
    @pytest.mark.parametrize("way", [in_one_clone, in_two_clones], ids=["branches", "clones"])
    @pytest.mark.parametrize("case", MATRIX)
    def test_never_conflicts_and_loses_no_run(
        self,
        repo: Repository,
        case: str,
        way: Callable[[Repository, tuple[Step, Step]], list[Repository]],
    ) -> None:
        """Plain ``git merge`` is clean, fsck is clean, every run is listed, clones agree."""
        places = way(repo, MATRIX[case])

        expected = {"base"}
        expected |= {"left", "right"} if case == "different runs" else set()
        expected |= {"twin"} if case == "the same run" else set()
        expected |= {"right"} if case == "edit and new run" else set()
        expected |= {"left"} if case == "runs and code" else set()
        for place in places:
            assert sorted(expected) == ids(place)
            assert [] == fresh(place).fsck().problems
            assert "" == git(place.root, "status", "--porcelain")
        states = [{run.id: run.manifest for run in fresh(place).runs()} for place in places]
        assert states[0] == states[-1]

    def test_edits_of_both_sides_count(self, repo: Repository) -> None:
        """A note of one clone and a colour of the other are both on the run."""
        one, two = in_two_clones(
            repo, (edit(notes="left", tags=["a"]), edit(color="ff0000", tags=["b"]))
        )
        for place in (one, two):
            run = fresh(place).run("base")

            assert ("left", "ff0000", ["a", "b"]) == (
                run.manifest.notes, run.manifest.color, run.tags,
            )  # fmt: skip
            assert 3 == len(run.history)

    def test_points_of_a_resumed_run_count(self, repo: Repository) -> None:
        """Where one clone goes on with a run and another edits it, points and edit are there."""
        for place in in_two_clones(repo, (resume, edit(notes="right"))):
            run = fresh(place).run("base")

            assert ([0.5, 0.25], "right") == (run.series("loss").value, run.manifest.notes)

    def test_an_edit_after_the_merge_makes_one_head(self, repo: Repository) -> None:
        """Whoever edits next ties the two states together, and can commit that."""
        one, two = in_two_clones(repo, (edit(notes="left"), edit(color="ff0000")))
        place = fresh(one)
        assert 2 == len(place.run("base").heads)
        place.edit("base", tags=["merged"])
        place.commit()
        git(two.root, "pull", "-q", "--no-rebase", "--no-edit", "origin", "left")
        run = fresh(two).run("base")

        assert ("left", "ff0000", ["merged"]) == (run.manifest.notes, run.manifest.color, run.tags)
        assert 4 == len(run.history)

    def test_three_clones_in_a_ring(self, repo: Repository) -> None:
        """Merges of merges stay clean and end with one value everywhere."""
        places = [repo]
        for n in range(2):
            copy = repo.root.parent / f"copy{n}"
            git(repo.root.parent, "clone", "-q", str(repo.root), str(copy))
            places.append(vcs_track.open(copy))
        for n, place in enumerate(places):
            edit(notes=f"note {n}", tags=[f"tag{n}"])(place)
        for _ in range(2):
            for n, place in enumerate(places):
                source = places[n - 1].root
                git(place.root, "pull", "-q", "--no-rebase", "--no-edit", str(source), "main")
        states = [fresh(place).run("base").manifest for place in places]

        assert states[0] == states[1] == states[2]
        assert ("tag0", "tag1", "tag2") == states[0].tags
        assert all(fresh(place).fsck().ok for place in places)

    def test_rebase_and_cherry_pick(self, repo: Repository) -> None:
        """Commits of runs can be moved to another base."""
        git(repo.root, "switch", "-q", "-c", "left")
        new("l1")(repo)
        new("l2")(fresh(repo))
        git(repo.root, "switch", "-q", "-c", "right", "main")
        new("r1")(fresh(repo))
        git(repo.root, "cherry-pick", "left")
        git(repo.root, "switch", "-q", "left")
        git(repo.root, "rebase", "-q", "right")

        assert ["base", "l1", "l2", "r1"] == ids(repo)
        assert fresh(repo).fsck().ok

    def test_both_branches_begin_the_shelf(self, tmp_path: Path) -> None:
        """Two branches that each commit the first run of all merge."""
        git(tmp_path, "init", "-q")
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "start")
        for name in ("left", "right"):
            git(tmp_path, "switch", "-q", "-c", name, "main")
            new(name)(vcs_track.init(tmp_path))
        git(tmp_path, "merge", "-q", "--no-edit", "left")
        repo = vcs_track.open(tmp_path)

        assert ["left", "right"] == ids(repo)
        assert repo.fsck().ok


class TestBranches:
    def test_runs_of_every_branch_stay_visible(self, repo: Repository) -> None:
        """Switching to a branch without a run hides nothing."""
        git(repo.root, "switch", "-q", "-c", "left")
        new("l")(repo)
        git(repo.root, "switch", "-q", "-c", "right", "main")
        new("r")(fresh(repo))
        for branch in ("main", "left", "right"):
            git(repo.root, "switch", "-q", branch)

            assert ["base", "l", "r"] == ids(repo)
            assert fresh(repo).fsck().ok

    def test_a_branch_without_a_shelf(self, repo: Repository) -> None:
        """A branch from before the first commit of runs works, and can be left again."""
        git(repo.root, "switch", "-q", "-c", "old", "main~1")
        assert ["base"] == ids(repo)
        record(fresh(repo), "new")
        assert "" == git(repo.root, "status", "--porcelain")
        git(repo.root, "switch", "-q", "main")
        git(repo.root, "merge", "-q", "--no-edit", "old")

        assert ["base", "new"] == ids(repo)

    def test_merging_runs_into_a_branch_without_a_shelf(self, repo: Repository) -> None:
        """Generated files that are there untracked do not stand in the way."""
        git(repo.root, "switch", "-q", "-c", "old", "main~1")
        code(fresh(repo))
        git(repo.root, "merge", "-q", "--no-edit", "main")

        assert ["base"] == ids(repo)
        assert "" == git(repo.root, "status", "--porcelain")

    def test_only_missing_runs_are_committed_on_a_branch(self, repo: Repository) -> None:
        """A run that another branch has can be committed on this one too."""
        git(repo.root, "switch", "-q", "-c", "left")
        new("l")(repo)
        git(repo.root, "switch", "-q", "-c", "right", "main")
        commit, runs = fresh(repo).commit()
        git(repo.root, "merge", "-q", "--no-edit", "left")

        assert ["l"] == runs
        assert commit
        assert ["base", "l"] == ids(repo)


class TestCleaning:
    @pytest.mark.parametrize(
        "command",
        [["clean", "-fdx"], ["stash", "-u"], ["stash", "-a"], ["reset", "--hard", "-q"],
         ["clean", "-fdX"]],
        ids=" ".join,
    )  # fmt: skip
    @pytest.mark.parametrize("committed", [True, False], ids=["shelf", "no shelf"])
    def test_no_run_is_lost(self, tmp_path: Path, command: list[str], *, committed: bool) -> None:
        """Whatever git cleans away, the runs of this clone stay, live ones included."""
        git(tmp_path, "init", "-q")
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "start")
        repo = vcs_track.init(tmp_path)
        record(repo, "kept")
        if committed:
            repo.commit()
        record(repo, "unshelved")
        live = repo.start_run("live", id="live")
        live.add_scalar("a", 1.0)
        (tmp_path / "scratch").write_text("x")
        git(tmp_path, *command)
        live.add_scalar("a", 2.0)
        live.finish()
        after = vcs_track.open(tmp_path)

        assert ["kept", "live", "unshelved"] == ids(after)
        assert [1.0, 2.0] == after.run("live").series("a").value
        assert after.fsck().ok
        assert (tmp_path / ".runs" / ".gitignore").exists()

    def test_stash_pop_brings_everything_back(self, repo: Repository) -> None:
        """A stash with code and new runs can be applied."""
        (repo.root / "scratch").write_text("x")
        record(repo, "more")
        git(repo.root, "stash", "-u")
        assert ["base", "more"] == ids(repo)
        git(repo.root, "stash", "pop", "-q")

        assert "x" == (repo.root / "scratch").read_text()
        assert ["base", "more"] == ids(repo)

    def test_new_runs_do_not_show_in_status(self, repo: Repository) -> None:
        """Runs are never added by accident."""
        record(repo, "more")
        repo.edit("base", notes="x")

        assert "" == git(repo.root, "status", "--porcelain")
        git(repo.root, "add", "-A")
        assert "" == git(repo.root, "status", "--porcelain")


class TestClone:
    def test_sees_committed_runs(self, repo: Repository) -> None:
        """A clone has the committed runs, whole, and none of the others."""
        record(repo, "private")
        repo.edit("base", notes="x")
        repo.commit(["base"])
        copy = repo.root.parent / "copy"
        git(repo.root.parent, "clone", "-q", str(repo.root), str(copy))
        clone = vcs_track.open(copy)

        assert ["base"] == [run.id for run in clone.runs()]
        assert [] == clone.diff(repo.run("base"), clone.run("base"))
        assert repo.run("base").history == clone.run("base").history
        assert clone.fsck().ok

    def test_a_shallow_clone_works(self, repo: Repository) -> None:
        """The shelf needs no history of git."""
        edit(notes="x")(repo)
        copy = repo.root.parent / "copy"
        url = repo.root.as_uri()
        git(repo.root.parent, "clone", "-q", "--depth", "1", url, str(copy))
        clone = vcs_track.open(copy)

        assert ["x", None] == [state.notes for state in clone.run("base").history]

    def test_a_lost_store_comes_back_from_the_shelf(self, repo: Repository) -> None:
        """Removing ``local`` costs only what was never committed."""
        shutil.rmtree(repo.path / "local")

        assert ["base"] == ids(repo)
        assert fresh(repo).fsck().ok

    def test_a_linked_work_tree_shares_the_store(self, repo: Repository) -> None:
        """Runs made in a work tree outlive it."""
        tree = repo.root.parent / "tree"
        git(repo.root, "worktree", "add", "-q", "-b", "side", str(tree))
        other = vcs_track.open(tree)
        record(other, "side")
        other.commit(["side"])
        git(repo.root, "worktree", "remove", "--force", str(tree))

        assert ["base", "side"] == ids(repo)
        git(repo.root, "merge", "-q", "--no-edit", "side")
        assert fresh(repo).fsck().ok

"""The code of a run comes back exactly: from real runs, in real work trees."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs
from work_trees.places import Place, committed, disturb, everything, git, what_git_says

import vcs_track
from vcs_track.errors import GitError, InvalidValueError, ObjectNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a work tree with every kind of change."""
    place = committed(tmp_path)
    disturb(place.root, tmp_path / "other")
    return place


def files(folder: Path) -> dict[str, object]:
    """Return the files of a work tree, without those of git, runs, and what git ignores."""
    return {
        name: found
        for name, found in everything(folder).items()
        if not {".git", ".runs", "noise.log", "lib"} & set(name.split("/"))
    }


def record(root: Path) -> Repository:
    """Record a run in *root*."""
    repo = vcs_track.init(root)
    with repo.start_run("run", id="r") as run:
        run.add_scalar("loss", 0.5, 0)
    return repo


class TestRestore:
    def test_is_the_same_file_by_file(self, place: Place, tmp_path: Path) -> None:
        """Every file is as it was: bytes, modes, links, names; its tree is that of the run."""
        before = everything(place.root / ".git")
        expected, tree = files(place.root), what_git_says(place.root, tmp_path / "copy")
        repo = record(place.root)
        after = everything(place.root / ".git")
        git(place.root, "stash", "-u", "-q")
        restored = repo.restore("r", tmp_path / "again")

        assert before == after
        assert (True, ()) == (restored.exact, restored.left_out)
        assert tree == restored.code.tree == repo.run("r").git["tree"]
        assert expected == files(tmp_path / "again")

    def test_leaves_the_users_work_alone(self, place: Place, tmp_path: Path) -> None:
        """Work tree, index, branch and stash of the user are as they were."""
        repo = record(place.root)
        before = files(place.root)
        told = [git(place.root, *args) for args in (("status", "--porcelain"), ("stash", "list"))]
        index = (place.root / ".git" / "index").read_bytes()
        repo.restore("r", tmp_path / "again")

        assert before == files(place.root)
        assert index == (place.root / ".git" / "index").read_bytes()
        assert told == [
            git(place.root, *args) for args in (("status", "--porcelain"), ("stash", "list"))
        ]

    def test_changes_are_changes_again(self, place: Place, tmp_path: Path) -> None:
        """What was changed and what was new is shown by git as such, none of it staged."""
        record(place.root).restore("r", tmp_path / "again")
        status = git(tmp_path / "again", "status", "--porcelain").decode().splitlines()

        assert " M train.py" in status
        assert " D gone.py" in status
        assert "?? untracked.txt" in status

    def test_from_a_zip_in_a_clone(self, place: Place, tmp_path: Path) -> None:
        """A clone that has the commit, and the run from a bundle, has the code."""
        expected = files(place.root)
        record(place.root).export("r", tmp_path / "r.zip")
        git(tmp_path, "clone", "-q", str(place.root), "clone")
        clone = vcs_track.init(tmp_path / "clone")
        clone.import_(tmp_path / "r.zip")
        restored = clone.restore("r", tmp_path / "again")

        assert restored.exact
        assert expected == files(tmp_path / "again")

    def test_without_git(self, place: Place, tmp_path: Path) -> None:
        """The code of a folder without git comes back too."""
        shutil.rmtree(place.root / "lib")
        shutil.rmtree(place.root / ".git")
        expected = files(place.root)
        repo = record(place.root)
        restored = repo.restore("r", tmp_path / "again")

        assert restored.exact
        assert expected == files(tmp_path / "again")

    def test_what_was_not_kept_is_named(self, place: Place, tmp_path: Path) -> None:
        """A tracked file that was too large is missing, and said to be."""
        repo = vcs_track.init(place.root).with_defaults(code_largest=5000)
        repo.start_run("run", id="r").finish()
        restored = repo.restore("r", tmp_path / "again")

        assert not restored.exact
        assert [b"image.bin"] == [left.path for left in restored.left_out]


class TestRefused:
    def test_something_is_there(self, place: Place, tmp_path: Path) -> None:
        """A folder with something in it is left as it is."""
        repo = record(place.root)
        (tmp_path / "again").mkdir()
        (tmp_path / "again" / "mine").write_bytes(b"mine")
        with pytest.raises(InvalidValueError, match="there is something"):
            repo.restore("r", tmp_path / "again")

        assert [tmp_path / "again" / "mine"] == list((tmp_path / "again").iterdir())

    def test_the_commit_is_gone(self, place: Place, tmp_path: Path) -> None:
        """Without its commit the difference is of no use: that is said."""
        repo = record(place.root)
        shutil.rmtree(place.root / ".git")
        git(place.root, "init", "-q")
        with pytest.raises(GitError, match="is not in this repository"):
            repo.restore("r", tmp_path / "again")

        assert not (tmp_path / "again").exists()

    def test_no_code(self, place: Place, tmp_path: Path) -> None:
        """A run without code says why it may have none."""
        repo = vcs_track.init(place.root)
        repo.start_run("run", id="r", capture_code=False).finish()
        with pytest.raises(ObjectNotFoundError) as caught:
            repo.restore("r", tmp_path / "again")

        assert "capture_code" in caught.value.hint


class TestCommands:
    def test_restore(self, place: Place, tmp_path: Path) -> None:
        """The command prints the folder, and says how to run it again."""
        record(place.root)
        done = vcs("-C", place.root, "restore", "r", "--worktree", tmp_path / "again")

        assert (0, f"{tmp_path / 'again'}\n") == (done.returncode, done.stdout)
        assert "as the run had" in done.stderr
        assert "to run it again:" in done.stderr

    def test_diff(self, place: Place) -> None:
        """The lines of code that differ are shown, never committed or not; git is not touched."""
        repo = record(place.root)
        before = everything(place.root / ".git")
        (place.root / "train.py").write_bytes(b"print(3)\n")
        (place.root / "untracked.txt").unlink()
        repo.start_run("other", id="s").finish()
        shown = vcs("-C", place.root, "diff", "--code", "--exit-code", "r", "s", code=3).stdout
        lines = shown.splitlines()

        assert {"-print(2)", "+print(3)", "--- a/untracked.txt", "+++ /dev/null"} <= set(lines)
        assert 2 == sum(line.startswith("diff --git") for line in lines)
        assert "" == vcs("-C", place.root, "diff", "--code", "r", "r").stdout
        assert before == everything(place.root / ".git")

    def test_code(self, place: Place) -> None:
        """The command lists what differs from the commit, and prints files as they were."""
        record(place.root)
        (place.root / "train.py").write_bytes(b"print(3)\n")
        listed = vcs("-C", place.root, "code", "r").stdout.splitlines()

        assert {"M train.py", "D gone.py", "M link"} <= set(listed)
        assert "print(2)\n" == vcs("-C", place.root, "code", "r", "train.py").stdout
        assert "deep\n" == vcs("-C", place.root, "code", "r", "sub dir/deep.py").stdout
        assert "" == vcs("-C", place.root, "code", "r", "gone.py", code=11).stdout


class TestResumed:
    def test_has_the_code_of_each_session(self, place: Place, tmp_path: Path) -> None:
        """A run that goes on has the code of its last session; that of the first is in its past.

        Seen to fail when only new runs were captured.
        """
        repo = record(place.root)
        created = repo.run("r").manifest.created_us
        git(place.root, "commit", "-q", "-a", "-m", "second")
        (place.root / "train.py").write_bytes(b"print(3)\n")
        with repo.start_run(id="r", resume="must") as run:
            run.add_scalar("loss", 0.4, 1)
        view = repo.run("r")

        assert b"print(3)\n" == repo.code_file("r", b"train.py")
        assert b"print(2)\n" == repo.code_file("r@{1}", b"train.py")
        assert git(place.root, "rev-parse", "HEAD").decode().strip() == view.git["commit"]
        assert created == view.manifest.created_us
        assert repo.restore("r", tmp_path / "again").exact

    def test_with_the_same_code(self, place: Place) -> None:
        """Where nothing was changed in between the code is the same object."""
        repo = record(place.root)
        before = repo.run("r").code
        with repo.start_run(id="r", resume="must") as run:
            run.add_scalar("loss", 0.4, 1)

        assert before == repo.run("r").code

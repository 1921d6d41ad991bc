"""The code of a run where the user works, and as a branch."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from cli.program import vcs
from work_trees.places import Place, committed, disturb, everything, git

import vcs_track
from vcs_track.errors import GitError, ObjectNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a repository with one commit."""
    return committed(tmp_path)


def files(folder: Path) -> dict[str, object]:
    """Return the files of a work tree, without those of git, runs, and what git ignores."""
    return {
        name: found
        for name, found in everything(folder).items()
        if not {".git", ".runs", "noise.log", "lib"} & set(name.split("/"))
    }


def changed(place: Place, other: Path) -> tuple[Repository, dict[str, object]]:
    """Record the run ``r`` of a tree with every kind of change; go on with another commit."""
    disturb(place.root, other)
    repo = vcs_track.init(place.root)
    repo.start_run("run", id="r").finish()
    before = files(place.root)
    git(place.root, "stash", "-u", "-q")
    git(place.root, "stash", "drop", "-q")
    (place.root / "train.py").write_bytes(b"later\n")
    git(place.root, "commit", "-q", "-a", "-m", "second")
    return repo, before


def state(root: Path) -> list[bytes]:
    """Return what git says of work tree, stash and place."""
    asked = (
        ("status", "--porcelain"), ("stash", "list"), ("rev-parse", "HEAD"),
        ("rev-parse", "--abbrev-ref", "HEAD"), ("diff",),
    )  # fmt: skip
    return [git(root, *words) for words in asked]


class TestInPlace:
    def test_is_the_same_file_by_file(self, place: Place, tmp_path: Path) -> None:
        """The work tree is that of the run; its changes are changes, HEAD is its commit."""
        repo, expected = changed(place, tmp_path / "other")
        was = git(place.root, "rev-parse", "HEAD~1").decode().strip()
        restored = repo.restore_in_place("r")

        assert expected == files(place.root)
        assert (True, "main", False) == (restored.exact, restored.before, restored.stashed)
        assert was == git(place.root, "rev-parse", "HEAD").decode().strip()
        assert b" M train.py" in git(place.root, "status", "--porcelain")

    def test_changes_are_stashed(self, place: Place, tmp_path: Path) -> None:
        """With ``--stash`` what the user changed is on the stash, and comes back from there."""
        _, expected = changed(place, tmp_path / "other")
        (place.root / "staged.py").write_bytes(b"mine\n")
        (place.root / "new.py").write_bytes(b"mine too\n")
        mine = files(place.root)
        done = vcs("-C", place.root, "restore", "r", "--in-place", "--stash")

        assert expected == files(place.root)
        assert "git stash push --include-untracked && git checkout main" in done.stderr
        git(place.root, "stash", "push", "-q", "--include-untracked")
        git(place.root, "checkout", "-q", "main")
        git(place.root, "stash", "drop", "-q")
        git(place.root, "stash", "pop", "-q")
        assert mine == files(place.root)

    def test_runs_stay(self, place: Place, tmp_path: Path) -> None:
        """Runs that are staged for a commit stay so, and all runs are there."""
        repo, _ = changed(place, tmp_path / "other")
        repo.start_run("second", id="s").finish()
        from vcs_track.plumbing import gitlink
        from vcs_track.porcelain.shelf import shelve

        paths = [str(path.relative_to(place.root)) for path in shelve(repo.store, ["s"])]
        gitlink.add(place.root, paths)
        repo.restore_in_place("r")
        status = git(place.root, "status", "--porcelain", "--", ".runs").decode().splitlines()

        assert len(paths) == len(status)
        assert all(line.startswith("A  ") for line in status)
        assert {"r", "s"} == {run.id for run in vcs_track.open(place.root).runs()}

    def test_on_the_commit_already(self, place: Place, tmp_path: Path) -> None:
        """Where HEAD is on the run's commit it stays on its branch."""
        disturb(place.root, tmp_path / "other")
        repo = vcs_track.init(place.root)
        repo.start_run("run", id="r").finish()
        git(place.root, "stash", "-u", "-q")
        repo.restore_in_place("r")

        assert b"main\n" == git(place.root, "rev-parse", "--abbrev-ref", "HEAD")


class TestRefused:
    @pytest.mark.parametrize("name", ["staged.py", "new.py"])
    def test_changes(self, place: Place, tmp_path: Path, name: str) -> None:
        """A work tree with changes, or new files, is left as it is."""
        repo, _ = changed(place, tmp_path / "other")
        (place.root / name).write_bytes(b"mine\n")
        before, said = files(place.root), state(place.root)
        with pytest.raises(GitError, match=f"the work tree has changes: {name}"):
            repo.restore_in_place("r")

        assert (before, said) == (files(place.root), state(place.root))

    def test_ignored_files_are_not_overwritten(self, place: Place, tmp_path: Path) -> None:
        """A file that git ignores, and the run had otherwise, stops it; changes are back.

        Seen to fail when ignored files were not looked at.
        """
        repo, _ = changed(place, tmp_path / "other")
        with (place.root / ".git" / "info" / "exclude").open("a") as exclude:
            exclude.write("untracked.txt\n")
        (place.root / "untracked.txt").write_bytes(b"precious\n")
        (place.root / "staged.py").write_bytes(b"mine\n")
        before, said = files(place.root), state(place.root)
        with pytest.raises(GitError, match=r"'untracked\.txt', which git ignores"):
            repo.restore_in_place("r", stash=True)

        assert (before, said) == (files(place.root), state(place.root))

    def test_trouble_half_way(
        self, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where git cannot go on everything is as before.

        Seen to fail when only the branch was taken back.
        """
        repo, _ = changed(place, tmp_path / "other")
        (place.root / "staged.py").write_bytes(b"mine\n")
        before, said = files(place.root), state(place.root)
        folder = tmp_path / "bin"
        folder.mkdir()
        # Git itself, which fails at the last step: when all files are written.
        real = shutil.which("git")
        (folder / "git").write_text(
            f'#!/bin/sh\ncase "$*" in *" reset "*) exit 1;; esac\nexec {real} "$@"\n'
        )
        (folder / "git").chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setenv("PATH", str(folder), prepend=os.pathsep)
            with pytest.raises(GitError, match="reset"):
                repo.restore_in_place("r", stash=True)

        assert said == state(place.root)
        assert before == files(place.root)

    def test_options(self, place: Place) -> None:
        """Options that do not go together are said so."""
        vcs_track.init(place.root).start_run("run", id="r").finish()

        assert "cannot be used together" in vcs(
            "-C", place.root, "restore", "r", "--in-place", "--worktree", "x", code=2
        ).stderr  # fmt: skip
        assert "--in-place" in vcs("-C", place.root, "restore", "r", "--stash", code=2).stderr


class TestBranch:
    def test_has_the_code_in_one_commit(self, place: Place, tmp_path: Path) -> None:
        """A dirty run becomes one commit on its commit; nothing else of git changes."""
        repo, expected = changed(place, tmp_path / "other")
        said, index = state(place.root), (place.root / ".git" / "index").read_bytes()
        done = vcs("-C", place.root, "branch", "r", "winner")
        tree = git(place.root, "rev-parse", "winner^{tree}").decode().strip()
        message = git(place.root, "log", "-1", "--format=%B", "winner").decode()
        git(place.root, "worktree", "add", "-q", str(tmp_path / "again"), "winner")

        assert said == state(place.root)
        assert index == (place.root / ".git" / "index").read_bytes()
        assert repo.run("r").git["tree"] == tree
        assert expected == files(tmp_path / "again")
        assert git(place.root, "rev-parse", "winner").decode() == done.stdout
        assert b"r\n" == git(
            place.root, "log", "-1", "--format=%(trailers:key=Run-Id,valueonly,separator=)", "winner"
        )  # fmt: skip
        assert "Code of run run" in message
        assert git(place.root, "rev-parse", "main~1") == git(place.root, "rev-parse", "winner~1")

    def test_keeps_runs_that_are_committed(self, place: Place, tmp_path: Path) -> None:
        """Merging the branch removes no run."""
        repo = vcs_track.init(place.root)
        repo.start_run("first", id="a").finish()
        repo.commit(["a"])
        (place.root / "train.py").write_bytes(b"other\n")
        repo.start_run("second", id="b").finish()
        git(place.root, "checkout", "-q", "train.py")
        repo.branch("b", "winner")
        git(place.root, "merge", "-q", "--no-edit", "winner")

        assert b"other\n" == (place.root / "train.py").read_bytes()
        assert b".runs/FORMAT\n" == git(place.root, "ls-files", ".runs/FORMAT")

    def test_of_a_clean_run_is_its_commit(self, place: Place) -> None:
        """Where nothing was changed the branch is at the run's commit."""
        repo = vcs_track.init(place.root)
        repo.start_run("run", id="r").finish()

        assert git(place.root, "rev-parse", "HEAD").decode().strip() == repo.branch("r", "again")

    @pytest.mark.parametrize("name", ["main", "-x", "a..b", "", "@{-1}", "HEAD", "a b"])
    def test_names_that_cannot_be(self, place: Place, name: str) -> None:
        """A branch that exists, or a name that git does not allow, is refused."""
        repo = vcs_track.init(place.root)
        repo.start_run("run", id="r").finish()
        refs = git(place.root, "for-each-ref")
        with pytest.raises(GitError):
            repo.branch("r", name)

        assert refs == git(place.root, "for-each-ref")

    def test_what_was_not_kept(self, place: Place) -> None:
        """Code that is not whole makes no branch."""
        (place.root / "image.bin").write_bytes(bytes(6000))
        repo = vcs_track.init(place.root).with_defaults(code_largest=5000)
        repo.start_run("run", id="r").finish()
        with pytest.raises(ObjectNotFoundError, match=r"'image\.bin' .* was not kept"):
            repo.branch("r", "again")

        assert b"" == git(place.root, "for-each-ref", "refs/heads/again")

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        """The branch of a run that had no commit begins a history."""
        place = Place(tmp_path)
        git(place.root, "init", "-q")
        git(place.root, "config", "user.name", "A")
        git(place.root, "config", "user.email", "a@example.org")
        (place.root / "train.py").write_bytes(b"print(1)\n")
        repo = vcs_track.init(place.root)
        repo.start_run("run", id="r").finish()
        repo.branch("r", "again")

        assert b"train.py\n" == git(place.root, "ls-tree", "--name-only", "again")

"""Tests of ``vcs_track.porcelain.diff.code``."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from work_trees.places import git

import vcs_track
from vcs_track.porcelain.diff import CodeChange, Diff, code as rules

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository beside committed code."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "train.py").write_text("a\nb\nc\n")
    (tmp_path / "data.bin").write_bytes(b"\0\1\2")
    (tmp_path / ".gitignore").write_text(".runs\n")
    commit(tmp_path)
    return vcs_track.init(tmp_path)


def commit(folder: Path) -> None:
    """Commit all there is."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


def run(repo: Repository, name: str) -> None:
    """Make a run of the code as it is."""
    with repo.start_run(name, id=name, cwd=repo.root):
        pass


def told(found: Diff) -> list[tuple[str, str, int | None, int | None]]:
    """Return names, ways, and lines added and removed."""
    changes = [change for change in found.of("code") if isinstance(change, CodeChange)]
    return [(c.name, c.way, c.added, c.removed) for c in changes]


class TestFiles:
    def test_of_two_commits(self, repo: Repository) -> None:
        """Files that were added, removed and changed, with their lines."""
        run(repo, "a")
        (repo.root / "train.py").write_text("a\nB\nc\nd\n")
        (repo.root / "data.bin").unlink()
        (repo.root / "new.py").write_text("x\ny\n")
        commit(repo.root)
        run(repo, "b")
        found = repo.diff("a", "b")

        assert [
            ("data.bin", "removed", None, None), ("new.py", "added", 2, 0),
            ("train.py", "changed", 2, 1),
        ] == told(found)  # fmt: skip
        assert () == found.notes

    def test_what_was_never_committed(self, repo: Repository) -> None:
        """Changes beside a commit, and new files, count as those of a commit do.

        Seen to fail when only the commits were compared.
        """
        run(repo, "a")
        (repo.root / "train.py").write_text("a\nc\n")
        (repo.root / "extra.py").write_text("x\n")
        run(repo, "b")
        commit(repo.root)
        run(repo, "c")

        assert [("extra.py", "added", 1, 0), ("train.py", "changed", 0, 1)] == told(
            repo.diff("a", "b")
        )
        assert [] == told(repo.diff("b", "c"))

    def test_against_what_was_removed_unseen(self, repo: Repository) -> None:
        """A file that is gone beside the commit is removed; seen from there it is added."""
        run(repo, "a")
        (repo.root / "train.py").unlink()
        run(repo, "b")

        assert [("train.py", "removed", 0, 3)] == told(repo.diff("a", "b"))
        assert [("train.py", "added", 3, 0)] == told(repo.diff("b", "a"))

    def test_modes_and_links(self, repo: Repository) -> None:
        """A file that may be run now, and one that became a link, are changes."""
        run(repo, "a")
        (repo.root / "train.py").chmod(0o755)
        (repo.root / "data.bin").unlink()
        (repo.root / "data.bin").symlink_to("train.py")
        run(repo, "b")
        changes = [c for c in repo.diff("a", "b") if isinstance(c, CodeChange)]

        assert [("data.bin", "100644", "120000"), ("train.py", "100644", "100755")] == [
            (c.name, c.old.mode, c.new.mode) for c in changes
        ]
        assert (0, 0) == (changes[1].added, changes[1].removed)

    def test_names_that_are_no_utf8(self, repo: Repository) -> None:
        """A name of any bytes has its place."""
        run(repo, "a")
        (repo.root / os.fsdecode(b"\xff -x\n.py")).write_text("1\n")
        commit(repo.root)
        run(repo, "b")
        ((_, *lines),) = told(repo.diff("a", "b"))

        assert ["added", 1, 0] == lines

    def test_only_what_is_small_is_counted(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A large file differs, and nobody counts its lines."""
        monkeypatch.setattr(rules, "_LARGEST", 100)
        run(repo, "a")
        (repo.root / "train.py").write_text("x\n" * 51)
        (repo.root / "big.py").write_text("x\n" * 51)
        (repo.root / "small.py").write_text("x\n")
        run(repo, "b")
        commit(repo.root)
        (repo.root / "train.py").write_text("a\n")
        commit(repo.root)
        run(repo, "c")

        assert [
            ("big.py", "added", None, None), ("small.py", "added", 1, 0),
            ("train.py", "changed", None, None),
        ] == told(repo.diff("a", "b"))  # fmt: skip
        assert [("train.py", "changed", None, None)] == told(repo.diff("b", "c"))


class TestWithoutGit:
    def test_commits_that_are_not_here(self, repo: Repository) -> None:
        """Without the commits one change stands for all of the code, with a note."""
        run(repo, "a")
        (repo.root / "train.py").write_text("x\n")
        commit(repo.root)
        run(repo, "b")
        shutil.rmtree(repo.root / ".git")
        found = vcs_track.open(repo.root).diff("a", "b")
        (change,) = found.of("code")

        assert (".", "changed", "040000") == (change.name, change.way, change.old.mode)
        assert found.notes[0].startswith("the files of the code cannot be told apart: ")

    def test_equal_trees_ask_nobody(self, repo: Repository) -> None:
        """Two runs of one tree are the same code where git is gone, too."""
        run(repo, "a")
        git(repo.root, "commit", "-q", "--allow-empty", "-m", "empty")
        run(repo, "b")
        shutil.rmtree(repo.root / ".git")
        found = vcs_track.open(repo.root).diff("a", "b")

        assert ["commit"] == [change.name for change in found if change.kind == "identity"]
        assert ((), ()) == (found.of("code"), found.notes)

    def test_a_bundle_with_its_code(self, repo: Repository, tmp_path: Path) -> None:
        """Files that a bundle carries are compared where the commits are not."""
        run(repo, "a")
        (repo.root / "train.py").write_text("a\nb\n")
        commit(repo.root)
        run(repo, "b")
        path = repo.export(["a", "b"], tmp_path / "x.zip", with_code=True)
        elsewhere = vcs_track.init(tmp_path.parent / f"{tmp_path.name}-elsewhere")
        elsewhere.import_(path)

        assert [("train.py", "changed", 0, 1)] == told(elsewhere.diff("a", "b"))

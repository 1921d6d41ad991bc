"""Finding a work tree by its marks alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from vcs_track.plumbing.worktree import find_root, git_dir_of, main_root


def mark(folder: Path) -> Path:
    """Make *folder* look like a work tree to `find_root`."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git/HEAD").write_text("ref: refs/heads/main\n")
    return folder


class TestFindRoot:
    def test_nearest_wins(self, tmp_path: Path) -> None:
        """Of nested work trees the inner one holds its files."""
        mark(tmp_path)
        inner = mark(tmp_path / "inner")

        assert inner == find_root(inner / "src/deep")
        assert tmp_path == find_root(tmp_path / "other")

    def test_file_counts_and_hollow_folder_does_not(self, tmp_path: Path) -> None:
        """As with git, a .git file always marks a tree, a .git folder needs a HEAD."""
        mark(tmp_path)
        (tmp_path / "hollow/.git").mkdir(parents=True)
        (tmp_path / "linked").mkdir()
        (tmp_path / "linked/.git").write_text("gitdir: ../x\n")

        assert tmp_path == find_root(tmp_path / "hollow")
        assert tmp_path / "linked" == find_root(tmp_path / "linked")

    def test_guard_repository_is_passed_over(self, tmp_path: Path) -> None:
        """From inside .runs/local the project's tree is found, not the guard in there."""
        mark(tmp_path)
        mark(tmp_path / ".runs/local")

        assert tmp_path == find_root(tmp_path / ".runs/local/packs")

    def test_symbolic_link_leads_to_the_real_tree(self, tmp_path: Path) -> None:
        """A linked folder belongs to the tree that it really is in."""
        real = mark(tmp_path / "real")
        (real / "src").mkdir()
        try:
            (tmp_path / "link").symlink_to(real / "src", target_is_directory=True)
        except OSError:
            pytest.skip("no symbolic links here")

        assert real == find_root(tmp_path / "link")

    def test_nothing_above(self, tmp_path: Path) -> None:
        """A folder in no work tree has no root."""
        assert find_root(tmp_path) is None


class TestMainRoot:
    def linked(self, tmp_path: Path, main: Path) -> Path:
        git_dir = main / "worktrees/w"
        git_dir.mkdir(parents=True)
        (git_dir / "commondir").write_text("../..\n")
        (tmp_path / "w").mkdir()
        (tmp_path / "w/.git").write_text(f"gitdir: {git_dir}\n")
        return tmp_path / "w"

    def test_linked_tree_of_a_repository(self, tmp_path: Path) -> None:
        """A linked tree leads to the main one."""
        main = mark(tmp_path / "main")

        assert main == main_root(self.linked(tmp_path, main / ".git"))

    def test_linked_tree_of_a_bare_repository(self, tmp_path: Path) -> None:
        """A linked tree of a bare repository has no main tree."""
        assert main_root(self.linked(tmp_path, tmp_path / "bare.git")) is None

    def test_others_have_none(self, tmp_path: Path) -> None:
        """An ordinary repository, a folder outside git and a torn mark have none."""
        (tmp_path / "torn").mkdir()
        (tmp_path / "torn/.git").write_bytes(b"\xff\xfe")

        assert main_root(mark(tmp_path / "plain")) is None
        assert main_root(tmp_path) is None
        assert main_root(tmp_path / "torn") is None
        assert git_dir_of(tmp_path / "torn") is None

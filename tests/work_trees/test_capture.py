"""Tests of ``vcs_track.porcelain.capture``."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from work_trees.places import Place, committed, disturb, git, what_git_says

from vcs_track.formats.gitstate import GitState
from vcs_track.plumbing.gitlink import read_state
from vcs_track.porcelain.capture import Rules, capture

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.formats.code import Code


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a repository with one commit."""
    return committed(tmp_path)


class TestTree:
    def test_is_that_of_the_commit_that_contains_it(self, place: Place, tmp_path: Path) -> None:
        """The tree is the one that git makes of the same files, whatever was changed.

        Only what the commit lacks is kept. Seen to fail when the index was not copied, and when
        untracked folders were taken for files.
        """
        disturb(place.root, tmp_path / "other")
        code = place.capture()
        kept = place.kept(code)

        assert what_git_says(place.root, tmp_path / "copy") == code.tree
        assert git(place.root, "rev-parse", "HEAD").decode().strip() == code.commit
        assert (b"gone.py",) == code.gone
        assert {
            b"train.py": b"print(2)\n", b"staged.py": b"a = 2\n", b"new staged.py": b"new\n",
            b"image.bin": bytes(range(255, -1, -1)) * 40, b"tool.sh": b"#!/bin/sh\n",
            b"latin.txt": b"bl\xe4u\n", b"link": b"train.py", b"untracked.txt": b"text\n",
            b"folder/untracked.bin": bytes(1000), b"n\xe4me.py": b"name\n", b"lib": None,
            b".gitmodules": (place.root / ".gitmodules").read_bytes(),
        } == kept  # fmt: skip
        modes = {file.path: file.mode for file in code.files}
        assert ("120000", "100755", "160000") == (modes[b"link"], modes[b"tool.sh"], modes[b"lib"])
        assert () == code.left_out

    def test_sees_a_change_in_the_second_of_the_commit(self, place: Place) -> None:
        """A file of the same size, changed in the second in which git read it, is kept.

        Seen to fail when the copy of the index was younger than the index.
        """
        file, index = place.root / "train.py", place.root / ".git" / "index"
        git(place.root, "config", "core.trustctime", "false")
        then = (index.stat().st_mtime_ns // 10**9 - 5) * 10**9
        for path in (file, index):
            os.utime(path, ns=(then, then))
        git(place.root, "update-index", "--really-refresh")
        file.write_bytes(b"print(2)\n")
        for path in (file, index):
            os.utime(path, ns=(then, then))
        code = place.capture()

        assert {b"train.py": b"print(2)\n"} == place.kept(code)

    def test_of_a_clean_tree_is_that_of_its_commit(self, place: Place) -> None:
        """Where nothing was changed nothing is kept."""
        code = place.capture()

        assert git(place.root, "rev-parse", "HEAD^{tree}").decode().strip() == code.tree
        assert ((), ()) == (code.files, code.gone)

    def test_leaves_runs_out(self, place: Place) -> None:
        """Runs that are committed beside the code are no part of it."""
        before = place.capture().tree
        (place.root / ".runs" / "packs").mkdir(parents=True)
        (place.root / ".runs" / "packs" / "p.zip").write_bytes(b"zip")
        git(place.root, "add", "-A")
        git(place.root, "commit", "-q", "-m", "runs")
        clean = place.capture().tree
        (place.root / "train.py").write_bytes(b"print(2)\n")
        dirty = place.capture()

        assert before == clean
        assert [b"train.py"] == [file.path for file in dirty.files]
        assert () == dirty.gone

    def test_before_the_first_commit(self, tmp_path: Path) -> None:
        """All files are kept where there is no commit."""
        place = Place(tmp_path)
        git(place.root, "init", "-q")
        (place.root / "a.py").write_bytes(b"a\n")
        code = place.capture()

        assert (None, {b"a.py": b"a\n"}) == (code.commit, place.kept(code))
        assert what_git_says(place.root, tmp_path / "copy") == code.tree

    def test_without_git(self, place: Place, tmp_path: Path) -> None:
        """A folder without git has the tree that it would have with it."""
        tree = place.capture().tree
        shutil.rmtree(place.root / ".git")
        code = place.capture()

        assert (None, tree) == (code.commit, code.tree)
        assert b"print(1)\n" == place.kept(code)[b"train.py"]

    def test_in_a_repository_of_sha256(self, tmp_path: Path) -> None:
        """The other hash of git is recorded."""
        place = Place(tmp_path)
        git(place.root, "init", "-q", "--object-format=sha256")
        (place.root / "a.py").write_bytes(b"a\n")
        code = place.capture()

        assert ("sha256", 64) == (code.hash, len(code.tree))

    def test_in_the_midst_of_a_merge(self, place: Place, tmp_path: Path) -> None:
        """Files in conflict are taken as they are in the work tree."""
        git(place.root, "checkout", "-q", "-b", "side")
        (place.root / "train.py").write_bytes(b"side\n")
        git(place.root, "commit", "-qam", "side")
        git(place.root, "checkout", "-q", "main")
        (place.root / "train.py").write_bytes(b"main\n")
        git(place.root, "commit", "-qam", "main")
        with pytest.raises(subprocess.CalledProcessError):
            git(place.root, "merge", "side")
        code = place.capture()

        assert b"<<<<<<<" in (place.kept(code)[b"train.py"] or b"")
        assert what_git_says(place.root, tmp_path / "copy") == code.tree

    def test_with_filters(self, place: Place, tmp_path: Path) -> None:
        """What attributes make of line ends is in the tree as git has it."""
        (place.root / ".gitattributes").write_bytes(b"*.py text eol=crlf\n")
        (place.root / "dos.py").write_bytes(b"a\r\nb\r\n")
        code = place.capture()

        assert what_git_says(place.root, tmp_path / "copy") == code.tree
        assert b"a\nb\n" == place.kept(code)[b"dos.py"]


class TestLeftOut:
    def reasons(self, code: Code) -> dict[bytes, str]:
        """Return why each file is left out."""
        return {left.path: left.why for left in code.left_out}

    def test_secrets(self, place: Place) -> None:
        """Untracked files that are named as secrets are, are left out; examples are not."""
        for name in (
            ".env",
            "server.pem",
            "id_rsa",
            "credentials.json",
            ".env.example",
            "key.pub",
        ):
            (place.root / name).write_bytes(b"secret")
        code = place.capture()

        assert {b".env", b"server.pem", b"id_rsa", b"credentials.json"} == set(self.reasons(code))
        assert {None} == {left.sha256 for left in code.left_out}
        assert {b".env.example", b"key.pub"} == set(place.kept(code))

    def test_large_files(self, place: Place) -> None:
        """Of a file above the limit size and hash are kept; a tracked one is in the tree."""
        (place.root / "data.bin").write_bytes(bytes(2000))
        (place.root / "image.bin").write_bytes(bytes(3000))
        code = place.capture(Rules(largest=1000))
        left = {each.path: each for each in code.left_out}

        assert (2000, hashlib.sha256(bytes(2000)).hexdigest()) == (
            left[b"data.bin"].size, left[b"data.bin"].sha256,
        )  # fmt: skip
        assert 3000 == left[b"image.bin"].size
        assert {b"image.bin": None} == place.kept(code)

    def test_too_much_together(self, place: Place) -> None:
        """Files are kept up to the limit of all."""
        for n in range(5):
            (place.root / f"{n}.txt").write_bytes(bytes(400))
        code = place.capture(Rules(most=1000))

        assert [b"0.txt", b"1.txt"] == list(place.kept(code))
        assert 3 == len(code.left_out)

    def test_too_many(self, place: Place) -> None:
        """Of a folder with more files than anybody wrote by hand the first are kept."""
        (place.root / "data").mkdir()
        for n in range(20):
            (place.root / "data" / f"{n:02}").write_bytes(b"x")
        code = place.capture(Rules(untracked=10))

        assert 10 == len(code.files)
        assert {b"data/10": "the first of 10 files too many"} == self.reasons(code)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads all")
    def test_unreadable_files(self, place: Place) -> None:
        """A file that nobody may read is named."""
        (place.root / "closed").write_bytes(b"x")
        (place.root / "closed").chmod(0)
        code = place.capture()

        assert {b"closed": "it cannot be read"} == self.reasons(code)

    def test_what_is_no_file(self, place: Place) -> None:
        """A pipe is not waited for, another repository is not entered."""
        os.mkfifo(place.root / "pipe")
        (place.root / "other").mkdir()
        git(place.root / "other", "init", "-q")
        (place.root / "other" / "file").write_bytes(b"x")
        code = place.capture()

        assert () == code.files
        assert b"other/" in self.reasons(code)

    def test_by_runsignore(self, place: Place) -> None:
        """The patterns of ``.runsignore`` leave out what git would show."""
        (place.root / ".runsignore").write_bytes(b"data/\n*.tmp\n!keep.tmp\n")
        (place.root / "data").mkdir()
        for name in ("data/big", "a.tmp", "keep.tmp", "b.py"):
            (place.root / name).write_bytes(b"x")
        code = place.capture()

        assert {b".runsignore", b"keep.tmp", b"b.py"} == set(place.kept(code))

    def test_ignored_files_can_be_asked_for(self, place: Place) -> None:
        """Files that git ignores are kept where the configuration names them."""
        for name in ("a.log", "sub dir/b.log"):
            (place.root / name).write_bytes(b"x")
        code = place.capture(Rules(ignored=("sub dir/*.log",)))

        assert {b"sub dir/b.log"} == set(place.kept(code))


class TestChanging:
    def test_a_file_that_goes_meanwhile(self, place: Place) -> None:
        """A file that is removed between two looks is no trouble."""
        (place.root / "train.py").write_bytes(b"print(2)\n")
        (place.root / "new.py").write_bytes(b"new\n")
        state = read_state(place.root)
        assert isinstance(state, GitState)
        (place.root / "new.py").unlink()
        (place.root / "train.py").unlink()
        code = capture(place.root, state, place.tmp, place.keep, Rules())

        assert ((), (b"train.py",)) == (code.files, code.gone)

"""Where git is missing, broken or slow, the training goes on, and the run says what it lacks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crash.disks import MB, mounted
from work_trees.places import committed, git, what_git_says
from work_trees.training import code_of, gaps, snapshot, train, train_beside

import vcs_track
from vcs_track.errors import GitError, ObjectNotFoundError
from vcs_track.plumbing import gitlink

if TYPE_CHECKING:
    from collections.abc import Callable

REAL = shutil.which("git") or "git"
QUICK = (
    "from vcs_track.plumbing import git_call, git_tree\n"
    "git_call._READ_SECONDS = git_tree._SECONDS = git_tree._LIST_SECONDS = 0.5\n"
    "from vcs_track.porcelain import capture\n"
    "capture._STOPPED_SECONDS = 0.5\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a work tree with a commit and a change."""
    root = committed(tmp_path).root
    (root / "train.py").write_bytes(b"print(2)\n")
    return root


def fake(folder: Path, script: str) -> dict[str, str]:
    """Return variables that put a *script* in the place of git."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def remove_object(root: Path, name: str) -> None:
    """Remove one object of git."""
    oid = git(root, "rev-parse", name).decode().strip()
    (root / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


def write(name: str, data: bytes) -> Callable[[Path], None]:
    """Return what damages one file of git."""

    def damage(root: Path) -> None:
        (root / ".git" / name).write_bytes(data)

    return damage


def git_file(data: str) -> Callable[[Path], None]:
    """Return what puts a file in the place of ``.git``."""

    def damage(root: Path) -> None:
        shutil.rmtree(root / ".git")
        (root / ".git").write_text(data)

    return damage


def give_away(root: Path) -> None:
    """Give the repository to another user."""
    if os.geteuid():
        pytest.skip("only root can give files away")
    for path in (root, *root.rglob("*")):
        os.lchown(path, 12345, 12345)


def failing_filter(root: Path) -> None:
    """Have a filter that cannot be run, on a file that git has to look into."""
    (root / ".git" / "info" / "attributes").write_text("*.py filter=none\n")
    git(root, "config", "filter.none.clean", "/does/not/exist")
    git(root, "config", "filter.none.required", "true")


BROKEN: dict[str, Callable[[Path], object]] = {
    "head is rubbish": write("HEAD", b"\xff\xfe rubbish"),
    "head is empty": write("HEAD", b""),
    "index is rubbish": write("index", b"rubbish"),
    "index is empty": write("index", b""),
    "config is rubbish": write("config", b"[[["),
    "commit is missing": lambda root: remove_object(root, "HEAD"),
    "tree is missing": lambda root: remove_object(root, "HEAD^{tree}"),
    "file leads nowhere": git_file("gitdir: /nowhere\n"),
    "file is empty": git_file(""),
    "file is rubbish": git_file("\0" * 100),
    "owner is another": give_away,
    "filter fails": failing_filter,
}


class TestBroken:
    @pytest.mark.parametrize("case", BROKEN)
    def test_repository(self, root: Path, case: str) -> None:
        """The run is whole but for its code; a gap says what git said."""
        BROKEN[case](root)
        view = train(root)

        assert view.code is None
        assert [f"the code was not captured: {view.git['unreadable']}"] == gaps(view)
        assert str(root) not in gaps(view)[0]
        with pytest.raises(ObjectNotFoundError) as caught:
            vcs_track.open(root).restore("r", root.parent / "again")
        assert gaps(view)[0] == caught.value.hint

    def test_index_that_git_does_not_notice(self, root: Path) -> None:
        """Where git itself reads nonsense out of an index that was cut, a gap says so.

        Seen to fail: the nonsense was recorded as the code.
        """
        index = root / ".git" / "index"
        index.write_bytes(index.read_bytes()[:100])
        view = train(root)

        assert 40 == len(view.git["commit"])
        assert view.code is None
        assert gaps(view)[0].startswith("the code was not captured: ")
        assert 1 == len(gaps(view))

    def test_branch_that_git_does_not_notice(self, root: Path) -> None:
        """Where git takes a branch for unborn because its file is damaged, all files are kept."""
        (root / ".git" / "refs" / "heads" / "main").write_bytes(b"rubbish")
        expected = what_git_says(root, root.parent / "copy")
        code = code_of(train(root))

        assert (None, expected) == (code.commit, code.tree)
        assert b"latin.txt" in {file.path for file in code.files}

    @pytest.mark.parametrize("name", ["HEAD:sub dir", "HEAD:train.py"])
    def test_object_of_a_file_that_is_as_it_was(self, root: Path, name: str) -> None:
        """An object that the capture does not need may be missing."""
        remove_object(root, name)
        code = code_of(train(root))

        assert ([b"train.py"], ()) == ([file.path for file in code.files], code.left_out)

    def test_clean_tree_with_a_missing_folder(self, root: Path) -> None:
        """Where git cannot list the tree of the commit, a gap says so; the commit is known."""
        git(root, "checkout", "-q", "train.py")
        remove_object(root, "HEAD:sub dir")
        view = train(root)

        assert 40 == len(view.git["commit"])
        assert gaps(view)[0].startswith("the code was not captured: git cannot read commit")

    @pytest.mark.parametrize("rest", [["HEAD"], []], ids=["no head", "nothing"])
    def test_folder_that_is_no_repository(self, root: Path, rest: list[str]) -> None:
        """A ``.git`` that git itself would pass over is none, and a gap says so."""
        if rest:
            (root / ".git" / "HEAD").unlink()
        else:
            shutil.rmtree(root / ".git")
            (root / ".git").mkdir()
        view = train(root)

        assert (None, None) == (view.code, view.manifest.git)
        assert "not a git repository" in gaps(view)[0]

    def test_bare_repository(self, root: Path) -> None:
        """A bare repository is a folder as any other, and stays as it is."""
        git(root.parent, "clone", "-q", "--bare", str(root), "bare")
        view = train(root.parent / "bare")

        assert (["tree"], []) == (list(view.git), gaps(view))

    def test_repository_elsewhere(self, root: Path) -> None:
        """Where ``GIT_DIR`` names another repository, neither is asked about the code."""
        git(root.parent, "init", "-q", "other")
        view = train_beside(root, variables={"GIT_DIR": str(root.parent / "other" / ".git")})

        assert ["the code was not captured: git looks at another repository"] == gaps(view)


class TestGit:
    def test_that_is_missing(self, root: Path, tmp_path: Path) -> None:
        """Without git on the PATH a run has no code, and says why; as without a repository."""
        empty = tmp_path / "empty"
        empty.mkdir()
        expected = ["the code was not captured: git is not installed"]

        assert expected == gaps(train_beside(root, variables={"PATH": str(empty)}))
        shutil.rmtree(root / ".git")
        shutil.rmtree(root / ".runs")
        assert expected == gaps(train_beside(root, variables={"PATH": str(empty)}))

    def test_that_cannot_be_started(self, root: Path, tmp_path: Path) -> None:
        """A git that is no program is as good as none."""
        (tmp_path / "bad").mkdir()
        (tmp_path / "bad" / "git").write_bytes(b"\x7fELF rubbish")
        (tmp_path / "bad" / "git").chmod(0o755)
        view = train_beside(root, variables={"PATH": f"{tmp_path / 'bad'}"})

        assert gaps(view)[0].startswith("the code was not captured: git cannot be started")

    def test_that_hangs(self, root: Path, tmp_path: Path) -> None:
        """A git that never answers is waited for as long as a limit says, and no longer."""
        variables = fake(tmp_path / "fake", "exec sleep 300")
        view = train_beside(root, variables=variables, before=QUICK, seconds=20)

        assert ["the code was not captured: git gave no answer in 0.5 seconds"] == gaps(view)

    @pytest.mark.parametrize("command", ["update-index", "ls-files", "write-tree", "cat-file"])
    def test_that_hangs_later(self, root: Path, tmp_path: Path, command: str) -> None:
        """A git that hangs in the midst of a capture does not keep the run from its end.

        Seen to fail: there was no limit, and ``finish`` waited for ever.
        """
        script = f'case " $* " in *" {command} "*) exec sleep 300;; esac; exec {REAL} "$@"'
        variables = fake(tmp_path / "fake", script)
        view = train_beside(root, variables=variables, before=QUICK, seconds=20)

        assert ["the code was not captured: git gave no answer in 0.5 seconds"] == gaps(view)
        assert 40 == len(view.git["commit"])

    def test_that_hangs_when_the_program_is_stopped(self, root: Path, tmp_path: Path) -> None:
        """SIGTERM ends a program at once, whatever the capture waits for.

        Seen to fail: the end of the run waited for the capture.
        """
        script = f'case " $* " in *" write-tree "*) exec sleep 300;; esac; exec {REAL} "$@"'
        body = (
            "from vcs_track.porcelain import capture\ncapture._STOPPED_SECONDS = 0.5\n"
            "import os, signal, vcs_track\n"
            "run = vcs_track.start_run(id='r')\nrun.add_scalar('loss', 0.5, 0)\n"
            "os.kill(os.getpid(), signal.SIGTERM)\n"
        )
        variables = {**os.environ, **fake(tmp_path / "fake", script)}
        done = subprocess.run(
            [sys.executable, "-c", body], cwd=root, env=variables, timeout=20, check=False
        )
        view = vcs_track.open(root).run("r")

        assert (-signal.SIGTERM, "killed") == (done.returncode, view.status)
        assert ["the code was not captured: the program was stopped meanwhile"] == gaps(view)

    @pytest.mark.parametrize("code", [0, 1])
    @pytest.mark.parametrize(
        "command",
        [
            "rev-parse",
            "status",
            "ls-files",
            "update-index",
            "write-tree",
            "diff-index",
            "cat-file",
        ],
    )
    def test_that_talks_rubbish(self, root: Path, tmp_path: Path, command: str, code: int) -> None:
        """Whatever git prints and however it ends, the training goes on."""
        (root / "folder").mkdir()
        (root / "folder" / "new.py").write_bytes(b"new\n")
        rubbish = tmp_path / "rubbish"
        rubbish.write_bytes(
            b"# branch.oid \xff\0001 .M\0? \0blob 12 blob 99\n" + bytes(range(256))
        )
        script = (
            f'case " $* " in *" {command} "*) cat {rubbish} >&2; cat {rubbish}; exit {code};; esac\n'
            f'exec {REAL} "$@"'
        )
        view = train_beside(root, variables=fake(tmp_path / "fake", script))

        assert (view.code is None) == any("the code was not captured" in gap for gap in gaps(view))
        assert vcs_track.open(root).fsck().ok


class TestWithoutRoom:
    def test_in_a_repository_that_is_read_only(self, root: Path) -> None:
        """Nothing has to be written below ``.git``: its folders and files may be read-only."""
        expected = what_git_says(root, root.parent / "copy")
        parts = [root / ".git", *(root / ".git").rglob("*")]
        modes = {path: path.stat().st_mode for path in parts}
        for path in parts:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            view = train_beside(root, powerless=True)
        finally:
            for path, mode in modes.items():
                path.chmod(mode)

        assert (expected, []) == (code_of(view).tree, gaps(view))

    def test_on_a_disk_that_is_full(self, root: Path, tmp_path: Path) -> None:
        """Where there is no room for a capture, a gap says so, and the rest of the run is there."""
        (root / "large.bin").write_bytes(os.urandom(3 * MB))
        (tmp_path / "mount").mkdir()
        with mounted(tmp_path / "mount", "tmpfs", 2 * MB) as disk:
            (root / ".runs").symlink_to(disk)
            view = train(root)

            assert view.code is None
            assert "No space left on device" in gaps(view)[0]


class TestRestore:
    """What cannot be restored is refused before anything is touched."""

    def refused(self, root: Path, folder: Path) -> str:
        """Look that a restore is refused and changes nothing; return why."""
        was = snapshot(root)
        with pytest.raises((GitError, ObjectNotFoundError)) as caught:
            vcs_track.open(root).restore("r", folder)

        assert was == snapshot(root)
        assert not folder.exists()
        return str(caught.value)

    def test_without_git(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without git nothing can be checked out, and that is said."""
        train(root)
        (tmp_path / "empty").mkdir()
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))

        assert "git" in self.refused(root, tmp_path / "again")

    def test_where_the_commit_is_gone(self, root: Path, tmp_path: Path) -> None:
        """Where the commit was removed from the repository the restore says so."""
        view = train(root)
        git(root, "commit", "-q", "--amend", "-am", "other")
        git(root, "reflog", "expire", "--expire=now", "--all")
        git(root, "gc", "-q", "--prune=now")

        assert view.git["commit"][:12] in self.refused(root, tmp_path / "again")

    def test_of_a_run_without_code(self, root: Path, tmp_path: Path) -> None:
        """A run that has no code says so."""
        with vcs_track.init(root).start_run("run", id="r", capture_code=False):
            pass

        assert "run 'r' has no code" == self.refused(root, tmp_path / "again")


def test_git_is_here() -> None:
    """These tests are about a git that is there."""
    assert gitlink.version() is not None

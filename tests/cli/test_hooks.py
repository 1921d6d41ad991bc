"""``vcs-track hooks``: a plain ``git commit`` names the runs that it takes in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.program import make_project, make_run, vcs

if TYPE_CHECKING:
    from vcs_track import Repository

__all__: list[str] = []

NAME = "prepare-commit-msg"


def git(*args: str, code: int = 0) -> str:
    done = subprocess.run(
        ["git", *args], capture_output=True, text=True, check=False, timeout=60,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def trailers(rev: str = "HEAD") -> list[str]:
    return git("log", "-1", "--format=%(trailers:key=Run-Id,valueonly)", rev).split()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder on the path that has ``vcs-track``."""
    folder = tmp_path / "programs"
    folder.mkdir()
    command = folder / "vcs-track"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vcs_track "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: Path) -> Repository:
    """Return a project with the hook."""
    found = make_project(tmp_path / "project")
    monkeypatch.chdir(found.root)
    Path("train.py").write_text("pass\n")
    git("add", "train.py")
    vcs("hooks", "install")
    return found


def stage(repo: Repository, name: str) -> str:
    """Make a run and stage it, as after a commit that git refused."""
    run = make_run(repo, name)
    hook = Path(git("rev-parse", "--git-path", "hooks").strip()) / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    vcs("commit", run, code=1)
    hook.unlink()
    return run


class TestCommit:
    def test_names_the_runs_that_are_staged(self, repo: Repository) -> None:
        """A plain commit of staged runs gets their trailers; one without runs gets none.

        Seen to fail when the hook was no program.
        """
        git("commit", "-m", "code")
        assert [] == trailers()
        ids = sorted([stage(repo, "one"), stage(repo, "two")])
        git("commit", "-m", "runs")

        assert ids == trailers()
        assert git("log", "-1", "--format=%s") == "runs\n"

    def test_with_an_editor(self, repo: Repository, tmp_path: Path) -> None:
        """In the editor the trailers stand above git's comments, and below what is written.

        Seen to fail when there was no empty line between the first one and the trailers.
        """
        run = stage(repo, "one")
        editor = tmp_path / "editor"
        editor.write_text('#!/bin/sh\ncp "$1" "$0.seen"\nsed -i "1s/^/Words/" "$1"\n')
        editor.chmod(0o755)
        git("-c", f"core.editor={editor}", "commit", "--verbose")

        assert (tmp_path / "editor.seen").read_text().startswith(f"\n\nRun-Id: {run}\n# ")
        assert ("Words\n", [run]) == (git("log", "-1", "--format=%s"), trailers())

    def test_no_doubles(self, repo: Repository) -> None:
        """Neither our own commit nor an amended one has a trailer twice.

        Seen to fail when a trailer was added without a look at those that were there.
        """
        one = make_run(repo, "one")
        vcs("commit", "-m", "ours")
        assert [one] == trailers()
        git("commit", "--amend", "--no-edit")
        assert [one] == trailers()
        two = stage(repo, "two")
        git("commit", "--amend", "--no-edit")

        assert [one, two] == trailers()

    def test_runs_that_waited(self, repo: Repository) -> None:
        """Our own commit names the runs too that were staged before it.

        Seen to fail when the settings of its call of git hid them from the hook.
        """
        ids = {stage(repo, "waiting"), make_run(repo, "new")}
        vcs("commit", "new")

        assert ids == set(trailers())

    def test_merges_and_squashes_are_left_alone(self, repo: Repository) -> None:
        """The runs of a merge have their own commits, and a squash keeps its message."""
        git("commit", "-m", "code")
        git("switch", "--quiet", "-c", "side")
        run = make_run(repo, "one")
        vcs("commit")
        git("switch", "--quiet", "main")
        git("merge", "--no-ff", "--no-edit", "side")
        assert [] == trailers()
        git("reset", "--hard", "HEAD~1")
        git("merge", "--squash", "side")
        git("commit", "--no-edit")

        assert f"Run-Id: {run}" in git("log", "-1", "--format=%B")  # git quotes the messages
        assert [] == trailers()

    def test_linked_work_tree(self, repo: Repository, tmp_path: Path) -> None:
        """The hook serves every work tree of the repository."""
        git("commit", "-m", "code")
        git("worktree", "add", "--quiet", str(tmp_path / "tree"))
        run = stage(repo, "one")
        git("stash", "--quiet")
        os.chdir(tmp_path / "tree")
        git("checkout", "stash@{0}", "--", ".runs/heads", ".runs/packs")
        git("commit", "-m", "elsewhere")

        assert [run] == trailers()
        assert "installed" in vcs("hooks", "status").stdout

    def test_part_of_the_index(self, repo: Repository) -> None:
        """``git commit PATH`` names only what it takes."""
        git("commit", "-m", "code")
        stage(repo, "one")
        Path("train.py").write_text("changed\n")
        git("commit", "-m", "code alone", "train.py")

        assert [] == trailers()


class TestNeverInTheWay:
    def test_a_broken_program(self, repo: Repository, programs: Path) -> None:
        """If vcs-track fails, the commit is made, and one line says what is missing.

        Seen to fail when the exit code of the program was that of the hook.
        """
        stage(repo, "one")
        (programs / "vcs-track").write_text("#!/bin/sh\necho a long story >&2\nexit 3\n")
        said = git("commit", "--quiet", "-m", "runs")

        assert "vcs-track: the runs of this commit are not named in its message\n" == said
        assert ([], "runs\n") == (trailers(), git("log", "-1", "--format=%s"))

    def test_a_missing_program(
        self, repo: Repository, programs: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where vcs-track is not installed, nothing happens."""
        stage(repo, "one")
        (programs / "vcs-track").unlink()
        real = [name for name in os.environ["PATH"].split(os.pathsep)
                if not Path(name, "vcs-track").exists()]  # fmt: skip
        monkeypatch.setenv("PATH", os.pathsep.join(real))

        assert "" == git("commit", "--quiet", "-m", "runs")
        assert [] == trailers()

    def test_a_commit_without_runs_starts_nothing(self, repo: Repository, programs: Path) -> None:
        """A commit without runs does not pay for a start of Python."""
        (programs / "vcs-track").write_text("#!/bin/sh\ntouch called\n")
        git("commit", "--quiet", "-m", "code")

        assert not Path("called").exists()

    def test_no_path_of_this_machine(self, repo: Repository, programs: Path) -> None:
        """The hook outlives the environment that it was installed from."""
        text = (repo.root / ".git" / "hooks" / NAME).read_text()

        assert str(programs) not in text
        assert str(Path(sys.executable).parent) not in text


class TestInstall:
    def test_install_status_uninstall(self, repo: Repository) -> None:
        """What was installed is removed, and said; a second time changes nothing."""
        hook = repo.root / ".git" / "hooks" / NAME
        before = hook.stat()
        assert vcs("hooks", "install").stdout == f"{hook}: installed\n"
        assert before == hook.stat()
        assert os.access(hook, os.X_OK)
        assert {"hook": NAME, "path": str(hook), "state": "installed"} == json.loads(
            vcs("hooks", "status", "--json").stdout
        )
        assert f"removed '{hook}'\n" == vcs("hooks", "uninstall").stderr
        assert not hook.exists()
        assert "there was none of ours\n" == vcs("hooks", "uninstall").stderr
        assert f"{hook}: not installed\n" == vcs("hooks", "status").stdout

    def test_another_hook_stays(self, repo: Repository) -> None:
        """A hook of somebody else is neither replaced nor removed; the hint has the line.

        Seen to fail when any file of that name was taken for ours.
        """
        hook = repo.root / ".git" / "hooks" / NAME
        hook.unlink()
        hook.write_text("#!/bin/sh\necho mine\n")
        done = vcs("hooks", "install", code=1)
        vcs("hooks", "uninstall")

        assert f"error: there is another hook '{hook}'\n" in done.stderr
        assert "#!/bin/sh\necho mine\n" == hook.read_text()
        line = done.stderr.partition("add this line to it: ")[2]
        hook.write_text(f"#!/bin/sh\n{line}")
        hook.chmod(0o755)
        run = stage(repo, "one")
        git("commit", "-m", "runs")
        assert [run] == trailers()
        assert "called by the hook" in vcs("hooks", "install").stdout
        assert "was changed" in vcs("hooks", "uninstall", code=1).stderr
        assert hook.exists()

    @pytest.mark.parametrize("where", ["own", "absolute"])
    def test_hooks_path(self, where: str, repo: Repository, tmp_path: Path) -> None:
        """``core.hooksPath`` is where the hook goes, also from a folder below."""
        vcs("hooks", "uninstall")
        folder = tmp_path / "hooks" if where == "absolute" else repo.root / "own"
        git("config", "core.hooksPath", str(folder) if where == "absolute" else "own")
        (repo.root / "below").mkdir()
        vcs("-C", "below", "hooks", "install")
        run = stage(repo, "one")
        git("commit", "-m", "runs")

        assert (folder / NAME).exists()
        assert [run] == trailers()

    def test_a_broken_link(self, repo: Repository) -> None:
        """A link that leads nowhere is somebody's hook too."""
        hook = repo.root / ".git" / "hooks" / NAME
        hook.unlink()
        hook.symlink_to("gone")
        vcs("hooks", "install", code=1)

        assert hook.is_symlink()

    def test_outside_of_git(self, tmp_path: Path) -> None:
        """Outside of git there is no hook to install."""
        assert "not in a git" in vcs("-C", tmp_path, "hooks", "install", code=1).stderr

    def test_wrong_usage(self, repo: Repository) -> None:
        """What is no action or no hook is wrong usage."""
        for args in (["nothing"], ["install", "x"], ["run"], ["run", "pre-commit", "x"]):
            vcs("hooks", *args, code=2)

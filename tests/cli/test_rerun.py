"""Tests of ``vcs-track rerun``: real programs, in the code that they had."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cli.program import vcs
from work_trees.places import everything, git

import vcs_track

TRAIN = """\
import os, sys, vcs_track
from pathlib import Path
from model import RATE
if len(sys.argv) > 1:
    print(Path(sys.argv[1]).read_text())
with vcs_track.start_run("base", hparams={"rate": RATE}) as run:
    for step in range(3):
        run.add_scalar("loss", RATE / (step + 1) + float(os.environ.get("NOISE", 0)), step)
    run.set_summary(acc=0.9, note="same")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository whose newest run is that of code that was never committed."""
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "train.py").write_text(TRAIN)
    (root / "model.py").write_text("RATE = 0.1\n")
    (root / ".gitignore").write_text("data/\n__pycache__/\n")
    (root / "data").mkdir()
    (root / "data" / "x.txt").write_text("the data")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    (root / "model.py").write_text("RATE = 0.2\n")
    monkeypatch.chdir(root)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # the program imports what is beside it
    vcs("run", "-q", "--name", "base", "--", sys.executable, "train.py")
    (root / "model.py").write_text("RATE = 0.3\n")
    return root


def newest(root: Path) -> vcs_track.RunView:
    """Return the newest run."""
    return vcs_track.open(root).run("@")


class TestVerdict:
    def test_reproduced(self, project: Path) -> None:
        """The code of the run is what runs, not that of the work tree, which stays as it is."""
        [old] = vcs_track.open(project).runs()
        before = everything(project / ".git")
        done = vcs("rerun", "@")
        new = newest(project)

        assert done.stdout.startswith(f"reproduced {new.id} repeats {old.id} 'base'\n")
        assert "1 of 1 series equal at every step" in done.stderr
        assert old.id == new.command["rerun_of"]
        assert (old.code, old.git, old.hparams) == (new.code, new.git, new.hparams)
        assert "RATE = 0.3\n" == (project / "model.py").read_text()
        assert "main" == git(project, "branch", "--show-current").decode().strip()
        after = everything(project / ".git")
        assert {name: before[name] for name in before if name[:8] != "worktree"} == {
            name: after[name]
            for name in after
            if name[:8] not in ("worktree", "objects/") or name in before
        }
        assert [] == [c.name for c in vcs_track.open(project).diff(old, new)]
        assert f"{old.id} " in vcs("find", "--same", new.id).stdout

    def test_drifted(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another number is told, and makes the exit code 3."""
        monkeypatch.setenv("NOISE", "0.001")
        done = vcs("rerun", "@", code=3)

        assert done.stdout.startswith("drifted ")
        assert "loss" in next(line for line in done.stdout.splitlines() if "drifted" in line[8:])
        assert "vcs-track diff" in done.stderr

    @pytest.mark.parametrize(
        ("tolerances", "code"),
        [(["2%"], 0), (["2%", "loss=0"], 3)],
    )
    def test_tolerance(
        self, project: Path, monkeypatch: pytest.MonkeyPatch, tolerances: list[str], code: int
    ) -> None:
        """Numbers may be so far apart; the last that is for a name counts."""
        monkeypatch.setenv("NOISE", "0.001")

        vcs("rerun", "@", *(f"--tol={each}" for each in tolerances), code=code)

    def test_failed(self, project: Path) -> None:
        """A program that fails is told, with its own exit code in the run."""
        vcs("run", "-q", "--", "sh", "-c", "exit $(test -d data; echo $?)")
        done = vcs("rerun", "@", code=1)

        assert done.stdout.startswith("failed ")
        assert ("failed", {"code": 1}) == (newest(project).status, newest(project).manifest.exit)

    def test_times(self, project: Path) -> None:
        """Several runs are judged one by one, and counted."""
        done = vcs("rerun", "@", "--times", "2", "--json")
        rows = [json.loads(line) for line in done.stdout.splitlines()]

        assert ["reproduced"] * 2 == [row["verdict"] for row in rows]
        assert {"acc", "loss", "note"} == {metric["name"] for metric in rows[0]["metrics"]}
        assert "2 times: 2 reproduced" in done.stderr


class TestPlace:
    def test_data_is_linked(self, project: Path) -> None:
        """What git ignores is not in the code, and can be linked."""
        (project / "model.py").write_text("RATE = 0.2\n")
        vcs("run", "-q", "--", sys.executable, "train.py", "data/x.txt")
        without = vcs("rerun", "@", code=None)
        done = vcs("rerun", "@{-1}", "--link", "data")

        assert (1, True) == (without.returncode, "No such file" in without.stderr)
        assert "the data" in done.stderr
        assert "the data" == (project / "data" / "x.txt").read_text()

    def test_absolute_paths_of_the_code(self, project: Path) -> None:
        """A script that was named by its whole path is that of the run all the same.

        Seen to fail when words were passed on as they are.
        """
        (project / "model.py").write_text("RATE = 0.2\n")
        vcs("run", "-q", "--", sys.executable, str(project / "train.py"))
        (project / "train.py").write_text("raise SystemExit(1)\n")

        assert "reproduced" in vcs("rerun", "@").stdout

    def test_in_a_folder_below(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The command runs where it ran."""
        (project / "sub").mkdir()
        monkeypatch.chdir(project / "sub")
        vcs("run", "-q", "--", "sh", "-c", "basename $PWD")
        done = vcs("rerun", "@")

        assert "sub\n" in done.stderr

    def test_without_git(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder without git is restored and run too."""
        monkeypatch.chdir(tmp_path)
        vcs("init")
        Path("train.sh").write_text("echo one\n")
        vcs("run", "-q", "--", "sh", "train.sh")
        Path("train.sh").write_text("exit 1\n")
        done = vcs("rerun", "@")

        assert "one\n" in done.stderr
        assert "reproduced" in done.stdout

    def test_show_names_it(self, project: Path) -> None:
        """``show`` says which run it repeats."""
        [old] = vcs_track.open(project).runs()
        vcs("rerun", "@")

        assert f" run {old.id}" in vcs("show", "@").stdout


def test_a_work_tree_that_is_away(project: Path, tmp_path: Path) -> None:
    """A work tree of the user on a disk that is not there now is still one afterwards.

    Seen to fail when git was told to prune.
    """
    git(project, "worktree", "add", "-q", "--detach", str(tmp_path / "disk" / "tree"))
    (tmp_path / "disk").rename(tmp_path / "away")
    vcs("rerun", "@")

    assert 2 == len(git(project, "worktree", "list").decode().splitlines())


class TestRefused:
    def test_a_secret_in_the_command(self, project: Path) -> None:
        """A word that was masked cannot be run again."""
        vcs("run", "-q", "--", "true", "--token=abc")
        done = vcs("rerun", "@", code=2)

        assert "had a secret in it" in done.stderr
        assert 2 == len(vcs_track.open(project).runs())

    def test_no_code(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A run without code cannot be run again."""
        monkeypatch.setenv("VCS_TRACK_DISABLE_CODE", "1")
        vcs("run", "-q", "--", "true")

        assert "has no code" in vcs("rerun", "@", code=11).stderr

    def test_code_that_is_not_whole(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Other code than that of the run is never run."""
        (project / "model.py").write_bytes(b"#" * 3000)
        monkeypatch.setenv("VCS_TRACK_CODE_LARGEST", "2000")
        vcs("run", "-q", "--", "true")
        done = vcs("rerun", "@", code=1)

        assert "not kept: model.py" in done.stderr
        assert 2 == len(vcs_track.open(project).runs())
        assert 1 == len(git(project, "worktree", "list").decode().splitlines())

    @pytest.mark.parametrize("text", ["x", "acc=", "-1", "=1", "1%%", "nan", "acc=%"])
    def test_tolerance(self, project: Path, text: str) -> None:
        """What is no tolerance is said so before anything is run."""
        assert "is no tolerance" in vcs("rerun", "@", f"--tol={text}", code=2).stderr
        assert 1 == len(vcs_track.open(project).runs())

    @pytest.mark.parametrize("link", ["nothing", "train.py", "../elsewhere", "/etc"])
    def test_link(self, project: Path, link: str) -> None:
        """Only what is in the work tree, and not in the code, is linked."""
        (project.parent / "elsewhere").mkdir()

        vcs("rerun", "@", "--link", link, code=2)
        assert 1 == len(vcs_track.open(project).runs())
        assert 1 == len(git(project, "worktree", "list").decode().splitlines())

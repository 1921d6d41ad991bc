"""Tests of ``vcs_track.porcelain.project``: the script of a program, and what it imports."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.program import vcs

import vcs_track
from vcs_track.porcelain.project import script_of

TRAIN = """\
import json, sys
import model
from tools import plot
import vcs_track
with vcs_track.start_run("first", id="r") as run:
    run.add_scalar("loss", 0.5, 0)
    import late
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project of several modules, with a package installed in it."""
    files = {
        "train.py": TRAIN, "model.py": "import other.installed\n", "late.py": "", "unused.py": "",
        "tools/__init__.py": "", "tools/plot.py": "", "tools/more.py": "",
        "lib/site-packages/other/__init__.py": "", "lib/site-packages/other/installed.py": "",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # the program imports what is beside it
    path = [str(tmp_path / "lib" / "site-packages"), *os.environ.get("PYTHONPATH", "").split(":")]
    monkeypatch.setenv("PYTHONPATH", ":".join(filter(None, path)))
    vcs_track.init(tmp_path)
    return tmp_path


def command(folder: Path) -> dict[str, object]:
    """Return the command of the run ``r``."""
    return vcs_track.open(folder).run("r").command


MODULES = ["late.py", "model.py", "tools/__init__.py", "tools/plot.py", "train.py"]


class TestImported:
    def test_of_a_program(self, project: Path) -> None:
        """The main script and what it imported of the project are named, nothing installed.

        Seen to fail when modules of ``site-packages`` were not left out.
        """
        subprocess.run([sys.executable, "train.py"], check=True, timeout=60)

        assert ("train.py", MODULES) == (command(project)["script"], command(project)["modules"])

    def test_of_a_module(self, project: Path) -> None:
        """A program that is started by its module's name is named by its file."""
        (project / "tools" / "main.py").write_text(TRAIN)
        subprocess.run([sys.executable, "-m", "tools.main"], check=True, timeout=60)

        assert "tools/main.py" == command(project)["script"]

    def test_under_the_wrapper(self, project: Path) -> None:
        """A program that joins the run of ``vcs-track run`` tells what it imported."""
        (project / "train.py").write_text(TRAIN.replace(', id="r"', ""))
        vcs("run", "-q", "--", sys.executable, "train.py")
        [run] = vcs_track.open(project).runs()

        assert ("train.py", MODULES) == (run.command["script"], run.command["modules"])

    def test_of_a_program_that_is_killed(self, project: Path) -> None:
        """What was imported at the start is known whatever happens later."""
        text = TRAIN.replace("    import late", "    import time; time.sleep(60)")
        (project / "train.py").write_text(text)
        program = subprocess.Popen([sys.executable, "train.py"])
        until = time.monotonic() + 60
        while time.monotonic() < until:
            runs = list(vcs_track.open(project).runs())
            if runs and runs[0].command.get("modules"):
                break
            time.sleep(0.05)
        program.send_signal(signal.SIGKILL)
        program.wait()

        assert ["model.py", "tools/__init__.py", "tools/plot.py", "train.py"] == command(project)[
            "modules"
        ]

    def test_a_second_session_adds(self, project: Path) -> None:
        """A run that goes on has the modules of both sessions."""
        subprocess.run([sys.executable, "train.py"], check=True, timeout=60)
        again = TRAIN.replace('id="r"', 'id="r", resume="must"').replace("import model", "")
        (project / "again.py").write_text(again.replace("import late", "import unused"))
        subprocess.run([sys.executable, "again.py"], check=True, timeout=60)

        assert sorted([*MODULES, "again.py", "unused.py"]) == command(project)["modules"]
        assert "train.py" == command(project)["script"]

    def test_is_no_difference(self, project: Path) -> None:
        """Two runs that differ in what they imported are told apart by their code alone."""
        repo = vcs_track.open(project)
        subprocess.run([sys.executable, "train.py"], check=True, timeout=60)
        second = TRAIN.replace('id="r"', 'id="s"').replace("import late", "import unused")
        (project / "train.py").write_text(second)
        subprocess.run([sys.executable, "train.py"], check=True, timeout=60)

        assert [] == [c.name for c in repo.diff("r", "s") if c.kind == "command"]

    def test_the_command(self, project: Path) -> None:
        """``code`` shows the script and the modules."""
        subprocess.run([sys.executable, "train.py"], check=True, timeout=60)
        lines = vcs("code", "r").stdout.splitlines()

        assert "script  train.py" in lines
        assert f"imports {', '.join(name for name in MODULES if name != 'train.py')}" in lines


class TestScript:
    @pytest.mark.parametrize(
        ("argv", "script"),
        [
            (["python", "train.py", "unused.py"], "train.py"),
            (["/usr/bin/python3", "-u", "-X", "dev", "train.py"], "train.py"),
            (["python", "-m", "tools.plot"], "tools/plot.py"),
            (["python", "-m", "tools"], ""),
            (["python", "-m", ""], ""),
            (["python", "-m"], ""),
            (["python", "-c", "train.py"], ""),
            (["torchrun", "--nproc", "2", "train.py"], "train.py"),
            (["./tools/plot.py"], "tools/plot.py"),
            (["make", "all"], ""),
            (["python", "\0"], ""),
            (["python", "x" * 5000], ""),
            ([], ""),
        ],
    )
    def test_of_a_command_line(self, project: Path, argv: list[str], script: str) -> None:
        """The first word that is a file of the project is the script."""
        assert script == script_of(argv, project)

    def test_outside_of_the_project(self, project: Path, tmp_path: Path) -> None:
        """A script elsewhere has its whole name."""
        (tmp_path / "inner").mkdir()

        assert str(project / "train.py") == script_of(
            ["python", str(project / "train.py")], tmp_path / "inner"
        )

"""What the page on pull requests gives to CI services, run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from work_trees.lineage import Lineage

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "pull-requests.md"
# What the services set.
GIVEN = {"GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": "summary.md"}


def blocks(language: str) -> list[str]:
    """Return the blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def commands(text: str) -> list[str]:
    """Return the commands of a job, without what installs."""
    return [
        line.strip().removeprefix("- ").removeprefix("run: ")
        for line in text.splitlines()
        if "vcs-track " in line and "pip" not in line
    ]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return what a service checks out: a clone at the head of a branch, with its runs.

    The commands ``vcs-track`` and ``pip`` are those of the test.
    """
    line = Lineage(tmp_path / "origin")
    line.commit("old")
    line.run("old", val_acc=0.9)
    line.repo.commit(["old"])
    line.git("switch", "-q", "-c", "wider")
    line.commit("new")
    line.run("new", val_acc=0.91)
    line.repo.commit(["new"])
    line.git("switch", "-q", "main")
    line.commit("later")
    line.git("clone", "-q", "--no-local", str(line.root), "../clone")
    line.git("-C", "../clone", "checkout", "-q", "--detach", "origin/wider")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "vcs-track").write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m vcs_track "$@"\n'
    )
    (programs / "pip").write_text("#!/bin/sh\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    return tmp_path / "clone"


def run(script: str, clone: Path, given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    path = f"{clone.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-e", "-c", script], cwd=clone, env={**os.environ, **given, "PATH": path},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


class TestPage:
    def test_github(self, clone: Path) -> None:
        """The job reports to its summary, and checks."""
        (text,) = (block for block in blocks("yaml") if "actions/checkout" in block)
        done = run("\n".join(commands(text)), clone, GIVEN)

        assert 0 == done.returncode, done.stderr
        assert "`val_acc`" in (clone / "summary.md").read_text()
        assert "base  old old" in done.stdout

    def test_gitlab(self, clone: Path) -> None:
        """The job leaves a page, and checks; the base is told by its id alone."""
        (text,) = (block for block in blocks("yaml") if "GIT_DEPTH" in block)
        base = subprocess.run(
            ["git", "merge-base", "HEAD", "origin/main"],
            cwd=clone, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        done = run("\n".join(commands(text)), clone, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base})

        assert 0 == done.returncode, done.stderr
        assert "<!DOCTYPE html>" in (clone / "report.html").read_text()

    def test_shell(self, clone: Path) -> None:
        """The script works as it is, and fails when the run is not good enough."""
        (script,) = (block for block in blocks("sh") if block.startswith("#!/bin/sh"))
        done = run(script, clone, {})
        worse = run(script.replace("base - 0.5%", "base + 50%"), clone, {})

        assert (0, 1) == (done.returncode, worse.returncode), done.stderr
        assert "`val_acc`" in (clone / "report.md").read_text()
        assert "✘" in worse.stdout or "FAILS" in worse.stdout

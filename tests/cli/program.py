"""The program as a real process, and places for it to work in."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository, RunView

__all__ = ["PROGRAM", "console", "make_project", "make_run", "only_run", "started", "vcs"]

PROGRAM = [sys.executable, "-m", "vcs_track"]
PATIENCE = 60


def vcs(*args: str | Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Run ``vcs-track`` to its end, expecting this exit code (None for any)."""
    done = subprocess.run(
        [*PROGRAM, *map(str, args)],
        capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert code in (None, done.returncode), f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    assert code is None or "Traceback" not in done.stderr, done.stderr
    return done


def started(*args: str | Path) -> subprocess.Popen[str]:
    """Start ``vcs-track`` and return it while it works."""
    pipe = subprocess.PIPE
    return subprocess.Popen([*PROGRAM, *map(str, args)], stdout=pipe, stderr=pipe, text=True)


def make_project(folder: Path) -> Repository:
    """Make a git repository with one commit, and a repository for runs in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for command in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "-m", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True, timeout=PATIENCE)
    return vcs_track.init(folder)


def make_run(repo: Repository, name: str, **hparams: object) -> str:
    """Make one finished run and return its id."""
    with repo.start_run(name, hparams=hparams) as run:
        for step in range(3):
            run.add_scalar("loss", 1 / (step + 1), step)
    return run.id


def only_run(folder: Path) -> RunView:
    """Return the one run of the repository in *folder*."""
    (run,) = vcs_track.open(folder).runs()
    return run


def console(run: RunView) -> dict[str | None, bytes]:
    """Return what was kept of the output, by stream."""
    return {item.name: item.data for item in run.media("console")}

"""The program as a real process, and places for it to work in."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository, RunView

__all__ = [
    "PROGRAM",
    "console",
    "make_project",
    "make_run",
    "on_terminal",
    "only_run",
    "read_terminal",
    "started",
    "vcs",
]

PROGRAM = [sys.executable, "-m", "vcs_track"]
PATIENCE = 60

# The first terminal that the leader of a session opens becomes the one that Ctrl-C is typed on.
TAKE_TERMINAL = """
import os, sys
os.close(os.open(os.ttyname(0), os.O_RDWR))
os.execv(sys.argv[1], sys.argv[1:])
"""


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


def on_terminal(*args: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start ``vcs-track`` on a terminal of its own; return it and our end of the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", TAKE_TERMINAL, *PROGRAM, *args],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    return process, ours


def read_terminal(ours: int) -> bytes:
    """Return all that is shown on a terminal until nobody is left, and close it."""
    shown = b""
    with suppress(OSError):  # how a terminal says that nobody is left
        while data := os.read(ours, 1000):
            shown += data
    os.close(ours)
    return shown


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

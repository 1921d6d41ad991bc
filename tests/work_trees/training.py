"""Whole runs in work trees, with a look that nothing of the user's was changed by them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.formats.code import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcs_track.porcelain.run_view import RunView

__all__ = ["code_of", "gaps", "reasons", "snapshot", "train", "train_beside"]

_LARGE = 1 << 20  # bytes; of larger files the stamp is enough
_PROGRAM = """
import vcs_track
with vcs_track.start_run("run", id="r") as run:
    for n in range(3):
        run.add_scalar("loss", n / 2, n)
"""


def snapshot(root: Path) -> dict[str, object]:
    """Return all that is in *root* but the runs: names, modes, bytes, and times inside git.

    A lock file that was made and removed again shows in the time of its folder.
    """
    found: dict[str, object] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != ".runs"]
        for name in [*folders, *files]:
            path = Path(folder, name)
            stat = path.lstat()
            content: object = None
            if path.is_symlink():
                content = path.readlink()
            elif stat.st_size > _LARGE:
                content = stat.st_size, stat.st_mtime_ns
            elif path.is_file():
                content = path.read_bytes()
            inside = path.relative_to(root)
            timed = inside.parts[0] == ".git" and not _is_freshened(inside)
            found[str(inside)] = stat.st_mode, stat.st_mtime_ns if timed else 0, content
    return found


def _is_freshened(inside: Path) -> bool:
    # Git marks what it needs of these as new, so that no clean-up takes it.
    return inside.name.startswith("sharedindex.") or (
        inside.parts[1:2] == ("objects",) and len(inside.name) > 2
    )


def train(root: Path) -> RunView:
    """Train in this process; return the run."""
    before = snapshot(root)
    with vcs_track.init(root).start_run("run", id="r") as run:
        for n in range(3):
            run.add_scalar("loss", n / 2, n)
    return _looked_at(root, before)


def train_beside(
    root: Path, *, variables: Mapping[str, str] | None = None, powerless: bool = False,
    before: str = "", told: str = "", at: Path | None = None, seconds: float = 60,
) -> RunView:  # fmt: skip
    """Train in a process of its own; return the run.

    Args:
        root: The folder that is to stay as it is.
        variables: Environment variables that it gets besides those of this process.
        powerless: Whether the modes of files count for it, root or not.
        before: Lines of the program before all others.
        told: What it may say on stderr.
        at: Where it runs. Default: *root*.
        seconds: How long it may take.
    """
    was = snapshot(root)
    done = subprocess.run(
        [*_without_power() * powerless, sys.executable, "-c", before + _PROGRAM],
        cwd=at or root, text=True,
        env={**os.environ, **(variables or {})}, capture_output=True, timeout=seconds, check=False,
    )  # fmt: skip

    assert (0, told) == (done.returncode, done.stderr)
    return _looked_at(root, was)


def _without_power() -> list[str]:
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root reads all, and nothing is here that takes its power away")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


def _looked_at(root: Path, before: dict[str, object]) -> RunView:
    after = snapshot(root)
    assert before == after, {
        name for name in before | after if before.get(name) != after.get(name)
    }
    view = vcs_track.open(root).run("r")
    assert ("finished", [0.0, 0.5, 1.0]) == (view.status, view.series("loss").value)
    return view


def code_of(view: RunView) -> Code:
    """Return the code of a run that has one."""
    assert view.code is not None, view.manifest.gaps
    return Code.decode(view.objects.read(view.code))


def gaps(view: RunView) -> list[str]:
    """Return why something is missing from a run."""
    return [gap["why"] for gap in view.manifest.gaps]


def reasons(view: RunView) -> dict[bytes, str]:
    """Return why each file that is left out is."""
    return {left.path: left.why for left in code_of(view).left_out}

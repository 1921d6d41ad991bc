"""The verbs of Crayon's interface, cut off at every call to the disk.

An experiment is there whole or not at all, its name is taken or free, and the verb can be
repeated.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crash.faults import FAULTS, Striker, in_child
from crash.tap import tapped

import vcs_track
from vcs_track.compat.crayon import archive
from vcs_track.compat.crayon.experiments import Experiments
from vcs_track.errors import VcsTrackError
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = [[float(step), step, step / 3] for step in range(3)]
QUIET = Defaults(sync_interval=0, capture_git=False)


def opened(folder: Path) -> Experiments:
    """Return the experiments of *folder*; no thread makes calls of its own."""
    return Experiments(Repository.find(folder, QUIET), of_others=True)


def fill(found: Experiments, name: str) -> None:
    """Make an experiment with points."""
    found.create(name)
    for point in POINTS:
        found.add_scalar(name, "x", point)


def prepare(folder: Path) -> bytes:
    """Make a repository with two experiments; return the archive of one."""
    vcs_track.init(folder)
    found = opened(folder)
    for name in ("keep", "victim"):
        fill(found, name)
    found.close()
    return archive.packed(opened(folder), "keep", exact=True)


def _create(found: Experiments, data: bytes) -> None:
    del data
    fill(found, "new")
    found.close()


def _remove(found: Experiments, data: bytes) -> None:
    del data
    found.remove("victim")


def _restore(found: Experiments, data: bytes) -> None:
    archive.restore(found, "new", data)
    found.close()


VERBS: dict[str, Callable[[Experiments, bytes], None]] = {
    "create": _create, "remove": _remove, "restore": _restore,
}  # fmt: skip


def disturbed(folder: Path, verb: str, data: bytes, striker: Striker) -> str:
    """Do *verb* in a child of its own; return what its caller was told."""

    def work() -> str:
        warnings.simplefilter("ignore")
        found = opened(folder)
        with tapped(striker):
            try:
                VERBS[verb](found, data)
            except VcsTrackError as error:
                return f"refused: {error}"
        return f"done {len(striker.calls)}"

    return str(in_child(work))


def check(folder: Path, verb: str, told: str) -> None:
    """Check what is left, and that the verb can be repeated."""
    vcs_track.open(folder)
    found = opened(folder)
    names = set(found.names())
    assert names >= {"keep"}
    assert names <= {"keep", "victim", "new"}
    for name in names - {"new"}:
        assert POINTS == found.scalars(name, "x")
    if "new" in names:
        _check_new(found, verb, told)
    if told.startswith("done"):
        assert ("victim" in names) == (verb != "remove")
        assert ("new" in names) == (verb != "remove")
    for name in names & {"victim", "new"}:
        found.remove(name)
    fill(found, "victim")
    fill(found, "new")
    assert {"keep", "victim", "new"} == set(found.names())
    found.close()
    assert [] == list(vcs_track.open(folder).fsck().problems)


def _check_new(found: Experiments, verb: str, told: str) -> None:
    rows = found.record("new").rows("x")
    # A restored one has all of its points; a new one those whose call returned.
    assert rows == POINTS[: len(rows)]
    assert len(rows) == len(POINTS) or (verb == "create" and not told.startswith("done"))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", ["kill before", "kill after", "ENOSPC", "EIO"])
def test_verb_is_done_or_not(tmp_path: Path, verb: str, fault: str) -> None:
    """Whatever happens at a call, the experiments are whole and the verb can be repeated."""
    (tmp_path / "good").mkdir()
    data = prepare(tmp_path / "good")

    def trial(striker: Striker) -> str:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            shutil.copytree(tmp_path / "good", folder, dirs_exist_ok=True)
            told = disturbed(Path(folder), verb, data, striker)
            check(Path(folder), verb, told)
        return told

    calls = int(trial(Striker()).removeprefix("done "))
    stride = max(1, calls // (60 if os.environ.get("CI_SLOW") else 8))
    for n in range(sum(map(ord, verb + fault)) % stride, calls, stride):
        trial(Striker(FAULTS[fault], n))

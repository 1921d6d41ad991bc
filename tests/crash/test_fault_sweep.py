"""Every write operation, every file call that it makes, every fault: nothing is damaged.

``crash.faults`` makes the trials and ``crash.operations`` has the operations. Each is swept in
a process of its own, without threads, which forks two or three times for a trial.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from crash.operations import OPERATIONS

TESTS = Path(__file__).resolve().parents[1]
# Differ little from the others, and take as long.
SLOW = (
    "log mmap strict", "log pwrite strict", "import event files", "import event files again",
    "import wandb", "import wandb again", "import deepboard", "import deepboard again",
)  # fmt: skip


@cache
def swept(name: str, *, full: bool) -> dict[str, Any]:
    """Return what a sweep of the operation found."""
    paths = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "crash.faults", name, *["--full"] * full],
        env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sweeps() -> list[Any]:
    """Return the sweeps as parameters: a slice of each operation, and all of it slowly."""
    found = []
    for name in OPERATIONS:
        slow = [pytest.mark.slow, pytest.mark.timeout(1800)]
        found.append(pytest.param(name, False, id=name, marks=slow if name in SLOW else []))
        found.append(pytest.param(name, True, id=f"{name}, in full", marks=slow))
    return found


@pytest.mark.parametrize(("name", "full"), sweeps())
def test_no_fault_does_damage(name: str, full: bool) -> None:
    """After any fault what was accepted is there, and the operation can be repeated.

    Nothing is half done, fsck is content, no lock and no file is left over, and after the
    repetition all is as if nothing had happened.

    Seen to fail when a head was made before its pack, the old head removed before the new one
    was there, journals removed before the head, bundles or shelved packs or ``FORMAT`` written
    in place, the heads of an import made before its packs, the item of an image logged before
    its bytes, a lock kept after a start that failed, a record dropped that the disk had
    refused, the journal mapped privately, a spool not cut back after half an entry, a refused
    pack left in ``tmp``, a run that was written aside exported without its journal, and when
    ``append`` or ``pread`` took one call for enough.
    """
    found = swept(name, full=full)

    assert [] == found["wrong"]
    assert found["trials"] > found["calls"] / 2 > 0


@pytest.mark.parametrize(("name", "full"), sweeps())
def test_every_error_is_ours(name: str, full: bool) -> None:
    """An error of the disk reaches the user as a StorageError, or as a warning.

    Seen to fail when ``fsio`` let the errors of the system through, where no caller looked
    for them.
    """
    assert [] == swept(name, full=full)["raw"]

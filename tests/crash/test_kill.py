"""``kill -9`` at random moments: what was accepted is there, whatever was being logged.

``crash.killing`` makes the trials, in a process of its own without threads. By hand it makes
as many as you like.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from crash.killing import KINDS

TESTS = Path(__file__).resolve().parents[1]


def swept(folder: str | Path, trials: int) -> dict[str, Any]:
    """Return what that many trials in *folder* found."""
    paths = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "crash.killing", str(folder), str(trials)],
        env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return {**found, "said": done.stderr}


@cache
def two_hundred() -> dict[str, Any]:
    """Return what two hundred trials found."""
    # What a kill leaves does not depend on the disk, and memory is quicker.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        return swept(folder, 200)


def test_two_hundred_kills() -> None:
    """Processes killed at random moments lose no accepted point, text, image or file.

    They are killed while they start, log, change journals, seal and finish, alone and as one
    of four forked writers. Seen to fail when points were buffered, when an item came before
    its bytes, and when journals went before the head came.
    """
    found = two_hundred()

    assert [] == found["wrong"]
    assert 200 == found["trials"]
    assert [] == [kind for kind in KINDS if not found["accepted"][kind]]


def test_nothing_fails_beside() -> None:
    """No process that is going to be killed fails by itself, in no thread.

    Seen to fail when the end and the background thread closed the same journals.
    """
    assert "Traceback" not in two_hundred()["said"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_kills(tmp_path: Path) -> None:
    """The same a thousand times, on a disk."""
    assert [] == swept(tmp_path, 1000)["wrong"]

"""What set_status said of runs that go on: the end of the process ends them so."""

from __future__ import annotations

import atexit
import os
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from vcs_track.porcelain.run import Run

__all__ = ["give"]

_verdicts: WeakKeyDictionary[Run, tuple[str, int]] = WeakKeyDictionary()
_hooked = False


def give(run: Run, status: str | None) -> None:
    """Let *run* end with *status*; None takes that back.

    What ends it before the end of the process has its own word.
    """
    global _hooked
    if status is None:
        _verdicts.pop(run, None)
        return
    if not _hooked:
        # Once a process, and after the hook of the runs, so that it comes before it.
        _hooked = True
        atexit.register(_end)
    _verdicts[run] = status, os.getpid()


def _end() -> None:
    for run, (status, pid) in list(_verdicts.items()):
        # A forked child has the words of its parent, and nothing to end by them.
        if pid == os.getpid() and run.status == "running":
            run.finish(status)

"""The one background thread that makes journals survive a power cut.

It wakes every interval and syncs each journal that grew; a daemon, so it never keeps a
process alive, and forked children start their own.
"""

from __future__ import annotations

import os
import threading
import weakref
from contextlib import suppress
from typing import Protocol

__all__ = ["Syncable", "watch"]


class Syncable(Protocol):
    """What the thread can sync."""

    def sync(self) -> None:
        """Make what was written so far durable."""


class _Syncer:
    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.journals: weakref.WeakSet[Syncable] = weakref.WeakSet()
        self.thread = threading.Thread(target=self._run, name="vcs-track sync", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(self.interval)
            with _lock:
                journals = list(self.journals)
            for journal in journals:
                # A disk that refuses is noted by the journal itself, and met again by
                # whoever waits for a sync.
                with suppress(OSError):
                    journal.sync()


_syncers: dict[float, _Syncer] = {}
_lock = threading.RLock()  # a signal handler may start a run in the middle of another start


def _forget() -> None:
    # Threads do not survive a fork, and the lock may have been held by one of them.
    global _lock
    _lock = threading.RLock()
    _syncers.clear()


os.register_at_fork(after_in_child=_forget)


def watch(journal: Syncable, interval: float) -> None:
    """Sync *journal* every *interval* seconds for as long as it lives."""
    with _lock:
        syncer = _syncers.get(interval)
        if syncer is None:
            syncer = _syncers[interval] = _Syncer(interval)
        syncer.journals.add(journal)

"""What a run looks after by itself now and then, in a thread of its own."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pulse"]

_PATIENCE = 1.0  # seconds; who stops it may have the lock that a call waits for


class Pulse:
    """Calls what it is told to, each every so many seconds.

    It starts with the first call that is due some day. A forked child has no part in it.
    """

    def __init__(self) -> None:
        self._calls: list[tuple[float, Callable[[], None]]] = []
        self._stopped = threading.Event()
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None

    def every(self, seconds: float, call: Callable[[], None]) -> None:
        """Call *call* every so many seconds from now on.

        Args:
            seconds: How many, > 0.
            call: What is called; what it raises is dropped.
        """
        self._calls.append((seconds, call))
        self._changed.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="vcs-track-run", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Begin no call any more."""
        self._stopped.set()
        self._changed.set()

    def join(self) -> None:
        """Wait a little for the call that is going on."""
        if self._thread not in (None, threading.current_thread()):
            self._thread.join(_PATIENCE)

    def _beat(self) -> None:
        due: list[float] = []
        while not self._stopped.is_set():
            now = time.monotonic()
            due += [now + seconds for seconds, _ in self._calls[len(due) :]]
            for number, (seconds, call) in enumerate(self._calls[: len(due)]):
                if due[number] <= now and not self._stopped.is_set():
                    _quietly(call)
                    due[number] = time.monotonic() + seconds
            self._changed.wait(max(0.01, min(due) - time.monotonic()))
            if not self._stopped.is_set():
                self._changed.clear()


def _quietly(call: Callable[[], None]) -> None:
    with suppress(Exception):  # nothing that looks after a run may print into it
        call()

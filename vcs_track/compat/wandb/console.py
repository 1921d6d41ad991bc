"""The console output of a run, from the streams of the process to the store."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from vcs_track import environ
from vcs_track.compat.wandb.screen import Screen
from vcs_track.compat.wandb.streams import listen
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import VcsTrackError
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from vcs_track.compat.wandb.streams import Listener
    from vcs_track.porcelain.run import Run as Native

__all__ = ["LOG", "Console"]

LOG: Final = "output.log"
_LIMIT: Final = 64 << 20  # bytes of both streams, as of a program that is wrapped
_WAITING: Final = 1 << 15  # characters that wait for the next flush
_SELDOM: Final = 1.0  # seconds; a line after such a time does not wait
_OFF: Final = "off"


class Console:
    """Keeps what a process writes to its standard output and error.

    What is written often waits in memory for :meth:`flush`, or until it is much. Whole lines then go
    to the run of the store and to the file ``output.log`` in the folder of the run; a line that
    is drawn over stays until it is complete.

    Args:
        native: The run of the store.
        path: The file.
        limit: How many bytes are kept.
    """

    def __init__(self, native: Native, path: Path, limit: int = _LIMIT) -> None:
        self._native = native
        self._path = path
        self._left = limit
        self._limit = limit
        self._pid = os.getpid()
        self._waiting: deque[tuple[int, str]] = deque()
        self._size = 0
        self._flushed = 0.0
        self._busy = False
        self._screens = {1: Screen(), 2: Screen()}
        self._listener: Listener | None = None

    @property
    def _lock(self) -> threading.RLock:
        # That of the run, and no other: a signal may end the run in the middle of any call.
        return self._native._lock  # noqa: SLF001 -- of one mechanism with it

    @property
    def listens(self) -> bool:
        """Whether it hears what the process writes."""
        return self._listener is not None

    def begin_with(self, data: bytes | None) -> None:
        """Let the file begin with what the run has said in earlier processes."""
        if data:
            with suppress(OSError):
                self._write(data if data.endswith(b"\n") else data + b"\n")

    def listen(self, how: str) -> None:
        """Begin to keep what the process writes.

        Args:
            how: One of the words for it. ``off`` keeps nothing; ``redirect`` keeps what goes
                through Python's streams too.
        """
        if how == _OFF or environ.prefixed("VCS_TRACK_RUN_ID").get("VCS_TRACK_RUN_ID"):
            return  # whoever wraps the process keeps its output
        if how == "redirect":
            termwarn(
                "console='redirect' keeps what is written with Python, as 'wrap' does; what "
                "other programs write is kept with 'vcs-track run -- CMD'",
                repeat=False,
            )
        try:
            self._listener = listen(self.take)
        except TypeError as error:
            termwarn(f"the console output is not kept: {error}", repeat=False)

    def take(self, number: int, text: str) -> None:
        """Keep *text*, which was written to a stream.

        Args:
            number: 1 for the standard output, 2 for the standard error.
            text: The text.
        """
        if self._left <= 0 or os.getpid() != self._pid:
            return
        self._waiting.append((number, text))
        self._size += len(text)
        late = text.endswith("\n") and time.monotonic() - self._flushed > _SELDOM
        # Never wait here: whoever has the lock may wait for the one who is writing.
        if (late or self._size > _WAITING) and self._lock.acquire(blocking=False):
            try:
                self.flush()
            finally:
                self._lock.release()

    def flush(self) -> None:
        """Hand on what is complete."""
        with self._lock:
            if self._busy:
                return  # it is we who write: a warning, or a signal that came in between
            self._busy = True
            try:
                self._keep(self._folded())
            finally:
                self._busy = False

    def close(self) -> None:
        """Keep what is left, and give the streams back."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.flush()
        with self._lock:
            self._keep([(number, screen.rest()) for number, screen in self._screens.items()])
            self._left = 0

    def _folded(self) -> list[tuple[int, str]]:
        self._size = 0
        if self._waiting:
            self._flushed = time.monotonic()
        found: list[tuple[int, str]] = []
        while self._waiting:
            number, text = self._waiting.popleft()
            parts = [text]
            while self._waiting and self._waiting[0][0] == number:
                parts.append(self._waiting.popleft()[1])
            found.append((number, self._screens[number].feed("".join(parts))))
        return found

    def _keep(self, told: list[tuple[int, str]]) -> None:
        parts = [(number, text.encode("utf-8", "replace")) for number, text in told if text]
        if not parts or self._left <= 0:
            return
        parts = self._cut(parts)
        try:
            for stream in (1, 2):
                data = b"".join(data for number, data in parts if number == stream)
                if data:
                    self._native.add_output(stream, data)
            self._write(b"".join(data for _, data in parts))
        except (VcsTrackError, OSError) as error:
            self._left = 0
            termwarn(f"the console output is not kept any more: {error}", repeat=False)

    def _cut(self, parts: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Return as much as may still be kept."""
        found = []
        for number, data in parts:
            found.append((number, data[: self._left]))
            self._left -= len(data)
            if self._left <= 0:
                note = f"\n[vcs-track kept the first {self._limit:,} bytes of the output]\n"
                found.append((number, note.encode()))
                break
        return found

    def _write(self, data: bytes) -> None:
        fd = fsio.open_append(self._path)
        try:
            fsio.append(fd, data)
        finally:
            fsio.close(fd)

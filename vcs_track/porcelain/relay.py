"""The writers of one process on one run, one after the other.

A long run would have one long journal: slow to seal, slow to recover, slow to look at while
it goes on. So a writer whose journal has become long hands over to a next one, and what it
left is sealed in the background. The same happens when the disk reports that it could not
sync: what the journal holds in memory goes to a pack, which is written anew.
"""

from __future__ import annotations

import threading
import time
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import LockedError, VcsTrackError
from vcs_track.plumbing import syncer
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.seal import seal
from vcs_track.porcelain.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.porcelain.defaults import Defaults

__all__ = ["Relay"]

_SHARE: Final = 0.2  # of the interpreter's time that sealing in the background may take
_SLICE: Final = 0.002  # seconds of sealing before it makes room for the program
_DOUBT: Final = 60.0  # seconds between two new journals on a disk that fails
_QUIET: Final = 1.0  # seconds that the end of a run waits for calls in other threads


class Relay:
    """Holds the writer of this process, and those that handed over to it.

    Args:
        store: The store.
        run: Run id.
        defaults: How to write.
        rank: Rank of the process in a distributed training, or None.
        first: Whether this process may be the first one of the run.
        lock: Is held while the writer changes.
        forget: Is called then: what was known of the old writer's journal has no meaning any
            more.

    Attributes:
        writer: The one at work.
    """

    def __init__(
        self, store: Store, run: str, defaults: Defaults, rank: int | None, first: bool,
        lock: threading.RLock, forget: Callable[[], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._run = run
        self._defaults = defaults
        self._rank = rank
        self._first = first
        self._lock = lock
        self._forget = forget
        self._left: list[Writer] = []
        self._closing = threading.RLock()  # held while writers that handed over are closed
        self._sealer: threading.Thread | None = None
        self._unsealed = self._ended = False
        self._hurry = threading.Event()
        self._doubt_until = 0.0
        self.writer = self._open(None)
        if defaults.sync_interval:
            syncer.watch(self, defaults.sync_interval)

    def _open(self, after: Writer | None) -> Writer:
        d = self._defaults
        return Writer(
            self._store, self._run, engine=d.journal_engine, strict=d.strict,
            beat=bool(d.sync_interval), rank=self._rank, first=self._first, after=after,
        )  # fmt: skip

    # ---- while the run goes on ---------------------------------------------------------

    def sync(self) -> None:
        """Sync what was written, and change writers where it is time."""
        self._sync_all()
        self.writer.beat()
        if self.writer.should_hand_over and not self._ended:
            # A disk that cannot be written is met again by whoever logs.
            with suppress(VcsTrackError):
                self.hand_over()
        self._seal_what_is_left()

    def flush(self) -> None:
        """Wait until everything written so far survives a power cut."""
        self._sync_all()
        if self.writer.journal.doubtful:
            self.sync()
            if self._sealer is not None:
                self._hurry.set()
                self._sealer.join()
                self._hurry.clear()

    def _sync_all(self) -> None:
        # The one at work is asked first: it may hand over meanwhile, and is in the list then.
        for writer in (self.writer, *self._left):
            writer.sync()

    def hand_over(self) -> None:
        """Put the next writer to work."""
        doubtful = self.writer.journal.doubtful
        if doubtful:
            if time.monotonic() < self._doubt_until:
                return
            self._doubt_until = time.monotonic() + _DOUBT
        with self._lock:
            if self._ended:
                return
            old, new = self.writer, self._open(self.writer)
            new.begin()
            self.writer = new
            self._forget()
            old.journal.detach()
            self._left.append(old)

    def _seal_what_is_left(self) -> None:
        with self._closing:
            for old in [w for w in self._left if w.journal.quiet and not w.journal.waiting]:
                old.hand_over()
                self._left.remove(old)
                self._unsealed = True
        if self._ended:
            return  # the end of the run seals everything
        if self._unsealed and (self._sealer is None or not self._sealer.is_alive()):
            self._unsealed = False
            self._sealer = threading.Thread(target=self._seal, name="vcs-track seal", daemon=True)
            self._sealer.start()

    def _seal(self) -> None:
        # A handle of its own, so that the program's one changes in no thread but its own.
        store = Store(self._store.layout, self._store.format, writable=True)
        try:
            seal(store, self._run, patience=0.0, pause=self._pause())
        except LockedError:
            self._unsealed = True  # somebody else does it, and may not have seen all of it
        except VcsTrackError as error:
            # Nothing is lost: the journals stay, and the end of the run seals them.
            warnings.warn(f"vcs-track seals later: {error}", RuntimeWarning, stacklevel=2)

    def _pause(self) -> Callable[[], None]:
        since = time.monotonic()

        def pause() -> None:
            nonlocal since
            worked = time.monotonic() - since
            if worked > _SLICE:
                self._hurry.wait(worked * (1 / _SHARE - 1))
                since = time.monotonic()

        return pause

    # ---- the end -----------------------------------------------------------------------

    def end(self, status: str, exit_facts: dict[str, Any]) -> Writer:
        """Close every writer of this process; return the last one."""
        self._ended = True
        self._hurry.set()
        with self._lock:
            last = self.writer
        last.journal.detach()
        until = time.monotonic() + _QUIET
        writers = [*self._left, last]
        while not all(w.journal.quiet for w in writers) and time.monotonic() < until:
            time.sleep(0.001)
        with self._closing:
            for old in self._left:
                old.hand_over()
            self._left.clear()
            last.end(status, exit_facts)
        return last

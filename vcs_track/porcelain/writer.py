"""A process's writer on a live run: its lock, journal and spool.

A run has any number of writers. The first is *primary*: it says what the run is and how it
ended. A forked child and a process that joins by id are further writers; none waits for
another. A writer whose journal has become long hands over to a next one in the same process.
"""

from __future__ import annotations

import os
import secrets
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from vcs_track.errors import VcsTrackError
from vcs_track.formats import slots, typed_json
from vcs_track.plumbing import fsio, mounts
from vcs_track.plumbing.journal import JournalWriter
from vcs_track.plumbing.lock import Lock
from vcs_track.plumbing.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.journal import Row
    from vcs_track.plumbing.store import Store

__all__ = ["Writer"]

_LONGEST_TEXT = 128 << 10  # bytes; a longer text goes through the spool
_REUSE = 4096  # bytes; smaller blobs are stored again rather than looked up
_LONG = 32 << 20  # bytes of a journal: a million points
_BEAT_SECONDS = 30.0


class Writer:
    """Appends to a live run for one process.

    Args:
        store: The store.
        run: Run id.
        engine: ``auto``, ``mmap`` or ``pwrite``.
        strict: Raise where a record cannot be written.
        beat: Whether other hosts can tell by :meth:`beat` that it lives.
        rank: Rank of the process among those of a distributed training, or None.
        first: Whether it may be the run's first writer.
        after: The writer of this process that hands over to this one.

    Attributes:
        primary: Whether this is the run's first writer, or goes on for it.
    """

    def __init__(
        self, store: Store, run: str, *, engine: str, strict: bool, beat: bool,
        rank: int | None = None, first: bool = True, after: Writer | None = None,
    ) -> None:  # fmt: skip
        self.folder = store.layout.live_run(run)
        self.pid = os.getpid()
        self.primary: bool = after is not None and after.primary
        self._chosen = self._named = False
        self._store = store
        self._numbers = 0
        self._tags: dict[tuple[str, int, str | None], int] = {}
        self._shapes: dict[tuple[int, ...], int] = {}
        self._beat_at = 0.0
        self._closed = False
        name = secrets.token_hex(8)
        with fsio.storage_errors(f"start run '{run}'"):
            fsio.make_dirs(self.folder, sync=False)
            # The lock before the journal: a journal without a held lock is a dead writer's.
            # Somebody may tidy up an empty folder at this very moment.
            while (lock := self._take(name)) is None:
                name = secrets.token_hex(8)
            self._lock = lock
            try:
                if beat:
                    fsio.create_empty(self.folder / f"{name}.beat")
                if first and after is None:
                    self.primary = self._chosen = fsio.create_empty(self.folder / "primary")
                mapped = engine == "mmap" or (engine == "auto" and mounts.safe_to_map(self.folder))
                self.journal: JournalWriter = JournalWriter(
                    self.folder / f"{name}.j", run=run, writer=name, mapped=mapped,
                    strict=strict, after=after.journal if after else None,
                )  # fmt: skip
            except BaseException:
                self._remove(name)
                lock.release()
                raise
        self.spool = Spool(self.folder / name, store.format)
        self.code_spool = Spool(self.folder / f"{name}-c", store.format, compress=True)
        self._facts: dict[str, Any] = {"primary": self.primary, "rank": rank}
        if after is not None:
            self._facts["after"] = after.journal.header.writer

    def _remove(self, name: str) -> None:
        """Remove the files of a writer that is none, as far as the disk lets them go."""
        names = [f"{name}.j", f"{name}.beat", f"{name}.lock", *["primary"] * self._chosen]
        for each in names:
            with suppress(OSError):
                fsio.unlink(self.folder / each)
        fsio.remove_dir(self.folder)

    def _take(self, name: str) -> Lock | None:
        try:
            return Lock.take(self.folder / f"{name}.lock")
        except FileNotFoundError:
            fsio.make_dirs(self.folder, sync=False)
            return None

    def begin(self, info: Callable[[], dict[str, Any]] | None = None) -> None:
        """Say who writes and what the run is.

        Like a point it survives the death of the process from here on, and a power cut from the
        next sync on.
        """
        try:
            # One record, so that nobody finds the one without the other.
            facts = self._facts if info is None else {**self._facts, "info": info()}
            self.journal.frame({"k": "writer", **facts})
        except BaseException:
            self.discard()
            raise

    # ---- names of points ---------------------------------------------------------------

    def tag_number(self, tag: str, rep: int, epoch: float | None) -> int:
        """Return the number that stands for *tag*, this repetition and *epoch*."""
        key = (tag, rep, None if epoch is None else repr(epoch))  # 1 and 1.0 are two
        number = self._tags.get(key)
        if number is None:
            number = self._next_number()
            frame = {"k": "tag", "n": number, "tag": tag, "rep": rep}
            if epoch is not None:
                frame["epoch"] = typed_json.freeze(epoch)
                # Epochs that differ at every point would fill the memory of a long run.
                for old in [k for k in self._tags if k[0] == tag and k[2] is not None]:
                    del self._tags[old]
            self.journal.frame(frame)
            self._tags[key] = number
        return number

    def row(self, numbers: tuple[int, ...]) -> Row:
        """Return what appends a row of these tag numbers."""
        shape = self._shapes.get(numbers)
        if shape is None:
            if len(self._shapes) > 1000:
                self._shapes.clear()
            shape = self._next_number()
            self.journal.frame({"k": "shape", "n": shape, "tags": list(numbers)})
            self._shapes[numbers] = shape
        return self.journal.row(shape, len(numbers))

    def _next_number(self) -> int:
        self._numbers += 1
        if self._numbers > slots.MAX_NUMBER:
            raise OverflowError("a run has more than 16 million tags, epochs and shapes")
        return self._numbers

    # ---- records -----------------------------------------------------------------------

    def text(self, content: dict[str, Any], text: str) -> None:
        """Append a text; a long one goes through the spool."""
        data = text.encode()
        if len(data) < _LONGEST_TEXT:
            self.journal.frame({"k": "text", **content, "text": text})
        else:
            self.blob(content, data)

    def blob(self, content: dict[str, Any], data: bytes) -> None:
        """Store *data* and append the item that names it."""
        oid = self._known(data) or self.spool.add(data)
        # The item goes last: it never names bytes that are not there yet.
        self.journal.frame({"k": "blob", **content, "o": oid, "size": len(data)})

    def file(self, content: dict[str, Any], path: Path) -> ObjectId:
        """Store the file *path* and append the item that names it; return its id."""
        oid, size = self.spool.add_file(path)
        self.journal.frame({"k": "blob", **content, "o": oid, "size": size})
        return oid

    def code(self, data: bytes) -> ObjectId:
        """Store a file of the code; return its id."""
        return self._known(data) or self.code_spool.add(data)

    def _known(self, data: bytes) -> ObjectId | None:
        if len(data) < _REUSE:
            return None
        oid = self._store.format.hash(data)
        # Marked first: a clean-up takes no pack that somebody is about to rely on.
        if oid in self.spool or not self._store.home.packs.freshen(oid):
            return None
        # An id is taken for the bytes only when they are read back equal: the copy in the
        # pack may be damaged, and an xxh128 id can be forged.
        try:
            return oid if self._store.home.objects.read(oid) == data else None
        except VcsTrackError:
            return None

    # ---- while it goes on --------------------------------------------------------------

    def sync(self) -> None:
        """Make everything written so far survive a power cut."""
        self._sync_content()
        if not self._named:
            fsio.fsync_dir(self.folder)
            fsio.fsync_dir(self.folder.parent)
            self._named = True

    def _sync_content(self) -> None:
        self.spool.sync()  # first: an item on disk must find its bytes there
        self.code_spool.sync()
        self.journal.sync()

    def beat(self) -> None:
        """Tell other hosts that this process lives."""
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + _BEAT_SECONDS
            with suppress(OSError):
                fsio.touch(self.journal.path.with_suffix(".beat"))

    @property
    def should_hand_over(self) -> bool:
        """Whether the journal is long, gone, or in doubt after a failed sync."""
        journal = self.journal
        return journal.doubtful or journal.is_lost or journal.size >= _LONG

    # ---- the end -----------------------------------------------------------------------

    def hand_over(self) -> None:
        """Close in favour of the next writer, which is at work already."""
        self._close({"k": "set", "field": "writer", "v": "handed over"})

    def end(self, status: str, exit_facts: dict[str, Any]) -> None:
        """Say how this writer ended, close its files and give up its lock."""
        self._close(
            {"k": "set", "field": "status", "v": status, "wall": time.time_ns() // 1000,
             "primary": self.primary, "exit": exit_facts}
        )  # fmt: skip

    def _close(self, frame: dict[str, Any]) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            # First: a power cut must not keep the word of the end and lose what came before it.
            self._sync_content()
            lost = self.journal.settle()
            self.journal.frame(frame)
            self.journal.seal()
            if self.journal.settle() or self.journal.trouble:
                words = {"lost": lost, "why": self.journal.trouble}
                # The frame that says how it ended may be among the lost.
                self.journal.last_words({"gap": words, "end": frame})
            self.journal.restore()
            if not self.primary:  # what the first writer leaves is sealed at once
                self.sync()
        finally:
            self.abandon()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Make what was closed survive a power cut where sealing it fails."""
        try:
            yield
        except BaseException:
            with suppress(OSError):
                fsio.sync_file(self.journal.path)
                fsio.fsync_dir(self.folder)
                fsio.fsync_dir(self.folder.parent)
            raise

    def discard(self) -> None:
        """Take back a start that failed, as if it had not been tried."""
        self.abandon()
        self._remove(self.journal.header.writer)

    def abandon(self) -> None:
        """Close the files and give up the lock, as the death of the process would."""
        self.spool.close()
        self.code_spool.close()
        try:
            self.journal.close()
        finally:
            self._lock.release()

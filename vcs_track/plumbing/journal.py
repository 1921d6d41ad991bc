"""The journal of a live run: 32-byte slots in a preallocated, mapped file.

``docs/format/journal.md`` is the specification. A writer's call that returned has its slot
in the kernel's page cache, so it survives the death of the process. Slots are handed out by
an atomic counter rather than a lock: writers in several threads and in signal handlers never
wait for each other. Where mapping is not safe, or the slot lies outside the mapped window,
the same bytes go through ``pwrite``.
"""

from __future__ import annotations

import itertools
import secrets
import struct
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError, RunSealedError
from vcs_track.formats import canonical, scan, slots
from vcs_track.formats.oid import check64
from vcs_track.formats.scan import Damage
from vcs_track.formats.slots import HEADER_SIZE, SLOT_SIZE, Header
from vcs_track.plumbing import fsio
from vcs_track.plumbing.lock import identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from mmap import mmap
    from pathlib import Path

    from vcs_track.formats.scan import Points, Record, Rows

__all__ = ["MAX_FRAME", "JournalReader", "JournalWriter", "Row"]

# Appends a row: its step and one double for each member of the shape.
Row = Callable[[int, "Sequence[float]", int], None]

MAX_FRAME: Final = 32 << 20
_FIRST = 64 << 10
_LARGEST_STEP = 4 << 20
_HELD_RECORDS = 200_000  # kept in memory while the disk is full: about 50 MB
_RETRY_SECONDS = 1.0


class _InUse:
    """Lives as long as anybody can append points to a journal."""


class JournalWriter:
    """Appends the records of one writer.

    Args:
        path: The file, which must not exist.
        run: Run id.
        writer: Writer id.
        mapped: Whether to write through a mapping.
        strict: Raise when a record cannot be written, instead of holding it in memory.
        after: The journal that this one goes on for.

    Attributes:
        point: ``point(word, step, value)`` appends one float; *word* is the tag number
            shifted by 8, with the kind in the low bits. The hot path: a closure.
        lost: Number of records that found no room.
        trouble: What the disk said when it refused something first; empty for most.
        doubtful: Whether a sync failed, so that nobody knows what the disk has.
    """

    def __init__(
        self,
        path: Path,
        *,
        run: str,
        writer: str,
        mapped: bool,
        strict: bool = False,
        after: JournalWriter | None = None,
    ) -> None:
        who = identity()
        self.path = path
        # The time puts journals in order, and clocks jump.
        created_us = time.time_ns() // 1000
        if after is not None:
            created_us = max(created_us, after.header.created_us + 1)
        self.header: Header = Header(
            created_us, run, writer, who.boot, who.pid, who.ticks, who.namespace,
            secrets.randbits(32), who.host,
        )  # fmt: skip
        self.lost = 0
        self.trouble = ""
        self.doubtful = False
        self._strict = strict
        self._mapped = mapped
        self._lock = threading.RLock()
        self._offsets = itertools.count(HEADER_SIZE, SLOT_SIZE)
        self._window: tuple[mmap | None, int, int] = (None, 0, 0)
        self._held: deque[tuple[int, bytes]] = deque()
        self._retry_at = 0.0
        self._end = HEADER_SIZE
        self._fd = fsio.create(path)
        try:
            fsio.pwrite(self._fd, slots.pack_header(self.header), 0)
            if mapped:
                self._grow(_FIRST)
        except BaseException:
            fsio.close(self._fd)
            fsio.unlink(path)
            raise
        self._in_use: _InUse | None = _InUse()
        self._user = weakref.ref(self._in_use)
        self.point = self._make_point()

    # ---- writing -----------------------------------------------------------------------

    def _make_point(self) -> Callable[[int, int, float], None]:
        # Locals instead of attributes: this runs a million times a second.
        pack = struct.Struct("<qdqI").pack
        store = struct.Struct("<28sI").pack_into
        clock, check, salt = time.time_ns, check64, self.header.salt
        take = self._offsets.__next__

        def point(word: int, step: int, value: float, _user: object = self._in_use) -> None:
            body = pack(step, value, clock() // 1000, word)
            offset = take()
            window, low, high = self._window
            if window is not None and low <= offset < high:
                store(window, offset - low, body, check(body, salt ^ offset) & 0xFFFFFFFF or 1)
            else:
                word32 = (check(body, salt ^ offset) & 0xFFFFFFFF or 1).to_bytes(4, "little")
                self._put(offset, body + word32)

        return point

    def slot(self, kind: int, number: int, step: int, value: float, wall_us: int) -> None:
        """Append one slot of any kind.

        Raises:
            struct.error: If a number does not fit its field; nothing is written then.
        """
        # Packed before a slot is taken, so that a bad number leaves no hole.
        body = slots.pack_body(kind, number, step, value, wall_us)
        offset = next(self._offsets)
        self._put(offset, body + slots.check_word(body, self.header.salt ^ offset))

    def row(self, shape: int, members: int) -> Row:
        """Return ``row(step, values, wall_us)``, which appends one row of a shape.

        Raises:
            struct.error: When it is called with a number that does not fit its field; nothing
                is written then.
        """
        # Locals as in _make_point, and for the same reason.
        n, size, word = 1 + slots.slots_of(8 * members), 8 * members, shape << 8 | slots.ROW
        values_of, pack = struct.Struct(f"<{members}d").pack, struct.Struct("<qQqI").pack
        store, check, salt = struct.Struct("<28sI").pack_into, check64, self.header.salt
        total, offsets, several = n * SLOT_SIZE, self._offsets, itertools.islice

        def row(
            step: int, values: Sequence[float], wall_us: int, _user: object = self._in_use
        ) -> None:
            payload = values_of(*values)
            body = pack(step, check(payload), wall_us, word)
            taken = tuple(several(offsets, n))
            offset = taken[0] if taken[-1] - taken[0] == total - SLOT_SIZE else self._take(n)
            word32 = check(body, salt ^ offset) & 0xFFFFFFFF or 1
            window, low, high = self._window
            at = offset - low
            # The slot that announces the payload goes last: once it checks, all is there.
            if window is not None and at >= 0 and offset + total <= high:
                window[at + SLOT_SIZE : at + SLOT_SIZE + size] = payload
                store(window, at, body, word32)
            else:
                self._put(offset + SLOT_SIZE, payload)
                self._put(offset, body + word32.to_bytes(4, "little"))

        return row

    def frame(self, content: dict[str, Any]) -> None:
        """Append one frame of plain JSON.

        Raises:
            InvalidValueError: If it is larger than :data:`MAX_FRAME`.
        """
        payload = canonical.dumps(content)
        if len(payload) > MAX_FRAME:
            raise InvalidValueError(
                f"a record of {len(payload)} bytes is too large, the limit is {MAX_FRAME}",
                hint="store it as a file with add_file",
            )
        self._payload(slots.FRAME, 0, len(payload), payload, time.time_ns() // 1000)

    def seal(self) -> None:
        """Append the slot that says that the writer ended in order."""
        offset = next(self._offsets)
        count = (offset - HEADER_SIZE) // SLOT_SIZE
        seed = self.header.salt ^ offset
        wall = time.time_ns() // 1000
        self._put(offset, slots.pack_slot(slots.SEAL, 0, 0, count, wall, seed=seed))

    def _payload(self, kind: int, number: int, step: int, payload: bytes, wall_us: int) -> None:
        n = 1 + slots.slots_of(len(payload))
        offset = self._take(n)
        data = slots.pack_payload(
            kind, number, step, payload, wall_us, seed=self.header.salt ^ offset
        )
        # The slot that announces the payload goes last: once it checks, all of it is there.
        self._put(offset + SLOT_SIZE, data[SLOT_SIZE:])
        self._put(offset, data[:SLOT_SIZE])

    def _take(self, n: int) -> int:
        while True:
            taken = tuple(itertools.islice(self._offsets, n))
            # One C call, so nobody comes between; without a GIL somebody may: try again,
            # the slots of the failed attempt stay empty.
            if taken[-1] - taken[0] == (n - 1) * SLOT_SIZE:
                return taken[0]

    def _put(self, offset: int, data: bytes) -> None:
        end = offset + len(data)
        if self._fd < 0:
            raise RunSealedError(
                f"run '{self.header.run}' has ended: nothing can be logged to it",
                run_id=self.header.run,
                hint="start a new run, or go on with start_run(id=..., resume='must')",
            )
        window, low, high = self._window
        if window is not None and low <= offset and end <= high:
            window[offset - low : end - low] = data
            return
        with self._lock:
            if self._held and time.monotonic() < self._retry_at:
                self._hold(offset, data, None)
                return
            try:
                self._write(offset, data)
                while self._held:
                    self._write(*self._held[0])
                    self._held.popleft()
            except OSError as error:
                self._hold(offset, data, error)

    def _write(self, offset: int, data: bytes) -> None:
        if self._mapped and offset + len(data) > self._end:
            self._grow(offset + len(data))
        fsio.pwrite(self._fd, data, offset)

    def _grow(self, needed: int) -> None:
        # A signal handler that logs may grow the file in the middle of this: what it did is
        # never taken back.
        low = self._end
        old = 0 if low == HEADER_SIZE else low
        new = max(old, _FIRST)
        while new < needed or new == old:
            new += min(new, _LARGEST_STEP)
        try:
            fsio.reserve(self._fd, low, new)
        except OSError:
            # A refused reservation may leave the file partly grown.
            if self._end == low:
                fsio.truncate(self._fd, low)
            raise
        # Only the new part stays mapped, so a long run does not fill the address space.
        window = (fsio.map_window(self._fd, low, new - low), low, new)
        if self._end == low:
            self._window = window
            self._end = new

    def _hold(self, offset: int, data: bytes, error: OSError | None) -> None:
        if error is not None:
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            if self._strict:
                with fsio.storage_errors("write the journal"):
                    raise error
            if not self.trouble:
                self.trouble = (error.strerror or str(error)).lower()
                warnings.warn(
                    f"vcs-track cannot write the journal: {self.trouble}; training goes on, "
                    "records are kept in memory until the disk takes them",
                    RuntimeWarning,
                    stacklevel=2,
                )
        if len(self._held) < _HELD_RECORDS:
            self._held.append((offset, data))
        else:
            self.lost += 1

    # ---- durability --------------------------------------------------------------------

    def sync(self) -> None:
        """Make every record written so far survive a power cut.

        Raises:
            StorageError: If the disk refuses and the journal is strict.
        """
        if self._fd < 0:
            return
        try:
            fsio.sync_data(self._fd)
        except OSError as error:
            # Asking again would tell nothing: the kernel may have dropped what it could not
            # write. The pages at hand are still whole, so they go to a pack instead.
            self.doubtful = True
            self.trouble = self.trouble or f"sync: {error.strerror or error}".lower()
            if self._strict:
                with fsio.storage_errors("sync the journal"):
                    raise

    def settle(self) -> int:
        """Try again to write what memory holds; return how many records are lost."""
        with self._lock:
            try:
                while self._held:
                    self._write(*self._held[0])
                    self._held.popleft()
            except OSError:
                return self.lost + len(self._held)
            return self.lost

    @property
    def waiting(self) -> bool:
        """Whether records still wait for room on the disk; writes them if not."""
        self.settle()
        return bool(self._held)

    @property
    def is_lost(self) -> bool:
        """Whether somebody removed the file, or sealed it elsewhere."""
        return self._fd >= 0 and not fsio.is_at(self._fd, self.path)

    def restore(self) -> None:
        """Write the file anew when somebody removed it."""
        if self.is_lost:
            fsio.make_dirs(self.path.parent)
            fsio.write_new(self.path, fsio.pread(self._fd, self.size, 0))

    @property
    def size(self) -> int:
        """Bytes of the file, reserved ones included."""
        return fsio.size(self._fd) if self._fd >= 0 else 0

    def detach(self) -> None:
        """Hand out the journal to nobody any more; who has it may finish."""
        self._in_use = None
        del self.point

    @property
    def quiet(self) -> bool:
        """Whether nobody can append points any more, after :meth:`detach`."""
        # A call that goes on holds the closure, and that holds the mark.
        return self._user() is None

    def last_words(self, content: dict[str, Any]) -> None:
        """Leave *content* in the first page, which has room on a full disk too."""
        at, data = slots.pack_last_words(canonical.dumps(content))
        fsio.pwrite(self._fd, data, at)

    def close(self) -> None:
        """Close the file; the journal stays readable."""
        with self._lock:
            fd, self._fd = self._fd, -1
            self._window = (None, 0, 0)
            if fd >= 0:
                fsio.close(fd)


class JournalReader:
    """Reads a journal, live or left behind.

    Args:
        path: The file.

    Raises:
        CorruptError: If it has no valid header.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._page = fsio.read_start(path, HEADER_SIZE)
        self._map: mmap | bytes | None = None
        self.header = slots.parse_header(self._page)
        self.damage = Damage()
        self.row_sizes: dict[int, int] = {}

    @property
    def _data(self) -> mmap | bytes:
        if self._map is None:
            self._map = fsio.map_read(self.path)
        return self._map

    def release(self) -> None:
        """Give back the memory; the next reading maps the file again."""
        self._map = None

    @property
    def last_words(self) -> dict[str, Any]:
        """What a writer on a full disk said it lost; empty for most."""
        text = slots.parse_last_words(self._page)
        found = canonical.loads(text) if text else {}
        return found if isinstance(found, dict) else {}

    def records(self) -> Iterator[Record]:
        """Yield the valid records one by one; see :meth:`batches`."""
        return scan.records(self._data, self.header.salt, self.row_sizes, self.damage)

    def batches(self, start: int = 0, stop: int | None = None) -> Iterator[Record | Points | Rows]:
        """Yield what is valid from slot *start* on, before slot *stop*.

        The caller adds the shapes that it reads to :attr:`row_sizes`.
        """
        data, salt = self._data, self.header.salt
        return scan.batches(data, salt, self.row_sizes, self.damage, start, stop)

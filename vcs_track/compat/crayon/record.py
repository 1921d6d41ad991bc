"""One experiment in this process: its run, open for who writes, followed for who reads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat import quoting
from vcs_track.compat.crayon import texts
from vcs_track.compat.crayon.histogram import Histogram
from vcs_track.compat.crayon.refusals import RefusedError
from vcs_track.errors import InvalidValueError, RunSealedError
from vcs_track.formats import canonical
from vcs_track.plumbing.fsio import storage_errors

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from vcs_track.porcelain.following import Columns, FollowedItem, Follower
    from vcs_track.porcelain.run import Run

__all__ = ["Record", "no_series"]

_HISTOGRAM: Final = "histogram"
_LARGEST: Final = 64 << 20  # bytes of a text that is kept
_END: Final = 253_402_300_800.0  # the first second that the store's clock has not got


class Record:
    """One experiment.

    Args:
        run: Run id.
        follower: Reads it.
        open_run: Opens the run for writing.
        lock: Is held while the run is opened or ended.
        reading: Is held while the store is read.

    Attributes:
        id: Run id.
        tags: The tags of series that were written to, by name; empty where the short way is
            closed.
    """

    def __init__(
        self, run: str, follower: Follower, open_run: Callable[[], Run], lock: threading.RLock,
        reading: threading.RLock,
    ) -> None:  # fmt: skip
        self.id = run
        self.tags: dict[str, str] = {}
        self._follower = follower
        self._open_run = open_run
        self._reading = reading
        self._lock = lock
        self._run: Run | None = None
        self._texts: dict[str, tuple[Columns, int, bytearray]] = {}
        self._histograms: dict[str, list[FollowedItem]] = {}
        self._sorted: tuple[list[FollowedItem], int] = ([], 0)

    # ---- writing -----------------------------------------------------------------------

    def begin(self, run: Run) -> None:
        """Write to *run*, which was just started."""
        with self._lock:
            self._run = run

    @property
    def is_open(self) -> bool:
        """Whether this process writes to it."""
        return self._run is not None and self._run.status == "running"

    def run(self) -> Run:
        """Return the run, open for writing."""
        found = self._run
        if found is not None and found.status == "running":
            return found
        with self._lock:
            if self._run is None or self._run.status != "running":
                self._run = self._open_run()
            return self._run

    @storage_errors("end an experiment")
    def close(self) -> None:
        """End the run where this process writes to it.

        Who writes again goes on with it.
        """
        with self._lock:
            self.tags.clear()
            run, self._run = self._run, None
            if run is not None:
                run.finish()

    @storage_errors("write an experiment")
    def add(self, name: str, wall_time: float | None, step: int, value: float) -> None:
        """Append a point.

        Args:
            name: The series.
            wall_time: Seconds since 1970 UTC; None is now.
            step: Step.
            value: Value.

        Raises:
            RefusedError: If the store has no room for the name.
        """
        tag = self.tags.get(name) or _tag(name)
        wall, epoch = _clock(wall_time)
        try:
            run = self.run()
            run.add_scalar(tag, value, step, epoch, wall)
        except RunSealedError:  # it was closed this very moment
            run = self.run()
            run.add_scalar(tag, value, step, epoch, wall)
        self.tags[name] = tag

    @storage_errors("write an experiment")
    def add_histogram(self, name: str, wall_time: float, step: int, one: Histogram) -> None:
        """Append a histogram; arguments as for :meth:`add`."""
        tag, body = _tag(name), one.to_body(wall_time)
        wall = wall_time if 0 <= wall_time < _END else 0.0

        def log() -> None:
            self.run().add_item(
                _HISTOGRAM, body, mime="application/json", step=step, tag=tag, walltime=wall
            )

        try:
            log()
        except RunSealedError:
            log()

    # ---- reading -----------------------------------------------------------------------

    @storage_errors("read an experiment")
    def is_there(self) -> bool:
        """Return whether the store has the run; what is new is read."""
        with self._reading:
            return self._follower.refresh()

    @storage_errors("read an experiment")
    def names(self) -> dict[str, list[str]]:
        """Return the names of the series."""
        with self._reading:
            self._follower.refresh()
            return {
                "scalars": list(map(quoting.shown, self._follower.tags)),
                "histograms": list(map(quoting.shown, self._sort())),
            }

    @storage_errors("read an experiment")
    def text(self, name: str) -> bytes:
        """Return the points of a series as JSON rows; empty where there are none."""
        with self._reading:
            found = self._columns(name)
            if found is None:
                return b""
            columns, done, text = self._texts.get(name, (found, 0, bytearray()))
            if columns is not found:
                done, text = 0, bytearray()
            if done < len(found.steps):
                part = canonical.dumps_rows(_cut(found, done))
                text += (b"," if done else b"") + part[1:-1]
                if len(text) < _LARGEST:
                    self._texts[name] = (found, len(found.steps), text)
            return b"[" + text + b"]"

    @storage_errors("read an experiment")
    def rows(self, name: str) -> list[list[Any]]:
        """Return the points of a series; none where there are none."""
        with self._reading:
            found = self._columns(name)
            return [] if found is None else [list(row) for row in zip(*_cut(found), strict=True)]

    @storage_errors("read an experiment")
    def last_step(self, name: str) -> int:
        """Return the step of the last point of a series that has some."""
        with self._reading:
            found = self._columns(name)
            return found.steps[-1] if found is not None else -1

    @storage_errors("read an experiment")
    def histograms(self, name: str) -> list[list[Any]]:
        """Return the histograms of a series; none where there are none."""
        with self._reading:
            self._follower.refresh()
            rows: list[list[Any]] = []
            for item in self._sort().get(_known(name), ()):
                wall_time, one = Histogram.from_body(self._follower.data(item), item.wall_us)
                rows.append([wall_time, item.step or 0, one.row()])
            return rows

    def _columns(self, name: str) -> Columns | None:
        self._follower.refresh()
        return self._follower.columns(_known(name))

    def _sort(self) -> dict[str, list[FollowedItem]]:
        """Return the histograms by tag."""
        items, done = self._sorted
        if items is not self._follower.items:
            items, done = self._follower.items, 0
            self._histograms.clear()
        for item in items[done:]:
            if item.kind == _HISTOGRAM and item.tag is not None:
                self._histograms.setdefault(item.tag, []).append(item)
        self._sorted = (items, len(items))
        return self._histograms


def _cut(columns: Columns, start: int = 0) -> list[list[Any]]:
    walls = [us / 1e6 for us in columns.walls[start:]]
    for place, epoch in columns.epochs.items():
        if place >= start and not walls[place - start]:
            walls[place - start] = float(epoch)  # a time that the store's clock has not got
    return [walls, columns.steps[start:].tolist(), columns.values[start:].tolist()]


def _clock(wall_time: float | None) -> tuple[float, float | None]:
    if wall_time is None:
        return time.time(), None
    return (wall_time, None) if 0 <= wall_time < _END else (0.0, wall_time)


def _tag(name: str) -> str:
    try:
        return quoting.stored(name)
    except InvalidValueError as error:
        raise RefusedError(f"the name cannot be kept: {error}") from None


def _known(name: str) -> str:
    """Return the tag of *name*; of one that cannot be there, what is none either."""
    try:
        return quoting.stored(name) if name else ""
    except InvalidValueError:
        return ""


def no_series(xp: str, name: str) -> RefusedError:
    """Return the error for a series that has no data."""
    return RefusedError(texts.no_series(xp, name))

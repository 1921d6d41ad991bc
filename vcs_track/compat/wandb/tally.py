"""What the rows add up to: the latest value of each key, and what else the summary shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb import nested
from vcs_track.compat.wandb.metric import Stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vcs_track.compat.wandb.metric import Metrics

    Path = tuple[str, ...]

__all__ = ["Tally"]


class Tally:
    """The latest values of a run, beside what was set by hand.

    Args:
        metrics: The definitions of the run.
        started: When the run started, seconds since 1970 UTC.
        follows: Whether what is logged replaces what was set by hand.

    Attributes:
        latest: Latest value by key, nested.
        by_hand: Values that were set by hand, by path.
        removed: Paths that were deleted and not logged since.
        stats: All values of the keys for which the summary shows more than the latest.
        plain: Paths that show the latest value whatever their definition says.
        step: Step of the latest row, or None.
        wall: Time of the latest row.
        before: Seconds that the run was going on before this process.
        unset: Is called with the paths whose values by hand are gone.
    """

    def __init__(self, metrics: Metrics, started: float, *, follows: bool = False) -> None:
        self.started = started
        self.follows = follows
        self.latest: dict[str, Any] = {}
        self.by_hand: dict[Path, Any] = {}
        self.removed: set[Path] = set()
        self.stats: dict[Path, Stats] = {}
        self.plain: set[Path] = set()
        self.step: int | None = None
        self.wall = started
        self.before = 0.0
        self.unset: Callable[[Iterable[Path]], None] = lambda _: None
        self._metrics = metrics

    # ---- rows --------------------------------------------------------------------------

    def row(self, step: int, row: dict[str, Any]) -> None:
        """Take in a row of numbers under keys that are nothing special."""
        self.latest.update(row)
        self.step = step
        self.wall = time.time()

    def leaves(self, step: int, found: Mapping[Path, Any], wall: float) -> None:
        """Take in any row by its leaves."""
        for path, value in found.items():
            self.removed.discard(path)
            if self.follows and path in self.by_hand:
                del self.by_hand[path]
                self.unset([path])
            if value is None:
                self._forget(path)
            else:
                nested.put(self.latest, path, value)
            self._count(path, value)
        self.step = step
        self.wall = wall

    def _count(self, path: Path, value: Any) -> None:
        if path in self.stats or self._ops(path):
            self.stats.setdefault(path, Stats()).add(value)

    def last(self, path: Path, missing: Any = None) -> Any:
        """Return the latest value at *path*."""
        return nested.at(self.latest, path, missing)

    def is_special(self, path: Path) -> bool:
        """Return whether a value at *path* needs more than to be written."""
        by_hand = self.follows and path in self.by_hand
        return by_hand or path in self.removed or path in self.stats or bool(self._ops(path))

    def _ops(self, path: Path) -> tuple[str, ...]:
        metric = self._metrics.of(path) if self._metrics else None
        return () if metric is None else metric.ops

    def _forget(self, path: Path) -> None:
        branch = nested.at(self.latest, path[:-1], {})
        if isinstance(branch, dict):
            branch.pop(path[-1], None)

    @property
    def runtime(self) -> float:
        """Seconds that the run had been going on at the latest row."""
        return max(self.wall - self.started, self.before)

    # ---- definitions -------------------------------------------------------------------

    def uncounted(self) -> list[Path]:
        """Return the paths whose earlier values were not counted."""
        return [
            path
            for path, _ in nested.leaves(self.latest)
            if path not in self.stats and self._ops(path)
        ]

    def count(self, path: Path, found: Iterable[Any]) -> None:
        """Take in all values that were logged at *path* so far."""
        stats = self.stats[path] = Stats()
        for value in found:
            stats.add(value)

    # ---- by hand -----------------------------------------------------------------------

    def set(self, path: Path, value: Any) -> None:
        """Set a value by hand; what is below *path* gives place."""
        gone = [one for one in self.by_hand if one != path and one[: len(path)] == path]
        for one in gone:
            del self.by_hand[one]
        self.by_hand[path] = value
        self.removed.discard(path)
        self.plain.add(path)
        if gone:
            self.unset(gone)

    def remove(self, path: Path) -> bool:
        """Take away what is at *path*; return whether there was something."""
        below = [one for one in self.by_hand if one[: len(path)] == path]
        for one in below:
            del self.by_hand[one]
        there = nested.at(self.latest, path, self) is not self
        self._forget(path)
        if there:
            self.removed.add(path)
        if below:
            self.unset(below)
        return there or bool(below)

    # ---- the summary -------------------------------------------------------------------

    def shown(self) -> dict[str, Any]:
        """Return what the summary shows."""
        found: dict[str, Any] = {}
        nested.merge(found, self.latest)
        for path, value in self.special().items():
            if value == {}:
                _drop(found, path)
            else:
                nested.put(found, path, value)
        for path, value in self.by_hand.items():
            nested.put(found, path, value)
        return found

    def special(self) -> dict[Path, dict[str, Any]]:
        """Return what stands for the latest values of defined metrics."""
        found = {}
        for path, stats in self.stats.items():
            metric = self._metrics.of(path)
            if metric is not None and metric.ops and path not in self.plain:
                found[path] = stats.shown(metric.ops, metric.goal)
        return found


def _drop(row: dict[str, Any], path: Path) -> None:
    branch = nested.at(row, path[:-1], {})
    if isinstance(branch, dict):
        branch.pop(path[-1], None)

"""What the summary of a run reads and writes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb import convert, nested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vcs_track.compat.wandb.keys import Names
    from vcs_track.compat.wandb.tally import Tally
    from vcs_track.porcelain.run import Run

    Path = tuple[str, ...]

__all__ = ["Ledger"]

_BIG = 32


class Ledger:
    """The summary of a run that goes on, and its end.

    Args:
        native: The run of the store.
        names: Names of its series.
        tally: What was logged and set.
        check: Raises where nothing can be written any more.
        changed: Is called when values were set or taken away.
    """

    def __init__(
        self, native: Run, names: Names, tally: Tally, check: Callable[[], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._native = native
        self._names = names
        self._tally = tally
        self._check = check
        self._changed = changed
        tally.unset = self._unset

    def shown(self) -> dict[str, Any]:
        """Return the whole summary, nested."""
        tally = self._tally
        found = tally.shown()
        if tally.step is not None:
            found.update(_step=tally.step, _timestamp=tally.wall, _runtime=tally.runtime)
        return found

    def set(self, given: Mapping[Path, Any]) -> None:
        """Set values by hand, all of them or none.

        Raises:
            LogDataError: If one cannot be in a summary.
        """
        self._check()
        found = {path: _leaf(value, path) for path, value in given.items()}
        step = self._tally.step or 0
        for path, value in found.items():
            row = convert.keep({path[-1]: value}, self._native, step, "summary_")
            found[path] = row[path[-1]]
        for path, value in found.items():
            self._tally.set(path, value)
        named = {self._names.of(path): value for path, value in found.items()}
        self._native.set_summary(**named)
        self._changed()

    def remove(self, path: Path) -> bool:
        """Take away what is at *path*; return whether there was something."""
        self._check()
        found = self._tally.remove(path)
        self._changed()
        return found

    def _unset(self, paths: Iterable[Path]) -> None:
        self._native.unset_summary(*map(self._names.of, paths))

    def complete(self, written: Iterable[str]) -> list[str]:
        """Tell the store what its own rule does not say.

        That rule is the last number of each series.

        Args:
            written: Names that an earlier call has told it.

        Returns:
            The names that it was told.
        """
        tally, told = self._tally, {}
        special = tally.special()
        for path, value in nested.leaves(tally.latest):
            if path not in special and not isinstance(value, bool | int | float):
                told[self._names.of(path)] = value
        for path, value in special.items():
            told[self._names.of(path)] = value or None
        by_hand = set(map(self._names.of, tally.by_hand))
        told = {name: value for name, value in told.items() if name not in by_hand}
        stale = set(written) - told.keys() - by_hand
        if stale:
            self._native.unset_summary(*sorted(stale))
        if told:
            self._native.set_summary(**told)
        return sorted(told)


def _leaf(value: Any, path: Path) -> Any:
    array = hasattr(type(value), "shape") and hasattr(value, "tolist")
    if array and math.prod(int(side) for side in value.shape) > _BIG:
        from vcs_track.compat.wandb.arrays import summarised

        return summarised(value)
    return convert.leaf(value, ".".join(path))

"""Runs that are known by their ids, and read when they are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from vcs_track.errors import VcsTrackError
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vcs_track.plumbing.store import Store

    Entry = tuple[str, str | None] | RunView

__all__ = ["LazyRuns"]


class LazyRuns(Sequence[RunView]):
    """A list of runs of which none is read before it is asked for.

    Args:
        store: The store.
        entries: Runs, or their ids with the packs of their manifests.
        leave_out: Is told of a run that cannot be read while all are gone through, and why.
    """

    def __init__(
        self, store: Store, entries: list[Entry], leave_out: Callable[[str, VcsTrackError], None]
    ) -> None:
        self._store = store
        self._entries = entries
        self._leave_out = leave_out

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def ids(self) -> list[str]:
        """The ids of the runs, none of which is read for it."""
        return [entry.id if isinstance(entry, RunView) else entry[0] for entry in self._entries]

    @overload
    def __getitem__(self, index: int) -> RunView: ...
    @overload
    def __getitem__(self, index: slice) -> list[RunView]: ...
    def __getitem__(self, index: int | slice) -> RunView | list[RunView]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        entry = self._entries[index]
        if not isinstance(entry, RunView):
            run, pack = entry
            if pack is not None:
                self._store.home.packs.take_in([pack])
            entry = self._entries[index] = RunView.load(self._store, run)
        return entry

    def __iter__(self) -> Iterator[RunView]:
        return self.at(range(len(self)))

    def at(self, places: Iterable[int]) -> Iterator[RunView]:
        """Yield the runs at *places*, leaving out those that cannot be read."""
        for place in places:
            try:
                yield self[place]
            except VcsTrackError as error:  # damaged, or gone since it was listed
                self._leave_out(self.ids[place], error)

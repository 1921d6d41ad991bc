"""Finding runs by way of the catalogue, live ones among them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import RunNotFoundError, VcsTrackError
from vcs_track.porcelain import filter as filters, seal
from vcs_track.porcelain.lazy_runs import LazyRuns
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.answers import Answers, Found
    from vcs_track.porcelain.catalog import Catalog
    from vcs_track.porcelain.filter import Filter, SortKey
    from vcs_track.porcelain.lazy_runs import Entry
    from vcs_track.porcelain.run_set import Among

__all__ = ["Finder"]

_CHECKED: Final = 50  # runs; so many answers of the index are compared with the runs themselves


class Finder:
    """Answers questions about all runs of a store.

    Args:
        store: The store.
        catalog: What is known of its sealed runs.
        leave_out: Is told of a run that cannot be read, and why.
    """

    def __init__(
        self, store: Store, catalog: Catalog, leave_out: Callable[[str, VcsTrackError], None]
    ) -> None:
        self._store = store
        self._catalog = catalog
        self._leave_out = leave_out

    def find(
        self,
        where: Filter | None = None,
        order_by: str | Sequence[str] | SortKey | None = None,
        limit: int | None = None,
        among: Among | None = None,
    ) -> LazyRuns | None:
        """Return the runs that match, in order; None where each has to be asked.

        Args:
            where: A filter.
            order_by: Names to sort by. Default: newest first.
            limit: At most this many.
            among: Returns the runs that may be meant, out of what git said of each.

        Raises:
            ExpressionError: If a name is unknown, or a comparison could match no run.
        """
        live = self._live()  # first: a run that ends meanwhile has a head then
        found = self._catalog.ask(
            lambda known: self._find(known, dict(live), where, order_by, limit, among)
        )
        if found is None:
            return None
        runs, chosen = found
        return runs if chosen is None or len(runs) > _CHECKED else self._checked(runs, chosen)

    def _find(
        self, known: Answers, live: dict[str, RunView], where: Filter | None,
        order_by: str | Sequence[str] | SortKey | None, limit: int | None, among: Among | None,
    ) -> tuple[LazyRuns, Filter | None] | None:  # fmt: skip
        asked = where is not None or order_by is not None
        live |= self._loaded([run for run in known.damaged() if run not in live], asked)
        names = known.names()
        if asked:
            names |= {name for run in live.values() for name in run.flat}
        chosen = None if where is None else filters.resolve(where, names).at(time.time())
        order = None if order_by is None else filters.order_by(order_by, names)
        found = known.find(
            None if chosen is None else chosen.tree, order,
            limit=limit if among is None else None, without=sorted(live),
        )  # fmt: skip
        if found is None:
            return None
        running = [run for run in live.values() if chosen is None or chosen.matches(run)]
        if among is not None:
            there = among(known.git() | {id_: run.git for id_, run in live.items()})
            found = [one for one in found if one[0] in there]
            running = [run for run in running if run.id in there]
        return LazyRuns(
            self._store, _merged(found, running, order, limit), self._leave_out
        ), chosen

    def names(self) -> set[str] | None:
        """Return every name that a run has a value of; None without an index."""
        names = self._catalog.ask(lambda known: known.names())
        return None if names is None else names.union(*(run.flat for run in self._live().values()))

    def git(self) -> dict[str, dict[str, Any]] | None:
        """Return what git said of each run, live ones too; None without an index."""
        live = {id_: run.git for id_, run in self._live().items()}
        said = self._catalog.ask(lambda known: known.git())
        return None if said is None else said | live

    def named(self, text: str) -> list[RunView]:
        """Return the runs that *text* may name, by id, prefix or name."""
        entries: list[Entry] = list(self._catalog.ask(lambda known: known.named(text)) or ())
        found = {run.id: run for run in LazyRuns(self._store, entries, self._leave_out)}
        for run in self._live().values():
            if run.name == text or run.id.startswith(text):
                found[run.id] = run
            else:
                found.pop(run.id, None)  # it was renamed since it was sealed
        return sorted(found.values(), key=lambda run: (-run.manifest.created_us, run.id))

    def _live(self) -> dict[str, RunView]:
        return self._loaded(seal.live_runs(self._store), asked=True)

    def _loaded(self, runs: Iterable[str], asked: bool) -> dict[str, RunView]:
        """Read *runs*; leave out what cannot be read, all of it if they are *asked*."""
        found = {}
        for run in runs:
            try:
                view = RunView.load(self._store, run)
                if asked:
                    view.get("id")  # its facts are read now: damage shows here
                found[run] = view
            except RunNotFoundError:
                continue  # it was never begun, or is gone
            except VcsTrackError as error:
                self._leave_out(run, error)
        return found

    def _checked(self, runs: LazyRuns, chosen: Filter) -> LazyRuns | None:
        """Return the runs that can be read; None, and a new index, if one does not match."""
        found: list[Entry] = []
        for run in runs:
            try:
                if not chosen.matches(run):
                    self._catalog.distrust("the index does not say what the runs do")
                    return None
            except VcsTrackError as error:
                self._leave_out(run.id, error)
            else:
                found.append(run)
        return LazyRuns(self._store, found, self._leave_out)


def _merged(
    found: list[Found], running: list[RunView], order: SortKey | None, limit: int | None
) -> list[Entry]:
    sealed: list[Entry] = [(run, pack) for run, pack, _, _ in found]
    if not running:
        return sealed[:limit]
    keyed: list[tuple[Any, Entry]] = []
    for entry, (run, _, created_us, values) in zip(sealed, found, strict=True):
        row = {} if order is None else _row(order, values)
        keyed.append((_key(order, row, created_us, run), entry))
    keyed += [(_key(order, run, run.manifest.created_us, run.id), run) for run in running]
    keyed.sort(key=lambda pair: pair[0])
    return [entry for _, entry in keyed][:limit]


def _row(order: SortKey, values: tuple[Any, ...]) -> dict[str, Any]:
    return {term.name.path: value for term, value in zip(order.terms, values, strict=True)}


def _key(order: SortKey | None, row: Any, created_us: int, run: str) -> tuple[Any, ...]:
    return (*(() if order is None else order.key(row)), -created_us, run)

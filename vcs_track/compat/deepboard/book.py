"""A table and its repository: numbers, facts, statuses and labels of runs."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from vcs_track.compat.deepboard import cells, place, start
from vcs_track.compat.deepboard.columns import added
from vcs_track.compat.deepboard.refusals import no_such_run, refused
from vcs_track.compat.deepboard.register import Register
from vcs_track.errors import RunNotFoundError, VcsTrackError
from vcs_track.formats.oid import check64
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["DEBUG", "DISABLED", "FACE", "STATUSES", "Book"]

FACE: Final = "deepboard"
DEBUG: Final = -1
DISABLED: Final = -2
STATUSES: Final = ("running", "finished", "failed")
_GONE: Final = {"killed": "failed", "crashed": "failed"}

# The open runs of this process, by repository and id: they are told directly.
_open: WeakValueDictionary[tuple[str, str], Run] = WeakValueDictionary()


class Book:
    """One table.

    Args:
        where: The table.
        unique: Names of the columns that tell runs apart. Default: those that it has.
    """

    def __init__(self, where: place.Place, unique: Iterable[str] | None = None) -> None:
        wanted = None if unique is None else start.check_columns(unique)
        self.path, self.repo, self.table = where
        name = f"{check64(self.table.encode('utf-8', 'surrogatepass')):016x}.jsonl"
        self.register = Register(self.repo.store.layout.tables / FACE / name)
        self.register.refresh()
        if self.register.unique is None:
            with self.register.held():
                if self.register.unique is None:
                    chosen = list(wanted or start.DEFAULT)
                    self.register.write([{"unique": chosen, "table": self.table}])
        self.unique: tuple[str, ...] = self.register.unique or start.DEFAULT
        if wanted is not None and set(wanted) != set(self.unique):
            raise refused(
                RuntimeError,
                f"the table tells runs apart by {', '.join(self.unique)}",
                "leave unique_columns out, or make another table",
            )

    @classmethod
    def at(cls, db_path: object, unique: Iterable[str] | None = None) -> Book:
        """Open the table that *db_path* names, as the caller gave it."""
        wanted = None if unique is None else start.check_columns(unique)
        return cls(place.find(db_path), wanted)

    # ---- numbers -----------------------------------------------------------------------

    def adopt(self) -> None:
        """Give numbers to runs that came by git, a bundle or an import."""
        store = self.repo.store
        store.refresh()
        self.register.refresh()
        there = {*live_runs(store), *store.home.heads()}
        if there <= self.register.seen:
            return
        with self.register.held():
            views = []
            for run in there - self.register.seen:
                try:
                    views.append(self.repo.run(run))
                except VcsTrackError:
                    continue  # damaged, or gone meanwhile
            views.sort(key=lambda view: (view.manifest.created_us, view.id))
            replaced = {self.facts(view).get("replaces") for view in views}
            # First those whose own number is free, so that others do not take it.
            for view in sorted(views, key=self._is_displaced):
                self._adopt(view, replaced)

    def _is_displaced(self, view: RunView) -> bool:
        number = self.facts(view).get("number")
        return type(number) is not int or number in self.register.runs

    def _adopt(self, view: RunView, replaced: set[Any]) -> None:
        register, facts = self.register, self.facts(view)
        if not self._is_ours(view) or view.id in replaced:
            number = None
        elif facts.get("debug"):
            number = DEBUG
        else:
            number = facts.get("number")
            if type(number) is not int or number < 1 or number in register.runs:
                number = register.next_number
        lines = [register.of_run(view.id, number, start.key_of(facts, self.unique))]
        if number is not None:
            names = dict.fromkeys(cells.flat(view.hparams), True)
            for name in cells.flat(view.results):
                names.setdefault(name, False)
            lines += register.of_columns(added(register.columns, names))
        register.write(lines)

    def _is_ours(self, view: RunView) -> bool:
        facts = view.faces.get(FACE)
        return not self.table or (isinstance(facts, dict) and facts.get("table") == self.table)

    def numbers(self, *, show_hidden: bool = True) -> list[int]:
        """Return the numbers of the runs that are there."""
        self.adopt()
        there = {*live_runs(self.repo.store), *self.repo.store.home.heads()}
        found = self.register.runs.items()
        return sorted(
            number
            for number, run in found
            if run in there and (show_hidden or number not in self.register.hidden)
        )

    def number_of(self, run: str) -> int | None:
        """Return the number of *run*, or None."""
        self.adopt()
        return next((n for n, found in self.register.runs.items() if found == run), None)

    def view(self, number: Any) -> RunView | None:
        """Return the run with this number, or None."""
        if number not in self.register.runs:
            self.adopt()
        try:
            run = self.register.runs.get(number)
        except TypeError:  # a number that is none
            return None
        if run is None:
            return None
        try:
            return self.repo.run(run)
        except RunNotFoundError:
            return None

    def facts(self, view: RunView) -> dict[str, Any]:
        """Return what *view* started with, as the columns call it."""
        kept = view.faces.get(FACE)
        if isinstance(kept, dict):
            return kept
        commit = view.git.get("commit")
        return {
            "experiment": view.name,
            "cli": "",
            "comment": "",
            "command": " ".join(map(str, view.command.get("argv", ()))),
            "commit_hash": commit[:7] if isinstance(commit, str) else None,
        }

    @staticmethod
    def started(view: RunView) -> datetime:
        """Return when *view* started, in local time and without a zone."""
        return datetime.fromtimestamp(view.manifest.created_us / 1e6)  # noqa: DTZ006 -- DeepBoard's own way

    # ---- statuses and labels -----------------------------------------------------------

    def status(self, number: int, view: RunView) -> str:
        """Return ``running``, ``finished`` or ``failed``."""
        native = _GONE.get(view.status, view.status)
        kept = self.label(number, "status")
        if kept is None:
            return native
        value, state = kept
        live = view.status == "running"
        return str(value) if live or state == view.manifest.time_us else native

    def label(self, number: int, name: str) -> list[Any] | None:
        """Return the value and the state that the table keeps under *name*."""
        return self.register.labels.get(number, {}).get(name)

    def keep_label(self, number: int, name: str, value: Any, state: int = 0) -> None:
        """Keep *value* in the table, for what the run itself has no place for."""
        with self.register.held():
            if value is not None or self.label(number, name) is not None:
                self.register.write([{"n": number, "label": name, "value": value, "state": state}])

    def color(self, number: int, view: RunView) -> str | None:
        """Return the colour as it was set."""
        kept = self.label(number, "color")
        return view.manifest.color if kept is None else str(kept[0])

    def set_color(self, number: int, view: RunView, color: str | None) -> None:
        """Set the colour of a run; a word that is no colour stays in the table."""
        word = None if color is None else color.removeprefix("#")
        known = word is not None and re.fullmatch("[0-9a-fA-F]{6}", word) is not None
        self.keep_label(number, "color", None if known else word)
        self.edit(view, color=word if known else None)

    def edit_results(self, view: RunView, results: Mapping[str, Any]) -> None:
        """Add to the results of a run that has ended, or goes on elsewhere."""
        if view.status == "running":
            with self._joined(view) as joined:
                joined.set_results(**results)
        else:
            self.repo.edit(view.id, results=dict(results))

    def edit(self, view: RunView, **labels: Any) -> None:
        """Change labels of a run, one that goes on or one that has ended."""
        run = _open.get((str(self.repo.path), view.id))
        if run is not None and run.status == "running":
            _tell(run, labels)
        elif view.status == "running":
            with self._joined(view) as joined:
                _tell(joined, labels)
        else:
            self.repo.edit(view.id, **labels)

    @contextmanager
    def _joined(self, view: RunView) -> Iterator[Run]:
        """Join a run that another process writes, for a moment."""
        run = self.repo.start_run(id=view.id, resume="allow", capture_code=False)
        try:
            yield run
        finally:
            run.finish()

    def opened(self, run: Run) -> None:
        """Remember that this process writes *run*."""
        _open[str(self.repo.path), run.id] = run

    def open_run(self, run: str) -> Run | None:
        """Return *run* if this process writes it."""
        found = _open.get((str(self.repo.path), run))
        return found if found is not None and found.status == "running" else None

    def add_columns(self, names: Mapping[str, bool]) -> None:
        """Show values of these names, each a hyperparameter or not."""
        if all(name in self.register.columns for name in names):
            return
        with self.register.held():
            fresh = added(self.register.columns, names)
            self.register.write(self.register.of_columns(fresh))

    def require(self, number: Any, kind: type[Exception] = RuntimeError) -> RunView:
        """Return the run with this number.

        Raises:
            VcsTrackError: If there is none; a *kind* too.
        """
        found = self.view(number)
        if found is None:
            raise no_such_run(kind, number)
        return found


def _tell(run: Run, labels: Mapping[str, Any]) -> None:
    setters: dict[str, Any] = {"notes": run.set_note, "color": run.set_color}
    for name, value in labels.items():
        if name == "tags":
            run.set_tag(value[0] if value else None)
        elif name in setters:
            setters[name](value)

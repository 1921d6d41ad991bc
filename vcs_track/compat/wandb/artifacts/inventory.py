"""All artifacts of a repository.

What happened stands in the runs. A ledger beside them has it in one place, so that nobody has
to read every run; a lost one is made again from the runs.
"""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from vcs_track.compat.wandb.artifacts.collection import Collection
from vcs_track.compat.wandb.artifacts.document import Document
from vcs_track.compat.wandb.artifacts.event import FACE, Event, Place
from vcs_track.compat.wandb.artifacts.version import Version
from vcs_track.compat.wandb.errors import BadValueError, RunNotFoundError
from vcs_track.errors import RunNotFoundError as NoSuchRunError, VcsTrackError
from vcs_track.plumbing.ledger import Ledger
from vcs_track.porcelain.repository import Repository
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vcs_track.compat.wandb.artifacts.checks import Reference
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Inventory"]

_known: dict[str, Inventory] = {}
_open: WeakValueDictionary[tuple[str, str], Run] = WeakValueDictionary()


class Inventory:
    """The artifacts of one repository.

    Args:
        repo: The repository.
    """

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        self._ledger = Ledger(repo.store.layout.tables / "wandb" / "artifacts.jsonl")
        self._events: dict[str, Event] = {}
        self._seen: set[str] = set()
        self._runs: set[str] = set()
        self._last = 0
        self._sorted_out: tuple[object, dict[Place, Collection]] = (None, {})

    @classmethod
    def of(cls, repo: Repository) -> Inventory:
        """Return the inventory of *repo*; one process has one."""
        key = str(repo.path.absolute())
        if key not in _known:
            _known[key] = cls(repo)
        return _known[key]

    @classmethod
    def of_run(cls, run: Run) -> Inventory:
        """Return the inventory of the repository that *run* is in."""
        inventory = cls.of(Repository(run._store))  # noqa: SLF001 -- a run knows its store, no repository
        _open[str(inventory.repo.path.absolute()), run.id] = run
        return inventory

    # ---- what happened -----------------------------------------------------------------

    def refresh(self) -> None:
        """Take in what other processes did, and runs that came from elsewhere."""
        self._read()
        if not self._unseen():
            return
        with self._ledger.held():
            self._read()
            lines: list[dict[str, Any]] = []
            for run, heads in self._unseen().items():
                lines += self._lines_of(run)
                lines += [{"seen": head} for head in heads]
            self._ledger.append(lines)
        self._read()

    def _read(self) -> None:
        for line in self._ledger.news():
            if "seen" in line:
                self._seen.add(str(line["seen"]))
            elif isinstance(line.get("run"), str):
                event = Event.from_json(line.get("id"), line["run"], line.get("event"))
                if event is not None:
                    self._events.setdefault(event.id, event)
                    self._runs.add(event.run)
                    self._last = max(self._last, event.at)

    def _unseen(self) -> dict[str, list[str]]:
        self.repo.store.refresh()
        found = {}
        for run, heads in self.repo.store.home.heads().items():
            fresh = [head for head in heads if head not in self._seen]
            if fresh:
                found[run] = [str(head) for head in fresh]
        return found

    def _lines_of(self, run: str) -> list[dict[str, Any]]:
        try:
            kept = self.repo.run(run).faces.get(FACE)
        except VcsTrackError:
            return []  # damaged, or gone meanwhile
        facts = kept if isinstance(kept, dict) else {}
        events = [Event.from_json(key, run, fact) for key, fact in facts.items()]
        return [
            _line(event) for event in events if event is not None and event.id not in self._events
        ]

    def _alive(self) -> frozenset[str]:
        there = {*live_runs(self.repo.store), *self.repo.store.home.heads()}
        return frozenset(self._runs & there)

    def events(self) -> list[Event]:
        """Return what happened in the runs that are there, in order of time."""
        self.refresh()
        return self._of(self._alive())

    def _of(self, alive: frozenset[str]) -> list[Event]:
        found = [event for event in self._events.values() if event.run in alive]
        return sorted(found, key=lambda event: (event.at, event.id))

    def record(self, event: Event, run: Run | None = None) -> None:
        """Keep *event* with a run.

        Args:
            event: What happened.
            run: The open run that did it. Default: the one that *event* names.
        """
        kept = {event.id: event.to_json()}
        if run is not None:
            run.set_face(FACE, **kept)
        else:
            self._record_late(event, kept)
        with self._ledger.held():
            self._ledger.append([_line(event)])
        self._read()

    def _record_late(self, event: Event, kept: dict[str, Any]) -> None:
        open_run = _open.get((str(self.repo.path.absolute()), event.run))
        if open_run is not None and open_run.status == "running":
            open_run.set_face(FACE, **kept)
        elif event.run in live_runs(self.repo.store):
            joined = self.repo.start_run(id=event.run, resume="allow", capture_code=False)
            try:
                joined.set_face(FACE, **kept)
            finally:
                joined.finish()
        else:
            self.repo.edit(event.run, faces={FACE: kept})

    def event(self, op: str, run: str, **body: Any) -> Event:
        """Return an event of now, later than all others that are known."""
        self.refresh()
        at = max(time.time_ns() // 1000, self._last + 1)
        return Event(secrets.token_hex(12), op, at, run, body)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from numbering versions meanwhile."""
        with self._ledger.held():
            yield

    # ---- collections -------------------------------------------------------------------

    def collections(self) -> dict[Place, Collection]:
        """Return all artifacts with their versions."""
        self.refresh()
        alive = self._alive()
        key = (len(self._events), alive)
        if self._sorted_out[0] != key:
            self._sorted_out = (key, self._sort_out(self._of(alive)))
        return self._sorted_out[1]

    @staticmethod
    def _sort_out(events: list[Event]) -> dict[Place, Collection]:
        places = {event.id: event.place for event in events if event.op == "log"}
        sorted_out: dict[Place, list[Event]] = {}
        for event in events:
            place = places.get(event.of)
            if place is not None:
                sorted_out.setdefault(place, []).append(event)
        found = {place: Collection(some) for place, some in sorted_out.items()}
        return {place: one for place, one in found.items() if one.stages}

    def collection(self, place: Place) -> Collection:
        """Return the versions that are counted at *place*, maybe none."""
        return self.collections().get(place, Collection())

    def places(self, entity: str | None, project: str | None, name: str) -> list[Place]:
        """Return where *name* is counted, the given entity first."""
        found = [
            place
            for place in self.collections()
            if place.name == name and project in (None, place.project)
        ]
        # An entity is a free label here: one that nobody set does not stand in the way.
        return sorted(found, key=lambda place: place.entity != (entity or ""))

    def find(self, wanted: Reference, entity: str, project: str | None) -> Version:
        """Return the version that *wanted* names.

        Args:
            wanted: Its name.
            entity: Entity where the name has none.
            project: Project where the name has none.

        Raises:
            RunNotFoundError: If there is none, which is a CommError and a ValueError.
        """
        home = wanted.project or project
        asked = wanted.entity or entity
        for place in self.places(asked, home, wanted.name):
            stage = self.collections()[place].find(wanted.alias)
            if stage is not None:
                return self.version(stage.log)
        other = self._linked(home, wanted) or self._logged_table(wanted, home)
        if other is not None:
            return other
        known = self.places(asked, home, wanted.name)
        raise RunNotFoundError(
            f"artifact '{wanted.name}:{wanted.alias}' not found in project '{home}'",
            hint=_there(self.collections(), known[0] if known else None, home),
        )

    def _logged_table(self, wanted: Reference, project: str | None) -> Version | None:
        from vcs_track.compat.wandb.artifacts.logged_tables import table_version

        return table_version(self, wanted, project)

    def find_digest(self, digest: str, project: str | None) -> Version | None:
        """Return the newest version with this digest, or None."""
        found = [
            event
            for event in self.events()
            if event.op == "log"
            and event.body["digest"] == digest
            and project in (None, event.body["project"])
        ]
        return self.version(found[-1]) if found else None

    def _linked(self, project: str | None, wanted: Reference) -> Version | None:
        """Return what was linked last under a name, or None."""
        for event in self.links():
            place = event.target
            aliases = [*event.body.get("aliases", []), "latest"]
            fits = place.name == wanted.name and project in (None, place.project)
            if fits and wanted.alias in aliases:
                log = self._events.get(event.of)
                if log is not None:
                    return self.linked(log, place)
        return None

    def links(self) -> list[Event]:
        """Return the links that stand, the last one first."""
        found, undone = [], set()
        for event in reversed(self.events()):
            link = (event.of, event.target)
            if event.op == "unlink":
                undone.add(link)
            elif event.op == "link" and link not in undone:
                found.append(event)
        return found

    def linked(self, log: Event, place: Place) -> Version:
        """Return the version that *log* logged, as it is found at another *place*."""
        found = self.version(log)
        found.link = place
        return found

    def version(self, log: Event) -> Version:
        """Return the version that the event *log* logged."""
        return Version(self, log)

    def check_type(self, place: Place, kind: str) -> None:
        """Refuse a second type under one name.

        Raises:
            BadValueError: If the versions there are of another type.
        """
        known = self.collection(place).type
        if known is not None and known != kind:
            raise BadValueError(
                f"Artifact '{place.name}' already exists with type '{known}'; "
                f"cannot create another with type '{kind}'",
                hint="choose another name, or the same type",
            )

    # ---- bytes -------------------------------------------------------------------------

    def view(self, run: str) -> RunView:
        """Return a run.

        Raises:
            RunNotFoundError: If it is gone.
        """
        try:
            return self.repo.run(run)
        except NoSuchRunError as error:
            raise RunNotFoundError(error.message, hint=error.hint) from None

    def document(self, log: Event) -> Document:
        """Return what is kept of the version that *log* logged."""
        return Document.decode(self.view(log.run).objects.read(log.body["doc"]))


def _line(event: Event) -> dict[str, Any]:
    return {"run": event.run, "id": event.id, "event": event.to_json()}


def _there(
    collections: Mapping[Place, Collection], place: Place | None, project: str | None
) -> str:
    if place is not None:
        names: Iterable[str] = (f"v{number}" for number in collections[place].stages)
        return f"it has {', '.join([*collections[place].aliases, *names])[:300]}"
    here = sorted({one.name for one in collections if project in (None, one.project)})
    return f"the project has {', '.join(here)[:300]}" if here else "no artifact was logged there"

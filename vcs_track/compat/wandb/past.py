"""What a run of the store says of its rows, configuration and definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from vcs_track.compat.wandb import history
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.keys import PREFIX, Names, paths_of
from vcs_track.compat.wandb.metric import Metrics
from vcs_track.compat.wandb.system import PREFIX as SYSTEM, System, system_of

if TYPE_CHECKING:
    from vcs_track.compat.wandb.tally import Tally
    from vcs_track.porcelain.run import Run as Native
    from vcs_track.porcelain.run_view import RunView

    Path = tuple[str, ...]

__all__ = ["Past"]


class Past:
    """A run up to now; a new one has none.

    Attributes:
        facts: What the interface keeps with the run.
        config: The configuration.
        tags: The tags, in their order.
        notes: The notes.
        name: The display name, or None.
        project: The project, or None.
        group: The group; an empty text without one.
        job_type: The type of job; an empty text without one.
        next_step: The step that comes next.
        runtime: Seconds that the run was going on.
        written: Names of the summary that the end of the last process told the store.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.config: dict[str, Any] = {}
        self.tags: tuple[str, ...] = ()
        self.notes: str | None = None
        self.name: str | None = None
        self.project: str | None = None
        self.group = ""
        self.job_type = ""
        self.next_step = 0
        self.runtime = 0.0
        self.written: tuple[str, ...] = ()
        self._view: RunView | None = None
        self._rows: list[history.Row] | None = None
        self._latest: list[history.Row] = []

    @classmethod
    def of(cls, view: RunView) -> Self:
        """Return what *view* says."""
        past = cls()
        past._view = view
        found = view.faces.get(FACE)
        past.facts = dict(found) if isinstance(found, dict) else {}
        past.config = view.hparams
        past.tags = tuple(map(str, past.facts.get("tags", view.tags)))
        past.notes = view.note
        past.name = view.name
        past.project = view.manifest.project
        past.group = view.manifest.group or ""
        past.job_type = view.manifest.job_type or ""
        past.written = tuple(map(str, past.facts.get("written", ())))
        past._latest = history.latest(view)
        past.next_step = max((row.step + 1 for row in past._latest), default=0)
        past.runtime = max((row.runtime for row in past._latest), default=0.0)
        return past

    def until(self, step: int) -> Past:
        """Return what is known for a copy that begins with the rows up to *step*."""
        found = Past()
        found.config = self.config
        found.facts = {
            key: value for key, value in self.facts.items() if key in ("metrics", "origins")
        }
        found.runtime = max((row.runtime for row in self.rows() if row.step <= step), default=0.0)
        return found

    def rows(self) -> list[history.Row]:
        """Return the rows, by step."""
        if self._rows is None:
            self._rows = [] if self._view is None else history.rows(self._view)
        return self._rows

    def values(self, path: Path) -> list[Any]:
        """Return all values that were logged at *path*."""
        return [] if self._view is None else history.values(self._view, path)

    # ---- for a run that goes on --------------------------------------------------------

    def names(self, native: Native) -> Names:
        """Return the names of its series."""

        def tell(name: str, path: Path) -> None:
            native.set_face(FACE, **{PREFIX + name: list(path)})

        known = {} if self._view is None else history.paths(self._view)
        return Names(tell, {**known, **paths_of(self.facts)}, system_of(self.facts))

    def system(self, native: Native, names: Names) -> System:
        """Return what writes its samples of the machine."""

        def tell(name: str, key: str) -> None:
            native.set_face(FACE, **{SYSTEM + name: key})

        return System(native, names, tell, system_of(self.facts))

    def metrics(self, native: Native) -> Metrics:
        """Return its definitions."""
        return Metrics(
            lambda facts: native.set_face(FACE, metrics=facts), self.facts.get("metrics")
        )

    def fill(self, tally: Tally) -> None:
        """Tell *tally* of the rows that there are, and of what was set by hand."""
        for row in self._latest:
            tally.leaves(row.step, row.leaves, row.wall)
        for path in list(tally.stats):
            tally.count(path, self.values(path))
        tally.before = self.runtime
        if self._view is None:
            return
        stored = self._view.manifest.summary_set
        names = {path: name for name, path in history.paths(self._view).items()}
        from vcs_track.formats import typed_json

        for parts in self.facts.get("by_hand", ()):
            path = tuple(map(str, parts))
            name = names.get(path, ".".join(path))
            if name in stored:
                tally.by_hand[path] = typed_json.thaw(stored[name])
        tally.removed.update(tuple(map(str, parts)) for parts in self.facts.get("removed", ()))

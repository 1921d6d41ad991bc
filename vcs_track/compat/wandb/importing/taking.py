"""From what the folder of a run tells to a run of the store."""

from __future__ import annotations

import math
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import convert, nested
from vcs_track.compat.wandb.errors import Error, LogDataError
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.importing.filing import Filing
from vcs_track.compat.wandb.importing.logged import log_artifacts
from vcs_track.compat.wandb.importing.story import nest
from vcs_track.compat.wandb.keys import PREFIX, Names
from vcs_track.compat.wandb.ledger import Ledger
from vcs_track.compat.wandb.metric import Metrics
from vcs_track.compat.wandb.rows import Rows
from vcs_track.compat.wandb.system import PREFIX as SYSTEM, System
from vcs_track.compat.wandb.tally import Tally
from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats.offline_record import Alert, Output, Row, Stats
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.importing.story import Story
    from vcs_track.porcelain.run import Run

__all__ = ["Taking"]

_OWN: Final = ("_step", "_runtime", "_timestamp", "_wandb")
_MOST: Final = 10_000  # values of a configuration
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class Taking:
    """Takes one run in, by the same ways as a run that is logged.

    Args:
        story: The run.
        run: The open run of the store.
        run_id: Its id.
        begin: When it began, seconds since 1970 UTC.

    Attributes:
        last: The latest time that is told.
        notes: What could not be kept.
    """

    def __init__(self, story: Story, run: Run, run_id: str, begin: float) -> None:
        self.last = begin
        self.notes: list[str] = []
        self._story = story
        self._run = run
        self._id = run_id
        self._begin = begin
        self._left: Counter[str] = Counter()
        self._names = Names(self._tell_path)
        self._system = System(
            run, self._names, lambda name, key: run.set_face(FACE, **{SYSTEM + name: key})
        )
        self._metrics = Metrics(lambda facts: run.set_face(FACE, metrics=facts))
        self._tally = Tally(self._metrics, begin)
        self._rows = Rows(run, self._names, self._metrics, self._tally)
        self._ledger = Ledger(run, self._names, self._tally, lambda: None)
        self._filing = Filing(story, run, self.notes)
        self._console = False
        self._first: int | None = None

    def _tell_path(self, name: str, path: tuple[str, ...]) -> None:
        self._run.set_face(FACE, **{PREFIX + name: list(path)})

    def take(self, tick: Callable[[int], None]) -> None:
        """Take everything in.

        Args:
            tick: Is called with bytes read.
        """
        self._set_config()
        self._define()
        for told in self._story.events(tick):
            if isinstance(told, Row):
                self._row(told)
            elif isinstance(told, Output):
                self._console = True
                self._run.add_output(told.stream, told.text.encode("utf-8", "replace"))
            elif isinstance(told, Stats):
                self._sample(told)
            elif isinstance(told, Alert):
                self._alert(told)
        self._filing.rest(console=self._console)
        log_artifacts(self._story, self._run, self._id, self._begin, self.notes)
        self._end()
        self.notes += [f"{many:,} {what} could not be kept" for what, many in self._left.items()]

    # ---- before the rows ---------------------------------------------------------------

    def _set_config(self) -> None:
        found: dict[str, Any] = {}
        for key, value in self._story.config.items():
            name = _CONTROL.sub("\ufffd", key)
            with suppress(InvalidValueError, InvalidTypeError):
                if len(found) < _MOST:
                    found.update(values.check_mapping({name: value}, "config"))
                    continue
            self._left["values of the configuration"] += 1
        if found:
            self._run.add_hparams(found)

    def _define(self) -> None:
        for metric in self._story.metrics:
            given: dict[str, Any] = {
                "step_metric": metric.step_metric or None,
                "step_sync": metric.step_sync if metric.step_metric else None,
                "hidden": metric.hidden or None, "summary": ",".join(metric.summary) or None,
                "goal": metric.goal or None, "overwrite": metric.overwrite or None,
            }  # fmt: skip
            try:
                self._metrics.define(metric.name, **given)
            except Error:
                self._left["definitions of metrics"] += 1

    # ---- rows --------------------------------------------------------------------------

    def _row(self, told: Row) -> None:
        row = nest(told.items)
        step = row.get("_step") if told.step is None else told.step
        wall, runtime = row.get("_timestamp"), row.get("_runtime")
        for key in _OWN:
            row.pop(key, None)
        if step is None:
            step = self._rows.step
        if not row or not _is_step(step):
            self._left["rows without a step"] += not _is_step(step)
            return
        if step < self._rows.step:
            self._left["rows with a step that was over"] += 1
            return
        row["_timestamp"] = self.last = self._wall(wall, runtime)
        if self._first is None:
            self._first = step
        try:
            self._rows.log(row, step, commit=True)
        except LogDataError:
            row = self._sound(row)
            self._rows.log(row, step, commit=True)
        self._filing.media(row, step, self.last)

    def _wall(self, wall: Any, runtime: Any) -> float:
        told: Any = wall
        if not _is_number(wall):
            told = self._begin + runtime if _is_number(runtime) else self.last
        try:
            values.check_walltime(told)
        except (InvalidValueError, InvalidTypeError):
            return self.last
        return float(told)

    def _sound(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return what can be kept of a row that cannot be kept as it is."""
        found = {}
        for key, value in row.items():
            try:
                convert.leaf(value, key)
                found[key] = value
            except LogDataError:
                self._left["values of rows"] += 1
        return found

    def _sample(self, told: Stats) -> None:
        found = {
            key.removeprefix("system."): float(value)
            for (key, *_), value in told.items
            if _is_number(value) and key
        }
        if found:
            try:
                self._system.add(found, self._wall(told.wall, None))
            except (InvalidValueError, InvalidTypeError):
                self._left["samples of the machine"] += 1

    def _alert(self, told: Alert) -> None:
        meta = {
            "api": "wandb.alert", "title": told.title, "level": told.level or "INFO",
            "suppressed": False,
        }  # fmt: skip
        self._run.add_item(
            "text", told.text.encode("utf-8", "replace"), mime="text/plain", tag="alert",
            step=self._rows.step, meta=meta, walltime=self.last,
        )  # fmt: skip

    # ---- behind the rows ---------------------------------------------------------------

    def _end(self) -> None:
        self._summarise()
        ended, facts = self._story.ended, self._story.facts
        written = self._ledger.complete(())
        origin = [self._first or 0, self._begin]
        told: dict[str, Any] = {
            "id": self._id, "entity": facts.entity, "mode": "offline",
            "tags": list(facts.tags), "sweep": facts.sweep or None, "started": self._begin,
            "origins": [origin], "exit_code": None if ended is None else ended.code,
            "written": written, "by_hand": [list(path) for path in self._tally.by_hand],
            "removed": [list(path) for path in self._tally.removed],
        }  # fmt: skip
        self._run.set_face(FACE, **told)
        if ended is not None:
            self.last = max(self.last, self._begin + max(ended.runtime, 0))

    def _summarise(self) -> None:
        """Set by hand what the rows do not add up to."""
        said = {key: value for key, value in self._story.summary.items() if key not in _OWN}
        shown = self._tally.shown()
        # A killed run may have told of rows whose summary was never written.
        step: Any = self._story.summary.get("_step")
        late = self._tally.step is not None and (not _is_number(step) or step < self._tally.step)
        for path, value in nested.leaves(said):
            there = nested.at(shown, path, self)
            if there is self or not (late or _alike(there, value)):
                try:
                    self._ledger.set({path: value})
                except (LogDataError, InvalidValueError, InvalidTypeError):
                    self._left["values of the summary"] += 1
        if said and not late:
            for path, value in nested.leaves(shown):
                if value is not None and nested.at(said, path, self) is self:
                    self._ledger.remove(path)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_step(step: object) -> bool:
    return isinstance(step, int) and not isinstance(step, bool) and 0 <= step < 1 << 53


def _alike(one: Any, other: Any) -> bool:
    """Return whether two values are the same but for how JSON writes a number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other) or (one != one and other != other)

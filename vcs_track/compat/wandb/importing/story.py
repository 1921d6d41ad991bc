"""What the records of a run add up to, but for its rows and its output."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import config_files
from vcs_track.compat.wandb.errors import ConfigError
from vcs_track.compat.wandb.importing.folders import Source, readable
from vcs_track.errors import CorruptError
from vcs_track.formats import canonical
from vcs_track.formats.offline_log import OfflineLog
from vcs_track.formats.offline_record import (
    Alert,
    Artifact,
    Ended,
    Files,
    Machine,
    Metric,
    Output,
    Row,
    RunFacts,
    Stats,
    Update,
    Used,
    decode_record,
)
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vcs_track.compat.wandb.importing.folders import WandbFolder
    from vcs_track.formats.offline_record import Item, Told

__all__ = ["Story", "nest"]

_TICK: Final = 1000
_LARGEST_JSON: Final = 64 << 20


def nest(items: Iterable[Item], into: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return *items* as nested dictionaries.

    A record of media comes in parts, as anything else that is nested.
    """
    found: dict[str, Any] = {} if into is None else into
    for item in items:
        branch = found
        for part in item.path[:-1]:
            below = branch.get(part)
            if not isinstance(below, dict):
                below = branch[part] = {}
            branch = below
        branch[item.path[-1]] = item.value
    return found


@dataclass(slots=True)
class Story:
    """A run, as its folder tells of it.

    Attributes:
        folder: The folder.
        facts: What the run is.
        config: The configuration.
        summary: The summary, nested.
        metrics: The definitions of metrics.
        artifacts: The artifacts that it logged.
        used: The artifacts that it used.
        files: Ways or patterns of files, with their policies.
        alerts: The alerts, each with the step before which it came.
        machine: Where it took place.
        ended: Its end, or None.
        records: How many records it has.
        notes: What is wrong with the records.
    """

    folder: WandbFolder
    facts: RunFacts = field(default_factory=RunFacts)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    files: list[tuple[str, str]] = field(default_factory=list)
    machine: Machine = field(default_factory=Machine)
    ended: Ended | None = None
    records: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether it tells nothing of a run."""
        return not (self.records or self.config or self.summary)

    def read(self, tick: Callable[[int], None]) -> None:
        """Read the folder.

        Args:
            tick: Is called with bytes read.
        """
        if self.folder.log is not None:
            for told in self._told(tick, events=False):
                self._take(told)
        if not self.records:
            self._read_synced()
        self.config.pop("_wandb", None)
        self._read_metadata()

    def events(self, tick: Callable[[int], None]) -> Iterator[Row | Output | Alert | Stats]:
        """Yield the rows, and what happened between them, in order.

        Args:
            tick: Is called with bytes read.
        """
        for told in self._told(tick, events=True):
            if isinstance(told, Row | Output | Alert | Stats):
                yield told

    # ---- records -----------------------------------------------------------------------

    def _told(self, tick: Callable[[int], None], *, events: bool) -> Iterator[Told]:
        if self.folder.log is None:
            return
        source = Source(self.folder.log)
        broken = done = 0
        try:
            log = OfflineLog(source.read)
            for number, record in enumerate(log):
                self.records += not events
                try:
                    told = decode_record(record, events=events)
                except CorruptError:
                    broken += 1
                    continue
                if number % _TICK == 0:
                    tick(source.at - done)
                    done = source.at
                yield told
            tick(source.at - done)
        finally:
            source.close()
        self._tell(log, broken, first=not events)

    def _tell(self, log: OfflineLog, broken: int, *, first: bool) -> None:
        assert self.folder.log is not None
        told = []
        if broken:
            told.append(f"has {broken:,} records that cannot be read, which are left out")
        if first and not log.sound:
            told.append("is no file of wandb, or an empty one")
        if first and log.damaged:
            told.append(f"has {log.damaged:,} damaged blocks, whose rest is left out")
        if first and log.large:
            told.append(f"has {log.large:,} records that are too long, which are left out")
        if first and log.cut:
            told.append("ends in the middle of a record")
        name = readable(self.folder.log.name)
        self.notes += [f"file '{name}' {each}" for each in told]

    def _take(self, told: Told) -> None:
        match told:
            case Update():
                self._update(told)
            case RunFacts():
                self._run(told)
            case Metric():
                self.metrics.append(told)
            case Artifact():
                self.artifacts.append(told)
            case Used():
                self.used.append(told)
            case Files():
                self.files += told.found
            case Machine():
                self._machine(told)
            case Ended():
                self.ended = told
            case _:
                pass

    def _update(self, told: Update) -> None:
        values = self.config if told.what == "config" else self.summary
        nest(told.items, values)
        for path in told.gone:
            branch: Any = values
            for part in path[:-1]:
                branch = branch.get(part) if isinstance(branch, dict) else None
            if isinstance(branch, dict):
                branch.pop(path[-1], None)

    def _run(self, told: RunFacts) -> None:
        started = self.facts.started
        self.facts = told
        if started is not None:  # of all that repeat the facts the first one knows best
            self.facts = told._replace(started=started)
        nest(told.config, self.config)
        nest(told.summary, self.summary)

    def _machine(self, told: Machine) -> None:
        new = {name: value for name, value in told._asdict().items() if value}
        self.machine = self.machine._replace(**new)

    # ---- files -------------------------------------------------------------------------

    def _read_synced(self) -> None:
        """Read what wandb leaves of a run that it has sent to a server."""
        path = self.folder.files / "config.yaml"
        if path.is_file():
            try:
                self.config = config_files.read_file(str(path))
            except ConfigError as error:
                self.notes.append(f"file 'config.yaml' is left as it is: {error.message}")
        summary = self._json("wandb-summary.json")
        if isinstance(summary, dict):
            self.summary = summary

    def _read_metadata(self) -> None:
        """Read what wandb 0.10, and a run that was sent, say of the machine."""
        found = self._json("wandb-metadata.json")
        if not isinstance(found, dict):
            return
        git = found.get("git")
        git = git if isinstance(git, dict) else {}
        args = found.get("args")
        self._machine(
            Machine(
                _text(found.get("os")), _text(found.get("python")),
                tuple(map(str, args)) if isinstance(args, list) else (),
                _text(found.get("program")), _text(found.get("root")), _text(found.get("host")),
                _text(found.get("executable")), _text(git.get("remote")),
                _text(git.get("commit")),
            )
        )  # fmt: skip
        if self.facts.started is None:
            self.facts = self.facts._replace(started=_moment(found.get("startedAt")))

    def _json(self, name: str) -> Any:
        path = self.folder.files / name
        with suppress(CorruptError):
            if path.is_file() and path.stat().st_size <= _LARGEST_JSON:
                return canonical.loads_loose(fsio.read(path))
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(text: Any) -> float | None:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(str(text))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None

"""The versions of one artifact: what events add up to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.compat.wandb.artifacts.event import Event

__all__ = ["Collection", "Stage"]


@dataclass(slots=True)
class Stage:
    """One version as far as it came.

    Attributes:
        number: Its number.
        log: The event that logged it first.
        logs: Ids of all events that logged it.
        tags: Its tags.
        said: What was said of it later: ``description``, ``metadata``.
    """

    number: int
    log: Event
    logs: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)


class Collection:
    """The versions of one artifact.

    Args:
        events: All that is known of it.

    Attributes:
        stages: The versions by number.
        aliases: Numbers of versions by alias.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.stages: dict[int, Stage] = {}
        self.aliases: dict[str, int] = {}
        self._by_log: dict[str, Stage] = {}
        self._gone: set[str] = set()
        self._highest = -1
        for event in sorted(events, key=lambda one: (one.at, one.id)):
            self.take(event)

    @property
    def type(self) -> str | None:
        """The type of its versions; None where there is none."""
        first = next(iter(self.stages.values()), None)
        return None if first is None else str(first.log.body["type"])

    @property
    def latest(self) -> Stage | None:
        """The version that was logged last."""
        number = self.aliases.get("latest")
        return None if number is None else self.stages.get(number)

    @property
    def next_number(self) -> int:
        """The number of the next version; none is given twice."""
        return self._highest + 1

    def of(self, log: str) -> Stage | None:
        """Return the version that the event *log* logged."""
        return self._by_log.get(log)

    def names_of(self, stage: Stage) -> list[str]:
        """Return the aliases of a version."""
        return [alias for alias, number in self.aliases.items() if number == stage.number]

    def find(self, alias: str) -> Stage | None:
        """Return the version that *alias*, ``v3`` or a digest names."""
        number = self.aliases.get(alias)
        if number is not None:
            return self.stages.get(number)
        if alias[:1] == "v" and alias[1:].isdecimal():
            return self.stages.get(int(alias[1:]))
        return next(
            (stage for stage in self.stages.values() if stage.log.body["digest"] == alias), None
        )

    # ---- what happens ------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """Take one more event, the latest so far."""
        if event.op == "log":
            self._log(event)
            return
        stage = self._by_log.get(event.of)
        if stage is None:
            return
        body = event.body
        if event.op == "alias":
            self._rename(stage, body.get("add", []), body.get("remove", []))
        elif event.op == "tag":
            stage.tags = [tag for tag in stage.tags if tag not in body.get("remove", [])]
            stage.tags += [tag for tag in body.get("add", []) if tag not in stage.tags]
        elif event.op == "describe":
            stage.said.update({k: body[k] for k in ("description", "metadata") if k in body})
        elif event.op == "delete":
            self._delete(stage)

    def _log(self, event: Event) -> None:
        latest = self.latest
        if latest is not None and latest.log.body["digest"] == event.body["digest"]:
            stage = latest
        else:
            wanted = event.body["version"]
            # Two clones gave one number: the later version gets the next one.
            number = wanted if wanted > self._highest else self._highest + 1
            stage = self.stages[number] = Stage(number, event)
            self._highest = number
        stage.logs.append(event.id)
        stage.tags += [tag for tag in event.body.get("tags", []) if tag not in stage.tags]
        self._by_log[event.id] = stage
        self._rename(stage, [*event.body.get("aliases", []), "latest"], [])

    def _rename(self, stage: Stage, add: list[str], remove: list[str]) -> None:
        for alias in remove:
            if self.aliases.get(alias) == stage.number:
                del self.aliases[alias]
        for alias in add:
            self.aliases.pop(alias, None)  # the one that was given last comes last
            self.aliases[alias] = stage.number

    def _delete(self, stage: Stage) -> None:
        for log in stage.logs:
            self._by_log.pop(log, None)
        self.stages.pop(stage.number, None)
        self.aliases = {a: n for a, n in self.aliases.items() if n != stage.number}
        if self.stages and "latest" not in self.aliases:
            self.aliases["latest"] = max(self.stages)

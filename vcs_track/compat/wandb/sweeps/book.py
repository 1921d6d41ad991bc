"""What is kept of the sweeps of a repository, for all of their agents."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import RunNotFoundError
from vcs_track.compat.wandb.names import generate_id
from vcs_track.compat.wandb.sweeps.space import choice
from vcs_track.plumbing.ledger import Ledger

if TYPE_CHECKING:
    from vcs_track.plumbing.store import Store

__all__ = ["Book", "Entry"]


@dataclass(slots=True)
class Entry:
    """One sweep.

    Attributes:
        id: Its id.
        config: What it is made of.
        at: When it was made, seconds since 1970 UTC.
        taken: How many choices were taken.
        reached: What runs had reached at rungs, by iteration and run.
        ended: Why no more choices are given, or an empty text.
    """

    id: str
    config: dict[str, Any]
    at: float = 0.0
    taken: int = 0
    reached: dict[int, dict[str, float]] = field(default_factory=dict)
    ended: str = ""


class Book:
    """The sweeps of a repository.

    Args:
        store: Its store.
    """

    def __init__(self, store: Store) -> None:
        self._ledger = Ledger(store.layout.tables / "wandb" / "sweeps.jsonl")
        self._entries: dict[str, Entry] = {}

    def entries(self) -> list[Entry]:
        """Return all sweeps, the oldest first."""
        for line in self._ledger.news():
            self._read(line)
        return list(self._entries.values())

    def find(self, sweep: str) -> Entry | None:
        """Return a sweep, or None where there is none."""
        self.entries()
        return self._entries.get(sweep)

    def entry(self, sweep: str) -> Entry:
        """Return a sweep.

        Raises:
            RunNotFoundError: If there is none.
        """
        found = self.find(sweep)
        if found is None:
            raise RunNotFoundError(
                f"there is no sweep '{sweep:.80}'", hint="wandb.sweep() makes one"
            )
        return found

    def add(self, config: dict[str, Any]) -> str:
        """Keep a sweep, which was checked; return its id."""
        sweep = generate_id()
        with self._ledger.held():
            self._ledger.append([{"sweep": sweep, "config": config, "at": time.time()}])
        return sweep

    def take(self, sweep: str) -> dict[str, Any] | None:
        """Take the next choice, which no other agent gets, or None."""
        with self._ledger.held():
            entry = self.entry(sweep)
            cap = entry.config.get("run_cap")
            if entry.ended or (cap is not None and entry.taken >= cap):
                return None
            chosen = choice(entry.config, sweep, entry.taken)
            if chosen is not None:
                self._ledger.append([{"taken": sweep}])
        return chosen

    def reach(self, sweep: str, run: str, rung: int, value: float) -> list[float]:
        """Keep what a run had reached at an iteration; return what all had there."""
        with self._ledger.held():
            line = {"reached": sweep, "run": run, "rung": rung, "value": value}
            self._ledger.append([line])
            found = self.entry(sweep).reached.get(rung, {})
        return list(found.values())

    def end(self, sweep: str, why: str) -> None:
        """Let no agent take another choice."""
        with self._ledger.held():
            self._ledger.append([{"ended": sweep, "why": why}])

    def _read(self, line: dict[str, Any]) -> None:
        if isinstance(line.get("config"), dict) and isinstance(line.get("sweep"), str):
            at = line.get("at", 0.0)
            made = Entry(line["sweep"], line["config"], float(at) if type(at) is float else 0.0)
            self._entries.setdefault(made.id, made)
            return
        named = [line.get(key) for key in ("taken", "reached", "ended") if key in line]
        entry = self._entries.get(named[0]) if named and isinstance(named[0], str) else None
        if entry is None:
            return
        if "taken" in line:
            entry.taken += 1
        elif "ended" in line:
            entry.ended = str(line.get("why") or "ended")
        elif type(line.get("rung")) is int and isinstance(line.get("value"), int | float):
            entry.reached.setdefault(line["rung"], {})[str(line.get("run"))] = line["value"]

"""What a table keeps beside the runs: their numbers, what is hidden, how columns are shown.

It belongs to one clone, and is never needed: a lost one is made again from the runs, which know
the number that they were given first.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vcs_track.compat.deepboard.columns import FIRST, Column
from vcs_track.plumbing.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Register"]

_Line = dict[str, Any]


class Register:
    """The ledger of one table, and what it adds up to.

    Args:
        path: The file.

    Attributes:
        runs: Run id by number.
        seen: Ids of all runs that were looked at, also of those that have no number.
        keys: What makes a run a repetition of another, by number.
        hidden: Numbers of hidden runs.
        columns: The columns, by name.
        labels: What the run itself has no place for: by number, ``{name: [value, state]}``.
        unique: Names of the columns that tell runs apart, or None before the first start.
    """

    def __init__(self, path: Path) -> None:
        self._ledger = Ledger(path)
        self.runs: dict[int, str] = {}
        self.seen: set[str] = set()
        self.keys: dict[int, str] = {}
        self.hidden: set[int] = set()
        self.columns: dict[str, Column] = dict(FIRST)
        self.labels: dict[int, dict[str, list[Any]]] = {}
        self.unique: tuple[str, ...] | None = None
        self._last = 0
        self._takers: dict[str, Callable[[_Line], None]] = {
            "run": self._take_run, "hidden": self._take_hidden, "column": self._take_column,
            "label": self._take_label, "unique": self._take_unique,
        }  # fmt: skip

    def refresh(self) -> None:
        """Take in what this and other processes wrote."""
        for line in self._ledger.news():
            for word, take in self._takers.items():
                if word in line:
                    # A line that somebody damaged must not take the others with it.
                    try:
                        take(line)
                    except (KeyError, TypeError, ValueError):
                        continue

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from writing; what they wrote is known to the body."""
        with self._ledger.held():
            self.refresh()
            yield

    def write(self, lines: Iterable[_Line]) -> None:
        """Add *lines*; called while it is held."""
        self._ledger.append(lines)
        self.refresh()

    # ---- lines -------------------------------------------------------------------------

    @staticmethod
    def of_run(run: str, number: int | None, key: str = "") -> _Line:
        """Return the line that gives *run* a number, or none."""
        return {"run": run, "n": number, "key": key}

    @staticmethod
    def of_columns(columns: Mapping[str, Column]) -> list[_Line]:
        """Return the lines that set *columns*."""
        return [
            {"column": name, "order": c.order, "alias": c.alias, "hparam": c.is_hparam}
            for name, c in columns.items()
        ]

    @property
    def next_number(self) -> int:
        """The number of the next run; none is given twice."""
        return self._last + 1

    def _take_run(self, line: _Line) -> None:
        run, number = str(line["run"]), line["n"]
        self.seen.add(run)
        if number is not None:
            self.runs[int(number)] = run
            self.keys[int(number)] = str(line["key"])
            self.labels.pop(int(number), None)
            self._last = max(self._last, int(number))

    def _take_hidden(self, line: _Line) -> None:
        (self.hidden.add if line["hidden"] else self.hidden.discard)(int(line["n"]))

    def _take_column(self, line: _Line) -> None:
        order = line["order"]
        order = None if order is None else int(order)
        self.columns[str(line["column"])] = Column(order, str(line["alias"]), bool(line["hparam"]))

    def _take_label(self, line: _Line) -> None:
        kept = self.labels.setdefault(int(line["n"]), {})
        if line["value"] is None:
            kept.pop(str(line["label"]), None)
        else:
            kept[str(line["label"])] = [line["value"], int(line["state"])]

    def _take_unique(self, line: _Line) -> None:
        self.unique = tuple(map(str, line["unique"]))

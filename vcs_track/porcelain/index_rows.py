"""Runs into the rows of the index, and out of them."""

from __future__ import annotations

from array import array
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.cell import encode, is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vcs_track.formats.cell import Cell
    from vcs_track.plumbing.index import Index
    from vcs_track.porcelain.run_view import RunView

    Column = tuple[int, list[tuple[Any, ...]]]
    Columns = dict[str, Column]

__all__ = ["ATTRIBUTES", "STATISTICS", "Rows"]

# Columns of the table of runs, by the names that filters use.
ATTRIBUTES: Final = {
    "id": "run", "name": "name", "status": "status", "project": "project", "group": '"group"',
    "job_type": "job_type", "note": "note", "tags": "tags", "created": "created_us / 1000000.0",
    "started": "created_us / 1000000.0", "ended": "ended", "duration": "duration",
    "commit": '"commit"', "code": "code", "branch": "branch", "dirty": "dirty", "host": "host", "user": "user",
}  # fmt: skip
STATISTICS: Final = ("min", "max", "mean", "last", "first", "count")
_COLUMNS: Final = (
    "name", "status", "project", "group", "job_type", "note", "tags", "ended", "duration",
    "commit", "code", "branch", "dirty", "host", "user",
)  # fmt: skip
_RUN: Final = (
    "INSERT INTO run(k, run, created_us, pack, git, env, keys, "
    + ", ".join(f'"{name}"' for name in _COLUMNS)
    + ") VALUES(" + ", ".join("?" * (7 + len(_COLUMNS))) + ")"
)  # fmt: skip
_COUNT: Final = "UPDATE key SET n = n + ?, odd = odd + ? WHERE k = ?"
_VALUE: Final = "INSERT INTO kv VALUES(?, ?, ?)"
_STATISTICS: Final = "INSERT INTO metric VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE: Final = 300_000  # rows
_OWN: Final = frozenset(
    [float, str, type(None)]
)  # types of values that are their own cells, NaN aside


class Rows:
    """Puts runs into an index, and takes them out.

    Args:
        index: The index; the caller has begun a transaction.
        everything: Whether all runs are put into an empty index; `count` follows then.

    Attributes:
        everything: The same.
        heads: Folder, run and id of the heads of runs that were put in.
    """

    def __init__(self, index: Index, *, everything: bool = False) -> None:
        self._index = index
        self.everything = everything
        self._keys: dict[str, int] = {}
        self._facets: dict[str, int] = {}
        self._packs: dict[str, int] = {}
        self._number = 0
        self.heads: list[tuple[str, str, str]] = []
        self._runs: list[tuple[Any, ...]] = []
        # Rows that wait, by prefix and name, each name with its number.
        self._values: dict[str, Columns] = {}
        self._stats: Columns = {}
        self._waiting = 0
        self._counts: dict[int, list[int]] = {}

    def put(self, view: RunView, pack: str | None) -> None:
        """Put a run in, in place of what was there of it.

        It is there when `flush` was called.

        Args:
            view: The run, sealed.
            pack: Name of the pack that holds its manifest.

        Raises:
            VcsTrackError: If the run is damaged; nothing has changed then.
        """
        attributes, groups, statistics = view.attributes, view.groups, view.statistics
        if not self.everything:
            self.drop(view.id)
        facets = [
            self._facet("git", repr(view.manifest.git), groups.pop("git")),
            self._facet("env", view.manifest.env or "", groups.pop("env")),
        ]
        number = self._next_number()
        keys = array("q")
        for prefix, group in groups.items():
            columns = self._values.setdefault(prefix, {})
            for name, value in group.items():
                if value is None:
                    continue
                key, rows = columns.get(name) or self._column(columns, f"{prefix}.{name}", name)
                own = type(value) in _OWN and value == value
                rows.append((key, number, value if own else encode(value)))
                keys.append(key)
        for tag, found in statistics.items():
            key, rows = self._stats.get(tag) or self._column(self._stats, f"metrics.{tag}", tag)
            rows.append((key, number, *_cells(found, STATISTICS)))
            keys.append(key)
        head = (number, view.id, view.manifest.created_us, self._pack(pack), *facets)
        self._runs.append((*head, keys.tobytes(), *_cells(attributes, _COLUMNS)))
        self._waiting += len(keys)
        if self._waiting > _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what was put in."""
        index = self._index
        index.many(_RUN, self._runs)
        index.many("INSERT INTO head VALUES(?, ?, ?)", self.heads)
        values = [column for columns in self._values.values() for column in columns.values()]
        for into, columns in ((_VALUE, values), (_STATISTICS, [*self._stats.values()])):
            if not self.everything:
                self._note(columns)
            # By key: neighbours in the tables are written one after the other.
            columns.sort(key=itemgetter(0))
            index.many(into, chain.from_iterable(rows for _, rows in columns))
        index.many(_COUNT, [(*counts, key) for key, counts in self._counts.items()])
        self._runs, self.heads, self._values, self._stats, self._counts = [], [], {}, {}, {}
        self._waiting = 0

    def count(self) -> None:
        """Note of all names how often they have a value, and what kinds of values."""
        for table, cells in (("kv", ("v",)), ("metric", STATISTICS)):
            odd = " + ".join(
                f"sum(typeof({c}) = 'blob' AND {c} NOT IN (x'6230', x'6231'))"
                for c in map(_quoted, cells)
            )
            found = f"SELECT key AS k, count(*) AS n, {odd} AS odd FROM {table} GROUP BY key"
            self._index.run(
                f"UPDATE key SET n = f.n, odd = f.odd FROM ({found}) f WHERE key.k = f.k"
            )

    def drop(self, run: str) -> None:
        """Take a run out."""
        index = self._index
        found = index.one("SELECT k, keys FROM run WHERE run=?", (run,))
        if found is None:
            return
        number, packed = found
        keys = array("q")
        keys.frombytes(packed or b"")
        for table in ("kv", "metric"):
            index.many(f"DELETE FROM {table} WHERE key=? AND run=?", [(k, number) for k in keys])
        index.many("UPDATE key SET n = n - 1 WHERE k=?", [(k,) for k in keys])
        index.run("DELETE FROM run WHERE k=?", (number,))

    # ---- numbers that stand for names ---------------------------------------------------

    def _next_number(self) -> int:
        if not self._number:
            row = self._index.one("SELECT max(k) FROM run")
            self._number = row[0] or 0 if row else 0
        self._number += 1
        return self._number

    def _column(self, columns: Columns, path: str, name: str) -> Column:
        columns[name] = (self._key(path), [])
        return columns[name]

    def _key(self, name: str) -> int:
        number = self._keys.get(name)
        if number is None:
            row = self._index.one("SELECT k FROM key WHERE name=?", (name,))
            number = row[0] if row else self._index.run(
                "INSERT INTO key(name, n, odd) VALUES(?, 0, 0)", (name,)
            )  # fmt: skip
            self._keys[name] = number
        return number

    def _pack(self, name: str | None) -> int | None:
        if name is None:
            return None
        if name not in self._packs:
            row = self._index.one("SELECT k FROM pack WHERE name=?", (name,))
            self._packs[name] = row[0] if row else self._index.run(
                "INSERT INTO pack(name) VALUES(?)", (name,)
            )  # fmt: skip
        return self._packs[name]

    def _facet(self, prefix: str, known: str, values: Mapping[str, Any]) -> int | None:
        """Return the number of a set of values that many runs share.

        Args:
            prefix: What stands before the names.
            known: What tells the set from others.
            values: The set; it is put in if it is new.
        """
        if not values:
            return None
        known = f"{prefix} {known}"
        number = self._facets.get(known)
        if number is None:
            row = self._index.one("SELECT k FROM facet WHERE id=?", (known,))
            number = row[0] if row else self._new_facet(prefix, known, values)
            self._facets[known] = number
        return number

    def _new_facet(self, prefix: str, known: str, values: Mapping[str, Any]) -> int:
        number = self._index.run("INSERT INTO facet(id) VALUES(?)", (known,))
        rows = [
            (self._key(f"{prefix}.{name}"), number, encode(value))
            for name, value in values.items()
            if value is not None
        ]
        self._index.many("INSERT INTO facetv VALUES(?, ?, ?)", rows)
        self._note((key, [row]) for row in rows for key in row[:1])
        return number

    def _note(self, columns: Iterable[Column]) -> None:
        """Note how often names have a value, and what kinds of values they have."""
        for key, rows in columns:
            counts = self._counts.setdefault(key, [0, 0])
            counts[0] += len(rows)
            counts[1] += sum(not is_plain(cell) for _, _, *cells in rows for cell in cells)


def _quoted(column: str) -> str:
    return f'"{column}"'


def _cells(found: Mapping[str, Any], names: Iterable[str]) -> list[Cell]:
    # What is its own cell is most of it, and a call costs more than to see it.
    return [
        value if type(value := found[name]) in _OWN and value == value else encode(value)
        for name in names
    ]

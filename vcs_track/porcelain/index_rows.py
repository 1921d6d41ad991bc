"""Runs into the rows of the index, and out of them."""

from __future__ import annotations

from array import array
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.cell import is_plain
from vcs_track.porcelain.index_row import COLUMNS, STATISTICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vcs_track.formats.cell import Cell
    from vcs_track.plumbing.index import Index
    from vcs_track.porcelain.index_row import RunRow

__all__ = ["ATTRIBUTES", "Rows"]

# Columns of the table of runs, by the names that filters use.
ATTRIBUTES: Final = {
    "id": "run", "name": "name", "status": "status", "project": "project", "group": '"group"',
    "job_type": "job_type", "note": "note", "tags": "tags", "created": "created_us / 1000000.0",
    "started": "created_us / 1000000.0", "ended": "ended", "duration": "duration",
    "commit": '"commit"', "code": "code", "branch": "branch", "dirty": "dirty", "host": "host", "user": "user",
}  # fmt: skip
_RUN: Final = (
    "INSERT INTO run(k, run, created_us, pack, git, env, keys, "
    + ", ".join(f'"{name}"' for name in COLUMNS)
    + ") VALUES(" + ", ".join("?" * (7 + len(COLUMNS))) + ")"
)  # fmt: skip
_COUNT: Final = "UPDATE key SET n = n + ?, odd = odd + ? WHERE k = ?"
_METRICS: Final = "metrics"
_AT_ONCE: Final = 300_000  # rows


class _Shape:
    """Runs that wait, and have values of the same names.

    Args:
        keys: Numbers of the names.

    Attributes:
        keys: The same.
        packed: The same, as bytes.
        runs: Numbers of the runs.
        rows: The cells of each run.
    """

    __slots__ = ("keys", "packed", "rows", "runs")

    def __init__(self, keys: list[int]) -> None:
        self.keys = keys
        self.packed = array("q", keys).tobytes()
        self.runs: list[int] = []
        self.rows: list[tuple[Cell, ...]] = []

    def add(self, run: int, cells: tuple[Cell, ...]) -> _Shape:
        """Let a run wait."""
        self.runs.append(run)
        self.rows.append(cells)
        return self

    def columns(self, width: int) -> Iterator[tuple[int, Iterator[tuple[Any, ...]]]]:
        """Yield each key, with the number of each run and its *width* cells."""
        columns = list(zip(*self.rows, strict=True))
        for n, key in enumerate(self.keys):
            yield key, zip(self.runs, *columns[n * width : (n + 1) * width], strict=True)


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
        # By prefix and names.
        self._shapes: dict[tuple[str, ...], _Shape] = {}
        self._waiting = 0
        self._counts: dict[int, list[int]] = {}

    def put(self, row: RunRow, pack: str | None) -> None:
        """Put a run in, in place of what was there of it.

        It is there when `flush` was called.

        Args:
            row: The run.
            pack: Name of the pack that holds its manifest.
        """
        if not self.everything:
            self.drop(row.run)
        number = self._next_number()
        facets = [self._facet(*facet) for facet in (row.git, row.env)]
        shapes = [
            self._shape(prefix, group).add(number, tuple(group.values()))
            for prefix, group in row.groups.items()
        ]
        flat = tuple(chain.from_iterable(row.statistics.values()))
        shapes.append(self._shape(_METRICS, row.statistics).add(number, flat))
        keys = b"".join([shape.packed for shape in shapes])
        head = (number, row.run, row.created_us, self._pack(pack), *facets)
        self._runs.append((*head, keys, *row.attributes))
        self._waiting += len(keys) // array("q").itemsize
        if self._waiting > _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what was put in."""
        index = self._index
        index.many(_RUN, self._runs)
        index.many("INSERT INTO head VALUES(?, ?, ?)", self.heads)
        for table, width in (("kv", 1), ("metric", len(STATISTICS))):
            # By key: neighbours in the tables are written one after the other.
            for key, rows in self._columns(table, width):
                if not self.everything:
                    rows = self._noted(key, rows)
                # The key is one number for many rows.
                index.many(f"INSERT INTO {table} VALUES({key}, ?{', ?' * width})", rows)
        index.many(_COUNT, [(*counts, key) for key, counts in self._counts.items()])
        self._runs, self.heads, self._counts, self._waiting = [], [], {}, 0
        self._shapes.clear()

    def _columns(self, table: str, width: int) -> list[tuple[int, Iterator[tuple[Any, ...]]]]:
        """Return the rows that wait for a table, by the number of their key."""
        found: dict[int, list[Iterator[tuple[Any, ...]]]] = {}
        for (prefix, *_), shape in self._shapes.items():
            if (prefix == _METRICS) is (table == "metric"):
                for key, rows in shape.columns(width):
                    found.setdefault(key, []).append(rows)
        return [(key, chain.from_iterable(parts)) for key, parts in sorted(found.items())]

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

    def _shape(self, prefix: str, names: Iterable[str]) -> _Shape:
        known = (prefix, *names)
        shape = self._shapes.get(known)
        if shape is None:
            keys = [self._key(f"{prefix}.{name}") for name in names]
            shape = self._shapes[known] = _Shape(keys)
        return shape

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

    def _facet(self, known: str, cells: Mapping[str, Cell] | None) -> int | None:
        """Return the number of a set of values that many runs share.

        Args:
            known: What tells the set from others, its prefix first.
            cells: The set; None where it was put in before.
        """
        if cells is not None and not cells:
            return None
        number = self._facets.get(known)
        if number is None:
            row = self._index.one("SELECT k FROM facet WHERE id=?", (known,))
            number = row[0] if row else self._new_facet(known, cells or {})
            self._facets[known] = number
        return number

    def _new_facet(self, known: str, cells: Mapping[str, Cell]) -> int:
        prefix, _, _ = known.partition(" ")
        number = self._index.run("INSERT INTO facet(id) VALUES(?)", (known,))
        rows = [(self._key(f"{prefix}.{name}"), number, cell) for name, cell in cells.items()]
        self._index.many("INSERT INTO facetv VALUES(?, ?, ?)", rows)
        for key, *row in rows:
            self._noted(key, [tuple(row)])
        return number

    def _noted(
        self, key: int, rows: Iterable[tuple[Any, ...]]
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        """Note how often a name has a value, and what kinds of values it has."""
        rows = list(rows)
        counts = self._counts.setdefault(key, [0, 0])
        counts[0] += len(rows)
        counts[1] += sum(not is_plain(cell) for _, *cells in rows for cell in cells)
        return iter(rows)


def _quoted(column: str) -> str:
    return f'"{column}"'

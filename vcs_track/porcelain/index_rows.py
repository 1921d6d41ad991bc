"""Runs into the rows of the index, and out of them."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.cell import encode, is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vcs_track.formats.cell import Cell
    from vcs_track.plumbing.index import Index
    from vcs_track.porcelain.run_view import RunView

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
    "INSERT INTO run(run, created_us, pack, git, env, keys, "
    + ", ".join(f'"{name}"' for name in _COLUMNS)
    + ") VALUES(" + ", ".join("?" * (6 + len(_COLUMNS))) + ")"
)  # fmt: skip
_COUNT: Final = "UPDATE key SET n = n + ?, odd = odd + ? WHERE k = ?"
_AT_ONCE: Final = 200_000  # rows


class Rows:
    """Puts runs into an index, and takes them out.

    Args:
        index: The index; the caller has begun a transaction.
        everything: Whether all runs are put into an empty index; `count` follows then.

    Attributes:
        everything: The same.
    """

    def __init__(self, index: Index, *, everything: bool = False) -> None:
        self._index = index
        self.everything = everything
        self._keys: dict[str, int] = {}
        self._facets: dict[str, int] = {}
        self._packs: dict[str, int] = {}
        self._values: list[tuple[Any, ...]] = []
        self._stats: list[tuple[Any, ...]] = []
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
        values = [
            (self._key(f"{prefix}.{name}"), encode(value))
            for prefix, group in groups.items()
            for name, value in group.items()
            if value is not None
        ]
        stats = [
            (self._key(f"metrics.{tag}"), [encode(found[each]) for each in STATISTICS])
            for tag, found in statistics.items()
        ]
        keys = array("q", [key for key, _ in (*values, *stats)]).tobytes()
        cells = [encode(attributes[name]) for name in _COLUMNS]
        head = (view.id, view.manifest.created_us, self._pack(pack), *facets, keys)
        number = self._index.run(_RUN, (*head, *cells))
        self._values += [(key, number, cell) for key, cell in values]
        self._stats += [(key, number, *row) for key, row in stats]
        if not self.everything:
            for key, cell in values:
                self._note(key, 1, (cell,))
            for key, row in stats:
                self._note(key, 1, row)
        if len(self._values) > _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what was put in."""
        index = self._index
        # Sorted: neighbours in the tables are written one after the other.
        index.many("INSERT INTO kv VALUES(?, ?, ?)", sorted(self._values, key=_place))
        index.many(
            "INSERT INTO metric VALUES(?, ?, ?, ?, ?, ?, ?, ?)", sorted(self._stats, key=_place)
        )
        index.many(_COUNT, [(*counts, key) for key, counts in self._counts.items()])
        self._values, self._stats, self._counts = [], [], {}

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
        for key, _, cell in rows:
            self._note(key, 1, (cell,))
        return number

    def _note(self, key: int, n: int, cells: Iterable[Cell]) -> None:
        """Note how often a name has a value, and what kinds of values it has."""
        counts = self._counts.setdefault(key, [0, 0])
        counts[0] += n
        counts[1] += sum(not is_plain(cell) for cell in cells)


def _quoted(column: str) -> str:
    return f'"{column}"'


def _place(row: tuple[Any, ...]) -> tuple[int, int]:
    return row[0], row[1]

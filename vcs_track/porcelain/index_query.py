"""Filters and orders as SQL over the index.

What SQLite decides as the evaluator does becomes SQL; every other condition becomes a function
that asks the evaluator itself. Both know three answers, and agree on them.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.formats.cell import FALSE, decode, encode
from vcs_track.plumbing.index import UnusedOrderError
from vcs_track.porcelain.filter.evaluate import compile_condition
from vcs_track.porcelain.filter.nodes import (
    And,
    Compare,
    Constant,
    In,
    Is,
    Literal,
    Name,
    Not,
    Or,
    Truth,
    walk,
)
from vcs_track.porcelain.index_row import STATISTICS
from vcs_track.porcelain.index_rows import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.formats.cell import Cell
    from vcs_track.plumbing.index import Index
    from vcs_track.porcelain.filter import SortKey
    from vcs_track.porcelain.filter.nodes import Condition
    from vcs_track.porcelain.filter.order import SortTerm

__all__ = ["Query", "TooComplexError"]

_LARGEST: Final = 1 << 63
_MOST_NAMES: Final = 100  # arguments of a function
_SAMPLE: Final = 500  # values that tell how selective a condition is
_MOST_ITEMS: Final = 10_000
_MOST_TABLES: Final = 20  # SQLite joins 64
_MANY: Final = 10_000  # values of a name that are worth an order of their own
_GUESS: Final = 0.3  # share of the runs that match what nothing is known of
# Microseconds, roughly: to look up a value, to read one of many, to sort one.
_PROBE: Final = 0.7
_READ: Final = 0.1
_SORT: Final = 3.0
_LITTLE: Final = 5_000.0
_DOUBT: Final = 3
_NEVER: Final = "NULL"  # the value of a name that no run has
_IS: Final = {"null": "NULL", "nan": "x'6e'", "true": "x'6231'", "false": "x'6230'"}


class TooComplexError(Exception):
    """SQLite cannot ask this; the runs have to be asked one by one."""


@dataclass(slots=True)
class _Key:
    """What is known of a name: where its values are, and of which kind."""

    value: str
    odd: bool = False
    table: str = ""
    cell: str = ""
    number: int = 0
    n: int = 0


class _Asked(NamedTuple):
    """The parts of a filter.

    Attributes:
        drivers: Those that are not true without a value of a name, by that name.
        others: The others.
        shares: How many runs each driver is true of, roughly.
    """

    drivers: dict[str, list[Condition]]
    others: list[Condition]
    shares: dict[str, float]


@dataclass(slots=True)
class Query:
    """One question to the index.

    Args:
        index: The index.
    """

    index: Index
    _keys: dict[str, _Key] = field(default_factory=dict)
    _functions: int = 0

    def ids(
        self, where: Condition | None, order: SortKey | None, *, limit: int | None,
        without: Sequence[str] = (),
    ) -> list[tuple[Any, ...]]:  # fmt: skip
        """Return the runs that match, in order.

        Args:
            where: A resolved condition without dates that move.
            order: How to sort them; then, or without it, newest first.
            limit: At most this many.
            without: Ids of runs to leave out.

        Returns:
            For each the id, the pack of its manifest, its creation, and the cells of the names
            that *order* sorts by.

        Raises:
            TooComplexError: If SQLite cannot do it.
        """
        terms = order.terms if order is not None else ()
        if any(self._key(term.name.path).odd for term in terms):
            raise TooComplexError
        asked = self._asked_for(where)
        walk = self._walk(terms[0].name.path, asked, limit) if terms and limit else ""
        if walk:
            with suppress(UnusedOrderError):
                rows = self._rows(asked, terms, limit, without, walk)
                if len(rows) == limit:
                    return rows
            # Runs without a value come last: a walk over the values does not meet them.
            self._keys.clear()
        return self._rows(asked, terms, limit, without)

    def _rows(
        self, asked: _Asked, terms: Sequence[SortTerm], limit: int | None, without: Sequence[str],
        walk: str = "",
    ) -> list[tuple[Any, ...]]:  # fmt: skip
        values: list[Cell] = []
        paths = sorted(asked.drivers, key=lambda path: asked.shares[path])
        if walk:
            first = terms[0].name.path
            paths = [first, *(path for path in paths if path != first)]
        source, tests = self._plan(asked, paths, walk, values)
        keys = [self._key(term.name.path) for term in terms]
        source += "".join(self._joined(key, at) for at, key in enumerate(keys))
        if without:
            tests.append(f"r.run NOT IN ({_marks(len(without))})")
            values += without
        parts = []
        for at, (term, key) in enumerate(zip(terms, keys, strict=True)):
            if at or not walk:  # what is walked over is all of one kind
                parts.append(_rank(key.value))
            parts.append(f"{key.value}{' DESC' if term.descending else ''}")
        columns = ["r.run", "p.name", "r.created_us", *(key.value for key in keys)]
        sql = f"SELECT {', '.join(columns)} FROM {source} LEFT JOIN pack p ON p.k = r.pack"
        if tests:
            sql += f" WHERE {' AND '.join(tests)}"
        sql += f" ORDER BY {', '.join([*parts, 'r.created_us DESC', 'r.run'])}"
        if limit is not None:
            sql += " LIMIT ?"
            values.append(limit)
        return self.index.rows(sql, values)

    # ---- names -------------------------------------------------------------------------

    def _key(self, path: str) -> _Key:
        if path not in self._keys:
            self._keys[path] = self._look_up(path)
        return self._keys[path]

    def _look_up(self, path: str) -> _Key:
        column = ATTRIBUTES.get(path)
        if column is not None:
            return _Key(f"(r.{column})", odd=path == "tags")
        prefix = path.partition(".")[0]
        name, _, statistic = path.rpartition(".")
        metric = prefix == "metrics" and statistic in STATISTICS
        row = self.index.one("SELECT k, odd, n FROM key WHERE name=?", (name if metric else path,))
        if row is None:
            return _Key(_NEVER)
        number, odd, n = row
        if prefix in ("git", "env"):
            value = f"(SELECT v FROM facetv WHERE key={number} AND facet=r.{prefix})"
            return _Key(value, bool(odd))
        table, cell = ("metric", f'"{statistic}"') if metric else ("kv", "v")
        value = f"(SELECT {cell} FROM {table} WHERE key={number} AND run=r.k)"
        return _Key(value, bool(odd), table, cell, number, n)

    # ---- the plan ----------------------------------------------------------------------

    def _asked_for(self, where: Condition | None) -> _Asked:
        drivers: dict[str, list[Condition]] = {}
        others: list[Condition] = []
        for one in [] if where is None else _parts(where):
            path = self._driver(one) if len(drivers) < _MOST_TABLES else None
            (others if path is None else drivers.setdefault(path, [])).append(one)
        shares = {path: self._share(path, ones) for path, ones in drivers.items()}
        return _Asked(drivers, others, shares)

    def _walk(self, path: str, asked: _Asked, limit: int) -> str:
        """Return an order of the values of *path* to go through until enough runs match.

        That is fast where many match. Where few do, the most selective name is, and there is
        none.
        """
        key = self._key(path)
        if not key.table or key.n < _MANY:
            return ""
        total = max([key.n, *(self._key(one).n for one in asked.shares)])
        matching = _GUESS ** len(asked.others)
        for share in asked.shares.values():
            matching *= max(share, 1.0) / total
        looks = len(asked.others) + len(asked.shares.keys() - {path})
        walk = min(limit / matching, key.n) * _PROBE * (looks + 1)
        least, n = min(
            ((share, self._key(one).n) for one, share in asked.shares.items()), default=(total, 0)
        )
        whole = n * _READ + least * _PROBE * (looks + 1) + matching * total * _SORT
        # What is sorted by may go against what is asked for: only where it is far better.
        if walk * _DOUBT > whole or whole < _LITTLE:
            return ""
        return self.index.sort(key.table, key.cell, key.number)

    def _plan(
        self, asked: _Asked, paths: Sequence[str], walk: str, values: list[Cell]
    ) -> tuple[str, list[str]]:
        """Return the tables to read and the tests.

        A name that has to have a value is a table of its own: SQLite goes through the values
        of the first one and looks up those of the others.
        """
        tables, tests = [], []
        for at, path in enumerate(paths):
            key = self._key(path)
            key.value = f"d{at}.{key.cell}"
            tables.append(f"{key.table} d{at}{f' INDEXED BY {walk}' if walk and not at else ''}")
            tests += [f"d{at}.key={key.number}", *[f"d{at}.run=d0.run"] * bool(at)]
            tests += [self._test(one, values) for one in asked.drivers.get(path, ())]
        tests += [self._test(one, values) for one in asked.others]
        if not tables:
            return "run r", tests
        return f"{' CROSS JOIN '.join(tables)} CROSS JOIN run r ON r.k = d0.run", tests

    def _joined(self, key: _Key, at: int) -> str:
        """Return the table that has the values of *key*, if it is none of the plan's."""
        if not key.table or not key.value.startswith("(") or at >= _MOST_TABLES:
            return ""
        key.value = f"o{at}.{key.cell}"
        return f" LEFT JOIN {key.table} o{at} ON o{at}.key={key.number} AND o{at}.run=r.k"

    def _share(self, path: str, conditions: list[Condition]) -> float:
        """Guess how many runs match *conditions* on a name, from some of its values."""
        key = self._key(path)
        saved, key.value = key.value, f"d.{key.cell}"
        values: list[Cell] = []
        test = " AND ".join(self._test(one, values) for one in conditions)
        key.value = saved
        sql = f"SELECT * FROM {key.table} d WHERE d.key={key.number} LIMIT {_SAMPLE}"
        row = self.index.one(f"SELECT avg(coalesce({test}, 0)) FROM ({sql}) d", values)
        return key.n * (row[0] or 0.0) if row else 0.0

    def _driver(self, node: Condition) -> str | None:
        """Return the name whose values decide *node*, if a missing one makes it untrue."""
        subject = _subject(node)
        if not isinstance(subject, Name) or not self._is_native(node):
            return None
        return subject.path if self._key(subject.path).table else None

    # ---- conditions --------------------------------------------------------------------

    def _test(self, node: Condition, values: list[Cell]) -> str:
        match node:
            case And(items):
                return f"({' AND '.join(self._test(item, values) for item in items)})"
            case Or(items):
                return f"({' OR '.join(self._test(item, values) for item in items)})"
            case Not(item):
                return f"(NOT {self._test(item, values)})"
            case Constant(value):
                return "1" if value else "0"
            case _:
                return self._leaf(node, values)

    def _leaf(self, node: Condition, values: list[Cell]) -> str:
        if not self._is_native(node):
            return self._asked(node)
        match node:
            case Compare(op, Name() as name, Literal(literal)):
                return self._compare(op, self._key(name.path), literal, values)
            case In(Name() as name, items):
                values += [encode(item.value) for item in items if isinstance(item, Literal)]
                return f"({self._key(name.path).value} IN ({_marks(len(items))}))"
            case Is(Name() as name, test):
                return f"({self._key(name.path).value} IS {_IS[test]})"
            case Truth(name):
                value = self._key(name.path).value
                none = f"{value} IN (x'{FALSE.hex()}', 0, '')"
                return f"(CASE WHEN {value} IS NULL THEN NULL WHEN {none} THEN 0 ELSE 1 END)"
            case _:
                raise AssertionError(node)

    def _is_native(self, node: Condition) -> bool:
        """Return whether SQLite answers *node* as the evaluator does."""
        match node:
            case Compare(op, Name() as name, Literal(literal)):
                simple = op in ("=", "!=") or not isinstance(literal, bool)
                return simple and _is_simple(literal) and not self._key(name.path).odd
            case In(Name() as name, items):
                return (
                    0 < len(items) <= _MOST_ITEMS
                    and all(isinstance(i, Literal) and _is_simple(i.value) for i in items)
                    and not self._key(name.path).odd
                )
            case Is(Name() as name, "null"):
                return True
            case Is(Name() as name, _) | Truth(name):
                return not self._key(name.path).odd
            case _:
                return False

    def _compare(self, op: str, key: _Key, literal: Any, values: list[Cell]) -> str:
        value = key.value
        if op in ("=", "!="):
            values.append(encode(literal))
            equal = f"({value} = ?)"
            return equal if op == "=" else f"(NOT {equal})"
        values.append(literal)
        # Numbers come before texts, and texts before bytes: a limit keeps to its own kind.
        if isinstance(literal, str):
            return f"({value} {op} ? AND {value} {'>= ' + repr('') if op[0] == '<' else '< x' + repr('')})"
        return f"({value} {op} ?)" if op[0] == "<" else f"({value} {op} ? AND {value} <= 9e999)"

    def _asked(self, node: Condition) -> str:
        """Make a function of *node*, which SQLite calls for each run."""
        names = list(dict.fromkeys(n.path for n, _ in walk(node) if isinstance(n, Name)))
        if len(names) > _MOST_NAMES:
            raise TooComplexError
        test = compile_condition(node)
        known: dict[tuple[Cell, ...], int | None] = {}

        def ask(*cells: Cell) -> int | None:
            if cells not in known:
                answer = test(dict(zip(names, map(decode, cells), strict=True)))
                if len(known) > _MOST_ITEMS:
                    known.clear()
                known[cells] = None if answer is None else int(answer)
            return known[cells]

        self._functions += 1
        name = f"ask{self._functions}"
        self.index.function(name, len(names), ask)
        return f"{name}({', '.join(self._key(path).value for path in names)})"


def _parts(node: Condition) -> list[Condition]:
    if not isinstance(node, And):
        return [node]
    return [part for item in node.items for part in _parts(item)]


def _subject(node: Condition) -> object:
    if isinstance(node, Truth):
        return node.name
    return node.left if isinstance(node, Compare) else node.value if isinstance(node, In) else None


def _is_simple(value: object) -> bool:
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return -_LARGEST <= value < _LARGEST
    if isinstance(value, float):
        return not math.isnan(value)
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _rank(value: str) -> str:
    # Truth values, numbers, texts, then what is missing, in both directions.
    kinds = "WHEN 'blob' THEN 0 WHEN 'null' THEN 3 WHEN 'text' THEN 2 ELSE 1"
    return f"CASE typeof({value}) {kinds} END"

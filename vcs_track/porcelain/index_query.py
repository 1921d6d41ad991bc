"""Filters and orders as SQL over the index.

What SQLite decides as the evaluator does becomes SQL; every other condition becomes a function
that asks the evaluator itself. Both know three answers, and agree on them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.cell import FALSE, decode, encode
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
from vcs_track.porcelain.index_rows import ATTRIBUTES, STATISTICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.formats.cell import Cell
    from vcs_track.plumbing.index import Index
    from vcs_track.porcelain.filter import SortKey
    from vcs_track.porcelain.filter.nodes import Condition

__all__ = ["Query", "TooComplexError"]

_LARGEST: Final = 1 << 63
_MOST_NAMES: Final = 100  # arguments of a function
_SAMPLE: Final = 500  # values that tell how selective a condition is
_MOST_ITEMS: Final = 10_000
_NEVER: Final = "NULL"  # the value of a name that no run has
_IS: Final = {"null": "NULL", "nan": "x'6e'", "true": "x'6231'", "false": "x'6230'"}


class TooComplexError(Exception):
    """SQLite cannot ask this; the runs have to be asked one by one."""


@dataclass(slots=True)
class _Key:
    """What is known of a name: where its values are, and of which kind."""

    value: str
    odd: bool = False
    drive: str = ""
    number: int = 0
    n: int = 0


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
        keys = [self._key(term.name.path) for term in terms]
        if any(key.odd for key in keys):
            raise TooComplexError
        values: list[Cell] = []
        source, test = self._plan(where, values)
        sql = ["SELECT r.run, p.name, r.created_us"]
        sql += [f", {key.value}" for key in keys]
        sql.append(f" FROM {source} LEFT JOIN pack p ON p.k = r.pack")
        if test:
            sql.append(f" WHERE {test}")
        if without:
            sql.append(f" {'AND' if test else 'WHERE'} r.run NOT IN ({_marks(len(without))})")
            values += without
        parts = []
        for at, term in enumerate(terms, 4):
            way = " DESC" if term.descending else ""
            parts += [f"{_rank(at)}", f"{at}{way}"]
        parts += ["3 DESC", "1"]
        wanted = ", ".join(parts)
        if terms:
            columns = ", ".join(f"c{n}" for n in range(1, 4 + len(terms)))
            ordered = ", ".join(_named(part) for part in parts)
            sql = [
                f"WITH found({columns}) AS ({''.join(sql)}) SELECT * FROM found ORDER BY {ordered}"
            ]
        else:
            sql.append(f" ORDER BY {wanted}")
        if limit is not None:
            sql.append(" LIMIT ?")
            values.append(limit)
        return self.index.rows("".join(sql), values)

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
        return _Key(value, bool(odd), f"{table} d", number, n)

    # ---- the plan ----------------------------------------------------------------------

    def _plan(self, where: Condition | None, values: list[Cell]) -> tuple[str, str]:
        """Return what to read and what to test, the most selective name first."""
        if where is None:
            return "run r", ""
        conditions = list(where.items) if isinstance(where, And) else [where]
        drivers = {
            place: key for place, one in enumerate(conditions) if (key := self._driver(one))
        }
        if not drivers:
            return "run r", self._test(where, values)
        first = min(drivers, key=lambda place: self._share(conditions[place], drivers[place]))
        key = drivers[first]
        tests = [f"d.key={key.number}", self._driven(conditions.pop(first), key, values)]
        tests += [self._test(one, values) for one in conditions]
        return f"{key.drive} CROSS JOIN run r ON r.k = d.run", " AND ".join(tests)

    def _driven(self, node: Condition, key: _Key, values: list[Cell]) -> str:
        """Return the test of *node* on the rows that hold the values of *key*."""
        saved, key.value = key.value, f"d.{_cell_of(key)}"
        try:
            return self._test(node, values)
        finally:
            key.value = saved

    def _share(self, node: Condition, key: _Key) -> float:
        """Guess how many runs match *node*, from some of the values."""
        values: list[Cell] = []
        test = self._driven(node, key, values)
        sql = f"SELECT * FROM {key.drive} WHERE d.key={key.number} LIMIT {_SAMPLE}"
        row = self.index.one(f"SELECT avg(coalesce({test}, 0)) FROM ({sql}) d", values)
        return key.n * (row[0] or 0.0) if row else 0.0

    def _driver(self, node: Condition) -> _Key | None:
        """Return the name whose values decide *node*, if a missing one makes it untrue."""
        if not isinstance(node, Compare | In) or not isinstance(_subject(node), Name):
            return None
        subject = _subject(node)
        assert isinstance(subject, Name)
        if not self._is_native(node):
            return None
        key = self._key(subject.path)
        return key if key.drive else None

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


def _subject(node: Condition) -> object:
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


def _cell_of(key: _Key) -> str:
    return key.value.removeprefix("(SELECT ").partition(" ")[0]


def _marks(count: int) -> str:
    return ", ".join("?" * count)


def _named(part: str) -> str:
    at, _, way = part.partition(" ")
    return f"c{at} {way}" if at.isdigit() else part


def _rank(at: int) -> str:
    # Truth values, numbers, texts, then what is missing, in both directions.
    return (
        f"CASE typeof(c{at}) WHEN 'blob' THEN 0 WHEN 'null' THEN 3 WHEN 'text' THEN 2 ELSE 1 END"
    )

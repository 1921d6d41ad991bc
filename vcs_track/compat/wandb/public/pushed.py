"""Mongo queries as conditions for the index.

A condition here is true of every run that the query matches. It is *exact* where it is true of
no other one; otherwise the runs that it leaves have to be asked themselves.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from vcs_track.compat.wandb.keys import printable
from vcs_track.compat.wandb.names import native_id
from vcs_track.compat.wandb.public.fields import ATTRIBUTES, CREATED, IDS, SUMMARY
from vcs_track.compat.wandb.public.said import moment
from vcs_track.porcelain.filter.nodes import (
    And,
    Compare,
    CompareOp,
    Condition,
    Constant,
    In,
    Is,
    Literal,
    Match,
    Name,
    Not,
    Or,
)
from vcs_track.porcelain.filter.order import SortKey, SortTerm

__all__ = ["Push", "Pushed"]

_PLAIN_PATTERN: Final = re.compile(r"\^?[A-Za-z0-9_/: -]{1,150}")
_ORDERS: Final[dict[str, CompareOp]] = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}
_MOST_IDS: Final = 50
_LAST: Final = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


class Pushed(NamedTuple):
    """What the index can be asked for.

    Attributes:
        condition: What it is asked.
        exact: Whether that is the whole query.
    """

    condition: Condition
    exact: bool


_ANY: Final = Pushed(Constant(True), False)
_NONE: Final = Pushed(Constant(False), True)


class Push:
    """Makes conditions of queries, which were checked.

    Args:
        known: The names that runs have values of.

    Example:
        >>> from vcs_track.compat.wandb.public.pushed import Push
        >>> from vcs_track.porcelain.filter import to_text
        >>> push = Push({"hparams.lr"})
        >>> pushed = push.query({"config.lr": {"$lt": 0.1}, "state": "finished"})
        >>> to_text(pushed.condition), pushed.exact
        ("hparams.lr < 0.1 and status = 'finished'", True)
        >>> push.query({"sweep": "abc"}).exact
        False
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = known

    def query(self, query: Mapping[str, Any], *, whole: bool = False) -> Pushed:
        """Return the condition for a query.

        Args:
            query: The query.
            whole: Whether the condition must be false where it is not true, and not unknown.
        """
        return _joined(And, [self._entry(key, value, whole) for key, value in query.items()])

    def _entry(self, key: str, value: Any, whole: bool) -> Pushed:
        if key in ("$and", "$or"):
            return _joined(
                And if key == "$and" else Or, [self.query(one, whole=whole) for one in value]
            )
        if key == "$nor":
            return _not(_joined(Or, [self.query(one, whole=True) for one in value]))
        if key in CREATED:
            return self._fits(value, whole, _created)
        if key in IDS:
            return self._fits(value, whole, _identified)
        name = self.name(key)
        if name is None:
            return _ANY
        return self._fits(value, whole, lambda op, wanted: _leaf(name, op, wanted))

    def _fits(self, wanted: Any, whole: bool, leaf: Callable[[str, Any], Pushed]) -> Pushed:
        if not (isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted)):
            return _holds("$eq", wanted, whole, leaf)
        found = []
        for op, value in wanted.items():
            if op == "$not":
                found.append(_not(self._fits(value, True, leaf)))
            else:
                found.append(_holds(str(op), value, whole, leaf))
        return _joined(And, found)

    # ---- names -------------------------------------------------------------------------

    def name(self, field: str) -> Name | None:
        """Return what the index calls a field, or None if it has none."""
        if field in ATTRIBUTES:
            return Name((ATTRIBUTES[field],))
        head, _, rest = field.partition(".")
        if not rest or rest[0] == "_":
            return None
        if head == "config":
            if rest.endswith(".value") and f"hparams.{rest}" not in self._known:
                rest = rest.removesuffix(".value")
            return self._value("hparams", rest)
        if head in SUMMARY and printable(rest) == rest and not self._is_inside(rest):
            return self._value("summary", rest)
        return None

    def _value(self, prefix: str, rest: str) -> Name | None:
        path = f"{prefix}.{rest}"
        # A dictionary of values, or two values under one name.
        below = (f"{path}.", f"{path}~2")
        if any(one.startswith(below) for one in self._known):
            return None
        return Name((prefix, rest))

    def _is_inside(self, rest: str) -> bool:
        """Return whether a name may be a part of the value of another."""
        parts = rest.split(".")
        return any(
            f"summary.{'.'.join(parts[:n])}" in self._known for n in range(1, len(parts))
        )  # fmt: skip

    def order(self, order: str) -> SortKey | None:
        """Return the order as the index sorts, or None where it cannot.

        Args:
            order: Fields with ``+`` or ``-`` before them, with commas between.
        """
        terms = []
        for part in (one.strip() for one in order.split(",")):
            field = part.lstrip("+-")
            name = Name(("created",)) if field in CREATED else self.name(field)
            if name is None:
                return None
            terms.append(SortTerm(name, part.startswith("-")))
        return SortKey(order, tuple(terms))


# ---- conditions ------------------------------------------------------------------------


def _joined(kind: type[And | Or], parts: Iterable[Pushed]) -> Pushed:
    found = list(parts)
    conditions = tuple(one.condition for one in found)
    exact = all(one.exact for one in found)
    if not conditions:
        return Pushed(Constant(kind is And), exact)
    return Pushed(conditions[0] if len(conditions) == 1 else kind(conditions), exact)


def _not(pushed: Pushed) -> Pushed:
    # Of what is true of too many the opposite would be true of too few.
    return Pushed(Not(pushed.condition), True) if pushed.exact else _ANY


def _holds(op: str, value: Any, whole: bool, leaf: Callable[[str, Any], Pushed]) -> Pushed:
    if op == "$ne":
        return _not(_whole(leaf("$eq", value)))
    if op == "$nin":
        return _not(_whole(_among(value, leaf)))
    found = _among(value, leaf) if op == "$in" else leaf(op, value)
    return _whole(found) if whole else found


def _among(values: Iterable[Any], leaf: Callable[[str, Any], Pushed]) -> Pushed:
    items = list(values)
    if items and all(type(one) in (bool, int, float, str) and one == one for one in items):
        return leaf("$in", items)
    return _joined(Or, [leaf("$eq", one) for one in items])


def _whole(pushed: Pushed) -> Pushed:
    """Return a condition that is false, and not unknown, where a value is missing."""
    condition = pushed.condition
    if not isinstance(condition, Compare | In):
        return pushed
    name = condition.left if isinstance(condition, Compare) else condition.value
    there = (Not(Is(name, "null")), Not(Is(name, "nan")))
    return Pushed(And((condition, *there)), pushed.exact)


def _leaf(name: Name, op: str, wanted: Any) -> Pushed:
    if op == "$exists":
        missing = Is(name, "null")
        return Pushed(Not(missing) if wanted else missing, True)
    if op == "$regex":
        plain = isinstance(wanted, str) and _PLAIN_PATTERN.fullmatch(wanted)
        return Pushed(Match("regex", name, wanted), False) if plain else _ANY
    if op == "$in":
        return Pushed(In(name, tuple(map(Literal, wanted))), True)
    if isinstance(wanted, float) and math.isnan(wanted):
        return _NONE
    if op == "$eq":
        simple = isinstance(wanted, bool | int | float | str)
        return Pushed(Compare("=", name, Literal(wanted)), True) if simple else _ANY
    if isinstance(wanted, bool) or not isinstance(wanted, int | float | str):
        return _NONE
    return Pushed(Compare(_ORDERS[op], name, Literal(wanted)), True)


def _created(op: str, wanted: Any) -> Pushed:
    """Return the condition for the beginning of a run, which wandb compares as a text."""
    if op == "$exists":
        return Pushed(Constant(bool(wanted)), True)
    if op == "$in":
        return _joined(Or, [_created("$eq", one) for one in wanted])
    if op == "$regex" or not isinstance(wanted, str | int | float | bool):
        return _ANY
    if not isinstance(wanted, str):
        return _NONE
    name = Name(("created",))
    reached = Literal(float(_first(lambda text: text >= wanted)))
    passed = Literal(float(_first(lambda text: text > wanted)))
    if op == "$eq":
        return Pushed(And((Compare(">=", name, reached), Compare("<", name, passed))), True)
    limit = passed if op in ("$gt", "$lte") else reached
    return Pushed(Compare(">=" if op in ("$gt", "$gte") else "<", name, limit), True)


def _identified(op: str, wanted: Any) -> Pushed:
    """Return a condition for ids: the store may have a run under a longer one."""
    ids = wanted if op == "$in" else [wanted] if op == "$eq" else []
    if not ids or len(ids) > _MOST_IDS or not all(isinstance(one, str) for one in ids):
        return _ANY
    name = Name(("id",))
    natives = [native_id(one) for one in ids]
    found: list[Condition] = [In(name, tuple(map(Literal, [*ids, *natives])))]
    found += [Match("glob", name, f"{native}--*") for native in natives]
    return Pushed(Or(tuple(found)), False)


def _first(fits: Callable[[str], bool]) -> int:
    """Return the first second whose text fits; later ones do too."""
    low, high = 0, _LAST + 1
    while low < high:
        middle = (low + high) // 2
        if fits(moment(middle)):
            high = middle
        else:
            low = middle + 1
    return low

"""Mongo queries over runs, with the rules that wandb's server has for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from vcs_track.compat.wandb.errors import BadValueError

__all__ = ["check", "matches", "nested_value"]

_MISSING: Final = object()
_DEEP: Final = 40
_JOINS: Final = ("$and", "$or", "$nor")
_LISTS: Final = (list, tuple, set, frozenset)
_LONGEST: Final = 1000  # characters of a pattern, and of a text that it is looked for in


def nested_value(found: Any, name: str) -> Any:
    """Return what *found* has under a dotted name, or None.

    A key with a dot in it comes before a nested one.
    """
    value = _at(found, name)
    return None if value is _MISSING else value


def _at(found: Any, name: str) -> Any:
    if not isinstance(found, Mapping):
        return _MISSING
    if name in found:
        return found[name]
    at = name.find(".")
    while at >= 0:
        if name[:at] in found:
            below = _at(found[name[:at]], name[at + 1 :])
            if below is not _MISSING:
                return below
        at = name.find(".", at + 1)
    return _MISSING


def check(query: Any, depth: int = 0) -> None:
    """Refuse a query that cannot be asked, whatever the runs are.

    Args:
        query: Fields and operators.
        depth: How many operators are around it.

    Raises:
        BadValueError: If an operator is unknown, or has the wrong kind of value.
    """
    if not isinstance(query, Mapping) or depth > _DEEP:
        matches(query, lambda _: None, depth)
        return
    for key, value in query.items():
        if key in _JOINS and isinstance(value, list | tuple):
            for one in value:
                check(one, depth + 1)
        else:
            _entry(key, value, lambda _: None, depth)
            _check_operators(value, depth)


def _check_operators(wanted: Any, depth: int) -> None:
    if isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted):
        for op, value in wanted.items():
            _holds(None, str(op), value, depth)
            if op == "$not":
                _check_operators(value, depth + 1)


def matches(query: Any, field: Callable[[str], Any], depth: int = 0) -> bool:
    """Return whether a run is what *query* asks for.

    Args:
        query: Fields and operators.
        field: Returns the value of a field, None where there is none.
        depth: How many operators are around it.

    Raises:
        BadValueError: If an operator is unknown, or has the wrong kind of value.

    Example:
        >>> from vcs_track.compat.wandb.public.query import matches
        >>> run = {"state": "finished", "tags": ["a", "b"], "config.lr": 0.1}
        >>> matches({"tags": "a", "config.lr": {"$lt": 0.5}}, run.get)
        True
        >>> matches({"$or": [{"state": "failed"}, {"tags": {"$in": ["c"]}}]}, run.get)
        False
    """
    if not isinstance(query, Mapping):
        raise BadValueError(f"a filter is a dictionary, not {query!r:.40}")
    if depth > _DEEP:
        raise BadValueError(f"a filter is nested deeper than {_DEEP} levels")
    return all(_entry(key, value, field, depth) for key, value in query.items())


def _entry(key: Any, value: Any, field: Callable[[str], Any], depth: int) -> bool:
    if key in _JOINS:
        if not isinstance(value, list | tuple):
            raise BadValueError(f"'{key}' takes a list of filters, not {value!r:.40}")
        found = [matches(one, field, depth + 1) for one in value]
        return all(found) if key == "$and" else any(found) is (key == "$or")
    if not isinstance(key, str) or key.startswith("$"):
        raise _unknown(key)
    return _fits(field(key), value, depth)


def _fits(there: Any, wanted: Any, depth: int) -> bool:
    if isinstance(wanted, Mapping) and any(str(key).startswith("$") for key in wanted):
        if depth > _DEEP:
            raise BadValueError(f"a filter is nested deeper than {_DEEP} levels")
        return all(_holds(there, str(op), value, depth) for op, value in wanted.items())
    return _equal(there, wanted)


def _holds(there: Any, op: str, value: Any, depth: int) -> bool:
    if op == "$not":
        return not _fits(there, value, depth + 1)
    if op not in _OPERATORS:
        raise _unknown(op)
    return _OPERATORS[op](there, value)


def _unknown(op: Any) -> BadValueError:
    return BadValueError(
        f"there is no operator {op!r:.40}",
        hint="use $and, $or, $nor, $not, " + ", ".join(_OPERATORS),
    )


def _equal(there: Any, wanted: Any) -> bool:
    """Return whether a value is the wanted one; a list is what each of its items is, too."""
    if isinstance(there, _LISTS) and not isinstance(wanted, _LISTS):
        return any(_equal(one, wanted) for one in there)
    if isinstance(there, bool) is not isinstance(wanted, bool):
        return False
    return bool(there == wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(there: Any, wanted: Any) -> bool:
        pair = (there, wanted)
        numbers = all(isinstance(one, int | float) and type(one) is not bool for one in pair)
        texts = isinstance(there, str) and isinstance(wanted, str)
        return (numbers or texts) and compare(there, wanted)

    return holds


def _among(there: Any, wanted: Any) -> bool:
    if not isinstance(wanted, list | tuple | set | frozenset):
        raise BadValueError(f"'$in' and '$nin' take a list, not {wanted!r:.40}")
    return any(_equal(there, one) for one in wanted)


def _like(there: Any, wanted: Any) -> bool:
    pattern = getattr(wanted, "pattern", wanted)
    if not isinstance(pattern, str) or len(pattern) > _LONGEST:
        raise BadValueError(f"'$regex' takes a pattern, not {wanted!r:.40}")
    try:
        found = re.compile(pattern, getattr(wanted, "flags", 0))
    except re.error as error:
        raise BadValueError(f"'$regex' cannot use {pattern!r:.40}: {error}") from None
    texts = there if isinstance(there, _LISTS) else [there]
    return any(isinstance(one, str) and found.search(one[:_LONGEST]) for one in texts)


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "$eq": _equal,
    "$ne": lambda there, wanted: not _equal(there, wanted),
    "$gt": _ordered(lambda one, other: bool(one > other)),
    "$gte": _ordered(lambda one, other: bool(one >= other)),
    "$lt": _ordered(lambda one, other: bool(one < other)),
    "$lte": _ordered(lambda one, other: bool(one <= other)),
    "$in": _among,
    "$nin": lambda there, wanted: not _among(there, wanted),
    "$exists": lambda there, wanted: (there is not None) is bool(wanted),
    "$regex": _like,
}

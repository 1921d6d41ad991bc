"""Filters as dictionaries of Mongo operators, as wandb's public API takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter.expression import Filter, parse
from vcs_track.porcelain.filter.nodes import (
    And,
    Compare,
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
from vcs_track.porcelain.filter.parser import MAX_DEPTH
from vcs_track.porcelain.filter.printer import to_text

if TYPE_CHECKING:
    from vcs_track.porcelain.filter.nodes import CompareOp

__all__ = ["from_mongo"]

_COMPARISONS: dict[str, CompareOp] = {
    "$eq": "=",
    "$ne": "!=",
    "$gt": ">",
    "$gte": ">=",
    "$lt": "<",
    "$lte": "<=",
}
_JOINS = ("$and", "$or", "$nor")


def from_mongo(query: Mapping[str, object]) -> Filter:
    """Return the filter that a dictionary of Mongo operators says.

    Operators: ``$and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $exists $regex``.
    Missing values follow our rule, not Mongo's: ``$ne`` does not match them.

    Raises:
        ExpressionError: If an operator is unknown, or the whole too long or too deep.
        InvalidTypeError: If *query* or the value of an operator has the wrong type.

    Example:
        >>> from vcs_track.porcelain.filter import from_mongo
        >>> from_mongo({"config.lr": {"$gt": 0.01}, "$or": [{"tags": "a"}, {"tags": "b"}]}).text
        "config.lr > 0.01 and (tags = 'a' or tags = 'b')"
    """
    return parse(to_text(_query(query, 1)))


def _query(query: object, depth: int) -> Condition:
    if not isinstance(query, Mapping):
        raise _wrong("query", "a dictionary", query)
    if depth > MAX_DEPTH:
        raise ExpressionError(
            f"query is nested more than {MAX_DEPTH} levels deep", text="", position=0
        )
    items = [_entry(key, value, depth) for key, value in query.items()]
    return _joined(And, items, empty=True)


def _entry(key: object, value: object, depth: int) -> Condition:
    if not isinstance(key, str) or not key:
        raise _wrong("key", "a name", key)
    if key in _JOINS:
        items = [_query(one, depth + 1) for one in _list(key, value)]
        joined = _joined(And if key == "$and" else Or, items, empty=key == "$and")
        return Not(joined) if key == "$nor" else joined
    if key.startswith("$"):
        raise _unknown(key)
    return _field(_name(key), value, depth)


def _field(name: Name, value: object, depth: int) -> Condition:
    if not isinstance(value, Mapping):
        return _compare("=", name, value)
    if depth > MAX_DEPTH:
        raise ExpressionError(
            f"query is nested more than {MAX_DEPTH} levels deep", text="", position=0
        )
    if "$options" in value:
        value = _with_options(value)
    items = [_operator(name, key, one, depth) for key, one in value.items()]
    return _joined(And, items, empty=True)


def _operator(name: Name, key: object, value: object, depth: int) -> Condition:
    if key in _COMPARISONS:
        return _compare(_COMPARISONS[key], name, value)
    make = _OPERATORS.get(cast("str", key))
    if make is not None:
        return make(name, value)
    if key == "$not":
        if not isinstance(value, Mapping):
            raise _wrong("$not", "a dictionary", value)
        return Not(_field(name, value, depth + 1))
    raise _unknown(key)


def _compare(op: CompareOp, name: Name, value: object) -> Condition:
    if value is not None:
        return Compare(op, name, _literal(value))
    if op not in ("=", "!="):
        raise ExpressionError("null has no order", text=name.path, position=0)
    return Is(name, "null") if op == "=" else Not(Is(name, "null"))


def _in(name: Name, value: object) -> Condition:
    given = _list("$in", value)
    listed = In(name, tuple(_literal(one) for one in given if one is not None))
    return Or((listed, Is(name, "null"))) if None in given else listed


def _exists(name: Name, value: object) -> Condition:
    missing = Is(name, "null")
    return Not(missing) if value else missing


def _regex(name: Name, value: object) -> Condition:
    if not isinstance(value, str):
        raise _wrong("$regex", "a text", value)
    return Match("regex", name, value)


_OPERATORS: dict[str, Callable[[Name, object], Condition]] = {
    "$in": _in,
    "$nin": lambda name, value: Not(_in(name, value)),
    "$exists": _exists,
    "$regex": _regex,
}


def _with_options(value: Mapping[object, object]) -> dict[object, object]:
    """Return *value* with its ``$options`` moved into the pattern."""
    rest = {key: one for key, one in value.items() if key != "$options"}
    options, pattern = value["$options"], value.get("$regex")
    if options not in ("", "i", "s", "is", "si") or not isinstance(pattern, str):
        raise _wrong("$options", "'i' or 's' beside a $regex", options)
    if options:
        rest["$regex"] = f"(?{options}){pattern}"
    return rest


def _joined(kind: type[And | Or], items: Sequence[Condition], *, empty: bool) -> Condition:
    if len(items) == 1:
        return items[0]
    return kind(tuple(items)) if items else Constant(empty)


def _name(key: str) -> Name:
    pieces = tuple(key.split("."))
    return Name(pieces if all(pieces) else (key,))


def _literal(value: object) -> Literal:
    if not isinstance(value, bool | int | float | str):
        raise _wrong("value", "a number, a text or a truth value", value)
    return Literal(value)


def _list(key: str, value: object) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _wrong(key, "a list", value)
    return value


def _unknown(key: object) -> ExpressionError:
    return ExpressionError(
        f"unknown operator '{key}'",
        text=str(key),
        position=0,
        hint="known are " + " ".join((*_JOINS, "$not", *_COMPARISONS, *_OPERATORS)),
    )


def _wrong(what: str, expected: str, value: object) -> InvalidTypeError:
    return InvalidTypeError(f"'{what}' is a {type(value).__name__}, expected {expected}")

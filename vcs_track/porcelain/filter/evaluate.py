"""Ask one run: a resolved syntax tree becomes functions of a row.

Three answers, as in SQL: true, false, and unknown (None). A comparison with a missing
value or with NaN is unknown; ``not`` leaves unknown as it is; only true matches.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, cast

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain.filter.nodes import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Contains,
    In,
    Is,
    Literal,
    Match,
    Moment,
    Name,
    Negative,
    Not,
    Or,
    Truth,
)
from vcs_track.porcelain.filter.patterns import matcher

if TYPE_CHECKING:
    from vcs_track.porcelain.filter.nodes import CompareOp, Condition, IsTest, Value

__all__ = [
    "Answer",
    "Row",
    "Test",
    "compile_condition",
    "compile_value",
    "fetch",
    "is_list",
    "is_number",
]


class Row(Protocol):
    """What is known of one run; a ``dict`` of canonical names is one."""

    def get(self, name: str, /) -> object:
        """Return the value of a canonical name; None or KeyError if there is none."""


Answer = bool | None
Test = Callable[[Row], Answer]
_Getter = Callable[[Row], object]

_ORDERS: dict[CompareOp, Callable[[Any, Any], object]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUMS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
}


def compile_condition(node: Condition) -> Test:
    """Return a function that tells whether *node* is true for a row."""
    match node:
        case And(items):
            return _all([compile_condition(item) for item in items])
        case Or(items):
            return _any([compile_condition(item) for item in items])
        case Not(item):
            return _not(compile_condition(item))
        case Constant(value):
            return lambda _: value
        case Truth(name):
            get = compile_value(name)
            return lambda row: _truth(get(row))
        case _:
            return _test(node)


def _test(node: Compare | In | Contains | Match | Is) -> Test:
    match node:
        case Compare(op, left, right):
            return _compare(op, compile_value(left), compile_value(right))
        case In(value, items):
            texts = [item.value for item in items if isinstance(item, Literal)]
            if len(texts) == len(items) and all(isinstance(text, str) for text in texts):
                return _in_texts(compile_value(value), frozenset(texts))  # there may be thousands
            return _in(compile_value(value), [compile_value(item) for item in items])
        case Contains(container, item):
            get, part = compile_value(container), compile_value(item)
            return lambda row: _holds(get(row), part(row))
        case Match(kind, value, pattern):
            text, fits = compile_value(value), matcher(kind, pattern)
            return lambda row: _fits(text(row), fits)
        case Is(value, test):
            tested = compile_value(value)
            return lambda row: _is(tested(row), test)


# The three answers


def _all(tests: list[Test]) -> Test:
    def run(row: Row) -> Answer:
        answer: Answer = True
        for test in tests:
            one = test(row)
            if one is False:
                return False
            if one is None:
                answer = None
        return answer

    return run


def _any(tests: list[Test]) -> Test:
    def run(row: Row) -> Answer:
        answer: Answer = False
        for test in tests:
            one = test(row)
            if one:
                return True
            if one is None:
                answer = None
        return answer

    return run


def _not(test: Test) -> Test:
    def run(row: Row) -> Answer:
        one = test(row)
        return None if one is None else not one

    return run


# Values


def fetch(row: Row, path: str) -> object:
    """Return the value of a canonical name, None when there is none."""
    try:
        return row.get(path)
    except KeyError:
        return None


def compile_value(node: Value) -> _Getter:
    """Return a function that gives the value of *node* for a row, or None."""
    match node:
        case Name():
            path = node.path
            return lambda row: fetch(row, path)
        case Literal(value):
            return lambda _: value
        case Moment(text):
            raise InvalidValueError(f"date '{text}' needs the current time")
        case Negative(below):
            get = compile_value(below)
            return lambda row: _calculated(operator.sub, 0, get(row))
        case Arithmetic(op, left, right):
            first, second, sum_ = compile_value(left), compile_value(right), _SUMS[op]
            return lambda row: _calculated(sum_, first(row), second(row))


def _calculated(sum_: Callable[[float, float], float], left: object, right: object) -> object:
    if not is_number(left) or not is_number(right):
        return None
    try:
        return sum_(left, right)
    except (ArithmeticError, ValueError):
        return None


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether *value* is an int or a float; a bool is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_list(value: object) -> bool:
    """Return whether *value* is a list of values rather than one."""
    return isinstance(value, list | tuple | set | frozenset)


def _is_void(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _same_type(left: object, right: object) -> bool:
    if is_number(left):
        return is_number(right)
    return any(isinstance(left, t) and isinstance(right, t) for t in (bool, str))


# Tests


def _equal(left: object, right: object) -> Answer:
    if _is_void(left) or _is_void(right):
        return None
    if is_list(left) and is_list(right):
        return list(cast("list[object]", left)) == list(cast("list[object]", right))
    if is_list(left):
        return any(_equal(item, right) is True for item in cast("list[object]", left))
    if is_list(right):
        return _equal(right, left)
    return _same_type(left, right) and left == right


def _compare(op: CompareOp, left: _Getter, right: _Getter) -> Test:
    if op == "=":
        return lambda row: _equal(left(row), right(row))
    if op == "!=":
        return _not(lambda row: _equal(left(row), right(row)))
    order = _ORDERS[op]
    return lambda row: _ordered(order, left(row), right(row))


def _ordered(order: Callable[[Any, Any], object], left: object, right: object) -> Answer:
    if _is_void(left) or _is_void(right):
        return None
    if isinstance(left, bool) or not _same_type(left, right):
        return False
    return bool(order(left, right))


def _in(value: _Getter, items: list[_Getter]) -> Test:
    def run(row: Row) -> Answer:
        found = value(row)
        if _is_void(found):
            return None
        answer: Answer = False
        for item in items:
            one = _equal(found, item(row))
            if one:
                return True
            if one is None:
                answer = None
        return answer

    return run


def _in_texts(value: _Getter, texts: frozenset[object]) -> Test:
    def run(row: Row) -> Answer:
        found = value(row)
        if _is_void(found):
            return None
        if is_list(found):
            return any(
                isinstance(one, str) and one in texts for one in cast("list[object]", found)
            )
        return isinstance(found, str) and found in texts

    return run


def _holds(container: object, item: object) -> Answer:
    if _is_void(container) or _is_void(item):
        return None
    if isinstance(container, str):
        return isinstance(item, str) and item in container
    return is_list(container) and _equal(container, item)


def _fits(value: object, fits: Callable[[str], bool]) -> Answer:
    if _is_void(value):
        return None
    if is_list(value):
        return any(isinstance(one, str) and fits(one) for one in cast("list[object]", value))
    return isinstance(value, str) and fits(value)


def _truth(value: object) -> Answer:
    return None if _is_void(value) else bool(value)


def _is(value: object, test: IsTest) -> bool:
    if test == "null":
        return value is None
    if test == "nan":
        return isinstance(value, float) and math.isnan(value)
    return value is (test == "true")

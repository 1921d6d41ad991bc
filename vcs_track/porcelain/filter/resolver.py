"""Make spellings canonical names, bare words texts and dates numbers.

What could never match for any run is an error here: a text compared with a number, a
date that is none. Everything that is left means the same to the evaluator and to SQL.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Literal as Choice, NoReturn

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter.dates import is_relative, span
from vcs_track.porcelain.filter.expression import Filter
from vcs_track.porcelain.filter.moments import in_span
from vcs_track.porcelain.filter.names import Kind, NameBook, kind_of_name
from vcs_track.porcelain.filter.nodes import (
    And,
    Arithmetic,
    Compare,
    Condition,
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
    Value,
    position_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import tzinfo

    from vcs_track.porcelain.filter.nodes import CompareOp

__all__ = ["resolve"]

_TURNED: dict[CompareOp, CompareOp] = {
    "=": "=",
    "!=": "!=",
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
}
_TYPES: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.LIST: (str,),
    Kind.NUMBER: (int, float),
    Kind.TIME: (int, float, str),
    Kind.TRUTH: (bool,),
    Kind.ANY: (bool, int, float, str),
}
_HINTS = {
    Kind.TEXT: "put the value in quotes",
    Kind.LIST: "put the value in quotes",
    Kind.NUMBER: "write the number without quotes",
    Kind.TIME: "write a date as '2026-01-31' or '3 days ago'",
    Kind.TRUTH: "write true or false without quotes",
}


def resolve(
    filter: Filter,  # noqa: A002 - the word that callers use
    known: Collection[str],
    *,
    zone: tzinfo = UTC,
) -> Filter:
    """Return *filter* with canonical names only, ready to be asked.

    A name that is not among *known* is an error, unless *known* holds no name that
    begins with ``hparams.``, ``summary.``, ``metrics.`` or ``results.``: without runs
    any name is taken, and no run has it.

    Args:
        filter: What ``parse`` returned.
        known: The canonical names that exist over all runs.
        zone: Where the days of dates begin. Default: UTC.

    Raises:
        ExpressionError: If a name is unknown or ambiguous, a date is none, or a
            comparison could not be true for any run.
        InvalidTypeError: If an argument has the wrong type.

    Example:
        >>> from vcs_track.porcelain.filter import parse, resolve
        >>> found = resolve(parse("lr < 0.1 and model = cnn"), {"hparams.lr", "hparams.model"})
        >>> [name.path for name in found.names()]
        ['hparams.lr', 'hparams.model']
        >>> found.matches({"hparams.lr": 0.01, "hparams.model": "cnn"})
        True
    """
    if not isinstance(filter, Filter):
        raise InvalidTypeError(
            f"filter is a {type(filter).__name__}, expected a Filter",
            hint="make one with parse or from_mongo",
        )
    if filter.resolved:
        return filter
    resolver = _Resolver(filter.text, NameBook(known, filter.text), zone)
    return Filter(filter.text, resolver.condition(filter.tree), resolved=True)


@dataclass(frozen=True, slots=True)
class _Resolver:
    text: str
    names: NameBook
    zone: tzinfo

    def condition(self, node: Condition) -> Condition:
        match node:
            case And(items):
                return And(tuple(self.condition(item) for item in items))
            case Or(items):
                return Or(tuple(self.condition(item) for item in items))
            case Not(item):
                return Not(self.condition(item))
            case Truth(name):
                return Truth(self.names.resolve(name))
            case Is(value, test):
                return Is(self._value(value), test)
            case Constant():
                return node
            case _:
                return self._test(node)

    def _test(self, node: Compare | In | Contains | Match) -> Condition:
        match node:
            case Compare():
                return self._compare(node)
            case In():
                return self._in(node)
            case Contains():
                return self._contains(node)
            case Match(kind, value, pattern):
                subject = self._value(value)
                self._holds_text(subject, node)
                return Match(kind, subject, pattern)

    # Values

    def _value(self, node: Value) -> Value:
        match node:
            case Name():
                return self.names.resolve(node)
            case Literal() | Moment():
                return node
            case Negative(value):
                return Negative(self._number(value))
            case Arithmetic(op, left, right):
                return Arithmetic(op, self._number(left), self._number(right))

    def _number(self, node: Value) -> Value:
        value = self._value(node)
        if _kind(value) not in (Kind.NUMBER, Kind.TIME, Kind.ANY):
            self._fail("arithmetic needs numbers", node, "put texts and dates outside")
        return value

    def _word(self, node: Value) -> Value:
        """Resolve *node*, a bare word that is no name being a text."""
        if not isinstance(node, Name):
            return self._value(node)
        return self.names.find(node) or Literal(node.path, node.position)

    def _fail(self, message: str, node: Value, hint: str) -> NoReturn:
        raise ExpressionError(message, text=self.text, position=position_of(node), hint=hint)

    # Comparisons

    def _compare(self, node: Compare) -> Condition:
        if isinstance(node.left, Literal) and not isinstance(node.right, Literal):
            node = Compare(_TURNED[node.op], node.right, node.left)
        left, right = self._value(node.left), self._word(node.right)
        if not isinstance(right, Literal) or isinstance(left, Literal):
            return Compare(node.op, left, right)
        if isinstance(node.right, Name):
            self._check_word(left, right, node.right)
        if isinstance(right.value, str) and _kind(left) is Kind.TIME:
            return self._dated(node.op, left, right)
        self._check_type(left, right)
        return self._compare_literal(node.op, left, right)

    def _compare_literal(self, op: CompareOp, left: Value, right: Literal) -> Condition:
        if op not in ("=", "!="):
            self._check_order(left, right)
            return Compare(op, left, right)
        same = (right, *_twins(left, right))
        if len(same) == 1:
            return Compare(op, left, _folded(left, right))
        return In(left, same) if op == "=" else Not(In(left, same))

    def _in(self, node: In) -> Condition:
        value = self._value(node.value)
        items = [self._word(item) for item in node.items]
        if isinstance(value, Literal):
            return In(value, tuple(items))
        if _kind(value) is Kind.TIME and items:
            tests = tuple(self._compare(Compare("=", node.value, item)) for item in node.items)
            return Or(tests) if len(tests) > 1 else tests[0]
        found: list[Value] = []
        for item in items:
            if not isinstance(item, Literal):
                found.append(item)
                continue
            self._check_type(value, item)
            found += [_folded(value, item), *_twins(value, item)]
        return In(value, tuple(found))

    def _contains(self, node: Contains) -> Condition:
        container, item = self._value(node.container), self._word(node.item)
        self._holds_text(container, node)
        if isinstance(item, Literal) and _kind(container) is not Kind.ANY:
            self._check_type(container, item)
        return Contains(container, item)

    def _holds_text(self, value: Value, node: Contains | Match) -> None:
        kind = _kind(value)
        if kind not in (Kind.TEXT, Kind.LIST, Kind.ANY):
            below = node.container if isinstance(node, Contains) else node.value
            self._fail(f"{_subject(value)} is {_article(kind)}, not a text", below, "compare it")

    # What could never match

    def _check_word(self, left: Value, right: Literal, word: Name) -> None:
        """A word beside a number was meant as a name."""
        kind = _kind(left)
        if kind is Kind.TIME and span(str(right.value)) is not None:
            return
        if kind in (Kind.NUMBER, Kind.TIME, Kind.TRUTH):
            raise self.names.unknown(word)

    def _check_type(self, left: Value, right: Literal) -> None:
        kind = _kind(left)
        if type(right.value) not in _TYPES[kind]:
            self._fail(
                f"{_subject(left)} is {_article(kind)}, compared with {_shown(right)}",
                right,
                _HINTS.get(kind, ""),
            )

    def _check_order(self, left: Value, right: Literal) -> None:
        if isinstance(right.value, bool):
            self._fail(f"{_shown(right)} has no order", right, "use '=' or '!='")
        if isinstance(right.value, str) and _kind(left) is Kind.LIST:
            self._fail("a list has no order", right, "use '=', 'in' or 'contains'")
        if isinstance(right.value, str) and _kind(left) is Kind.ANY and _figure(right.value):
            self._fail(
                f"'{right.value}' in quotes is a text and has no order among numbers",
                right,
                "write the number without quotes",
            )

    def _dated(self, op: CompareOp, left: Value, date: Literal) -> Condition:
        text = str(date.value)
        if is_relative(text):
            return Compare(op, left, Moment(text, self.zone))
        limits = span(text, zone=self.zone)
        if limits is None:
            self._fail(f"{_shown(date)} is not a date", date, _HINTS[Kind.TIME])
        return in_span(op, left, limits)


def _kind(value: Value) -> Kind:
    match value:
        case Name():
            return kind_of_name(value)
        case Literal(bool()):
            return Kind.TRUTH
        case Literal(str()):
            return Kind.TEXT
        case _:
            return Kind.NUMBER


def _twins(left: Value, right: Literal) -> tuple[Literal, ...]:
    """Return what else a quoted value stands for: MLflow writes '0.1' for 0.1."""
    if not isinstance(right.value, str) or _kind(left) is not Kind.ANY:
        return ()
    word = right.value.strip().lower()
    if word in ("true", "false"):
        return (Literal(word == "true", right.position),)
    number = _figure(right.value)
    return tuple(Literal(one, right.position) for one in number)


def _figure(text: str) -> tuple[int | float, ...]:
    """Return the number that *text* spells, or nothing."""
    if len(text) > 100 or not text.isascii():
        return ()
    for read in (int, float):
        try:
            number: int | float = read(text)
        except ValueError:
            continue
        return () if math.isnan(number) else (number,)
    return ()


def _folded(left: Value, right: Literal) -> Literal:
    # MLflow writes a status in capitals; ours are always small.
    if isinstance(left, Name) and left.path == "status" and isinstance(right.value, str):
        return Literal(right.value.lower(), right.position)
    return right


def _subject(value: Value) -> str:
    return f"'{value.path}'" if isinstance(value, Name) else "this"


def _article(kind: Kind) -> str:
    return kind.value if kind is Kind.TRUTH else f"a {kind.value}"


def _shown(literal: Literal) -> str:
    kind: Choice["text", "number", "truth value"] = "number"
    if isinstance(literal.value, str):
        kind = "text"
    elif isinstance(literal.value, bool):
        kind = "truth value"
    return f"the {kind} '{str(literal.value)[:40]}'"

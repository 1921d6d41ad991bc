"""What is demanded of a run: a filter that may name the values of another run, its base.

::

    summary.val_acc >= base - 0.5%      base        the same name of the base
    summary.loss < base.results.loss    base.NAME   another name of it
    summary.val_acc >= base * 99%       99%         a share; behind + and - one of the base
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import ExpressionError
from vcs_track.porcelain.filter import Filter, resolve
from vcs_track.porcelain.filter.evaluate import (
    compile_condition,
    compile_value,
    fetch,
    is_list,
    is_number,
)
from vcs_track.porcelain.filter.names import NameBook
from vcs_track.porcelain.filter.nodes import (
    And,
    Arithmetic,
    Compare,
    Contains,
    In,
    Is,
    Literal,
    Match,
    Name,
    Negative,
    Not,
    Or,
    Percent,
    Truth,
    position_of,
    walk,
)
from vcs_track.porcelain.filter.parser import parse_tree
from vcs_track.porcelain.interest import better_way

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vcs_track.porcelain.filter.nodes import Condition as Tree, Node, Value
    from vcs_track.porcelain.interest import Better

__all__ = ["Answer", "Condition", "ask", "understand"]

_WORD: Final = "base"
# Names that nobody can type, so that values of the base stand in one row with those of the run.
# The resolver knows them by their prefix as values of any kind.
_OF_BASE: Final = ("results", "\0base")
_SIZE: Final = ("results", "\0size")
_GLUED: Final = re.compile(rf"\b{_WORD}[-/][0-9][0-9.]*")
_HIGHER: Final = frozenset({">", ">="})
_LOWER: Final = frozenset({"<", "<="})


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, names resolved.

    Attributes:
        text: As it was written.
        filter: What is asked of the values of both runs.
        name: Full name of the first value of the run, None where it names none.
        base: Full name of the first value of the base, None where it needs no base.
        better: Which way that value is good; None where nobody knows.
    """

    text: str
    filter: Filter
    name: str | None
    base: str | None
    better: Better | None


class Answer(NamedTuple):
    """Whether a condition holds.

    Attributes:
        holds: Whether it does, for certain.
        why: Why that cannot be told, or nothing.
        value: The run's value.
        base: The base's value.
        limit: What the run's value is compared with, where that is one number.
    """

    holds: bool
    why: str
    value: Any = None
    base: Any = None
    limit: Any = None


# ---- understanding ---------------------------------------------------------------------


def understand(text: str, known: Collection[str]) -> Condition:
    """Return the condition that *text* says.

    Args:
        text: A filter, in which ``base``, ``base.NAME`` and percentages may stand.
        known: The full names that exist over all runs.

    Raises:
        ExpressionError: If it is not in the language, or names what no run has.

    Example:
        >>> from vcs_track.porcelain.condition import ask, understand
        >>> found = understand("acc >= base - 10%", {"summary.acc"})
        >>> found.base, found.better
        ('summary.acc', 'higher')
        >>> ask(found, {"summary.acc": 0.8}, {"summary.acc": 0.9}).holds
        False
        >>> ask(found, {"summary.acc": 0.82}, {"summary.acc": 0.9}).holds
        True
    """
    try:
        tree = parse_tree(text, percents=True)
    except ExpressionError as error:
        if glued := _GLUED.search(text):
            raise _blanks(text, glued[0], glued.start()) from error
        raise
    book = NameBook(known, text)
    reader = _Reader(text, book)
    tree = reader.condition(tree)
    unseen = {".".join((*prefix, path)) for path in reader.of_base for prefix in (_OF_BASE, _SIZE)}
    chosen = resolve(Filter(text, tree), {*known, *unseen})
    own = [name.path for name in chosen.names() if not _is_unseen(name)]
    base = next(iter(reader.of_base), None)
    return Condition(text, chosen, own[0] if own else None, base, _better(chosen, base))


def _better(chosen: Filter, base: str | None) -> Better | None:
    """Return which way *base* is good: by its name, else by the first comparison with it."""
    if base is None:
        return None
    by_name = better_way(base)
    if by_name is not None:
        return by_name
    for node, _ in walk(chosen.tree):
        if isinstance(node, Compare):
            left, right = (_rises(side) for side in (node.left, node.right))
            if left != right and node.op in _HIGHER | _LOWER:
                return "higher" if (node.op in _HIGHER) is right else "lower"
    return None


def _rises(node: Value) -> bool:
    """Tell whether *node* is the base, or a little more or less than it."""
    match node:
        case Name():
            return node.pieces[:2] == _OF_BASE
        case Arithmetic("+" | "*", left, right):
            return _rises(left) or _rises(right)
        case Arithmetic("-" | "/", left, _):
            return _rises(left)
        case _:
            return False


def _has_base(node: Node) -> bool:
    return any(isinstance(each, Name) and _is_unseen(each) for each, _ in walk(node))


def _is_unseen(name: Name) -> bool:
    return name.pieces[:2] in (_OF_BASE, _SIZE)


class _Reader:
    """Puts values of the base in place of the words for them."""

    def __init__(self, text: str, book: NameBook) -> None:
        self._text = text
        self._book = book
        self.of_base: dict[str, None] = {}

    def condition(self, node: Tree) -> Tree:
        match node:
            case And(items):
                return And(tuple(self.condition(item) for item in items))
            case Or(items):
                return Or(tuple(self.condition(item) for item in items))
            case Not(item):
                return Not(self.condition(item))
            case _:
                return self._test(node)

    def _test(self, node: Tree) -> Tree:
        match node:
            case Truth(name) if _is_base(name):
                return Truth(self._of_base(name, None))
            case Compare(op, left, right):
                self._check_blanks(node)
                same = self._others(node)
                return Compare(op, self._value(left, same), self._value(right, same))
            case In(value, items):
                return In(self._value(value), tuple(self._value(item) for item in items))
            case Contains(container, item):
                return Contains(self._value(container), self._value(item))
            case Match(kind, value, pattern):
                return Match(kind, self._value(value), pattern)
            case Is(value, test):
                return Is(self._value(value), test)
            case _:
                return node

    def _others(self, node: Compare) -> list[Name]:
        """Return the names in a comparison that are not of the base."""
        return [each for each, _ in walk(node) if isinstance(each, Name) and not _is_base(each)]

    def _value(self, node: Value, same: list[Name] | None = None) -> Value:
        match node:
            case Name() if _is_base(node):
                return self._of_base(node, same)
            case Percent():
                raise self._mistake(
                    "a percentage of nothing", node,
                    "write it behind the base, as 'base - 0.5%' or 'base * 99%'",
                )  # fmt: skip
            case Negative(value):
                return Negative(self._value(value, same))
            case Arithmetic("+" | "-" as op, left, Percent(share)):
                return self._changed(op, left, share, same)
            case Arithmetic("*" | "/" as op, left, right):
                return Arithmetic(op, self._factor(left, same), self._factor(right, same))
            case Arithmetic(op, left, right):
                return Arithmetic(op, self._value(left, same), self._value(right, same))
            case _:
                return node

    def _factor(self, node: Value, same: list[Name] | None) -> Value:
        if isinstance(node, Percent):
            return Literal(node.value, node.position)
        return self._value(node, same)

    def _changed(self, op: Any, left: Value, share: Any, same: list[Name] | None) -> Value:
        """Return the base and a share of its size: -100 less 1 % is -101."""
        if not (isinstance(left, Name) and _is_base(left)):
            raise self._mistake(
                "a percentage is one of the base", left, "write it as 'base - 0.5%'"
            )
        value = self._of_base(left, same)
        size = Name((*_SIZE, *value.pieces[2:]), False, left.position)
        return Arithmetic(op, value, Arithmetic("*", Literal(share, left.position), size))

    def _of_base(self, node: Name, same: list[Name] | None) -> Name:
        if len(node.pieces) > 1:
            meant = Name(node.pieces[1:], node.bare, node.position)
        else:
            paths = {self._book.resolve(name).path: name for name in same or ()}
            if len(paths) != 1:
                said = " or ".join(f"'base.{path}'" for path in paths)
                raise self._mistake(
                    "it is not said which value of the base is meant", node,
                    f"write {said or 'base.NAME'}",
                )  # fmt: skip
            (meant,) = paths.values()
        path = self._book.resolve(meant).path
        self.of_base[path] = None
        return Name((*_OF_BASE, path), False, node.position)

    def _check_blanks(self, node: Compare) -> None:
        # 'base-0.5' is one word to the lexer, as 'batch-size' is, and a word may be a text.
        for name in self._others(node):
            if node.op in _HIGHER | _LOWER and name.bare and _GLUED.match(name.path):
                raise _blanks(self._text, name.path, name.position)

    def _mistake(self, message: str, node: Node, hint: str) -> ExpressionError:
        return ExpressionError(message, text=self._text, position=position_of(node), hint=hint)


def _blanks(text: str, word: str, position: int) -> ExpressionError:
    return ExpressionError(
        f"unknown name '{word}'", text=text, position=position,
        hint="put blanks around '-' and '/' to calculate: 'base - 0.5%'",
    )  # fmt: skip


def _is_base(name: Name) -> bool:
    return name.pieces[0] == _WORD


# ---- asking ----------------------------------------------------------------------------


def ask(
    condition: Condition, run: Mapping[str, Any], base: Mapping[str, Any] | None = None,
    now: float = 0.0,
) -> Answer:  # fmt: skip
    """Return whether a condition holds for a run; what is unknown does not.

    Args:
        condition: The condition.
        run: Values of the run, by full names.
        base: Values of its base; None where there is none.
        now: The current time [s since 1970 UTC], for dates such as ``3 days ago``.
    """
    row: dict[str, Any] = dict(run)
    for name, value in (base or {}).items():
        row[".".join((*_OF_BASE, name))] = value
        if is_number(value):
            row[".".join((*_SIZE, name))] = abs(value)
    tree = condition.filter.at(now).tree
    answer = compile_condition(tree)(row)
    why = _mixed(tree, row)
    if answer is None:
        why = _missing(condition, row)
    return Answer(
        answer is True and not why, why,
        None if condition.name is None else fetch(row, condition.name),
        None if condition.base is None else (base or {}).get(condition.base),
        _limit(tree, row),
    )  # fmt: skip


def _missing(condition: Condition, row: Mapping[str, Any]) -> str:
    """Return which value is not there, or is not a number."""
    for name in condition.filter.names():
        value = fetch(row, name.path)
        whose = "base" if _is_unseen(name) else "run"
        told = ".".join(name.pieces[2:]) if _is_unseen(name) else name.path
        if value is None:
            return f"the {whose} has no '{told}'"
        if isinstance(value, float) and math.isnan(value):
            return f"'{told}' of the {whose} is NaN"
    return "it cannot be calculated"


def _mixed(tree: Tree, row: Mapping[str, Any]) -> str:
    """Return what has no order among the values that are ordered, or nothing.

    To a filter such a comparison is false, and the opposite of it would hold.
    """
    for node, _ in walk(tree):
        if isinstance(node, Compare) and node.op in _HIGHER | _LOWER:
            kinds = {_kind(compile_value(side)(row)) for side in (node.left, node.right)} - {""}
            if len(kinds) > 1 or kinds & {"a list", "true or false"}:
                return f"{' and '.join(sorted(kinds))} cannot be ordered"
    return ""


def _kind(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true or false"
    if is_number(value):
        return "a number"
    return "a list" if is_list(value) else "a text"


def _limit(tree: Tree, row: Mapping[str, Any]) -> Any:
    """Return what a plain comparison compares with, None for any other condition."""
    if not isinstance(tree, Compare) or tree.op in ("=", "!="):
        return None
    sides = [node for node in (tree.left, tree.right) if _has_base(node)] or [tree.right]
    if len(sides) > 1 or (isinstance(sides[0], Name) and not _is_unseen(sides[0])):
        return None
    return compile_value(sides[0])(row)

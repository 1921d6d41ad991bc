"""The syntax tree of a filter: frozen nodes, small enough to become SQL.

Two families. A *value* is a ``Name``, a ``Literal``, a ``Moment``, a ``Negative``
or an ``Arithmetic``; a *condition* is any other node and is true, false or unknown. The
parser writes the longer forms in terms of the shorter ones, so that whoever walks the
tree meets few kinds: ``0 < lr < 1`` and ``between`` are an ``And`` of two ``Compare``,
``not in`` is a ``Not`` of an ``In``, ``x = null`` is an ``Is``. After ``resolve`` every
name is canonical and no bare word is left; of dates only those that move with the clock
are, on the right of a ``Compare``, until ``Filter.at`` makes numbers of them too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal as Choice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

__all__ = [
    "CONDITIONS",
    "And",
    "Arithmetic",
    "ArithmeticOp",
    "Compare",
    "CompareOp",
    "Condition",
    "Constant",
    "Contains",
    "In",
    "Is",
    "IsTest",
    "Literal",
    "Match",
    "MatchKind",
    "Moment",
    "Name",
    "Negative",
    "Node",
    "Not",
    "Or",
    "Percent",
    "Truth",
    "Value",
    "children",
    "position_of",
    "walk",
]

ArithmeticOp = Choice["+", "-", "*", "/", "%"]
CompareOp = Choice["=", "!=", "<", "<=", ">", ">="]
IsTest = Choice["null", "nan", "true", "false"]
MatchKind = Choice["like", "ilike", "glob", "regex"]


@dataclass(frozen=True, slots=True)
class Name:
    """What a run is asked for.

    Attributes:
        pieces: What stood between the dots; a quoted piece may hold any sign.
        bare: No piece was quoted, so that the whole may turn out to be a text.
        position: Where it begins in the text, from 0.

    Example:
        >>> from vcs_track.porcelain.filter import parse
        >>> parse('summary["val/acc"] > 0.9').names()[0].path
        'summary.val/acc'
    """

    pieces: tuple[str, ...]
    bare: bool = True
    position: int = field(default=0, compare=False, repr=False)

    @property
    def path(self) -> str:
        """The pieces joined with dots: the canonical name, once resolved."""
        return ".".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text or a truth value; ``None`` only while parsing."""

    value: bool | int | float | str | None
    position: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Percent(Literal):
    """A number of hundredths; its value is the share, 0.005 for ``0.5%``."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date that moves with the clock, such as ``3 days ago``.

    Attributes:
        text: As it was written.
        zone: Where its days begin.
    """

    text: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Negative:
    """A value with its sign turned."""

    value: Value


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers and an operator."""

    op: ArithmeticOp
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Constant:
    """A condition that is the same for every run."""

    value: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """A name that stands alone as a condition."""

    name: Name


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values of one type, by equality or by order."""

    op: CompareOp
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class In:
    """A value that equals one of several."""

    value: Value
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A list that has an item, or a text that has a part."""

    container: Value
    item: Value


@dataclass(frozen=True, slots=True)
class Match:
    """A text that fits a pattern."""

    kind: MatchKind
    value: Value
    pattern: str


@dataclass(frozen=True, slots=True)
class Is:
    """A test that is never unknown: missing, NaN, true or false."""

    value: Value
    test: IsTest


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; the opposite of unknown is unknown."""

    item: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more conditions."""

    items: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more conditions."""

    items: tuple[Condition, ...]


Value = Name | Literal | Moment | Negative | Arithmetic
Condition = Constant | Truth | Compare | In | Contains | Match | Is | Not | And | Or
Node = Value | Condition

CONDITIONS = (Constant, Truth, Compare, In, Contains, Match, Is, Not, And, Or)


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below *node*, from left to right."""
    match node:
        case And(items) | Or(items):
            return items
        case Not(below) | Truth(below) | Negative(below) | Is(below) | Match(_, below):
            return (below,)
        case Compare(_, left, right) | Arithmetic(_, left, right) | Contains(left, right):
            return (left, right)
        case In(value, members):
            return (value, *members)
        case _:
            return ()


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Yield every node with its depth, the root first, at depth 1.

    Without recursion, so that it can be asked about a tree of any depth.
    """
    stack: list[tuple[Node, int]] = [(node, 1)]
    while stack:
        current, depth = stack.pop()
        yield current, depth
        stack.extend((child, depth + 1) for child in reversed(children(current)))


def position_of(node: Node) -> int:
    """Return where the leftmost name or literal of *node* begins."""
    found = [n.position for n, _ in walk(node) if isinstance(n, Name | Literal)]
    return min(found, default=0)

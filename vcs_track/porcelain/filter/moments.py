"""Put the current time into a tree: dates that move become numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.porcelain.filter.dates import span
from vcs_track.porcelain.filter.nodes import And, Compare, Literal, Moment, Not, Or, walk

if TYPE_CHECKING:
    from vcs_track.porcelain.filter.nodes import CompareOp, Condition, Value

__all__ = ["bind_moments", "has_moments", "in_span"]


def has_moments(tree: Condition) -> bool:
    """Return whether *tree* means something else tomorrow."""
    return any(isinstance(node, Moment) for node, _ in walk(tree))


def bind_moments(tree: Condition, now: float) -> Condition:
    """Return *tree* with moving dates as they are at *now* [s since 1970 UTC].

    Example:
        >>> from vcs_track.porcelain.filter import parse, resolve, to_text
        >>> from vcs_track.porcelain.filter.moments import bind_moments
        >>> to_text(bind_moments(resolve(parse("ended < '1 hour ago'"), ()).tree, 10_000.0))
        'ended < 6400.0'
    """
    match tree:
        case And(items):
            return And(tuple(bind_moments(item, now) for item in items))
        case Or(items):
            return Or(tuple(bind_moments(item, now) for item in items))
        case Not(item):
            return Not(bind_moments(item, now))
        case Compare(op, left, Moment(text, zone)):
            # The resolver makes a moment of nothing but a date.
            return in_span(op, left, span(text, now=now, zone=zone) or (now, now))
        case _:
            return tree


def in_span(op: CompareOp, left: Value, limits: tuple[float, float]) -> Condition:
    """Return the comparison with a date that lasts from one moment to another.

    A day is before, around or after a moment; each operator asks for one or two of these.
    """
    start, end = Literal(limits[0]), Literal(limits[1])
    if limits[0] == limits[1]:
        return Compare(op, left, start)
    match op:
        case "=":
            return And((Compare(">=", left, start), Compare("<", left, end)))
        case "!=":
            return Or((Compare("<", left, start), Compare(">=", left, end)))
        case "<" | ">=":
            return Compare(op, left, start)
        case "<=":
            return Compare("<", left, end)
        case ">":
            return Compare(">=", left, end)

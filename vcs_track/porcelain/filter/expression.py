"""A filter: its text, its syntax tree, and whether a run matches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain.filter.evaluate import compile_condition
from vcs_track.porcelain.filter.moments import bind_moments, has_moments
from vcs_track.porcelain.filter.nodes import Condition, Name, walk
from vcs_track.porcelain.filter.parser import parse_tree

if TYPE_CHECKING:
    from vcs_track.porcelain.filter.evaluate import Row, Test

__all__ = ["Filter", "parse"]


@dataclass(frozen=True, slots=True)
class Filter:
    """A question with the answer yes or no for every run.

    Attributes:
        text: As it was written; errors point into it.
        tree: The syntax tree, see ``nodes``.
        resolved: Names are canonical, words are texts: it can be asked.

    Example:
        >>> from vcs_track.porcelain.filter import parse, resolve
        >>> question = resolve(parse("acc > 0.9"), {"summary.acc"})
        >>> question.matches({"summary.acc": 0.95}), question.matches({})
        (True, False)
    """

    text: str
    tree: Condition
    resolved: bool = False
    _test: Test | None = field(default=None, init=False, compare=False, repr=False)
    _moved: tuple[float, Filter] | None = field(
        default=None, init=False, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        if self.resolved and not has_moments(self.tree):
            object.__setattr__(self, "_test", compile_condition(self.tree))

    def names(self) -> tuple[Name, ...]:
        """Return the names that are asked for, each once, from left to right."""
        return tuple(dict.fromkeys(n for n, _ in walk(self.tree) if isinstance(n, Name)))

    def matches(self, row: Row, *, now: float | None = None) -> bool:
        """Return whether the condition is true for *row*, not false or unknown.

        Args:
            row: What is known of one run, by canonical names.
            now: The current time [s since 1970 UTC], for dates such as ``3 days ago``.

        Raises:
            InvalidValueError: If the filter is not resolved, or needs *now*.
        """
        if self._test is not None:
            return self._test(row) is True
        if not self.resolved:
            raise InvalidValueError(
                f"filter '{self.text}' is not resolved", hint="call resolve with the known names"
            )
        if now is None:
            raise InvalidValueError(
                f"filter '{self.text}' depends on the current time", hint="pass now="
            )
        return self.at(now).matches(row)

    def at(self, now: float) -> Filter:
        """Return the filter with the dates that move as they are at *now*.

        Example:
            >>> from vcs_track.porcelain.filter import parse, resolve
            >>> recent = resolve(parse("created > '1 hour ago'"), ())
            >>> recent.at(10_000.0).matches({"created": 7_000.0})
            True
        """
        if not self.resolved or self._test is not None:
            return self
        if self._moved is None or self._moved[0] != now:
            moved = Filter(self.text, bind_moments(self.tree, now), resolved=True)
            # Remembered, as all runs of one query are asked at the same moment.
            object.__setattr__(self, "_moved", (now, moved))
            return moved
        return self._moved[1]


def parse(text: str) -> Filter:
    """Return the filter that *text* says, not yet resolved.

    Args:
        text: In the language of the reference page "Filters", at most 10,000 characters
            and 100 levels deep.

    Raises:
        ExpressionError: If *text* is not in the language; ``position`` says where.
        InvalidTypeError: If *text* is not a text.

    Example:
        >>> from vcs_track.errors import ExpressionError
        >>> from vcs_track.porcelain.filter import parse
        >>> parse("lr < 0.1 and not dirty").names()[1].path
        'dirty'
        >>> try:
        ...     parse("lr < ")
        ... except ExpressionError as error:
        ...     print(error, "at", error.position)
        expected a name or a value, the filter ends at 5
    """
    return Filter(text, parse_tree(text))

"""Sort runs: which names, in which direction."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter.evaluate import fetch, is_list, is_number
from vcs_track.porcelain.filter.lexer import Token, tokenize
from vcs_track.porcelain.filter.names import NameBook
from vcs_track.porcelain.filter.nodes import Name

if TYPE_CHECKING:
    from vcs_track.porcelain.filter.evaluate import Row

__all__ = ["SortKey", "SortTerm", "order_by"]

_TRUTH, _NUMBER, _TEXT, _LIST, _OTHER, _NAN, _MISSING = range(7)


@dataclass(frozen=True, slots=True)
class SortTerm:
    """One name and its direction."""

    name: Name
    descending: bool


@dataclass(frozen=True, slots=True)
class SortKey:
    """An order over runs, for ``sorted(rows, key=order.key)``.

    Attributes:
        text: As it was written.
        terms: The first decides, the next breaks ties.

    Example:
        >>> from vcs_track.porcelain.filter import order_by
        >>> order = order_by("-summary.acc, created", {"summary.acc"})
        >>> rows = [{"summary.acc": 0.1}, {}, {"summary.acc": 0.9}]
        >>> sorted(rows, key=order.key)
        [{'summary.acc': 0.9}, {'summary.acc': 0.1}, {}]
    """

    text: str
    terms: tuple[SortTerm, ...]

    def key(self, row: Row) -> tuple[object, ...]:
        """Return what to compare for *row*.

        In both directions truth values come before numbers, numbers before texts, texts
        before lists, then NaN, and missing values last.
        """
        return tuple(_part(fetch(row, term.name.path), term.descending) for term in self.terms)


class _Reversed:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.value == other.value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other.value < self.value)  # type: ignore[operator]  # one type per rank

    __hash__ = None  # type: ignore[assignment]  # a key is compared, never looked up


def order_by(text: str | Sequence[str] | SortKey, known: Collection[str]) -> SortKey:
    """Return the order that *text* says, or that it is already.

    Args:
        text: Names with commas between, or a sequence of them; ``-name`` and ``name
            desc`` for the largest first.
        known: The canonical names that exist over all runs, as for ``resolve``.

    Raises:
        ExpressionError: If *text* is not such a list, or a name is unknown or ambiguous.
        InvalidTypeError: If an argument has the wrong type.

    Example:
        >>> from vcs_track.porcelain.filter import order_by
        >>> order = order_by(["-val/acc", "name"], {"summary.val/acc"})
        >>> [(term.name.path, term.descending) for term in order.terms]
        [('summary.val/acc', True), ('name', False)]
    """
    if isinstance(text, SortKey):
        return text
    if not isinstance(text, str):
        if not _are_texts(text):
            raise InvalidTypeError(
                f"order is a {type(text).__name__}, expected a text or texts",
                hint="write '-summary.val_acc, created'",
            )
        text = ", ".join(text)
    names = NameBook(known, text)
    terms = tuple(
        SortTerm(names.resolve(term.name), term.descending) for term in _Reader(text).terms()
    )
    return SortKey(text, terms)


def _are_texts(given: object) -> bool:
    return isinstance(given, Sequence) and all(isinstance(one, str) for one in given)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(reversed(tokenize(text)))

    def terms(self) -> list[SortTerm]:
        found = [self._term()]
        while self._is(","):
            self._tokens.pop()
            found.append(self._term())
        if self._tokens[-1].kind != "end":
            raise self._unexpected("',' or the end")
        return found

    def _term(self) -> SortTerm:
        descending = self._is("-")
        if self._is("-") or self._is("+"):
            self._tokens.pop()
        token = self._tokens[-1]
        if token.kind != "name":
            raise self._unexpected("a name")
        self._tokens.pop()
        direction = self._tokens[-1]
        if direction.kind == "name" and direction.word.lower() in ("asc", "desc"):
            self._tokens.pop()
            descending = descending != (direction.word.lower() == "desc")
        return SortTerm(Name(token.pieces, token.bare, token.position), descending)

    def _is(self, word: str) -> bool:
        token: Token = self._tokens[-1]
        return token.kind == "operator" and token.word == word

    def _unexpected(self, expected: str) -> ExpressionError:
        token = self._tokens[-1]
        found = "the order ends" if token.kind == "end" else f"found {token.word!r}"
        return ExpressionError(
            f"expected {expected}, {found}",
            text=self._text,
            position=token.position,
            hint="write '-summary.val_acc, created'",
        )


def _part(value: object, descending: bool) -> tuple[int, object]:
    rank, key = _ranked(value)
    return rank, _Reversed(key) if descending else key


def _ranked(value: object) -> tuple[int, object]:
    if value is None:
        return _MISSING, 0
    if isinstance(value, bool):
        return _TRUTH, value
    if isinstance(value, float) and math.isnan(value):
        return _NAN, 0
    if is_number(value):
        return _NUMBER, value
    if isinstance(value, str):
        return _TEXT, value
    if is_list(value):
        return _LIST, tuple(_ranked(one) for one in cast("list[object]", value))
    return _OTHER, 0

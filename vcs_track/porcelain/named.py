"""Values of runs by names as users spell them, as in filters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter import order_by
from vcs_track.porcelain.filter.evaluate import is_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["key_of", "numbers", "resolve_names"]


def resolve_names(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the full names that *names* mean, each once.

    Args:
        names: Names as in filters; one text may hold several with commas between.
        known: The full names that exist over all runs.

    Raises:
        ExpressionError: If a name is unknown or ambiguous, or has a direction.
        InvalidTypeError: If one is no text.

    Example:
        >>> from vcs_track.porcelain.named import resolve_names
        >>> resolve_names(["lr, status", "acc"], {"hparams.lr", "summary.acc"})
        ['hparams.lr', 'status', 'summary.acc']
    """
    found: dict[str, None] = {}
    for text in names:
        if not isinstance(text, str):
            raise InvalidTypeError(f"a name is a {type(text).__name__}, expected a text")
        for term in order_by(text, known).terms:
            if term.descending:
                raise ExpressionError(
                    f"name '{term.name.path}' has a direction", text=text, position=0,
                    hint="only an order has one: write the name without it",
                )  # fmt: skip
            found[term.name.path] = None
    return [*found]


def numbers(rows: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    """Return the numbers called *name*, without the rows that have none.

    Raises:
        ExpressionError: If a value is no number; the message names its run.

    Example:
        >>> from vcs_track.porcelain.named import numbers
        >>> numbers([{"id": "a", "summary.acc": 1}, {"id": "b"}], "summary.acc")
        [1]
    """
    found = []
    for row in rows:
        value = row.get(name)
        if value is None:
            continue
        if not is_number(value):
            raise ExpressionError(
                f"'{name}' of run '{row.get('id', '?')}' is {_kind(value)}, not a number",
                text=name, position=0, hint="statistics are of numbers: choose another name",
            )  # fmt: skip
        found.append(value)
    return found


def key_of(value: object) -> tuple[str, object]:
    """Return what is equal for values that filters take for equal.

    Example:
        >>> from vcs_track.porcelain.named import key_of
        >>> key_of(1) == key_of(1.0), key_of(1) == key_of(True), key_of(1) == key_of("1")
        (True, False, False)
    """
    if is_number(value):
        # To a filter NaN is no value; those that have it belong together all the same.
        return (
            ("nan", None) if isinstance(value, float) and math.isnan(value) else ("number", value)
        )
    if isinstance(value, list | tuple):
        return "list", tuple(key_of(item) for item in value)
    simple = value is None or isinstance(value, bool | str)
    return type(value).__name__, value if simple else repr(value)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"

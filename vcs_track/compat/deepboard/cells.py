"""Values of hyperparameters and results, as DeepBoard takes and shows them."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.deepboard import names
from vcs_track.compat.deepboard.refusals import refused_by_sqlite
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["flat", "shown", "taken", "text_of"]

_PLAIN: Final = (bool, int, float, str, bytes, type(None))


def taken(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Return *given* as it is stored, all of it or nothing.

    Raises:
        VcsTrackError: If a value is of a type that has no cell; a ``sqlite3.ProgrammingError``.
    """
    return {names.key_of(str(name)): _cell(str(name), value) for name, value in given.items()}


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, _PLAIN):
        return value
    if hasattr(value, "dtype") and hasattr(value, "item") and getattr(value, "shape", None) == ():
        plain = value.item()  # a number of numpy or torch
        if isinstance(plain, _PLAIN):
            return plain
    raise refused_by_sqlite(
        "ProgrammingError",
        f"'{name:.40}' got a {type(value).__name__}, which has no place in a table",
        "give a number or a text, or convert it with str()",
    )


def text_of(what: str, value: Any) -> str | None:
    """Return *value* as a cell of text holds it; None stays None."""
    plain = _cell(what, value)
    if plain is None or isinstance(plain, str):
        return plain
    if isinstance(plain, bytes):
        return plain.decode("utf-8", "replace")
    return str(int(plain) if isinstance(plain, bool) else plain)


def flat(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run has as one cell a name."""
    return {names.shown(name): value for name, value in values.flatten(found).items()}


def shown(value: Any, *, nan_as_none: bool) -> Any:
    """Return *value* as a reader gets it."""
    if nan_as_none and isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, _PLAIN) else str(value)

"""A value of a run as a cell of the index.

SQLite compares numbers with numbers and texts with texts as filters do. All other values are
bytes there, which it takes for larger than any number or text.
"""

from __future__ import annotations

import math
from typing import Any, Final

from vcs_track.formats import canonical, typed_json

__all__ = ["FALSE", "NAN", "TRUE", "Cell", "decode", "encode", "is_plain"]

Cell = int | float | str | bytes | None
TRUE: Final = b"b1"
FALSE: Final = b"b0"
NAN: Final = b"n"
_EMPTY: Final = b"o[]"  # of most runs the tags
_LIMIT: Final = 1 << 63


def encode(value: Any) -> Cell:
    """Return the cell of *value*.

    Example:
        >>> from vcs_track.formats.cell import encode
        >>> [encode(value) for value in (0.1, "adam", True, float("nan"), [1, 2])]
        [0.1, 'adam', b'b1', b'n', b'o[1,2]']
    """
    kind = type(value)
    if kind is str:  # these three are nearly all
        return value  # type: ignore[no-any-return]
    if kind is float:
        return NAN if math.isnan(value) else value
    if kind is int and -_LIMIT <= value < _LIMIT:
        return value  # type: ignore[no-any-return]
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, float):
        return NAN if math.isnan(value) else float(value)
    if isinstance(value, int) and -_LIMIT <= value < _LIMIT:
        return int(value)
    if isinstance(value, str):
        return str(value)  # a path is a text here
    if value is None:
        return None
    return _EMPTY if kind is list and not value else _other(value)


def _other(value: Any) -> bytes:
    return b"o" + canonical.dumps(typed_json.freeze(value))


def decode(cell: Cell) -> Any:
    """Return the value that *cell* stands for."""
    if not isinstance(cell, bytes):
        return cell
    if cell == NAN:
        return math.nan
    if cell in (TRUE, FALSE):
        return cell == TRUE
    return typed_json.thaw(canonical.loads(cell[1:]))


def is_plain(cell: Cell) -> bool:
    """Return whether SQLite compares *cell* as a filter does."""
    return not isinstance(cell, bytes) or cell in (TRUE, FALSE)

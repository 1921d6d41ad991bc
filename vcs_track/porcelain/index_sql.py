"""SQL over the runs: what a user may ask the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.formats import canonical
from vcs_track.formats.cell import FALSE, NAN, TRUE, decode
from vcs_track.formats.typed_json import freeze
from vcs_track.porcelain.index_row import STATISTICS
from vcs_track.porcelain.index_rows import ATTRIBUTES

if TYPE_CHECKING:
    from vcs_track.formats.cell import Cell
    from vcs_track.plumbing.index import Index

__all__ = ["SqlResult", "ask", "plain"]

_ATTRIBUTES: Final = ", ".join(
    f'plain(r.{column}) AS "{name}"' for name, column in ATTRIBUTES.items()
)
_STATISTICS: Final = ", ".join(f'plain(m."{name}") AS "{name}"' for name in STATISTICS)
_VALUES: Final = (
    "CREATE TEMP VIEW {0} AS SELECT r.run AS run, substr(k.name, {1}) AS name, plain(v.v) AS value"
    " FROM main.kv v JOIN main.run r ON r.k = v.run JOIN main.key k ON k.k = v.key"
    " WHERE substr(k.name, 1, {2}) = '{0}.'"
)
_SHARED: Final = (
    "CREATE TEMP VIEW {0} AS SELECT r.run AS run, substr(k.name, {1}) AS name, plain(v.v) AS value"
    " FROM main.run r JOIN main.facetv v ON v.facet = r.{0} JOIN main.key k ON k.k = v.key"
)
_VIEWS: Final = (
    f"CREATE TEMP VIEW runs AS SELECT {_ATTRIBUTES} FROM main.run r",
    *(
        _VALUES.format(name, len(name) + 2, len(name) + 1)
        for name in ("hparams", "summary", "results")
    ),
    f"CREATE TEMP VIEW metrics AS SELECT r.run AS run, substr(k.name, 9) AS tag, {_STATISTICS}"
    " FROM main.metric m JOIN main.run r ON r.k = m.run JOIN main.key k ON k.k = m.key",
    *(_SHARED.format(name, len(name) + 2) for name in ("git", "env")),
)


class SqlResult(NamedTuple):
    """What was asked for.

    Attributes:
        columns: Names of the columns.
        rows: The rows.
    """

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dictionary a row; of equal names the last column stands."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def plain(cell: Cell) -> Cell:
    """Return *cell* as SQL can use it.

    True and false are 1 and 0, lists are JSON, NaN is null.

    Example:
        >>> from vcs_track.porcelain.index_sql import plain
        >>> plain(b"b1"), plain(b"n"), plain(b"o[1,2]"), plain(0.5)
        (1, None, '[1,2]', 0.5)
    """
    if not isinstance(cell, bytes):
        return cell
    if cell in (TRUE, FALSE):
        return int(cell == TRUE)
    if cell == NAN:
        return None
    return canonical.dumps(freeze(decode(cell))).decode()


def ask(index: Index, sql: str, seconds: float) -> SqlResult:
    """Answer a user's *sql* over the views; nothing can be changed by it.

    Args:
        index: The index.
        sql: One statement ``SELECT``.
        seconds: It is stopped after so long.

    Raises:
        ExpressionError: If SQLite refuses it.
    """
    return SqlResult(*index.ask(sql, _VIEWS, {"plain": plain}, seconds))

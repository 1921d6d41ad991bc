"""Rows as tables of other packages; the owner of pandas, polars and pyarrow.

Each column gets one type where its values agree: truth values, integers, numbers, texts or
lists of texts. Integers among other numbers become floats where that loses nothing. A column
of anything else holds texts; in pandas, where a column may hold anything, the values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from vcs_track.errors import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Kind = Literal["truth", "integer", "number", "text", "texts", "mixed"]
    Rows = Sequence[Mapping[str, Any]]

__all__ = ["columns_of", "kind_of", "plain_frame", "to_arrow", "to_pandas", "to_polars"]

_INTEGERS: Final = range(-(2**63), 2**63)
_EXACT: Final = range(-(2**53), 2**53 + 1)  # integers that a float holds
_MOST_BITS: Final = 10_000
_PANDAS: Final = {"truth": "boolean", "integer": "Int64", "number": "float64"}


def columns_of(rows: Rows) -> dict[str, list[Any]]:
    """Return the columns of *rows*, None where a row has no value.

    Example:
        >>> from vcs_track.porcelain.frames import columns_of
        >>> columns_of([{"a": 1}, {"a": 2, "b": "x"}])
        {'a': [1, 2], 'b': [None, 'x']}
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def kind_of(values: Sequence[Any]) -> Kind:
    """Return the one type that *values* agree on; None agrees with all.

    Example:
        >>> from vcs_track.porcelain.frames import kind_of
        >>> kind_of([1, None, 2]), kind_of([1, 0.5]), kind_of([1, "adam"]), kind_of([None])
        ('integer', 'number', 'mixed', 'mixed')
    """
    known = [value for value in values if value is not None]
    types = {type(value) for value in known}
    simple: dict[type, Kind] = {bool: "truth", str: "text", float: "number"}
    if len(types) == 1 and types <= simple.keys():
        return simple[types.pop()]
    if types == {int}:
        return "integer" if all(value in _INTEGERS for value in known) else "mixed"
    if types == {int, float}:
        whole = [value for value in known if type(value) is int]
        return "number" if all(value in _EXACT for value in whole) else "mixed"
    if types == {list} and all(isinstance(item, str) for value in known for item in value):
        return "texts"
    return "mixed"


def to_pandas(rows: Rows) -> Any:
    """Return *rows* as a pandas DataFrame.

    Raises:
        NotInstalledError: If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise NotInstalledError("to_pandas() needs pandas", package="pandas") from None
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=_PANDAS.get(kind_of(values), "object"))
            for name, values in columns_of(rows).items()
        }
    )


def plain_frame(names: Sequence[str], data: Sequence[Sequence[Any]], index: int | None) -> Any:
    """Return rows as a pandas DataFrame, of the types that pandas finds.

    Args:
        names: Names of the columns, which may repeat.
        data: The rows.
        index: Which column names the rows, or None for none.

    Raises:
        NotInstalledError: If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise NotInstalledError("to_pd() needs pandas", package="pandas") from None
    frame = pd.DataFrame(list(data), columns=list(names))
    return frame if index is None else frame.set_index(frame.columns[index])


def to_polars(rows: Rows) -> Any:
    """Return *rows* as a polars DataFrame.

    Raises:
        NotInstalledError: If polars is not installed.
    """
    try:
        import polars as pl
    except ImportError:
        raise NotInstalledError("to_polars() needs polars", package="polars") from None
    types: dict[Kind, Any] = {
        "truth": pl.Boolean, "integer": pl.Int64, "number": pl.Float64,
        "texts": pl.List(pl.String),
    }  # fmt: skip
    return pl.DataFrame(
        [
            pl.Series(name, values, dtype=types.get(kind, pl.String))
            for name, kind, values in _typed(rows)
        ]
    )


def to_arrow(rows: Rows) -> Any:
    """Return *rows* as a pyarrow Table.

    Raises:
        NotInstalledError: If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise NotInstalledError("to_arrow() needs pyarrow", package="pyarrow") from None
    types: dict[Kind, Any] = {
        "truth": pa.bool_(), "integer": pa.int64(), "number": pa.float64(),
        "texts": pa.list_(pa.string()),
    }  # fmt: skip
    return pa.table(
        {
            name: pa.array(values, type=types.get(kind, pa.string()))
            for name, kind, values in _typed(rows)
        }
    )


def _typed(rows: Rows) -> list[tuple[str, Kind, list[Any]]]:
    """Return name, type and values of each column, the values of that type only."""
    found: list[tuple[str, Kind, list[Any]]] = []
    for name, values in columns_of(rows).items():
        kind = kind_of(values)
        found.append((_whole(name), kind, [_fitting(kind, value) for value in values]))
    return found


def _fitting(kind: Kind, value: Any) -> Any:
    if value is None or kind in ("truth", "integer"):
        return value
    if kind == "number":
        return float(value)
    if kind == "texts":
        return [_whole(item) for item in value]
    return _whole(value if isinstance(value, str) else _spelled(value))


def _spelled(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return hex(value)  # Python refuses to write out so many digits
    return str(value).lower() if isinstance(value, bool) else str(value)


def _whole(text: str) -> str:
    # Half a letter, as a file name may hold, is no UTF-8, which these packages insist on.
    return text.encode("utf-8", "replace").decode()

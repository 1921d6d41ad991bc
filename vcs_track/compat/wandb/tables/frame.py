"""What a table is made of: lists, arrays, data frames of other packages."""

from __future__ import annotations

from typing import Any

from vcs_track.compat.wandb.media.refusals import BadArgumentError

__all__ = ["check_list", "is_frame", "rows_of", "to_frame"]


def is_frame(value: Any) -> bool:
    """Return whether *value* is a data frame of pandas or polars."""
    return hasattr(value, "columns") and (
        hasattr(value, "itertuples") or hasattr(value, "iter_rows")
    )


def rows_of(frame: Any) -> tuple[list[Any], list[list[Any]]]:
    """Return the columns and the rows of a data frame."""
    names = [str(name) if not isinstance(name, str | int) else name for name in frame.columns]
    found = (
        frame.itertuples(index=False, name=None)
        if hasattr(frame, "itertuples")
        else frame.iter_rows()
    )
    rows = [list(row) for row in found]
    numeric = [_is_numeric([row[at] for row in rows]) for at in range(len(names))]
    return names, [
        [None if _is_missing(value, numeric[at]) else value for at, value in enumerate(row)]
        for row in rows
    ]


def _is_numeric(values: list[Any]) -> bool:
    known = [value for value in values if not _is_missing(value, number=False)]
    return all(hasattr(value, "__float__") and not isinstance(value, str) for value in known)


def _is_missing(value: Any, number: bool) -> bool:
    """Return whether a frame means nothing by *value*; NaN is a *number* among numbers."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value and not number


def to_frame(columns: list[Any], data: list[list[Any]]) -> Any:
    """Return a data frame of pandas.

    Raises:
        NotInstalledError: If pandas is not installed.
    """
    from vcs_track.porcelain.frames import to_pandas

    # The class by way of an empty frame: one module alone imports pandas.
    return type(to_pandas([]))(data, columns=columns)


def check_list(value: Any, what: str) -> list[Any]:
    """Return *value* if it is a list."""
    if not isinstance(value, list):
        raise BadArgumentError(f"{what} argument expects a `list` object")
    return value

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
    return names, [list(row) for row in found]


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

"""Several lines in one chart."""

from __future__ import annotations

from typing import Any

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.plot.chart import CustomChart
from vcs_track.compat.wandb.tables.table import Table

__all__ = ["line_series"]


def line_series(
    xs: Any, ys: Any, keys: Any = None, title: str = "", xname: str = "x",
    split_table: bool = False,
) -> CustomChart:  # fmt: skip
    """Return several lines.

    Args:
        xs: Numbers of the horizontal axis: one list for all lines, or a list for each.
        ys: For each line a list of numbers.
        keys: Names of the lines. Default: ``line_0``, ``line_1`` and so on.
        title: Title.
        xname: Name of the horizontal axis.
        split_table: Whether the table is shown apart from the chart.

    Raises:
        BadTypeError: If *xs* or *ys* is no list.
        BadValueError: If there are more or fewer of them than lines.

    Example:
        >>> from vcs_track.compat.wandb.plot import line_series
        >>> line_series([0, 1], [[1, 2], [3, 4]], keys=["a", "b"]).table.data
        [[0, 'a', 1], [1, 'a', 2], [0, 'b', 3], [1, 'b', 4]]
    """
    lines = [_numbers(line, "a line of ys") for line in _numbers(ys, "ys")]
    axis = _numbers(xs, "xs")
    if not axis or not hasattr(axis[0], "__iter__"):
        axes = [axis] * len(lines)
    else:
        axes = [_numbers(one, "an axis of xs") for one in axis]
    if len(axes) != len(lines):
        raise BadValueError(
            f"Number of x-series ({len(axes)}) must match y-series ({len(lines)})."
        )
    names = [f"line_{n}" for n in range(len(lines))] if keys is None else list(keys)
    if len(names) != len(lines):
        raise BadValueError(f"Number of keys ({len(names)}) must match y-series ({len(lines)}).")
    rows = [
        [x, name, y]
        for place, name, line in zip(axes, names, lines, strict=True)
        for x, y in zip(place, line, strict=False)
    ]
    table = Table(columns=["step", "lineKey", "lineVal"], data=rows, allow_mixed_types=True)
    fields = {"step": "step", "lineKey": "lineKey", "lineVal": "lineVal"}
    texts = {"title": title, "xname": xname}
    return CustomChart("wandb/lineseries/v0", table, fields, texts, split_table)


def _numbers(values: Any, what: str) -> list[Any]:
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise BadTypeError(f"{what} must be a list, not {type(values).__name__}")
    return list(values.tolist() if hasattr(values, "tolist") else values)

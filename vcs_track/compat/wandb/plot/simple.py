"""Charts of one or two columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.compat.wandb.plot.chart import CustomChart, checked

if TYPE_CHECKING:
    from vcs_track.compat.wandb.tables.table import Table

__all__ = ["bar", "histogram", "line", "scatter"]


def line(
    table: Table, x: str, y: str, stroke: str | None = None, title: str = "",
    split_table: bool = False,
) -> CustomChart:  # fmt: skip
    """Return a line.

    Args:
        table: The table.
        x: Column of the horizontal axis.
        y: Column of the vertical axis.
        stroke: Column that tells lines apart.
        title: Title.
        split_table: Whether the table is shown apart from the chart.

    Raises:
        Error: If *table* is no table.

    Example:
        >>> from vcs_track.compat.wandb.plot import line
        >>> from vcs_track.compat.wandb.tables.table import Table
        >>> chart = line(Table(columns=["epoch", "loss"], data=[[1, 0.5]]), "epoch", "loss")
        >>> chart.spec.fields
        {'x': 'epoch', 'y': 'loss', 'stroke': None}
    """
    fields = {"x": x, "y": y, "stroke": stroke}
    return CustomChart("wandb/line/v0", checked(table), fields, {"title": title}, split_table)


def scatter(
    table: Table, x: str, y: str, title: str = "", split_table: bool = False
) -> CustomChart:
    """Return a cloud of points; arguments as for :func:`line`."""
    fields = {"x": x, "y": y}
    return CustomChart("wandb/scatter/v0", checked(table), fields, {"title": title}, split_table)


def bar(
    table: Table, label: str, value: str, title: str = "", split_table: bool = False
) -> CustomChart:
    """Return bars.

    Args:
        table: The table.
        label: Column of the names.
        value: Column of the lengths.
        title: Title.
        split_table: Whether the table is shown apart from the chart.
    """
    fields = {"label": label, "value": value}
    return CustomChart("wandb/bar/v0", checked(table), fields, {"title": title}, split_table)


def histogram(table: Table, value: str, title: str = "", split_table: bool = False) -> CustomChart:
    """Return a histogram of the column *value*; arguments as for :func:`line`."""
    return CustomChart(
        "wandb/histogram/v0", checked(table), {"value": value}, {"title": title}, split_table
    )

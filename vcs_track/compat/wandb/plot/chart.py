"""A chart: a table, and which of its columns are drawn how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from vcs_track.compat.wandb.errors import Error
from vcs_track.compat.wandb.media.sink import Value, kept
from vcs_track.compat.wandb.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json
    from vcs_track.porcelain.run import Run

__all__ = ["CustomChart", "CustomChartSpec", "Visualize", "checked", "plot_table", "visualize"]

_FACE: Final = "wandb.charts"
_SPLIT: Final = "Custom Chart Tables/"


@dataclass(frozen=True, slots=True)
class CustomChartSpec:
    """What is drawn how.

    Attributes:
        spec_name: Name of the drawing.
        fields: Columns by what they are in the drawing.
        string_fields: Texts by what they are in the drawing.
        panel_type: Kind of the panel.
        split_table: Whether the table is shown apart from the chart.
    """

    spec_name: str
    fields: dict[str, Any] = field(default_factory=dict)
    string_fields: dict[str, Any] = field(default_factory=dict)
    panel_type: str = "Vega2"
    split_table: bool = False

    @property
    def config(self) -> dict[str, Any]:
        """The words that a configuration has for it."""
        return {
            "panel_type": self.panel_type,
            "panel_config": {
                "panelDefId": self.spec_name, "fieldSettings": dict(self.fields),
                "stringSettings": dict(self.string_fields), "transform": {"name": "tableWithLeafColNames"},
            },
        }  # fmt: skip


class CustomChart(Value):
    """A chart, made by the functions of :mod:`~vcs_track.compat.wandb.plot`.

    Args:
        id: Name of the drawing.
        data: The table.
        fields: Columns by what they are in the drawing.
        string_fields: Texts by what they are in the drawing.
        split_table: Whether the table is shown apart from the chart.

    Attributes:
        table: The table.
        spec: What is drawn how.
    """

    _type: ClassVar[str] = "custom-chart"

    def __init__(
        self,
        id: str,  # noqa: A002 -- wandb's word
        data: Table,
        fields: Mapping[str, Any],
        string_fields: Mapping[str, Any] | None = None,
        split_table: bool = False,
    ) -> None:
        self.table = data
        self.spec = CustomChartSpec(
            str(id), dict(fields), dict(string_fields or {}), split_table=bool(split_table)
        )

    def _row_key(self, key: str) -> str:
        """Return the key that the table of the chart *key* has in a row."""
        above = _SPLIT if self.spec.split_table else ""
        return f"{above}{key}_table"

    def _record(self, sink: Sink) -> dict[str, Json]:
        record: Any = kept([self.table], sink)[0]
        return {**record, "chart": self.spec.config}

    def _keep(self, run: Run, key: str, step: int) -> dict[str, Json]:
        record = super()._keep(run, key, step)
        run.set_face(_FACE, **{self._chart_key(key): self.spec.config})
        return record

    def _chart_key(self, row_key: str) -> str:
        return row_key.removeprefix(_SPLIT).removesuffix("_table")


class Visualize(CustomChart):
    """A chart of 0.10, which has no texts, and whose table has its own key.

    Args:
        id: Name of the drawing.
        data: The table.
    """

    def __init__(self, id: str, data: Table) -> None:  # noqa: A002 -- as above
        super().__init__(id, checked(data, "data"), {})

    def _row_key(self, key: str) -> str:
        return key

    def _chart_key(self, row_key: str) -> str:
        return row_key


def checked(table: Any, name: str = "table") -> Table:
    """Return *table* if it is one.

    Raises:
        Error: If it is something else.
    """
    if not isinstance(table, Table):
        raise Error(
            f"Expected `{name}` to be `wandb.Table` type, instead got {type(table).__name__}",
            hint="make one: wandb.Table(columns=[...], data=[...])",
        )
    return table


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: Mapping[str, Any],
    string_fields: Mapping[str, Any] | None = None,
    split_table: bool = False,
) -> CustomChart:
    """Return a chart by a drawing of your own.

    Args:
        vega_spec_name: Name of the drawing.
        data_table: The table.
        fields: Columns by what they are in the drawing.
        string_fields: Texts by what they are in the drawing.
        split_table: Whether the table is shown apart from the chart.

    Raises:
        Error: If *data_table* is no table.

    Example:
        >>> from vcs_track.compat.wandb.plot import plot_table
        >>> from vcs_track.compat.wandb.tables.table import Table
        >>> table = Table(columns=["height"], data=[[1.5], [1.75]])
        >>> plot_table("mine/heights", table, {"value": "height"}).spec.spec_name
        'mine/heights'
    """
    return CustomChart(
        vega_spec_name, checked(data_table, "data_table"), fields, string_fields, split_table
    )


def visualize(id: str, value: Table) -> Visualize:  # noqa: A002 -- wandb's word
    """Return a chart of 0.10."""
    return Visualize(id, value)

"""Charts as they were called in wandb 0.10: ``wandb.plots``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from vcs_track.compat.wandb.errors import BadValueError, UnsupportedError
from vcs_track.compat.wandb.plot.chart import CustomChart
from vcs_track.compat.wandb.plot.curves import pr_curve, roc_curve
from vcs_track.compat.wandb.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "NER",
    "POS",
    "ROC",
    "ExplainText",
    "HeatMap",
    "heatmap",
    "named_entity",
    "part_of_speech",
    "precision_recall",
    "roc",
]  # fmt: skip


def roc(
    y_true: Any = None, y_probas: Any = None, labels: Any = None, plot_micro: bool = True,
    plot_macro: bool = True, classes_to_plot: Any = None,
) -> CustomChart:  # fmt: skip
    """Return a ROC curve for each class, as ``wandb.plot.roc_curve``."""
    del plot_micro, plot_macro
    return roc_curve(y_true, y_probas, labels, classes_to_plot)


def precision_recall(
    y_true: Any = None, y_probas: Any = None, labels: Any = None, plot_micro: bool = True,
    classes_to_plot: Any = None,
) -> CustomChart:  # fmt: skip
    """Return precision against recall, as ``wandb.plot.pr_curve``."""
    del plot_micro
    return pr_curve(y_true, y_probas, labels, classes_to_plot)


def heatmap(
    x_labels: Sequence[Any], y_labels: Sequence[Any], matrix_values: Any, show_text: bool = False
) -> CustomChart:
    """Return a map of a matrix.

    Args:
        x_labels: Names of the columns.
        y_labels: Names of the rows.
        matrix_values: The numbers, row by row.
        show_text: Whether the numbers are shown.

    Raises:
        BadValueError: If there are more or fewer names than numbers.

    Example:
        >>> from vcs_track.compat.wandb.plots import heatmap
        >>> heatmap(["a", "b"], ["c"], [[1, 2]]).table.data
        [['a', 'c', 1], ['b', 'c', 2]]
    """
    rows = [list(row) for row in matrix_values]
    if len(rows) != len(y_labels) or any(len(row) != len(x_labels) for row in rows):
        raise BadValueError(
            f"the matrix has not {len(y_labels)} rows of {len(x_labels)} values each"
        )
    data = [
        [x, y, value]
        for y, row in zip(y_labels, rows, strict=True)
        for x, value in zip(x_labels, row, strict=True)
    ]
    columns = ["x_axis", "y_axis", "values"]
    table = Table(columns=columns, data=data, allow_mixed_types=True)
    texts = {"title": "", "show_text": str(bool(show_text)).lower()}
    return CustomChart("wandb/heatmap/v0", table, {name: name for name in columns}, texts)


def _refused(what: str) -> NoReturn:
    raise UnsupportedError(
        f"wandb.plots.{what} is not supported here",
        hint="log what the package gives as wandb.Html or as a wandb.Table",
    )


def part_of_speech(docs: Any = None) -> NoReturn:
    """Refuse: it needs a package that nobody has any more."""
    del docs
    _refused("POS")


def named_entity(docs: Any = None) -> NoReturn:
    """Refuse: it needs a package that nobody has any more."""
    del docs
    _refused("NER")


def ExplainText(text: Any = None, probas: Any = None) -> NoReturn:  # noqa: N802 -- wandb's name
    """Refuse: it needs a package that nobody has any more."""
    del text, probas
    _refused("ExplainText")


ROC = roc
HeatMap = heatmap
POS = part_of_speech
NER = named_entity

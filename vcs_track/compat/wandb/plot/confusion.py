"""Which classes are taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.plot.chart import CustomChart
from vcs_track.compat.wandb.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["confusion_matrix"]


def confusion_matrix(
    probs: Any = None,
    y_true: Any = None,
    preds: Any = None,
    class_names: Sequence[str] | None = None,
    title: str = "Confusion Matrix Curve",
    split_table: bool = False,
) -> CustomChart:
    """Return how often each class was taken for each.

    Args:
        probs: Probability of each class for each sample; the largest is what was predicted.
        y_true: The true class of each sample.
        preds: The predicted class of each sample, instead of *probs*.
        class_names: Names of the classes 0, 1 and so on.
        title: Title.
        split_table: Whether the table is shown apart from the chart.

    Raises:
        BadTypeError: If an argument is missing.
        BadValueError: If both or neither of *probs* and *preds* are given, or lengths differ.

    Example:
        >>> from vcs_track.compat.wandb.plot import confusion_matrix
        >>> chart = confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=["A", "B"])
        >>> chart.table.data
        [['A', 'A', 1], ['A', 'B', 0], ['B', 'A', 1], ['B', 'B', 1]]
    """
    truth, found = _classes(probs, y_true, preds)
    names, places = _names(truth, found, class_names)
    counts = [[0] * len(names) for _ in names]
    for actual, predicted in zip(truth, found, strict=True):
        counts[places[actual]][places[predicted]] += 1
    rows = [
        [actual, predicted, counts[i][j]]
        for i, actual in enumerate(names)
        for j, predicted in enumerate(names)
    ]
    columns = ["Actual", "Predicted", "nPredictions"]
    return CustomChart(
        "wandb/confusion_matrix/v1", Table(columns=columns, data=rows),
        {name: name for name in columns}, {"title": title}, split_table,
    )  # fmt: skip


def _classes(probs: Any, y_true: Any, preds: Any) -> tuple[list[Any], list[Any]]:
    if probs is not None and preds is not None:
        raise BadValueError("Only one of `probs` or `preds` should be provided, not both.")
    if y_true is None or (probs is None and preds is None):
        raise BadTypeError("a confusion matrix needs `y_true` and one of `probs` and `preds`")
    if probs is None:
        found = _listed(preds)
    else:
        rows = [_listed(row) for row in _listed(probs)]
        if not all(rows):
            raise BadValueError("a sample of `probs` has no classes")
        found = [row.index(max(row)) for row in rows]
    truth = _listed(y_true)
    if len(truth) != len(found):
        raise BadValueError("The number of predictions and true labels must be equal.")
    return truth, found


def _listed(values: Any) -> list[Any]:
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _names(
    truth: list[Any], found: list[Any], class_names: Sequence[str] | None
) -> tuple[list[str], dict[Any, int]]:
    """Return the names of the classes, and the place of each class among them."""
    seen = {*truth, *found}
    if class_names is not None:
        names = [str(name) for name in class_names]
        if len(seen) > len(names):
            raise BadValueError(
                "The number of unique predicted classes exceeds the number of class names."
            )
        places = {name: at for at, name in enumerate(names)}
        for one in seen - places.keys():
            if isinstance(one, str) or not 0 <= int(one) < len(names):
                raise BadValueError(f"class {one!r} has no name among {names}")
            places[one] = int(one)
        return names, places
    order = sorted(seen) if len({type(one) for one in seen}) == 1 else sorted(seen, key=str)
    # What has a name of its own is called by it: a class of texts is no number.
    names = [str(one) if isinstance(one, str) else f"Class_{n}" for n, one in enumerate(order, 1)]
    return names, {one: at for at, one in enumerate(order)}

"""How well probabilities tell classes apart, threshold by threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.plot.chart import CustomChart
from vcs_track.compat.wandb.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["pr_curve", "roc_curve"]

_DIGITS: Final = 3
_CHART: Final = "wandb/area-under-curve/v0"


def roc_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    title: str = "ROC Curve",
    split_table: bool = False,
) -> CustomChart:
    """Return true positives against false positives, a curve for each class.

    Args:
        y_true: The true class of each sample.
        y_probas: Probability of each class for each sample, the classes sorted.
        labels: Names of the classes.
        classes_to_plot: The only classes that are drawn.
        title: Title.
        split_table: Whether the table is shown apart from the chart.

    Raises:
        BadTypeError: If an argument is missing.
        BadValueError: If lengths differ, or there are fewer probabilities than classes.

    Example:
        >>> from vcs_track.compat.wandb.plot import roc_curve
        >>> chart = roc_curve([0, 1], [[0.9, 0.1], [0.2, 0.8]], classes_to_plot=[1])
        >>> chart.table.data
        [[1, 0.0, 0.0], [1, 0.0, 1.0], [1, 1.0, 1.0]]
    """
    rows = [
        [name, _rounded(wrong), _rounded(right)]
        for name, hits, scores in _by_class(y_true, y_probas, labels, classes_to_plot)
        for wrong, right in _roc(hits, scores)
    ]
    table = Table(columns=["class", "fpr", "tpr"], data=rows, allow_mixed_types=True)
    texts = {
        "title": title, "x-axis-title": "False positive rate",
        "y-axis-title": "True positive rate",
    }  # fmt: skip
    fields = {"x": "fpr", "y": "tpr", "class": "class"}
    return CustomChart(_CHART, table, fields, texts, split_table)


def pr_curve(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    classes_to_plot: Sequence[Any] | None = None,
    interp_size: Any = 21,
    title: str = "Precision-Recall Curve",
    split_table: bool = False,
) -> CustomChart:
    """Return precision against recall, a curve for each class.

    Args:
        y_true: The true class of each sample.
        y_probas: Probability of each class for each sample, the classes sorted.
        labels: Names of the classes.
        classes_to_plot: The only classes that are drawn.
        interp_size: Points of a curve, from recall 1 to 0.
        title: Title.
        split_table: Whether the table is shown apart from the chart.

    Raises:
        BadTypeError: If an argument is missing.
        BadValueError: If lengths differ, or there are fewer probabilities than classes.

    Example:
        >>> from vcs_track.compat.wandb.plot import pr_curve
        >>> chart = pr_curve([0, 1], [[0.9, 0.1], [0.2, 0.8]], interp_size=2)
        >>> chart.table.data[:2]
        [[0, 1.0, 1.0], [0, 1.0, 0.0]]
    """
    if isinstance(interp_size, bool) or not isinstance(interp_size, int) or interp_size < 2:
        raise BadValueError(f"interp_size is {interp_size!r}, expected at least 2")
    # Multiples of the step, as the original has them: 12 of 0.05 are a little more than 0.6.
    step = 1 / (interp_size - 1)
    grid = [1.0, *(n * step for n in range(interp_size - 2, -1, -1))]
    rows = []
    for name, hits, scores in _by_class(y_true, y_probas, labels, classes_to_plot):
        points = _precision(hits, scores)
        for recall in grid:
            best = max(p for p, r in points if r >= recall)
            rows.append([name, _rounded(best), _rounded(recall)])
    table = Table(columns=["class", "precision", "recall"], data=rows, allow_mixed_types=True)
    texts = {"title": title, "x-axis-title": "Recall", "y-axis-title": "Precision"}
    fields = {"x": "recall", "y": "precision", "class": "class"}
    return CustomChart(_CHART, table, fields, texts, split_table)


def _rounded(number: float) -> float:
    return round(number, _DIGITS)


def _by_class(
    y_true: Any, y_probas: Any, labels: Sequence[str] | None, wanted: Sequence[Any] | None
) -> Iterator[tuple[Any, list[bool], list[float]]]:
    """Yield for each class its name, which samples are of it, and their probabilities of it."""
    if y_true is None or y_probas is None:
        raise BadTypeError("a curve needs `y_true` and `y_probas`")
    truth, chances = _listed(y_true), [_listed(row) for row in _listed(y_probas)]
    if len(truth) != len(chances):
        raise BadValueError(
            f"Found input variables with inconsistent numbers of samples: "
            f"[{len(truth)}, {len(chances)}]"
        )
    classes = sorted(set(truth))
    if any(len(row) < len(classes) for row in chances):
        raise BadValueError(
            f"there are {len(classes)} classes, and fewer probabilities for a sample",
            hint="give one probability for each class, the classes sorted",
        )
    for place, one in enumerate(classes):
        if wanted is None or one in wanted:
            name = one if labels is None else labels[place]
            yield name, [value == one for value in truth], [row[place] for row in chances]


def _listed(values: Any) -> list[Any]:
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise BadTypeError(f"expected a list, not {type(values).__name__}")
    return list(values.tolist() if hasattr(values, "tolist") else values)


def _counted(hits: list[bool], scores: list[float]) -> list[tuple[int, int]]:
    """Return true and false positives at each threshold, the highest one first."""
    found = []
    right = wrong = 0
    order = sorted(zip(scores, hits, strict=True), key=lambda pair: -pair[0])
    for n, (score, hit) in enumerate(order):
        right, wrong = right + hit, wrong + (not hit)
        if n + 1 == len(order) or order[n + 1][0] != score:
            found.append((right, wrong))
    return found


def _roc(hits: list[bool], scores: list[float]) -> list[tuple[float, float]]:
    counts = _counted(hits, scores)
    # A point on the line between its neighbours says nothing.
    corners = [
        here
        for n, here in enumerate(counts)
        if n in (0, len(counts) - 1) or _turns(counts[n - 1], here, counts[n + 1])
    ]
    positives, negatives = counts[-1]
    return [
        (_share(wrong, negatives), _share(right, positives)) for right, wrong in [(0, 0), *corners]
    ]


def _turns(before: tuple[int, int], here: tuple[int, int], after: tuple[int, int]) -> bool:
    return any(a - 2 * b + c for a, b, c in zip(before, here, after, strict=True))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _precision(hits: list[bool], scores: list[float]) -> list[tuple[float, float]]:
    """Return precision and recall at each threshold, and the end at recall 0."""
    counts = _counted(hits, scores)
    positives = counts[-1][0]
    found = [(right / (right + wrong), _share(right, positives)) for right, wrong in counts]
    return [*found, (1.0, 0.0)]

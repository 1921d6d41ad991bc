"""What all charts of models are made with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.integration.framework import needed, running
from vcs_track.compat.wandb.plot.chart import visualize
from vcs_track.compat.wandb.tables.table import Table
from vcs_track.compat.wandb.term import termerror, termwarn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["array", "draw", "fits", "is_fitted", "library", "named"]

_MOST: Final = 1000
_KINDS: Final = ("classifier", "regressor", "clusterer")


def library(name: str) -> Any:
    """Return a module of scikit-learn.

    Args:
        name: Its name, without ``sklearn.``.

    Raises:
        MissingFrameworkError: If scikit-learn is not installed.
    """
    return needed(f"sklearn.{name}", "scikit-learn")


def array(values: Any) -> Any:
    """Return values, a data frame or a sparse matrix as an array."""
    import numpy as np

    return np.asarray(values.toarray() if hasattr(values, "toarray") else values)


def draw(key: str, drawing: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Log a chart.

    Args:
        key: Its key.
        drawing: Name of the drawing.
        columns: Columns of its table.
        rows: Rows of it; what is more than 1000 is left out with a warning.
    """
    found = [[_plain(cell) for cell in row] for row in rows]
    if len(found) > _MOST:
        termwarn(f"using only the first {_MOST} datapoints to create chart {key}")
    table = Table(columns=list(columns), data=found[:_MOST])
    running(key).log({key: visualize(f"wandb/{drawing}/v1", table)})


def _plain(cell: Any) -> Any:
    return cell.item() if hasattr(cell, "item") else cell


def named(label: Any, classes: Sequence[Any], labels: Sequence[Any] | None) -> Any:
    """Return the name of a class.

    Args:
        label: The class, as the data has it.
        classes: All classes, sorted.
        labels: Names of the classes 0, 1 and so on; where classes are no such numbers, of the
            sorted classes.
    """
    plain = _plain(label)
    if labels is None:
        return plain
    is_number = isinstance(plain, int) and not isinstance(plain, bool)
    at = plain if is_number else list(classes).index(label)
    return labels[at] if 0 <= at < len(labels) else plain


def fits(**given: Any) -> bool:
    """Return whether arguments can be used; say on standard error why not.

    Args:
        **given: Arguments by name: ``classifier``, ``regressor`` and ``clusterer`` have to be
            one, ``model`` has to be one of the first two, all else has to be an array whose
            numbers are known.
    """
    running("wandb.sklearn")
    is_sound = True
    for name, value in given.items():
        fault = "is None" if value is None else _fault(name, value)
        if fault:
            termerror(f"{name} {fault}. Please try again.")
            is_sound = False
    return is_sound


def _fault(name: str, value: Any) -> str:
    """Return what is wrong with an argument; an empty text when nothing is."""
    if name == "model":
        base = library("base")
        is_one = base.is_classifier(value) or base.is_regressor(value)
        return "" if is_one else "is not a classifier or regressor"
    if name in _KINDS:
        is_one = getattr(library("base"), f"is_{name}")(value)
        return "" if is_one else f"is not a {name}"
    try:
        found = array(value)
    except ValueError:  # rows of several lengths
        return "is not an array"
    if not found.ndim:
        return "is not an array"
    return _fault_of_numbers(found) if name.startswith("X") else ""


def _fault_of_numbers(found: Any) -> str:
    if found.dtype.kind == "O":  # columns of several types
        found = found.astype(str if any(isinstance(one, str) for one in found.flat) else float)
    if found.dtype.kind not in "biufc":
        return "contains values that are not numbers"
    missing = int((found != found).sum())  # NaN is not itself
    return f"contains {missing} missing values" if missing else ""


def is_fitted(model: Any) -> bool:
    """Return whether *model* has been trained; say on standard error if not."""
    try:
        library("utils.validation").check_is_fitted(model)
    except library("exceptions").NotFittedError:
        termerror("Please fit the model before passing it in.")
        return False
    return True

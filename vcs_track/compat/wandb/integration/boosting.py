"""What is logged alike of all libraries for boosted trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.plot.simple import bar
from vcs_track.compat.wandb.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.compat.wandb.plot.chart import CustomChart
    from vcs_track.compat.wandb.run import Run

__all__ = ["best_of", "define_best", "importance"]

_SMALLEST: Final = frozenset({
    "error", "fair", "gamma", "huber", "l1", "l2", "mae", "mape", "merror", "mphe", "poisson",
    "rmse", "rmsle",
})  # fmt: skip
_LARGEST: Final = frozenset({"auc", "aucpr", "average_precision", "map", "ndcg"})


def best_of(metric: str) -> str | None:
    """Return which value of a metric is the best: ``min``, ``max`` or None.

    Args:
        metric: Its name in the library, as in ``ndcg@5``.

    Example:
        >>> from vcs_track.compat.wandb.integration.boosting import best_of
        >>> best_of("binary_logloss"), best_of("ndcg@5"), best_of("mine")
        ('min', 'max', None)
    """
    name = metric.lower().partition("@")[0]
    if "loss" in name or name in _SMALLEST:
        return "min"
    return "max" if name in _LARGEST else None


def define_best(run: Run, key: str, metric: str) -> None:
    """Let the summary have the best value of a key, where that is known.

    Args:
        run: The run.
        key: The key.
        metric: The metric in the library.
    """
    best = best_of(metric)
    if best is not None:
        run.define_metric(key, summary=best)


def importance(pairs: Iterable[tuple[Any, Any]]) -> dict[str, CustomChart]:
    """Return a chart of what each feature counts, by its key.

    Args:
        pairs: Names and numbers.
    """
    rows = [[name, getattr(number, "item", lambda n=number: n)()] for name, number in pairs]
    table = Table(columns=["Feature", "Importance"], data=rows)
    title = "Feature Importance"
    return {title: bar(table, "Feature", "Importance", title=title)}

"""Trainings of LightGBM, as ``wandb.integration.lightgbm`` logs them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import Error
from vcs_track.compat.wandb.integration.boosting import define_best, importance
from vcs_track.compat.wandb.integration.framework import needed, running
from vcs_track.compat.wandb.integration.kept_model import keep_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["log_summary", "wandb_callback"]


def wandb_callback(log_params: bool = True, define_metric: bool = True) -> Callable[[Any], None]:
    """Return a callback that logs each round.

    A metric has the key ``<data>_<metric>``; what ``cv`` gives ends in ``-mean`` and ``-stdv``.

    Args:
        log_params: Whether the parameters of the training go into the configuration.
        define_metric: Whether the summary has the best values instead of the last ones.

    Example:
        >>> from vcs_track.compat.wandb.integration.lightgbm import wandb_callback
        >>> callback = wandb_callback(log_params=False)
        >>> callback.order, callback.before_iteration
        (20, False)
    """
    return _Rounds(log_params, define_metric)


class _Rounds:
    """Logs a row for each round; lightgbm looks at the attributes."""

    order = 20
    before_iteration = False

    def __init__(self, log_params: bool, define_metric: bool) -> None:
        self.log_params = log_params
        self.define_metric = define_metric

    def __call__(self, env: Any) -> None:
        """Log the round that *env* tells of."""
        run = running("wandb_callback")
        found = [*_values(env.evaluation_result_list or ())]
        if env.iteration == env.begin_iteration:
            if self.log_params:
                run.config.update(env.params)
            for key, metric, _ in found if self.define_metric else ():
                define_best(run, key, metric)
        run.log({**{key: value for key, _, value in found}, "iteration": env.iteration})


def _values(results: Any) -> Iterator[tuple[str, str, float]]:
    """Yield key, metric and value of each number in *results*."""
    for data, metric, value, _, *spread in results:
        if not spread:
            yield f"{data}_{metric}", metric, value
            continue
        # Before 4.7 the data of a cross validation had no place but before the metric.
        first, _, last = metric.rpartition(" ")
        key = f"{first or data}_{last}"
        yield f"{key}-mean", f"{last}-mean", value
        yield f"{key}-stdv", f"{last}-stdv", spread[0]


def log_summary(
    model: Any, feature_importance: bool = True, save_model_checkpoint: bool = False
) -> None:
    """Log what a training came to.

    The summary has ``best_iteration`` and ``best_score`` then.

    Args:
        model: The booster.
        feature_importance: Whether a chart shows how often each feature was used.
        save_model_checkpoint: Whether the best model is logged, as an artifact of type
            ``model`` with the alias ``best``.

    Raises:
        Error: If no run is open, or *model* is no booster.
    """
    run = running("log_summary")
    if not isinstance(model, needed("lightgbm").Booster):
        raise Error("Model should be an instance of lightgbm.basic.Booster")
    run.summary["best_iteration"] = model.best_iteration
    run.summary["best_score"] = {data: dict(found) for data, found in model.best_score.items()}
    if feature_importance:
        pairs = zip(model.feature_name(), model.feature_importance(), strict=True)
        run.log(importance(pairs), commit=False)
    if save_model_checkpoint and not run.disabled:
        path = Path(run.dir) / f"model_ckpt_{model.best_iteration}.txt"
        model.save_model(str(path), num_iteration=model.best_iteration)
        keep_model(run, f"model_{run.id}", path, ["best"])

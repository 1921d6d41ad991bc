"""Trainings of CatBoost, as ``wandb.integration.catboost`` logs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vcs_track.compat.wandb.errors import Error
from vcs_track.compat.wandb.integration.boosting import importance
from vcs_track.compat.wandb.integration.framework import needed, running
from vcs_track.compat.wandb.integration.kept_model import keep_model

__all__ = ["WandbCallback", "log_summary"]


class WandbCallback:
    """A callback that logs the metrics whenever catboost computes them.

    A metric has the key ``<data>-<metric>``, the round ``iteration@metric-period-<period>``.

    Args:
        metric_period: The ``metric_period`` of the model.

    Raises:
        Error: If no run is open.
    """

    def __init__(self, metric_period: int = 1) -> None:
        running("WandbCallback")
        self.metric_period = metric_period
        self._known = 0

    def after_iteration(self, info: Any) -> bool:
        """Log a round; return True, as the training goes on."""
        run = running("WandbCallback")
        found = {
            f"{data}-{metric}": values
            for data, metrics in (info.metrics or {}).items()
            for metric, values in metrics.items()
        }
        known = sum(map(len, found.values()))
        if known > self._known:
            self._known = known
            row = {key: values[-1] for key, values in found.items() if values}
            run.log({**row, f"iteration@metric-period-{self.metric_period}": info.iteration})
        return True


def log_summary(
    model: Any,
    log_all_params: bool = True,
    save_model_checkpoint: bool = False,
    log_feature_importance: bool = True,
) -> None:
    """Log what a training came to.

    The summary has ``best_iteration`` and ``best_score`` then.

    Args:
        model: The model.
        log_all_params: Whether its parameters go into the configuration.
        save_model_checkpoint: Whether it is logged, as an artifact of type ``model`` with the
            alias ``best``, or ``last`` where catboost does not keep the best one.
        log_feature_importance: Whether a chart shows what each feature counts.

    Raises:
        Error: If no run is open, or *model* is none of catboost.
    """
    run = running("log_summary")
    if not isinstance(model, needed("catboost").CatBoost):
        raise Error("Model should be an instance of CatBoostClassifier or CatBoostRegressor")
    parameters = model.get_all_params()
    if log_all_params:
        run.config.update(parameters)
    run.summary["best_iteration"] = model.get_best_iteration()
    run.summary["best_score"] = model.get_best_score()
    if save_model_checkpoint and not run.disabled:
        path = Path(run.dir) / "model"
        model.save_model(str(path))
        alias = "best" if parameters.get("use_best_model") else "last"
        keep_model(run, f"model_{run.id}", path, [alias])
    if log_feature_importance:
        names = model.feature_names_
        numbers = model.get_feature_importance()
        pairs = sorted(zip(names, numbers, strict=True), key=lambda pair: -pair[1])
        run.log(importance(pairs), commit=False)

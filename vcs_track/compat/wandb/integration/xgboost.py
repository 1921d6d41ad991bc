"""Trainings of XGBoost, as ``wandb.integration.xgboost`` logs them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.integration.boosting import define_best, importance
from vcs_track.compat.wandb.integration.framework import Borrower, needed, running
from vcs_track.compat.wandb.integration.kept_model import keep_model
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["WandbCallback", "wandb_callback"]


class _Callback(Borrower):
    @staticmethod
    def _base() -> type:
        base: type = needed("xgboost.callback").TrainingCallback
        return base


class WandbCallback(_Callback):
    """A callback that logs each round, and the model at the end.

    A metric has the key ``<data>-<metric>``. What the booster is made of is in the
    configuration, ``best_score`` and ``best_iteration`` are logged where a training stops early.

    Args:
        log_model: Whether the model is logged as the artifact ``<id of the run>_model.json``.
        log_feature_importance: Whether a chart shows what each feature counts.
        importance_type: How that is counted: ``weight``, ``gain``, ``cover``, ``total_gain`` or
            ``total_cover``.
        define_metric: Whether the summary has the best values instead of the last ones.

    Raises:
        Error: If no run is open.
    """

    def __init__(
        self,
        log_model: bool = False,
        log_feature_importance: bool = True,
        importance_type: str = "gain",
        define_metric: bool = True,
    ) -> None:
        super().__init__()
        running("WandbCallback")
        self.log_model = log_model
        self.log_feature_importance = log_feature_importance
        self.importance_type = importance_type
        self.define_metric = define_metric
        self._defined: set[str] = set()

    def before_training(self, model: Any) -> Any:
        """Take the settings of the booster into the configuration."""
        run = running("WandbCallback")
        if _is_booster(model):
            run.config.update(canonical.loads_loose(model.save_config().encode()))
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Log a round; return False, as the training goes on."""
        del model
        run = running("WandbCallback")
        row: dict[str, Any] = {}
        for key, metric, value in _values(evals_log):
            row[key] = value
            if self.define_metric and key not in self._defined:
                self._defined.add(key)
                define_best(run, key, metric)
        run.log({**row, "epoch": epoch})
        return False

    def after_training(self, model: Any) -> Any:
        """Log what the training came to."""
        run = running("WandbCallback")
        if not _is_booster(model):
            return model
        if self.log_model and not run.disabled:
            name = f"{run.id}_model.json"
            path = Path(run.dir) / name
            model.save_model(str(path))
            keep_model(run, name, path)
        if self.log_feature_importance:
            run.log(importance(model.get_score(importance_type=self.importance_type).items()))
        score = model.attr("best_score")
        if score is not None:
            best = int(model.attr("best_iteration"))
            run.log({"best_score": float(score), "best_iteration": best})
        return model


class _Rounds(_Callback):
    """Logs the metrics of each round, and nothing else."""

    def __call__(self, env: Any) -> None:
        """Log a round as older versions of xgboost tell it."""
        running("wandb_callback").log(dict(env.evaluation_result_list))

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        """Log a round; return False, as the training goes on."""
        del model, epoch
        row = {key: value for key, _, value in _values(evals_log)}
        running("wandb_callback").log(row)
        return False


def _is_booster(model: Any) -> bool:
    """Return whether *model* is one; a cross validation has several, and no settings."""
    return hasattr(model, "save_config")


def _values(evals_log: Any) -> Iterator[tuple[str, str, float]]:
    """Yield key, metric and latest value of each number in *evals_log*."""
    for data, metrics in evals_log.items():
        for metric, values in metrics.items():
            key, latest = f"{data}-{metric}", values[-1]
            if isinstance(latest, tuple):
                yield f"{key}-mean", metric, latest[0]
                yield f"{key}-std", "", latest[1]
            else:
                yield key, metric, latest


def wandb_callback() -> Any:
    """Return the callback of wandb 0.10, which logs the metrics of each round.

    It is called or asked as a callback, as the xgboost at hand likes it.
    """
    warnings.warn(
        "wandb_callback will be deprecated in favor of WandbCallback. Please use WandbCallback "
        "for more features.",
        UserWarning,
        stacklevel=2,
    )
    return _Rounds()

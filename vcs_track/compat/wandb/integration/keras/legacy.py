"""The one callback of wandb before its Keras callbacks were three."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import UnsupportedError
from vcs_track.compat.wandb.integration.framework import running
from vcs_track.compat.wandb.integration.kept_model import keep_model
from vcs_track.compat.wandb.integration.keras.base import KerasCallback, keras_in_use
from vcs_track.compat.wandb.integration.keras.examples import Examples
from vcs_track.compat.wandb.media.graph import Graph
from vcs_track.compat.wandb.media.histogram import Histogram
from vcs_track.compat.wandb.term import termlog, termwarn
from vcs_track.compat.wandb.util import make_artifact_name_safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["WandbCallback"]

_TABLES: Final = "log tables in a WandbEvalCallback"
# Arguments that ask for what is not here, each with what to do instead.
_REFUSED: Final = {
    "log_gradients": "where keras runs on torch call wandb.watch(model), else log them in a "
    "callback of your own",
    "log_evaluation": _TABLES,
    "validation_row_processor": _TABLES,
    "prediction_row_processor": _TABLES,
    "compute_flops": "count them yourself, and log the number",
}
_MODES: Final = ("auto", "min", "max")


class WandbCallback(KerasCallback):
    """Logs the metrics of each epoch, and keeps the best model.

    The metrics have their own names, and ``epoch`` beside them. The summary has the best value
    and its epoch as ``best_<monitor>`` and ``best_epoch``. The best model is the file
    ``model-best.h5`` of the run, and a version of the artifact ``model-<name of the run>``.

    Args:
        monitor: The metric that says how good a model is.
        verbose: 1 to say when a model is the best.
        mode: ``auto``, ``min`` or ``max``: which value of the metric is the best.
        save_weights_only: Whether only the weights of the model are saved.
        log_weights: Whether histograms of the weights are logged.
        log_gradients: Refused.
        save_model: Whether the best model is saved.
        training_data: Without effect: it was for gradients.
        validation_data: Inputs and true outputs; some of them are shown where *input_type* or
            *output_type* says that they are images.
        labels: Names of the classes, for the captions of images.
        data_type: Another name of *input_type*.
        predictions: How many images are shown, at most 100.
        generator: Gives what *validation_data* is, anew for each epoch.
        input_type: ``image``, or ``auto`` to guess by the shape.
        output_type: ``image``, ``label``, or None to guess by the shape.
        log_evaluation: Refused.
        validation_steps: Without effect, as what it was for is refused.
        class_colors: The same.
        log_batch_frequency: Log the metrics of a batch too, every so many batches.
        log_best_prefix: What the keys of the best values begin with, or None for none of them.
        save_graph: Whether the layers are in the summary, as ``graph``.
        validation_indexes: Without effect, as what it was for is refused.
        validation_row_processor: Refused.
        prediction_row_processor: Refused.
        infer_missing_processors: Without effect, as what it was for is refused.
        log_evaluation_frequency: The same.
        compute_flops: Refused.
        **kwargs: For the callback of Keras.

    Raises:
        Error: If no run is open.
        UnsupportedError: If something is asked for that is refused.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        verbose: int = 0,
        mode: str = "auto",
        save_weights_only: bool = False,
        log_weights: bool = False,
        log_gradients: bool = False,
        save_model: bool = True,
        training_data: Any = None,
        validation_data: Any = None,
        labels: Sequence[Any] = (),
        data_type: str | None = None,
        predictions: int = 36,
        generator: Any = None,
        input_type: str | None = None,
        output_type: str | None = None,
        log_evaluation: bool = False,
        validation_steps: int | None = None,
        class_colors: Any = None,
        log_batch_frequency: int | None = None,
        log_best_prefix: str | None = "best_",
        save_graph: bool = True,
        validation_indexes: Any = None,
        validation_row_processor: Any = None,
        prediction_row_processor: Any = None,
        infer_missing_processors: bool = True,
        log_evaluation_frequency: int = 0,
        compute_flops: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        run = running("WandbCallback")
        _check({
            "log_gradients": log_gradients, "log_evaluation": log_evaluation,
            "validation_row_processor": validation_row_processor,
            "prediction_row_processor": prediction_row_processor, "compute_flops": compute_flops,
        })  # fmt: skip
        del training_data, validation_steps, class_colors, validation_indexes
        del infer_missing_processors, log_evaluation_frequency
        self.monitor = monitor
        self.verbose = verbose
        self.save_weights_only = save_weights_only
        self.save_model = save_model
        self.save_graph = save_graph
        self.log_weights = log_weights
        self.log_batch_frequency = log_batch_frequency
        self.log_best_prefix = log_best_prefix
        self._largest = _is_largest(mode, monitor)
        self.best = -math.inf if self._largest else math.inf
        known = None if log_best_prefix is None else run.summary.get(f"{log_best_prefix}{monitor}")
        if isinstance(known, int | float):
            self.best = known  # a run that goes on
        self._examples = Examples(
            validation_data, generator, labels, predictions, input_type or data_type, output_type
        )

    def set_model(self, model: Any) -> None:
        """Take the model."""
        parent: Any = super()
        parent.set_model(model)
        self._examples.guess(model)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the layers once, and the metrics of a batch where asked for."""
        run = running("WandbCallback")
        if self.save_graph:
            self.save_graph = False
            run.summary["graph"] = Graph.from_keras(self.model)
        if self.log_batch_frequency and batch % self.log_batch_frequency == 0:
            run.log(dict(logs or {}))

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log an epoch, and keep the model if it is the best."""
        run = running("WandbCallback")
        row: dict[str, Any] = _weights(self.model) if self.log_weights else {}
        examples = self._examples.of(self.model)
        if examples:
            row["examples"] = examples
        run.log({**row, "epoch": epoch, **(logs or {})})
        found = (logs or {}).get(self.monitor)
        if found is not None and self._is_better(found):
            self._keep(epoch, float(found))

    def _is_better(self, value: float) -> bool:
        return value > self.best if self._largest else value < self.best

    def _keep(self, epoch: int, value: float) -> None:
        run = running("WandbCallback")
        if self.verbose:
            termlog(
                f"Epoch {epoch:05d}: {self.monitor} improved from {self.best:.5f} to {value:.5f}"
            )
        self.best = value
        if self.log_best_prefix is not None:
            run.summary[f"{self.log_best_prefix}{self.monitor}"] = value
            run.summary[f"{self.log_best_prefix}epoch"] = epoch
        if self.save_model and not run.disabled:
            path = self._saved(Path(run.dir))
            name = make_artifact_name_safe(f"model-{run.name}")
            keep_model(run, name, path, ["latest", f"epoch_{epoch}"])

    def _saved(self, folder: Path) -> Path:
        """Save the model in *folder*; return the file."""
        if not self.save_weights_only:
            path = folder / "model-best.h5"
            self.model.save(str(path), overwrite=True)
            return path
        # Keras 3 takes no other name for weights.
        is_new = int(str(keras_in_use().__version__).partition(".")[0]) > 2
        path = folder / ("model-best.weights.h5" if is_new else "model-best.h5")
        self.model.save_weights(str(path), overwrite=True)
        return path


def _check(asked: Mapping[str, Any]) -> None:
    for name, value in asked.items():
        if value:
            raise UnsupportedError(
                f"WandbCallback({name}=...) is not among what is here", hint=_REFUSED[name]
            )


def _is_largest(mode: str, monitor: str) -> bool:
    if mode not in _MODES:
        termwarn(f"WandbCallback mode {mode} is unknown, fallback to auto mode.")
        mode = "auto"
    if mode == "auto":
        return "acc" in monitor or monitor.startswith("fmeasure")
    return mode == "max"


def _weights(model: Any) -> dict[str, Any]:
    """Return a histogram of each array of weights, by its key."""
    found = {}
    for layer in model.layers:
        arrays = layer.get_weights()
        names = ["weights", "bias"]
        if len(arrays) > len(names):
            names = [weight.name.partition(":")[0] for weight in layer.weights]
        for name, array in zip(names, arrays, strict=False):
            found[f"parameters/{layer.name}.{name}"] = Histogram(array)
    return found

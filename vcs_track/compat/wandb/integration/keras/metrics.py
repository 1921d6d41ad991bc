"""The metrics of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.integration.framework import running
from vcs_track.compat.wandb.integration.keras.base import KerasCallback
from vcs_track.compat.wandb.term import termerror

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WandbMetricsLogger"]


class WandbMetricsLogger(KerasCallback):
    """Logs metrics and learning rate, at the end of epochs or of batches.

    Of an epoch the keys begin with ``epoch/`` and are counted by ``epoch/epoch``, of a batch
    with ``batch/``, counted by ``batch/batch_step``.

    Args:
        log_freq: ``epoch``, ``batch``, or how many batches there are from one row to the next.
        initial_global_step: Batches that were trained before, for a learning rate that
            depends on them.
        *args: For the callback of Keras.
        **kwargs: The same.

    Raises:
        Error: If no run is open.
        BadValueError: If *log_freq* is something else.
    """

    def __init__(
        self,
        log_freq: str | int = "epoch",
        initial_global_step: int = 0,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        run = running("WandbMetricsLogger")
        every = 1 if log_freq == "batch" else log_freq
        if every != "epoch" and (not isinstance(every, int) or every < 1):
            raise BadValueError(
                f"log_freq is {log_freq!r:.40}",
                hint="give 'epoch', 'batch' or a number of batches",
            )
        self.logging_batch_wise = isinstance(every, int)
        self.log_freq: Any = every if self.logging_batch_wise else None
        self.global_batch = 0
        self.global_step = initial_global_step
        unit, counter = ("batch", "batch_step") if self.logging_batch_wise else ("epoch", "epoch")
        run.define_metric(f"{unit}/{counter}")
        run.define_metric(f"{unit}/*", step_metric=f"{unit}/{counter}")

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the metrics of an epoch."""
        self._log("epoch", logs, {"epoch/epoch": epoch})

    def on_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the metrics of a batch, where it is one of those."""
        self.global_step += 1
        if self.logging_batch_wise and batch % self.log_freq == 0:
            self._log("batch", logs, {"batch/batch_step": self.global_batch})
            self.global_batch += self.log_freq

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the metrics of a batch, where it is one of those."""
        self.on_batch_end(batch, logs)

    def _log(self, unit: str, logs: Mapping[str, Any] | None, counted: dict[str, Any]) -> None:
        row = {f"{unit}/{name}": value for name, value in (logs or {}).items()} | counted
        rate = self._rate()
        if rate is not None:
            row[f"{unit}/learning_rate"] = rate
        running("WandbMetricsLogger").log(row)

    def _rate(self) -> float | None:
        """Return the learning rate, or None where it is no number."""
        try:
            rate = self.model.optimizer.learning_rate
            if callable(rate) and not hasattr(rate, "shape"):
                rate = rate(self.global_step)
            return float(rate.numpy() if hasattr(rate, "numpy") else rate)
        except Exception as error:  # noqa: BLE001 -- a schedule is the user's code, and less than the metrics
            termerror(f"Unable to log learning rate: {error}", repeat=False)
            return None

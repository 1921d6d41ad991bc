"""Models that are saved while they are trained."""

from __future__ import annotations

import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.integration.framework import running
from vcs_track.compat.wandb.integration.kept_model import keep_model
from vcs_track.compat.wandb.integration.keras.base import KerasCallback, keras_in_use
from vcs_track.compat.wandb.term import termwarn
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

__all__ = ["WandbModelCheckpoint"]


class WandbModelCheckpoint(KerasCallback):
    """Saves a model as ``ModelCheckpoint`` of Keras does, and logs each file.

    A file is a version of the artifact ``run_<id>_model``, with the alias ``epoch_<n>`` or
    ``epoch_<n>_batch_<n>``. Where Keras saves nothing, as the model is no better, nothing is
    logged.

    Args:
        filepath: Path of the file, in which ``{epoch}`` and the names of metrics are filled in.
        monitor: The metric that says how good a model is.
        verbose: 1 to say what is saved.
        save_best_only: Whether only a model that is better than all before is saved.
        save_weights_only: Whether only its weights are.
        mode: ``auto``, ``min`` or ``max``: which value of the metric is the best.
        save_freq: ``epoch``, or how many batches there are from one file to the next.
        initial_value_threshold: What the first model has to be better than.
        **kwargs: For the callback of Keras.

    Raises:
        Error: If no run is open.
        ValueError: If Keras can use an argument not.
    """

    filepath: str
    save_freq: str | int

    def __init__(
        self,
        filepath: str | PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filepath=filepath, monitor=monitor, verbose=verbose, save_best_only=save_best_only,
            save_weights_only=save_weights_only, mode=mode, save_freq=save_freq,
            initial_value_threshold=initial_value_threshold, **kwargs,
        )  # fmt: skip
        running("WandbModelCheckpoint")
        if save_best_only and not any(
            name for _, name, _, _ in string.Formatter().parse(self.filepath)
        ):
            termwarn(
                "When using `save_best_only`, ensure that the `filepath` argument contains "
                "formatting placeholders like `{epoch:02d}` or `{batch:02d}`, so that a file "
                "is not overwritten by the next.",
                repeat=False,
            )

    @staticmethod
    def _base() -> type:
        base: type = keras_in_use().callbacks.ModelCheckpoint
        return base

    def _save_model(
        self, epoch: int, batch: int | None = None, logs: Mapping[str, Any] | None = None
    ) -> None:
        parent: Any = super()
        path = Path(parent._get_file_path(epoch, batch, logs))  # noqa: SLF001 -- of its base
        before = _stamp(path)
        parent._save_model(epoch, batch, logs)  # noqa: SLF001 -- as above
        if _stamp(path) in (None, before):
            return
        run = running("WandbModelCheckpoint")
        at = f"epoch_{epoch}" if batch is None else f"epoch_{epoch}_batch_{batch}"
        keep_model(run, f"run_{run.id}_model", path, ["latest", at])


def _stamp(path: Path) -> tuple[int, int] | None:
    return fsio.stamp(path) if path.exists() else None

"""Trainings of Stable-Baselines3, as ``wandb.integration.sb3`` logs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from vcs_track.compat.wandb.config_values import text_of
from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.integration.framework import Borrower, needed, running
from vcs_track.compat.wandb.term import termlog, termwarn
from vcs_track.plumbing import fsio

__all__ = ["WandbCallback"]

_KINDS: Final = ("gradients", "parameters", "all", None)


class WandbCallback(Borrower):
    """A callback that keeps what the model is made of, and the model.

    The metrics come from what Stable-Baselines3 writes for TensorBoard: start the run with
    ``sync_tensorboard=True``, and give the model a ``tensorboard_log``.

    Args:
        verbose: 2 to say when a model is saved.
        model_save_path: Folder where the model is saved, as ``model.zip``. Default: it is not.
        model_save_freq: The model is saved every so many calls too. Default: at the end only.
        gradient_save_freq: Gradients and parameters of the policy are logged every so many
            passes. Default: they are not.
        log: Which of them: ``gradients``, ``parameters``, ``all`` or None.

    Raises:
        Error: If no run is open.
        BadValueError: If *model_save_freq* is given without *model_save_path*.
    """

    model: Any
    n_calls: int
    verbose: int

    def __init__(
        self,
        verbose: int = 0,
        model_save_path: str | None = None,
        model_save_freq: int = 0,
        gradient_save_freq: int = 0,
        log: str | None = "all",
    ) -> None:
        super().__init__(verbose)
        running("WandbCallback")
        if log not in _KINDS:
            termwarn(
                "`log` must be one of `None`, 'gradients', 'parameters', or 'all', falling back "
                "to 'all'"
            )
            log = "all"
        if model_save_path is None and model_save_freq:
            raise BadValueError(
                "`model_save_freq` is given without `model_save_path`",
                hint="say in which folder the model is saved",
            )
        self.model_save_path = model_save_path
        self.model_save_freq = model_save_freq
        self.gradient_save_freq = gradient_save_freq
        self.log = log
        if model_save_path is not None:
            fsio.make_dirs(Path(model_save_path), sync=False)
            self.path = str(Path(model_save_path) / "model.zip")

    @staticmethod
    def _base() -> type:
        found = needed("stable_baselines3.common.callbacks", "stable-baselines3")
        base: type = found.BaseCallback
        return base

    def _init_callback(self) -> None:
        run = running("WandbCallback")
        known = {"algo": type(self.model).__name__}
        for name, value in vars(self.model).items():
            known[name] = value if type(value) in (float, int, str) else text_of(value)
        if self.gradient_save_freq > 0:
            run.watch(self.model.policy, log=self.log, log_freq=self.gradient_save_freq)
        run.config.setdefaults(known)

    def _on_step(self) -> bool:
        if self.model_save_freq > 0 and self.n_calls % self.model_save_freq == 0:
            self.save_model()
        return True

    def _on_training_end(self) -> None:
        if self.model_save_path is not None:
            self.save_model()

    def save_model(self) -> None:
        """Save the model, and keep the file with the run."""
        self.model.save(self.path)
        running("WandbCallback").save(self.path, base_path=self.model_save_path)
        if self.verbose > 1:
            termlog(f"Saving model checkpoint to {self.path}")

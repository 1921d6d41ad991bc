"""Predictions of a model, logged as tables while it is trained."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.artifacts.artifact import Artifact
from vcs_track.compat.wandb.integration.framework import running
from vcs_track.compat.wandb.integration.keras.base import KerasCallback
from vcs_track.compat.wandb.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["WandbEvalCallback"]


class WandbEvalCallback(KerasCallback):
    """What a callback of yours is made from that logs predictions.

    Give it the two methods that are missing: :meth:`add_ground_truth` fills ``data_table``
    before the training, :meth:`add_model_predictions` fills ``pred_table`` after each epoch,
    and may take from ``data_table_ref`` what is logged already.

    Args:
        data_table_columns: Columns of the table of true values.
        pred_table_columns: Columns of the tables of predictions.
        *args: For the callback of Keras.
        **kwargs: The same.

    Attributes:
        data_table: The true values.
        data_table_ref: The same as they are logged.
        pred_table: The predictions of an epoch.

    Raises:
        Error: If no run is open.
    """

    data_table: Table
    data_table_ref: Any
    pred_table: Table

    def __init__(
        self,
        data_table_columns: Sequence[str],
        pred_table_columns: Sequence[str],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        running("WandbEvalCallback")
        self.data_table_columns = data_table_columns
        self.pred_table_columns = pred_table_columns

    @abstractmethod
    def add_ground_truth(self, logs: Mapping[str, Any] | None = None) -> None:
        """Add rows to ``data_table``.

        Args:
            logs: What Keras gives at the beginning of a training.
        """

    @abstractmethod
    def add_model_predictions(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Add rows to ``pred_table``.

        Args:
            epoch: The epoch that has ended.
            logs: Its metrics.
        """

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Log the true values."""
        self.init_data_table(self.data_table_columns)
        self.add_ground_truth(logs)
        self.log_data_table()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the predictions of an epoch."""
        self.init_pred_table(self.pred_table_columns)
        self.add_model_predictions(epoch, logs)
        self.log_pred_table()

    def init_data_table(self, column_names: Sequence[str]) -> None:
        """Make ``data_table`` anew, whose columns may hold anything.

        Args:
            column_names: Its columns.
        """
        self.data_table = Table(columns=list(column_names), allow_mixed_types=True)

    def init_pred_table(self, column_names: Sequence[str]) -> None:
        """Make ``pred_table`` anew.

        Args:
            column_names: Its columns.
        """
        self.pred_table = Table(columns=list(column_names))

    def log_data_table(
        self,
        name: str = "val",
        type: str = "dataset",  # noqa: A002 -- wandb's word
        table_name: str = "val_data",
    ) -> None:
        """Log ``data_table`` in an artifact that the run uses.

        Args:
            name: Name of the artifact.
            type: Its type.
            table_name: Name of the table in it.
        """
        run = running("WandbEvalCallback")
        if run.disabled:
            self.data_table_ref = self.data_table
            return
        artifact = Artifact(name, type=type)
        artifact.add(self.data_table, table_name)
        run.use_artifact(artifact)
        self.data_table_ref = artifact.wait().get(table_name)

    def log_pred_table(
        self,
        type: str = "evaluation",  # noqa: A002 -- as above
        table_name: str = "eval_data",
        aliases: Sequence[str] | None = None,
    ) -> None:
        """Log ``pred_table`` as a version of the artifact ``run_<id>_pred``.

        Args:
            type: Type of the artifact.
            table_name: Name of the table in it.
            aliases: Aliases of the version.
        """
        run = running("WandbEvalCallback")
        if run.disabled:
            return
        artifact = Artifact(f"run_{run.id}_pred", type=type)
        artifact.add(self.pred_table, table_name)
        run.log_artifact(artifact, aliases=list(aliases or ["latest"]))

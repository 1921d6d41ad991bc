"""Trainings of Keras, as ``wandb.integration.keras`` logs them.

::

    model.fit(x, y, callbacks=[WandbMetricsLogger(), WandbModelCheckpoint("model.keras")])
"""

from __future__ import annotations

from vcs_track.compat.wandb.integration.keras.checkpoint import WandbModelCheckpoint
from vcs_track.compat.wandb.integration.keras.legacy import WandbCallback
from vcs_track.compat.wandb.integration.keras.metrics import WandbMetricsLogger
from vcs_track.compat.wandb.integration.keras.tables import WandbEvalCallback

__all__ = ["WandbCallback", "WandbEvalCallback", "WandbMetricsLogger", "WandbModelCheckpoint"]

"""Charts that are drawn from a table.

::

    wandb.log({"curve": wandb.plot.line(table, "epoch", "loss", title="Loss")})

A chart is logged as its table under ``<key>_table``, and what is drawn how is kept with it.
"""

from __future__ import annotations

from vcs_track.compat.wandb.plot.chart import CustomChart, Visualize, plot_table, visualize
from vcs_track.compat.wandb.plot.confusion import confusion_matrix
from vcs_track.compat.wandb.plot.curves import pr_curve, roc_curve
from vcs_track.compat.wandb.plot.series import line_series
from vcs_track.compat.wandb.plot.simple import bar, histogram, line, scatter

__all__ = [
    "CustomChart", "Visualize", "bar", "confusion_matrix", "histogram", "line", "line_series",
    "plot_table", "pr_curve", "roc_curve", "scatter", "visualize",
]  # fmt: skip

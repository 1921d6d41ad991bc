"""Charts for models of scikit-learn, as ``wandb.sklearn`` draws them.

::

    wandb.sklearn.plot_confusion_matrix(y_test, model.predict(X_test), ["cat", "dog"])

Each function logs a chart under a key of its own. Where an argument is missing or does not fit,
it says so on standard error and logs nothing, as a training is worth more than a chart.
"""

from __future__ import annotations

from vcs_track.compat.wandb.integration.sklearn.classifier import (
    plot_calibration_curve,
    plot_class_proportions,
    plot_classifier,
    plot_confusion_matrix,
    plot_feature_importances,
    plot_precision_recall,
    plot_roc,
)
from vcs_track.compat.wandb.integration.sklearn.clusterer import (
    plot_clusterer,
    plot_elbow_curve,
    plot_silhouette,
)
from vcs_track.compat.wandb.integration.sklearn.regressor import (
    plot_outlier_candidates,
    plot_regressor,
    plot_residuals,
)
from vcs_track.compat.wandb.integration.sklearn.scores import (
    plot_learning_curve,
    plot_summary_metrics,
)

__all__ = [
    "plot_calibration_curve",
    "plot_class_proportions",
    "plot_classifier",
    "plot_clusterer",
    "plot_confusion_matrix",
    "plot_elbow_curve",
    "plot_feature_importances",
    "plot_learning_curve",
    "plot_outlier_candidates",
    "plot_precision_recall",
    "plot_regressor",
    "plot_residuals",
    "plot_roc",
    "plot_silhouette",
    "plot_summary_metrics",
]

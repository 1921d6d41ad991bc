"""Charts for regressors."""

from __future__ import annotations

from typing import Any

from vcs_track.compat.wandb.integration.framework import running
from vcs_track.compat.wandb.integration.sklearn.drawing import (
    array,
    draw,
    fits,
    is_fitted,
    library,
)
from vcs_track.compat.wandb.integration.sklearn.scores import (
    plot_learning_curve,
    plot_summary_metrics,
)
from vcs_track.compat.wandb.term import termlog, termwarn

__all__ = ["plot_outlier_candidates", "plot_regressor", "plot_residuals"]


def plot_regressor(
    model: Any, X_train: Any, X_test: Any, y_train: Any, y_test: Any,  # noqa: N803 -- scikit-learn's names
    model_name: str = "Regressor",
) -> None:  # fmt: skip
    """Log all charts for a regressor.

    Args:
        model: The regressor, which is trained.
        X_train: What it was trained with.
        X_test: What it is judged by.
        y_train: True values of the first.
        y_test: True values of the second.
        model_name: What it is called.

    Raises:
        Error: If no run is open.
    """
    running("wandb.sklearn.plot_regressor")
    termlog(f"Plotting {model_name}.")
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)
    plot_learning_curve(model, X_train, y_train)
    plot_outlier_candidates(model, X_train, y_train)
    plot_residuals(model, X_train, y_train)


def plot_outlier_candidates(regressor: Any = None, X: Any = None, y: Any = None) -> None:  # noqa: N803 -- as above
    """Log how much each sample moves a model, by Cook's distance.

    A copy of the model is trained for that.

    Args:
        regressor: A regressor that is trained.
        X: What it was trained with.
        y: The true values.

    Raises:
        Error: If no run is open.
    """
    if not (fits(regressor=regressor, X=X, y=y) and is_fitted(regressor)):
        return
    import numpy as np

    inputs, truth = array(X).astype(float), array(y)
    count, width = inputs.shape
    free = count - int(np.linalg.matrix_rank(inputs))
    if free < 1:
        termwarn("there are not more samples than features: no chart of outliers")
        return
    leverage = np.einsum("ij,ji->i", inputs, np.linalg.pinv(inputs))
    model = library("base").clone(regressor).fit(X, truth)
    errors = truth - model.predict(X)
    variance = float(errors @ errors) / free
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = errors**2 * leverage / (variance * width * (1 - leverage) ** 2)
    threshold = 4 / count
    share = round(100 * float((distance >= threshold).mean()), 3)
    columns = ["distance", "instance_indicies", "outlier_percentage", "influence_threshold"]
    rows = [[float(value), at, share, threshold] for at, value in enumerate(distance)]
    draw("outlier_candidates", "outliers", columns, rows)


def plot_residuals(regressor: Any = None, X: Any = None, y: Any = None) -> None:  # noqa: N803 -- as above
    """Log how far a model is from the truth.

    A copy of it is trained with four fifths of the samples, and judged by the rest.

    Args:
        regressor: A regressor that is trained.
        X: What it was trained with.
        y: The true values.

    Raises:
        Error: If no run is open.
    """
    if not (fits(regressor=regressor, X=X, y=y) and is_fitted(regressor)):
        return
    x_train, x_test, y_train, y_test = library("model_selection").train_test_split(
        X, array(y), test_size=0.2, random_state=0
    )
    model = library("base").clone(regressor).fit(x_train, y_train)
    scores = [float(model.score(x_train, y_train)), float(model.score(x_test, y_test))]
    rows = [
        [part, float(value), float(value - true), *scores]
        for part, inputs, truth in (("train", x_train, y_train), ("test", x_test, y_test))
        for value, true in zip(model.predict(inputs), truth, strict=True)
    ]
    columns = ["dataset", "y_pred", "residuals", "train_score", "test_score"]
    draw("residuals", "residuals_plot", columns, rows)

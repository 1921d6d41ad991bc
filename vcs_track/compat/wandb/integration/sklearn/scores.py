"""How good a model is: in numbers, and by how much it was trained with."""

from __future__ import annotations

from typing import Any

from vcs_track.compat.wandb.integration.sklearn.drawing import (
    array,
    draw,
    fits,
    is_fitted,
    library,
)

__all__ = ["plot_learning_curve", "plot_summary_metrics"]


def plot_summary_metrics(
    model: Any = None, X: Any = None, y: Any = None, X_test: Any = None, y_test: Any = None,  # noqa: N803 -- scikit-learn's names
) -> None:  # fmt: skip
    """Log a table of numbers that say how good a model is.

    Args:
        model: A classifier or regressor that is trained.
        X: What it was trained with.
        y: The same.
        X_test: What it is judged by.
        y_test: The true values of that.

    Raises:
        Error: If no run is open.
    """
    if not (fits(model=model, X=X, y=y, X_test=X_test, y_test=y_test) and is_fitted(model)):
        return
    metrics = library("metrics")
    truth, found = array(y_test), model.predict(X_test)
    if library("base").is_classifier(model):
        kind = {"average": "weighted", "zero_division": 0}
        numbers = {
            "accuracy_score": metrics.accuracy_score(truth, found),
            "precision": metrics.precision_score(truth, found, **kind),
            "recall": metrics.recall_score(truth, found, **kind),
            "f1_score": metrics.f1_score(truth, found, **kind),
        }
    else:
        numbers = {
            "mae": metrics.mean_absolute_error(truth, found),
            "mse": metrics.mean_squared_error(truth, found),
            "r2_score": metrics.r2_score(truth, found),
        }
    name = type(model).__name__
    rows = [[metric, round(float(value), 2), name] for metric, value in numbers.items()]
    draw("summary_metrics", "metrics", ["metric_name", "metric_value", "model_name"], rows)


def plot_learning_curve(
    model: Any = None, X: Any = None, y: Any = None, cv: Any = None, shuffle: bool = False,  # noqa: N803 -- as above
    random_state: Any = None, train_sizes: Any = None, n_jobs: int | None = 1, scoring: Any = None,
) -> None:  # fmt: skip
    """Log how good a model becomes with more data.

    Copies of it are trained for that.

    Args:
        model: A classifier or regressor.
        X: The data.
        y: The true values.
        cv: As for ``sklearn.model_selection.learning_curve``, and so are the next ones.
        shuffle: Whether the data are shuffled.
        random_state: For the shuffling.
        train_sizes: How much of the data is used. Default: five steps from a tenth to all.
        n_jobs: How many trainings run at once.
        scoring: What is measured.

    Raises:
        Error: If no run is open.
    """
    if not fits(model=model, X=X, y=y):
        return
    if train_sizes is None:
        train_sizes = [0.1, 0.325, 0.55, 0.775, 1.0]
    sizes, train, test = library("model_selection").learning_curve(
        model, X, array(y), cv=cv, shuffle=shuffle, random_state=random_state,
        train_sizes=train_sizes, n_jobs=n_jobs, scoring=scoring,
    )  # fmt: skip
    rows = [
        [part, round(float(scores.mean()), 2), int(size)]
        for size, *both in zip(sizes, train, test, strict=True)
        for part, scores in zip(("train", "test"), both, strict=True)
    ]
    draw("learning_curve", "learning_curve", ["dataset", "score", "train_size"], rows)

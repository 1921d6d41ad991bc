"""Charts for classifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.integration.framework import running
from vcs_track.compat.wandb.integration.sklearn.drawing import (
    array,
    draw,
    fits,
    is_fitted,
    library,
    named,
)
from vcs_track.compat.wandb.integration.sklearn.scores import (
    plot_learning_curve,
    plot_summary_metrics,
)
from vcs_track.compat.wandb.plot.curves import pr_curve, roc_curve
from vcs_track.compat.wandb.term import termlog, termwarn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "plot_calibration_curve",
    "plot_class_proportions",
    "plot_classifier",
    "plot_confusion_matrix",
    "plot_feature_importances",
    "plot_precision_recall",
    "plot_roc",
]


def plot_classifier(
    model: Any, X_train: Any, X_test: Any, y_train: Any, y_test: Any, y_pred: Any, y_probas: Any,  # noqa: N803 -- scikit-learn's names
    labels: Sequence[Any], is_binary: bool = False, model_name: str = "Classifier",
    feature_names: Sequence[str] | None = None, log_learning_curve: bool = False,
) -> None:  # fmt: skip
    """Log all charts for a classifier.

    Args:
        model: The classifier, which is trained.
        X_train: What it was trained with.
        X_test: What it is judged by.
        y_train: True classes of the first.
        y_test: True classes of the second.
        y_pred: What it takes them for.
        y_probas: Probability of each class for each of them.
        labels: Names of the classes.
        is_binary: Without effect.
        model_name: What it is called.
        feature_names: Names of the features.
        log_learning_curve: Whether copies of it are trained to see how it learns.

    Raises:
        Error: If no run is open.
    """
    del is_binary
    running("wandb.sklearn.plot_classifier")
    termlog(f"Plotting {model_name}.")
    has_features = type(model).__name__ != "MultinomialNB"
    if has_features:
        plot_feature_importances(model, feature_names)
    if log_learning_curve:
        plot_learning_curve(model, X_train, y_train)
    plot_confusion_matrix(y_test, y_pred, labels)
    plot_summary_metrics(model, X=X_train, y=y_train, X_test=X_test, y_test=y_test)
    plot_class_proportions(y_train, y_test, labels)
    if has_features:
        plot_calibration_curve(model, X_train, y_train, model_name)
    plot_roc(y_test, y_probas, labels)
    plot_precision_recall(y_test, y_probas, labels)


def plot_roc(
    y_true: Any = None, y_probas: Any = None, labels: Sequence[Any] | None = None,
    plot_micro: bool = True, plot_macro: bool = True, classes_to_plot: Any = None,
) -> None:  # fmt: skip
    """Log the ROC curve of each class.

    Args:
        y_true: The true class of each sample.
        y_probas: Probability of each class for each sample.
        labels: Names of the classes.
        plot_micro: Without effect.
        plot_macro: Without effect.
        classes_to_plot: The only classes that are drawn.

    Raises:
        Error: If no run is open.
    """
    del plot_micro, plot_macro
    if fits(y_true=y_true, y_probas=y_probas):
        chart = roc_curve(array(y_true), array(y_probas), labels, classes_to_plot)
        running("plot_roc").log({"roc": chart})


def plot_precision_recall(
    y_true: Any = None, y_probas: Any = None, labels: Sequence[Any] | None = None,
    plot_micro: bool = True, classes_to_plot: Any = None,
) -> None:  # fmt: skip
    """Log precision against recall for each class.

    Arguments as for :func:`plot_roc`.

    Raises:
        Error: If no run is open.
    """
    del plot_micro
    if fits(y_true=y_true, y_probas=y_probas):
        chart = pr_curve(array(y_true), array(y_probas), labels, classes_to_plot)
        running("plot_precision_recall").log({"precision_recall": chart})


def plot_confusion_matrix(
    y_true: Any = None, y_pred: Any = None, labels: Sequence[Any] | None = None,
    true_labels: Sequence[Any] | None = None, pred_labels: Sequence[Any] | None = None,
    normalize: bool = False,
) -> None:  # fmt: skip
    """Log how often each class was taken for each.

    Args:
        y_true: The true class of each sample.
        y_pred: What it was taken for.
        labels: Names of the classes.
        true_labels: Names of the only true classes that are shown.
        pred_labels: Names of the only classes taken for that are shown.
        normalize: Whether shares of a true class are shown instead of counts.

    Raises:
        Error: If no run is open.
    """
    if not fits(y_true=y_true, y_pred=y_pred):
        return
    truth, found = array(y_true), array(y_pred)
    classes = library("utils.multiclass").unique_labels(truth, found)
    counts = library("metrics").confusion_matrix(truth, found, labels=classes)
    names = [named(one, classes, labels) for one in classes]
    rows = []
    for actual, line in zip(names, counts.tolist(), strict=True):
        whole = sum(line) or 1
        for predicted, count in zip(names, line, strict=True):
            if _is_wanted(actual, true_labels) and _is_wanted(predicted, pred_labels):
                rows.append([predicted, actual, round(count / whole, 2) if normalize else count])
    draw("confusion_matrix", "confusion_matrix", ["Predicted", "Actual", "Count"], rows)


def _is_wanted(name: Any, wanted: Sequence[Any] | None) -> bool:
    return wanted is None or name in list(wanted)


def plot_feature_importances(
    model: Any = None, feature_names: Sequence[Any] | None = None,
    title: str = "Feature Importance", max_num_features: int = 50,
) -> None:  # fmt: skip
    """Log how much each feature counts, the one that counts most first.

    Args:
        model: The model, which is trained.
        feature_names: Names of the features. Default: their numbers.
        title: Without effect.
        max_num_features: Without effect: all are shown.

    Raises:
        Error: If no run is open.
    """
    del title, max_num_features
    running("wandb.sklearn.plot_feature_importances")
    if model is None or not is_fitted(model):
        return
    numbers = next(
        (
            array(getattr(model, name))
            for name in ("feature_importances_", "feature_log_prob_", "coef_")
            if hasattr(model, name)
        ),
        None,
    )
    if numbers is None:
        termwarn(f"{type(model).__name__} does not tell how much a feature counts: no chart")
        return
    if sum(side > 1 for side in numbers.shape) > 1:
        termwarn("features count for each class apart, which no chart shows; log a wandb.Table")
        return
    flat = numbers.reshape(-1)
    names = list(range(flat.size)) if feature_names is None else list(feature_names)
    rows = [[names[at], flat[at]] for at in flat.argsort()[::-1]]
    draw("feature_importances", "feature_importances", ["feature_names", "importances"], rows)


def plot_class_proportions(
    y_train: Any = None, y_test: Any = None, labels: Sequence[Any] | None = None
) -> None:
    """Log how often each class is in the data.

    Args:
        y_train: Classes of what a model is trained with.
        y_test: Classes of what it is judged by, or None.
        labels: Names of the classes.

    Raises:
        Error: If no run is open.
    """
    if not fits(y_train=y_train):
        return
    parts = {"train": array(y_train)}
    if y_test is not None:
        parts["test"] = array(y_test)
    classes = library("utils.multiclass").unique_labels(*parts.values())
    rows = [
        [named(one, classes, labels), part, int((values == one).sum())]
        for one in classes
        for part, values in parts.items()
    ]
    draw("class_proportions", "class_proportions", ["class", "dataset", "count"], rows)


def plot_calibration_curve(
    clf: Any = None, X: Any = None, y: Any = None, clf_name: str = "Classifier"  # noqa: N803 -- as above
) -> None:  # fmt: skip
    """Log what the probabilities of a classifier are worth.

    Copies of it are trained for that.

    Args:
        clf: A classifier, which is trained.
        X: What it was trained with.
        y: The classes of that, each 0 or 1.
        clf_name: What it is called.

    Raises:
        Error: If no run is open.
    """
    if not (fits(classifier=clf, X=X, y=y) and is_fitted(clf)):
        return
    truth = array(y)
    if truth.dtype.kind not in "biuf" or not ((truth == 0) | (truth == 1)).all():
        termwarn("a calibration curve is for two classes, 0 and 1: no chart")
        return
    columns = ["model", "fraction_of_positives", "mean_predicted_value", "hist_dict", "edge_dict"]
    draw("calibration_curve", "calibration", columns, _calibration(clf, X, truth, clf_name))


def _calibration(clf: Any, inputs: Any, truth: Any, name: str) -> Iterator[list[Any]]:
    import numpy as np

    calibration = library("calibration")
    if type(clf).__name__ == "ComplementNB":
        inputs = array(inputs) - array(inputs).min()  # it takes no negative numbers
    x_train, x_test, y_train, y_test = library("model_selection").train_test_split(
        inputs, truth, test_size=0.9, random_state=42
    )
    yield ["Perfectly calibrated", 0.0, 0.0, 0, 0.0]
    yield ["Perfectly calibrated", 1.0, 1.0, 0, 0.0]
    models = {
        "Logistic": library("linear_model").LogisticRegression(),
        f"{name} Isotonic": calibration.CalibratedClassifierCV(clf, cv=2, method="isotonic"),
        f"{name} Sigmoid": calibration.CalibratedClassifierCV(clf, cv=2, method="sigmoid"),
    }
    for kind, model in models.items():
        chances = model.fit(x_train, y_train).predict_proba(x_test)[:, 1]
        counts, edges = np.histogram(chances, bins=10)
        positive, predicted = calibration.calibration_curve(y_test, chances, n_bins=10)
        for row in zip(positive, predicted, counts, edges, strict=False):
            yield [kind, round(float(row[0]), 3), round(float(row[1]), 3), *row[2:]]

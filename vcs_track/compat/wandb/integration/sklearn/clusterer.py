"""Charts for clusters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.integration.framework import running
from vcs_track.compat.wandb.integration.sklearn.drawing import (
    array,
    draw,
    fits,
    is_fitted,
    library,
)
from vcs_track.compat.wandb.term import termlog, termwarn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["plot_clusterer", "plot_elbow_curve", "plot_silhouette"]


def plot_clusterer(
    model: Any, X_train: Any, cluster_labels: Any, labels: Sequence[Any] | None = None,  # noqa: N803 -- scikit-learn's names
    model_name: str = "Clusterer",
) -> None:  # fmt: skip
    """Log all charts for clusters.

    Args:
        model: What makes clusters, and has made them.
        X_train: Of what.
        cluster_labels: The cluster of each sample.
        labels: Without effect.
        model_name: What it is called.

    Raises:
        Error: If no run is open.
    """
    running("wandb.sklearn.plot_clusterer")
    termlog(f"Plotting {model_name}.")
    has_centers = hasattr(model, "cluster_centers_")
    if hasattr(model, "n_clusters") and hasattr(model, "score"):
        plot_elbow_curve(model, X_train)
    plot_silhouette(model, X_train, cluster_labels, labels, kmeans=has_centers)


def plot_elbow_curve(
    clusterer: Any = None, X: Any = None, cluster_ranges: Iterable[int] | None = None,  # noqa: N803 -- as above
    n_jobs: int | None = 1, show_cluster_time: bool = True,
) -> None:  # fmt: skip
    """Log how good the clusters are by their number.

    Copies of the model are trained for that.

    Args:
        clusterer: What makes clusters, with their number as ``n_clusters``.
        X: Of what.
        cluster_ranges: The numbers. Default: 1, 3, 5, 7 and 9.
        n_jobs: Without effect.
        show_cluster_time: Without effect: the seconds are logged.

    Raises:
        Error: If no run is open.
    """
    del n_jobs, show_cluster_time
    if not fits(clusterer=clusterer, X=X):
        return
    if not (hasattr(clusterer, "n_clusters") and hasattr(clusterer, "score")):
        termwarn(f"{type(clusterer).__name__} has no n_clusters or no score: no elbow curve")
        return
    rows = []
    for number in sorted(range(1, 10, 2) if cluster_ranges is None else cluster_ranges):
        model = library("base").clone(clusterer).set_params(n_clusters=number)
        start = time.perf_counter()
        score = abs(float(model.fit(X).score(X)))
        rows.append([int(number), score, time.perf_counter() - start])
    draw("elbow_curve", "elbow", ["cluster_ranges", "errors", "clustering_time"], rows)


def plot_silhouette(
    clusterer: Any = None, X: Any = None, cluster_labels: Any = None,  # noqa: N803 -- as above
    labels: Sequence[Any] | None = None, metric: str = "euclidean", kmeans: bool = True,
) -> None:  # fmt: skip
    """Log how well each sample fits in its cluster, the worst one first.

    Args:
        clusterer: What has made the clusters.
        X: Of what.
        cluster_labels: The cluster of each sample. Default: what *clusterer* has found.
        labels: Without effect.
        metric: How far two samples are apart, as scikit-learn names it.
        kmeans: Whether clusters have centres, which are shown then.

    Raises:
        Error: If no run is open.
    """
    del labels
    if not (fits(clusterer=clusterer, X=X) and is_fitted(clusterer)):
        return
    import numpy as np

    inputs = array(X).astype(float)
    found = array(clusterer.labels_ if cluster_labels is None else cluster_labels)
    if inputs.ndim != 2 or len(found) != len(inputs) or not 1 < len(set(found)) < len(found):
        termwarn("the clusters are too few or too many for a chart: no silhouettes")
        return
    metrics = library("metrics")
    values = metrics.silhouette_samples(inputs, found, metric=metric)
    mean = float(metrics.silhouette_score(inputs, found, metric=metric))
    _, cluster = np.unique(found, return_inverse=True)
    centers: Any = clusterer.cluster_centers_ if kmeans else None
    last = inputs.shape[1] - 1  # of the two that are drawn, where there are two
    rows = []
    for place, at in enumerate(np.lexsort((values, cluster))):
        own = int(cluster[at])
        center = [centers[own][0], centers[own][min(1, last)]] if kmeans else [None, None]
        # Ten empty lines stand before each cluster.
        line = place + 10 * (own + 1)
        rows.append([
            inputs[at][0], inputs[at][min(1, last)], own, *center, line, 0, values[at], own, mean,
        ])  # fmt: skip
    columns = [
        "x", "y", "colors", "centerx", "centery", "y_sil", "x1", "x2", "color_sil",
        "silhouette_avg",
    ]  # fmt: skip
    draw("silhouette_plot", "silhouette_", columns, rows)

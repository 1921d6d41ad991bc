"""Trainings by real frameworks with what logs for them, here and by wandb itself.

They need ``pip install -e '.[frameworks]'``; what is not installed is skipped.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import OURS, REAL
from compat.wandb.trainings import missing, train, trained

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import RunView

__all__: list[str] = []

pytestmark = [pytest.mark.compat, pytest.mark.timeout(600)]

MODULES = {
    "keras": ("keras", "torch"), "lightgbm": ("lightgbm",), "xgboost": ("xgboost", "sklearn"),
    "catboost": ("catboost",), "sb3": ("stable_baselines3",), "sklearn": ("sklearn", "pandas"),
}  # fmt: skip


def needs(name: str, *more: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(missing(*MODULES[name], *more), reason="not installed")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs(name, "wandb")) for name in MODULES]
)
def test_as_the_original(tmp_path: Path, name: str) -> None:
    """A training leaves the same rows, configuration and artifacts here as with wandb.

    Seen to fail when a chart of scikit-learn had the key of a chart of today.
    """
    ours, theirs = (train(face, name, tmp_path / face.name) for face in (OURS, REAL))
    if name == "sklearn":  # where there is no seed the data are divided anew each time
        for left in (ours, theirs):
            del left.rows[-1]["residuals"]["data"]
    if name == "sb3":
        for left in (ours, theirs):
            left.config.pop("start_time")
            left.config.update({key: addressless(one) for key, one in left.config.items()})

    assert [] == differing(theirs.rows, ours.rows)
    assert theirs.config == ours.config
    assert theirs.artifacts == ours.artifacts


def addressless(value: Any) -> Any:
    return re.sub(r" at 0x[0-9a-f]+", "", value) if isinstance(value, str) else value


def differing(theirs: Any, ours: Any) -> list[str]:
    """Return where two values differ; a sum of numbers of 32 bits depends on the order."""
    one, other = leaves(theirs), leaves(ours)
    return [
        f"{path}: {one.get(path)!r:.80} {other.get(path)!r:.80}"
        for path in {**one, **other}
        if one.get(path) != other.get(path)
        and not (
            isinstance(one.get(path), int | float)
            and isinstance(other.get(path), int | float)
            and math.isclose(one[path], other[path], rel_tol=1e-4, abs_tol=1e-6)
        )
    ]


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Return what *value* consists of, by its place."""
    if not isinstance(value, dict | list):
        return {path: value}
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    found: dict[str, Any] = {path: type(value).__name__}
    for key, one in parts:
        found |= leaves(one, f"{path}/{key}")
    return found


def artifacts(run: RunView) -> list[tuple[str, str]]:
    found = run.faces["wandb.artifacts"].values()
    return sorted((one["name"], one["type"]) for one in found if one["op"] == "log")


KERAS = """
import os
os.environ["KERAS_BACKEND"] = "torch"
import wandb
import numpy as np
from wandb.keras import WandbCallback
from wandb.integration.keras import WandbEvalCallback, WandbMetricsLogger, WandbModelCheckpoint
import keras

keras.utils.set_random_seed(0)
run = wandb.init(project="k", name="my net", id="one")
x = np.random.default_rng(0).random((40, 6, 6, 1)).astype("float32")
y = (x.mean((1, 2, 3)) > 0.5).astype("int32")
model = keras.Sequential([
    keras.Input((6, 6, 1)), keras.layers.Flatten(), keras.layers.Dense(4, name="hidden"),
    keras.layers.Dense(2, activation="softmax"),
])
model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

class Told(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["told"] = [0.5, 0.7, 0.4, 0.45][epoch]
"""

LEGACY = f"""{KERAS}
for bad in (
    {{"log_gradients": True}}, {{"log_evaluation": True}}, {{"compute_flops": True}},
    {{"validation_row_processor": len}}, {{"prediction_row_processor": len}},
    {{"output_type": "segmentation_mask"}},
):
    try:
        WandbCallback(**bad)
    except wandb.errors.UnsupportedError as error:
        assert error.hint
    else:
        raise AssertionError(bad)
callback = WandbCallback(
    monitor="told", log_weights=True, input_type="image", validation_data=(x, y), predictions=3,
    labels=["dark", "light"],
)
assert isinstance(callback, WandbCallback) and isinstance(callback, keras.callbacks.Callback)
wandb.watch(model, log_freq=1)
past = model.fit(x, y, validation_data=(x, y), epochs=4, verbose=0, callbacks=[Told(), callback])
assert WandbCallback(monitor="told").best == 0.4
run.finish()
file = wandb.restore("model-best.h5", run_path="one")
best = keras.models.load_model(file.name).evaluate(x, y, verbose=0)[0]
assert best == past.history["val_loss"][2] != past.history["val_loss"][3]
"""

TABLES = f"""{KERAS}
class Predictions(WandbEvalCallback):
    def __init__(self, x, y):
        super().__init__(["idx", "image", "label"], ["epoch", "idx", "label", "pred"])
        self.x, self.y = x, y
    def add_ground_truth(self, logs=None):
        for at, (image, label) in enumerate(zip(self.x, self.y)):
            self.data_table.add_data(at, wandb.Image(image), int(label))
    def add_model_predictions(self, epoch, logs=None):
        found = self.model.predict(self.x, verbose=0).argmax(axis=-1)
        known = self.data_table_ref
        for at in known.get_index():
            row = known.data[at]
            self.pred_table.add_data(epoch, row[0], row[2], int(found[at]))

class Half(WandbMetricsLogger):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, {{**(logs or {{}}), "half": epoch / 2}})

model.fit(x, y, epochs=2, verbose=0, callbacks=[Predictions(x[:3], y[:3]), Half()])
try:
    WandbEvalCallback(["a"], ["b"])
except TypeError as error:
    assert "abstract" in str(error)
else:
    raise AssertionError("it is abstract")
run.finish()
with wandb.init(mode="disabled"):
    model.fit(x, y, validation_data=(x, y), epochs=1, verbose=0, callbacks=[
        Predictions(x[:3], y[:3]), Half(), WandbModelCheckpoint("off.keras"), WandbCallback(),
    ])
"""

BEST = f"""{KERAS}
model.fit(x, y, epochs=4, verbose=0, callbacks=[
    Told(), WandbModelCheckpoint("best.keras", monitor="told", mode="min", save_best_only=True),
])
"""


@needs("keras")
class TestKeras:
    def test_the_callback_of_before(self, tmp_path: Path) -> None:
        """It logs metrics, weights and images, and the best model can be loaded again.

        What is refused is so when the callback is made; ``wandb.watch`` has the gradients.
        Seen to fail when every epoch was taken for the best.
        """
        run = trained(LEGACY, tmp_path)
        found = run.faces["wandb.artifacts"].values()

        assert ("my net", "finished") == (run.name, run.status)
        assert [0, 1, 2, 3] == run.series("epoch").value
        assert (0.4, 2) == (run.summary["best_told"], run.summary["best_epoch"])
        assert {
            "parameters/hidden.weights", "parameters/hidden.bias", "graph", "val_accuracy",
        } <= {*run.summary}  # fmt: skip
        assert [key for key in run.summary if key.startswith("gradients/")]
        assert 3 == run.summary["examples"]["count"]
        assert {"dark", "light"} >= {*run.summary["examples"]["captions"]}
        assert {("model-my_net", "model")} == {*artifacts(run)}
        assert [["latest", "epoch_0"], ["latest", "epoch_2"]] == sorted(
            one["aliases"] for one in found
        )

    def test_tables(self, tmp_path: Path) -> None:
        """Predictions are logged after each epoch, in a table that takes from the true values.

        All callbacks take a run that is disabled, and log nothing then.
        """
        run = trained(TABLES, tmp_path)

        assert [("run_one_pred", "evaluation")] * 2 + [("val", "dataset")] == artifacts(run)
        assert [0, 0.5] == run.series("epoch/half").value

    def test_only_the_best(self, tmp_path: Path) -> None:
        """A model that is no better is not logged: here one of two, of four epochs.

        Seen to fail when the file of an earlier epoch was logged again.
        """
        run = trained(BEST, tmp_path)
        found = run.faces["wandb.artifacts"].values()

        assert [["latest", "epoch_0"], ["latest", "epoch_2"]] == sorted(
            one["aliases"] for one in found
        )


BOOSTING = """
import pickle, warnings
import lightgbm, numpy as np, wandb, xgboost
from sklearn.base import clone
from wandb.lightgbm import wandb_callback
from wandb.xgboost import WandbCallback, wandb_callback as older

run = wandb.init(project="b", id="one")
x = np.random.default_rng(0).normal(size=(80, 4))
y = (x.sum(axis=1) > 0).astype(int)
lightgbm.cv(
    {"objective": "binary", "verbose": -1, "min_data_in_leaf": 2, "metric": "auc"},
    lightgbm.Dataset(x, y), 3, nfold=2, callbacks=[wandb_callback()],
)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    past = older()
xgboost.train(
    {"max_depth": 2}, xgboost.DMatrix(x, y), 3, evals=[(xgboost.DMatrix(x, y), "train")],
    callbacks=[past], verbose_eval=False,
)
xgboost.cv(
    {"max_depth": 2, "objective": "binary:logistic"}, xgboost.DMatrix(x, y), 3, nfold=2,
    metrics=["auc"], callbacks=[WandbCallback(log_model=True)],
)
model = clone(xgboost.XGBClassifier(
    n_estimators=3, callbacks=[WandbCallback(log_model=True)], eval_metric="logloss",
))
model.fit(x, y, eval_set=[(x, y)], verbose=False)
again = pickle.loads(pickle.dumps(model)).callbacks[0]
assert isinstance(again, xgboost.callback.TrainingCallback) and again.log_model
run.finish()

disabled = wandb.init(mode="disabled")
model = clone(model).fit(x, y, eval_set=[(x, y)], verbose=False)
wandb.finish()
"""


@needs("xgboost", "lightgbm")
def test_boosting(tmp_path: Path) -> None:
    """Cross validation, the older callback and an estimator that was cloned are all logged.

    A run that is disabled writes nothing.
    """
    run = trained(BOOSTING, tmp_path)

    assert 3 == len(run.series("valid_auc-mean")) == len(run.series("train-rmse"))
    assert 3 == len(run.series("test-auc-std"))
    assert {"max": max(run.series("test-auc-mean").value)} == run.summary["test-auc-mean"]
    assert (
        min(run.series("validation_0-logloss").value)
        == (run.summary["validation_0-logloss"]["min"])
    )
    assert "learner" in run.hparams
    assert [("one_model.json", "model")] == artifacts(run)


RL = """
import stable_baselines3, wandb
from wandb.integration.sb3 import WandbCallback
run = wandb.init(project="rl", sync_tensorboard=True, config={"gamma": 0.5})
model = stable_baselines3.PPO(
    "MlpPolicy", "CartPole-v1", n_steps=32, batch_size=16, device="cpu", tensorboard_log="tb",
)
model.learn(96, callback=WandbCallback(
    model_save_path="models", model_save_freq=40, gradient_save_freq=10, log="gradients",
))
run.finish()
stable_baselines3.PPO.load(wandb.restore("model.zip", run_path=run.path, root="back").name)
try:
    wandb.init()
    WandbCallback(model_save_freq=3)
except wandb.Error as error:
    assert "model_save_path" in str(error)
    wandb.run.finish()
"""


@needs("sb3", "tensorboard")
def test_sb3(tmp_path: Path) -> None:
    """What Stable-Baselines3 writes for TensorBoard is logged, its settings and model are kept.

    A setting that the user has given stands.
    """
    script = RL.partition("try:")[0]
    run = trained(script, tmp_path)

    assert 3 == len(run.series("time/fps"))
    assert {"gradients/value_net.weight"} <= {*run.summary}
    assert not [key for key in run.summary if key.startswith("parameters/")]
    assert ("PPO", 0.5, "0.95") == (
        run.hparams["algo"], run.hparams["gamma"], str(run.hparams["gae_lambda"]),
    )  # fmt: skip


CHARTS = """
import numpy as np, pandas as pd, wandb
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

wandb.init(project="s", settings={"silent": False})
x, y = load_iris(return_X_y=True)
names = ["a", "b", "c"]
model = RandomForestClassifier(n_estimators=5, random_state=0).fit(x[::2], y[::2])
wandb.sklearn.plot_classifier(
    model, x[::2], x[1::2], y[::2], y[1::2], model.predict(x[1::2]), model.predict_proba(x[1::2]),
    names, feature_names=["1", "2", "3", "4"], log_learning_curve=True,
)
wandb.sklearn.plot_confusion_matrix([0, 0, 1], [0, 1, 1], ["no", "yes"])
wandb.sklearn.plot_confusion_matrix(
    ["n", "n", "y"], ["n", "y", "y"], normalize=True, true_labels=["n"],
)
means = KMeans(n_clusters=3, n_init=1, random_state=0).fit(x)
wandb.sklearn.plot_clusterer(means, x, means.labels_, names)
tree = AgglomerativeClustering(n_clusters=3).fit(x)
wandb.sklearn.plot_clusterer(tree, x, tree.labels_)
steps = wandb.run.step

# What cannot be drawn is told, and nothing is logged.
wandb.sklearn.plot_roc(y, None)
wandb.sklearn.plot_feature_importances(KNeighborsClassifier().fit(x, y))
wandb.sklearn.plot_summary_metrics(RandomForestClassifier(), x, y, x, y)
wandb.sklearn.plot_silhouette(model, x, y)
wandb.sklearn.plot_elbow_curve(tree, x)
wandb.sklearn.plot_silhouette(means, x, [0] * len(x))
wandb.sklearn.plot_learning_curve(model, np.where(x > 7, np.nan, x), y)
wandb.sklearn.plot_learning_curve(model, x.astype(str).astype(object), y)
wandb.sklearn.plot_learning_curve(model, [[1], [1, 2]], y)
wandb.sklearn.plot_calibration_curve(model, x, y)
assert wandb.run.step == steps

# A data frame is given to the model as it is: its columns have names.
frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1] > 3, "c": range(len(x))})
line = make_pipeline(make_column_transformer((StandardScaler(), ["a", "c"])), Ridge())
wandb.sklearn.plot_regressor(line.fit(frame, x[:, 2]), frame, frame, x[:, 2], pd.Series(x[:, 2]))
assert wandb.run.step == steps + 4
wandb.sklearn.plot_residuals(line, frame.assign(d="text"), x[:, 2])
assert wandb.run.step == steps + 4
wandb.finish()

run = wandb.Api().runs("s")[0]
rows = [row for row in run.scan_history()]
def table(row, key):
    import json
    return json.load(run.file(row[key]["path"]).download(root="back", replace=True))["data"]
counts = [table(row, "confusion_matrix") for row in rows if "confusion_matrix" in row]
assert counts[1] == [["no", "no", 1], ["yes", "no", 1], ["no", "yes", 0], ["yes", "yes", 1]]
assert counts[2] == [["n", "n", 0.5], ["y", "n", 0.5]], counts[2]
"""


@needs("sklearn")
def test_charts_of_scikit_learn(tmp_path: Path) -> None:
    """Each chart has its key; the true class of a sample is under ``Actual``.

    What cannot be drawn stops no training. Seen to fail with the classes exchanged.
    """
    run = trained(CHARTS, tmp_path)

    assert {
        "class_proportions", "confusion_matrix", "elbow_curve", "feature_importances",
        "learning_curve", "outlier_candidates", "precision_recall_table", "residuals",
        "roc_table", "silhouette_plot", "summary_metrics",
    } == {*run.summary}  # fmt: skip

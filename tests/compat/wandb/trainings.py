"""Small trainings by real frameworks, and what each left behind on an implementation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.program import PROGRAM
from compat.wandb.faces import REAL, records

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable

    from compat.wandb.faces import Face

    from vcs_track import RunView

__all__ = ["SCRIPTS", "Left", "missing", "train", "trained"]

_BEGIN = """
import numpy as np
x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int32")
run = wandb.init(project="p", id="one", config={"mine": 1})
"""

# wandb's own callbacks want TensorFlow: they get what they take of it. Ours do not look there.
_KERAS = """
import os, sys, types
os.environ["KERAS_BACKEND"] = "torch"
import keras, torch
keras.utils.set_random_seed(0)
if not OURS:
    whole, part = types.ModuleType("tensorflow"), types.ModuleType("tensorflow.keras")
    whole.keras, whole.Variable, whole.Tensor = keras, keras.Variable, torch.Tensor
    part.callbacks = keras.callbacks
    sys.modules["tensorflow"], sys.modules["tensorflow.keras"] = whole, part
    sys.modules["tensorflow.keras.callbacks"] = keras.callbacks

def network(rate=0.1):
    made = keras.Sequential([
        keras.Input((4,)), keras.layers.Dense(3, activation="relu", name="hidden"),
        keras.layers.Dense(2, activation="softmax", name="classes"),
    ])
    made.compile(
        optimizer=keras.optimizers.SGD(rate), loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return made
"""

SCRIPTS = {
    "keras": _KERAS + _BEGIN + """
from HOME.integration.keras import WandbMetricsLogger, WandbModelCheckpoint
network().fit(
    x, y, validation_split=0.25, epochs=3, batch_size=16, verbose=0,
    callbacks=[WandbMetricsLogger(), WandbModelCheckpoint("m.keras", monitor="loss")],
)
falling = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
network(falling).fit(
    x, y, epochs=2, batch_size=16, verbose=0,
    callbacks=[WandbMetricsLogger(log_freq=3, initial_global_step=12),
               WandbModelCheckpoint("w.weights.h5", save_weights_only=True, save_freq=3)],
)
""",
    "lightgbm": _BEGIN + """
import lightgbm
from HOME.integration.lightgbm import log_summary, wandb_callback
data = lightgbm.Dataset(x, y)
model = lightgbm.train(
    {"objective": "binary", "metric": ["binary_logloss", "auc"], "verbose": -1,
     "num_threads": 1, "min_data_in_leaf": 2},
    data, 5, valid_sets=[data], valid_names=["train"], callbacks=[wandb_callback()],
)
log_summary(model, save_model_checkpoint=True)
""",
    "xgboost": _BEGIN + """
import xgboost
from HOME.integration.xgboost import WandbCallback
model = xgboost.XGBClassifier(
    n_estimators=6, max_depth=2, n_jobs=1, eval_metric=["logloss", "auc"],
    early_stopping_rounds=2, callbacks=[WandbCallback(log_model=True)],
)
model.fit(x[:48], y[:48], eval_set=[(x[48:], y[48:])], verbose=False)
""",
    "catboost": _BEGIN + """
import catboost
from HOME.integration.catboost import WandbCallback, log_summary
model = catboost.CatBoostClassifier(
    iterations=7, depth=2, metric_period=3, verbose=False, allow_writing_files=False,
    thread_count=1,
)
model.fit(x, y, eval_set=(x[:16], y[:16]), callbacks=[WandbCallback(metric_period=3)])
log_summary(model, save_model_checkpoint=True)
""",
    "sb3": _BEGIN + """
import stable_baselines3
from HOME.integration.sb3 import WandbCallback
model = stable_baselines3.PPO("MlpPolicy", "CartPole-v1", n_steps=32, batch_size=16, device="cpu",
                              seed=0)
model.learn(64, callback=WandbCallback(model_save_path="models", gradient_save_freq=40))
""",
    "sklearn": _BEGIN + """
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.cluster import KMeans
charts = wandb.sklearn
model = RandomForestClassifier(n_estimators=5, random_state=0).fit(x[:48], y[:48])
names = ["no", "yes"]
charts.plot_roc(y[48:], model.predict_proba(x[48:]), names)
charts.plot_precision_recall(y[48:], model.predict_proba(x[48:]), names)
charts.plot_feature_importances(model, ["a", "b", "c", "d"])
charts.plot_class_proportions(y[:48], y[48:], names)
charts.plot_learning_curve(model, x, y)
charts.plot_summary_metrics(model, x[:48], y[:48], x[48:], y[48:])
charts.plot_calibration_curve(model, x, y, "forest")
line = LinearRegression().fit(x, x[:, 0] ** 2)
charts.plot_summary_metrics(line, x[:48], y[:48], x[48:], y[48:])
charts.plot_outlier_candidates(line, x, x[:, 0] ** 2)
charts.plot_regressor(line, x[:48], x[48:], y[:48], y[48:])
""",
}  # fmt: skip


def missing(*names: str) -> bool:
    """Return whether one of these modules is not installed."""
    return any(find_spec(name) is None for name in names)


def trained(script: str, folder: Path, **variables: str) -> RunView:
    """Run *script* with ``vcs-track exec``; return the run that it made."""
    repo = vcs_track.init(folder)
    Path("train.py").write_text(script)
    done = subprocess.run(
        [*PROGRAM, "exec", "--", sys.executable, "train.py"], capture_output=True, text=True,
        timeout=550, env={**os.environ, "HF_HUB_OFFLINE": "1", **variables}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    (run,) = repo.runs()
    return run


@dataclass(frozen=True)
class Left:
    """What a training left behind.

    Attributes:
        rows: The rows, without times; a table as its columns and rows.
        config: The configuration.
        artifacts: Name, type, aliases and files of each version; not those of single tables.
    """

    rows: list[dict[str, Any]]
    config: dict[str, Any]
    artifacts: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]


def train(face: Face, name: str, folder: Path) -> Left:
    """Run the training *name* with the callbacks of *face*; return what it left behind."""
    folder.mkdir()
    text = SCRIPTS[name].replace("HOME", face.home)
    script = folder / "train.py"
    script.write_text(
        f"OURS = {face is not REAL}\nimport {face.home} as wandb\n{text}\nwandb.finish()\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "WANDB_MODE": "offline", "OMP_NUM_THREADS": "1"}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    (rows,) = face.recorded(folder)
    config, artifacts, read = _of_real(folder) if face is REAL else _of_ours(folder)
    shown = {key: value for key, value in config.items() if not key.startswith("_")}
    kept = sorted(one for one in artifacts if one[1] != "run_table")
    return Left([_with_tables(row, read) for row in rows], shown, kept)


def _of_ours(folder: Path) -> tuple[dict[str, Any], list[Any], Callable[[str], str]]:
    from vcs_track.compat.wandb import Api

    here = Path.cwd()
    os.chdir(folder)
    try:
        run = Api().run("one")
        artifacts = [
            (
                one.name.partition(":")[0],
                one.type,
                _aliases(one.aliases),
                tuple(sorted(one.manifest.entries)),
            )
            for one in run.logged_artifacts()
        ]
        for file in run.files():
            file.download(root="back", replace=True).close()
        return dict(run.config), artifacts, lambda name: (folder / "back" / name).read_text()
    finally:
        os.chdir(here)


def _of_real(folder: Path) -> tuple[dict[str, Any], list[Any], Callable[[str], str]]:
    (path,) = (folder / "wandb").glob("offline-run-*/*.wandb")
    config: dict[str, Any] = {}
    artifacts = []
    for record in records(path):
        found = record.run.config if record.HasField("run") else record.config
        config.update({item.key: json.loads(item.value_json) for item in found.update})
        request = record.request.log_artifact.artifact
        one = request if request.name else record.artifact
        if one.name:
            entries = tuple(sorted(entry.path for entry in one.manifest.contents))
            artifacts.append((one.name, one.type, _aliases(one.aliases), entries))
    config.pop("", None)  # how charts are drawn, which has a place of its own here
    return config, artifacts, lambda name: (path.parent / "files" / name).read_text()


def _aliases(names: Any) -> tuple[str, ...]:
    # Which version is the latest is told at the end here, and of each one there.
    return tuple(sorted(set(names) - {"latest"}))


def _with_tables(value: Any, read: Callable[[str], str]) -> Any:
    if not isinstance(value, dict):
        return value
    if value.get("_type") == "table-file":
        table = json.loads(read(value["path"]))
        return {"columns": table["columns"], "data": table["data"]}
    return {key: _with_tables(one, read) for key, one in value.items()}

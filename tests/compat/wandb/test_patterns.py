"""Scripts as people write them, unchanged: run here, and with wandb itself and then imported.

Both leave the same, but for what `docs/guides/wandb.md` lists as different.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from compat.wandb.faces import OURS, REAL, Face
from compat.wandb.recorded import Recorded, run_unchanged

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

LOOP = """
import argparse
import wandb

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()

wandb.init(project="p", config=vars(args))
for epoch in range(args.epochs):
    loss = 1 / (epoch + args.lr)
    wandb.log({"loss": loss, "epoch": epoch})
wandb.finish()
"""

QUICKSTART = """
import wandb

wandb.init(project="p")
wandb.config = {"learning_rate": 0.001, "epochs": 2}
for epoch in range(2):
    wandb.log({"loss": 1.0 - epoch})
"""

QUICKSTART_WATCHED = """
import torch
import wandb

torch.manual_seed(0)
wandb.init(project="p")
wandb.config = {"learning_rate": 0.5, "epochs": 2, "batch_size": 4}
model = torch.nn.Linear(3, 1)
wandb.watch(model, log_freq=1)
optimizer = torch.optim.SGD(model.parameters(), 0.5)
for epoch in range(2):
    loss = model(torch.ones(4, 3)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    wandb.log({"loss": loss})
"""

ATTRIBUTES = """
import argparse
import wandb

run = wandb.init(project="p")
config = wandb.config
config.lr = 0.01
config.batch_size = 32
for step in range(2):
    wandb.log({"train": {"loss": 1.0 - step * config.lr, "lr": config.lr}})
args = argparse.Namespace(batch_size=64, seed=1)
config.update(args, allow_val_change=True)
assert dict(config) == {"lr": 0.01, "batch_size": 64, "seed": 1}
"""

TWO_LOGGERS = """
import wandb

wandb.init(project="p")
for i in range(3):
    wandb.log({"train/loss": 1.0 / (i + 1)}, step=i)
    wandb.log({"val/loss": 2.0 / (i + 1), "note": "late" if i == 2 else "early"}, step=i)
wandb.log({"late": 1}, step=1)
wandb.log({"last": [1, 2]}, step=7)
"""

FOLDS = """
import wandb

args = {"lr": 0.1}
for k in range(2):
    run = wandb.init(
        project="p", group="g", name=f"fold-{k}", job_type="fold", reinit=True,
        config={**args, "fold": k}, tags=["cv"], notes="three folds",
    )
    for step in range(2):
        run.log({"acc": k + step / 10})
    run.summary["best"] = k
    run.finish()
try:
    with wandb.init(project="p", group="g", job_type="fold", config={**args, "fold": 2}) as run:
        run.log({"acc": 2.0})
        raise RuntimeError("a bad fold")
except RuntimeError:
    pass
"""

SWEEP = """
import wandb

def train():
    with wandb.init() as run:
        for step in range(2):
            wandb.log({"loss": wandb.config.lr * (step + 1)})

sweep_id = wandb.sweep(
    {"method": "grid", "metric": {"name": "loss", "goal": "minimize"},
     "parameters": {"lr": {"values": [0.1, 0.2, 0.3]}, "opt": {"value": "sgd"}}},
    project="p",
)
wandb.agent(sweep_id, train, count=5)
"""

RESUMED = """
import os
import wandb

if os.path.exists("id.txt"):
    run_id = open("id.txt").read()
else:
    run_id = wandb.util.generate_id()
    open("id.txt", "w").write(run_id)
wandb.init(project="p", id=run_id, resume="allow")
start = 0
if wandb.run.resumed:
    start = int(open(wandb.restore("ckpt.txt").name).read()) + 1
for step in range(start, start + 3):
    wandb.log({"loss": 1.0 / (step + 1)})
    open("ckpt.txt", "w").write(str(step))
    wandb.save("ckpt.txt", policy="now")
if start == 0:
    os.remove("ckpt.txt")
    os.kill(os.getpid(), 9)
"""

READ_BACK = """
import json
import wandb

for lr in (0.05, 0.5):
    with wandb.init(project="p", entity="ent", name=f"lr-{lr}", config={"lr": lr}) as run:
        for step in range(3):
            run.log({"loss": lr / (step + 1), "epoch": step})
        open("m.pt", "w").write(f"weights of {lr}")
        run.save("m.pt")

api = wandb.Api()
runs = api.runs("ent/p", {"config.lr": {"$lt": 0.1}, "state": "finished"})
found = []
for run in runs:
    found.append({
        "name": run.name,
        "summary": {k: v for k, v in run.summary._json_dict.items() if not k.startswith("_")},
        "config": {k: v for k, v in run.config.items() if not k.startswith("_")},
        "history": run.history(keys=["loss"], pandas=False),
        "scanned": [row["loss"] for row in run.scan_history(keys=["loss", "epoch"])],
        "file": run.file("m.pt").download(root="down", replace=True).read(),
    })
print(json.dumps(found), file=open("found.json", "w"))
"""

SIDE_BY_SIDE = """
import wandb

outer = wandb.init(project="p", job_type="sweep")
for k in range(2):
    inner = wandb.init(project="p", job_type="fold", reinit="create_new", config={"fold": k})
    inner.log({"acc": k / 2})
    outer.log({"fold": k})
    inner.finish()
outer.finish()
"""

RANKS = """
import sys
import wandb

for rank in range(2):
    wandb.init(project="p", mode="disabled" if rank else None)
    wandb.config.update({"world": 2})
    wandb.log({"loss": 1.0 + rank})
    wandb.save("script.py")
    wandb.finish()
"""

KEPT_MODEL = """
import os
import wandb

wandb.init(project="p")
with open(os.path.join(wandb.run.dir, "model.h5"), "wb") as file:
    file.write(b"weights")
wandb.save(os.path.join(wandb.run.dir, "model.h5"))
artifact = wandb.Artifact("model", type="model", metadata={"layers": 2})
artifact.add_file(os.path.join(wandb.run.dir, "model.h5"))
wandb.log_artifact(artifact, aliases=["latest", "best"])
wandb.log({"picture": wandb.Histogram([1.0, 2.0, 3.0], num_bins=2)})
"""


def only(runs: list[Recorded]) -> Recorded:
    """Return the one run that there is."""
    (run,) = runs
    return run


def test_loop(face: Face, tmp_path: Path) -> None:
    """Arguments of a parser, a loop, ``finish``."""
    rows = [{"loss": 1 / (epoch + 0.1), "epoch": epoch, "_step": epoch} for epoch in range(3)]
    found = only(run_unchanged(face, LOOP, tmp_path))

    assert Recorded(rows, {"loss": 1 / 2.1, "epoch": 2}, {"lr": 0.1, "epochs": 3}) == found


def test_configuration_by_assignment(face: Face, tmp_path: Path) -> None:
    """``wandb.config = {...}`` behind ``init``: wandb loses the values, here they are kept."""
    rows = [{"loss": 1.0, "_step": 0}, {"loss": 0.0, "_step": 1}]
    config = {"learning_rate": 0.001, "epochs": 2} if face is OURS else {}
    found = only(run_unchanged(face, QUICKSTART, tmp_path))

    assert Recorded(rows, {"loss": 0.0}, config) == found


@pytest.mark.compat
@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_watched(face: Face, tmp_path: Path) -> None:
    """``watch`` puts the gradients of each pass into its row."""
    found = only(run_unchanged(face, QUICKSTART_WATCHED, tmp_path))
    gradients = [row["gradients/weight"] for row in found.rows]

    assert [0, 1] == [row["_step"] for row in found.rows]
    assert {"loss", "gradients/weight", "gradients/bias", "_step"} == set(found.rows[0])
    assert ["histogram"] * 2 == [one["_type"] for one in gradients]
    assert [3, 3] == [sum(one["values"]) for one in gradients]
    assert (face is OURS) == ("batch_size" in found.config)


def test_configuration_by_attribute(face: Face, tmp_path: Path) -> None:
    """``wandb.config`` in a variable, nested rows, and an end without ``finish``."""
    rows = [
        {"train": {"loss": 1.0, "lr": 0.01}, "_step": 0},
        {"train": {"loss": 0.99, "lr": 0.01}, "_step": 1},
    ]
    found = only(run_unchanged(face, ATTRIBUTES, tmp_path))

    assert (
        Recorded(
            rows, {"train": {"loss": 0.99, "lr": 0.01}}, {"lr": 0.01, "batch_size": 64, "seed": 1}
        )
        == found
    )


def test_two_loggers_a_step(face: Face, tmp_path: Path) -> None:
    """Training and validation at one step are one row, and a late step is dropped."""
    rows = [
        {"train/loss": 1.0, "val/loss": 2.0, "note": "early", "_step": 0},
        {"train/loss": 0.5, "val/loss": 1.0, "note": "early", "_step": 1},
        {"train/loss": 1 / 3, "val/loss": 2 / 3, "note": "late", "_step": 2},
        {"last": [1, 2], "_step": 7},
    ]
    summary = {"train/loss": 1 / 3, "val/loss": 2 / 3, "note": "late", "last": [1, 2]}
    found = only(run_unchanged(face, TWO_LOGGERS, tmp_path))

    assert Recorded(rows, summary, {}) == found


def test_folds(face: Face, tmp_path: Path) -> None:
    """A run for each fold, the last of which fails."""

    def fold(k: int, steps: int, **more: object) -> Recorded:
        rows = [{"acc": k + step / 10, "_step": step} for step in range(steps)]
        summary = {"acc": rows[-1]["acc"], **({"best": k} if k < 2 else {})}
        return Recorded(
            rows, summary, {"lr": 0.1, "fold": k}, group="g", job_type="fold",
            **more,  # type: ignore[arg-type]
        )  # fmt: skip

    said = {"tags": ("cv",), "notes": "three folds"}
    found = run_unchanged(face, FOLDS, tmp_path)

    assert [fold(0, 2, **said), fold(1, 2, **said), fold(2, 1, state="failed")] == found


def test_sweep(ours: Face, tmp_path: Path) -> None:
    """A sweep is local: wandb needs its server for one."""
    rates = [
        (lr, [{"loss": lr, "_step": 0}, {"loss": lr * 2, "_step": 1}]) for lr in (0.1, 0.2, 0.3)
    ]
    found = run_unchanged(ours, SWEEP, tmp_path)

    assert [
        Recorded(rows, {"loss": lr * 2}, {"lr": lr, "opt": "sgd"}) for lr, rows in rates
    ] == found


def test_resume_after_a_crash(ours: Face, tmp_path: Path) -> None:
    """A script that is killed goes on where it was, with its checkpoint: wandb begins anew."""
    killed = only(run_unchanged(ours, RESUMED, tmp_path, status=-9))
    whole = only(run_unchanged(ours, RESUMED, tmp_path))
    rows = [{"loss": 1.0 / (step + 1), "_step": step} for step in range(6)]

    assert (rows[:3], "crashed") == (killed.rows, killed.state)
    assert Recorded(rows, {"loss": 1 / 6}, {}) == whole


def test_read_back(ours: Face, tmp_path: Path) -> None:
    """What was logged is found and read: wandb asks its server for it."""
    run_unchanged(ours, READ_BACK, tmp_path)
    rows = [{"_step": step, "loss": 0.05 / (step + 1)} for step in range(3)]

    assert [
        {
            "name": "lr-0.05", "summary": {"loss": 0.05 / 3, "epoch": 2}, "config": {"lr": 0.05},
            "history": rows, "scanned": [row["loss"] for row in rows],
            "file": "weights of 0.05",
        }
    ] == json.loads((tmp_path / "found.json").read_text())  # fmt: skip


@pytest.mark.compat
@pytest.mark.skipif(find_spec("wandb") is None, reason="wandb is not installed")
@pytest.mark.parametrize("text", [SWEEP, READ_BACK], ids=["sweep", "read back"])
def test_refused_there(text: str, tmp_path: Path) -> None:
    """Without a server wandb refuses sweeps and reading, as the table of differences says."""
    with pytest.raises(AssertionError, match=r"api_key|API key"):
        run_unchanged(REAL, text, tmp_path, WANDB_MODE="offline")


def test_side_by_side(face: Face, tmp_path: Path) -> None:
    """Runs beside a run that goes on, as a sweep over folds has them."""
    outer = Recorded(
        [{"fold": k, "_step": k} for k in range(2)], {"fold": 1}, {}, job_type="sweep"
    )
    folds = [
        Recorded(
            [{"acc": k / 2, "_step": 0}], {"acc": k / 2}, {"fold": k}, job_type="fold"
        )
        for k in range(2)
    ]  # fmt: skip

    assert [outer, *folds] == run_unchanged(face, SIDE_BY_SIDE, tmp_path)


def test_ranks(face: Face, tmp_path: Path) -> None:
    """All ranks but the first are disabled, and leave nothing."""
    found = only(run_unchanged(face, RANKS, tmp_path))

    assert Recorded([{"loss": 1.0, "_step": 0}], {"loss": 1.0}, {"world": 2}) == found


def test_model_in_the_folder_of_the_run(face: Face, tmp_path: Path) -> None:
    """A file written to ``run.dir``, saved, and logged as an artifact."""
    found = only(run_unchanged(face, KEPT_MODEL, tmp_path))
    picture = {"_type": "histogram", "values": [1, 2], "bins": [1.0, 2.0, 3.0]}

    assert [{"picture": picture, "_step": 0}] == found.rows
    assert (("model:v0", "model", ("best", "latest")),) == found.artifacts

"""Scripts as people write them, on both implementations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compat.wandb.faces import OURS, Face, run_script

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

PLAIN = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()

wandb.init(project="plain", config=vars(args))
for epoch in range(args.epochs):
    loss = 1 / (epoch + args.lr)
    wandb.log({"loss": loss, "epoch": epoch})
wandb.finish()
"""

QUICKSTART = """
run = wandb.init(project="quickstart")
config = wandb.config
config.lr = 0.01
config.batch_size = 32
for step in range(2):
    wandb.log({"train": {"loss": 1.0 - step * config.lr, "lr": config.lr}})
config.update({"batch_size": 64, "seed": 1}, allow_val_change=True)
assert dict(config) == {"lr": 0.01, "batch_size": 64, "seed": 1}
"""

TWO_LOGGERS = """
wandb.init(project="two")
for i in range(3):
    wandb.log({"train/loss": 1.0 / (i + 1)}, step=i)
    wandb.log({"val/loss": 2.0 / (i + 1), "note": "late" if i == 2 else "early"}, step=i)
wandb.log({"late": 1}, step=1)
wandb.log({"last": [1, 2]}, step=7)
"""

FOLDS = """
for k in range(3):
    try:
        with wandb.init(
            project="folds", group="g", name=f"fold-{k}", job_type="fold", reinit=True,
            config={"fold": k},
        ) as run:
            for step in range(2):
                run.log({"acc": k + step / 10})
            if k == 1:
                raise RuntimeError("a bad fold")
            run.summary["best"] = k
    except RuntimeError:
        pass
"""

RESUMED = """
import os
if os.path.exists("id.txt"):
    run_id = open("id.txt").read()
else:
    run_id = wandb.util.generate_id()
    open("id.txt", "w").write(run_id)
wandb.init(project="resumed", id=run_id, resume="allow")
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


def test_plain_loop(face: Face, tmp_path: Path) -> None:
    """Arguments of a parser, a loop, ``finish``."""
    run_script(face, PLAIN, tmp_path)
    (rows,) = face.recorded(tmp_path)

    assert [
        {"loss": 1 / (epoch + 0.1), "epoch": epoch, "_step": epoch} for epoch in range(3)
    ] == rows


def test_configuration_by_attribute(face: Face, tmp_path: Path) -> None:
    """``wandb.config`` in a variable, nested rows, and an end without ``finish``."""
    run_script(face, QUICKSTART, tmp_path)
    (rows,) = face.recorded(tmp_path)

    assert [
        {"train": {"loss": 1.0, "lr": 0.01}, "_step": 0},
        {"train": {"loss": 0.99, "lr": 0.01}, "_step": 1},
    ] == rows


def test_two_loggers_a_step(face: Face, tmp_path: Path) -> None:
    """Training and validation at one step are one row, and a late step is dropped."""
    run_script(face, TWO_LOGGERS, tmp_path)
    (rows,) = face.recorded(tmp_path)

    assert [
        {"train/loss": 1.0, "val/loss": 2.0, "note": "early", "_step": 0},
        {"train/loss": 0.5, "val/loss": 1.0, "note": "early", "_step": 1},
        {"train/loss": 1 / 3, "val/loss": 2 / 3, "note": "late", "_step": 2},
        {"last": [1, 2], "_step": 7},
    ] == rows


def test_folds(face: Face, tmp_path: Path) -> None:
    """A run for each fold, one of which fails."""
    run_script(face, FOLDS, tmp_path)
    runs = face.recorded(tmp_path)

    assert [[{"acc": k + 0.0, "_step": 0}, {"acc": k + 0.1, "_step": 1}] for k in range(3)] == runs
    if face is OURS:
        import vcs_track

        found = vcs_track.open().runs("group = g", order_by="created")
        assert ["finished", "failed", "finished"] == [run.status for run in found]
        assert ["fold-0", "fold-1", "fold-2"] == [run.name for run in found]


def test_resume_after_a_crash(ours: Face, tmp_path: Path) -> None:
    """A script that is killed goes on where it was, with its checkpoint."""
    run_script(ours, RESUMED, tmp_path, status=-9)
    run_script(ours, RESUMED, tmp_path)
    (rows,) = ours.recorded(tmp_path)

    assert [{"loss": 1.0 / (step + 1), "_step": step} for step in range(6)] == rows

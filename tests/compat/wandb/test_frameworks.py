"""Libraries' own wandb integrations, on this interface.

They need ``pip install torch transformers accelerate lightning``; without it they are skipped.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli.program import PROGRAM

import vcs_track

if TYPE_CHECKING:
    from vcs_track import RunView

__all__: list[str] = []

TRAINER = """
import torch
from torch.utils.data import Dataset
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments

class Tiny(Dataset):
    def __len__(self):
        return 32
    def __getitem__(self, i):
        ids = torch.arange(8) + i % 4
        return {"input_ids": ids, "labels": ids}

config = GPT2Config(vocab_size=32, n_positions=16, n_embd=16, n_layer=1, n_head=2)
arguments = TrainingArguments(
    output_dir="out", report_to="wandb", run_name="tiny", max_steps=6, logging_steps=2,
    save_steps=3, per_device_train_batch_size=4, use_cpu=True, disable_tqdm=True,
)
trainer = Trainer(model=GPT2LMHeadModel(config), args=arguments, train_dataset=Tiny())
trainer.train()
import wandb
wandb.finish()
"""

LIGHTNING = """
import torch
import lightning as L
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.callbacks import ModelCheckpoint

class Model(L.LightningModule):
    def __init__(self, width=4):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(width, 1)
    def training_step(self, batch, index):
        loss = self.layer(batch[0]).pow(2).mean()
        self.log("train/loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)

data = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(torch.randn(32, 4)), batch_size=4
)
logger = WandbLogger(project="lit", name="tiny", log_model="all", save_dir="logs")
trainer = L.Trainer(
    max_epochs=2, accelerator="cpu", logger=logger, log_every_n_steps=2,
    enable_progress_bar=False, enable_model_summary=False,
    callbacks=[ModelCheckpoint(monitor="train/loss")],
)
trainer.fit(Model(), data)
logger.log_image("picture", [torch.zeros(3, 4, 4)])
logger.experiment.finish()
"""


def missing(*names: str) -> bool:
    return any(find_spec(name) is None for name in names)


def trained(script: str, folder: Path, **variables: str) -> RunView:
    """Run *script* with ``vcs-track exec``; return the run that it made."""
    import os

    repo = vcs_track.init(folder)
    Path("train.py").write_text(script)
    done = subprocess.run(
        [*PROGRAM, "exec", "--", sys.executable, "train.py"], capture_output=True, text=True,
        timeout=550, env={**os.environ, "HF_HUB_OFFLINE": "1", **variables}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    (run,) = repo.runs()
    return run


@pytest.mark.compat
@pytest.mark.timeout(600)
@pytest.mark.skipif(missing("torch", "transformers", "accelerate"), reason="not installed")
def test_trainer(tmp_path: Path) -> None:
    """A Trainer of transformers leaves metrics, configuration, checkpoints and its end here."""
    run = trained(TRAINER, tmp_path, WANDB_PROJECT="hf", WANDB_LOG_MODEL="checkpoint")
    artifacts = run.faces["wandb.artifacts"].values()

    assert ("tiny", "hf", "finished") == (run.name, run.manifest.project, run.status)
    assert 3 == len(run.series("train/loss"))
    assert [2, 4, 6] == run.series("train/global_step").value[:3]
    assert (16, 6) == (run.hparams["n_embd"], run.hparams["max_steps"])
    assert 2 <= len([one for one in artifacts if one.get("type") == "model"])


@pytest.mark.compat
@pytest.mark.timeout(600)
@pytest.mark.skipif(missing("torch", "lightning"), reason="not installed")
def test_lightning(tmp_path: Path) -> None:
    """Lightning's WandbLogger leaves metrics, configuration, checkpoints and images here."""
    run = trained(LIGHTNING, tmp_path)
    artifacts = run.faces["wandb.artifacts"].values()
    media = [item for item in run.media() if item.kind == "image"]

    assert ("tiny", "lit", "finished") == (run.name, run.manifest.project, run.status)
    assert 8 == len(run.series("train/loss"))
    assert 4 == run.hparams["width"]
    assert {"model"} == {one["type"] for one in artifacts if one["op"] == "log"}
    assert 1 == len(media)

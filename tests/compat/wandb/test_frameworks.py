"""Libraries' own wandb integrations, on this interface.

What of the extra ``frameworks`` is not installed is skipped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import OURS, REAL, Face
from compat.wandb.recorded import Recorded, run_unchanged
from compat.wandb.trainings import missing

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []

TRAINER = """
import torch
torch.manual_seed(0)
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
L.seed_everything(0)
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


CHECKPOINTS = {"WANDB_PROJECT": "hf", "WANDB_LOG_MODEL": "checkpoint"}


pytestmark = [pytest.mark.compat, pytest.mark.timeout(600)]
with_trainer = pytest.mark.skipif(
    missing("torch", "transformers", "accelerate"), reason="transformers is not installed"
)
with_lightning = pytest.mark.skipif(
    missing("torch", "lightning"), reason="lightning is not installed"
)


def trained(face: Face, script: str, folder: Path, **variables: str) -> Recorded:
    """Run *script*; return the one run that it made."""
    folder.mkdir(exist_ok=True)
    (run,) = run_unchanged(face, script, folder, status=0, **variables)
    return run


@with_trainer
def test_trainer(ours: Face, tmp_path: Path) -> None:
    """A Trainer of transformers leaves metrics, configuration, checkpoints and its end here."""
    run = trained(ours, TRAINER, tmp_path, **CHECKPOINTS)
    logged = [row for row in run.rows if "train/loss" in row]

    assert ("hf", "finished") == (run.project, run.state)
    assert [2, 4, 6] == [row["train/global_step"] for row in logged]
    assert all(row["train/loss"] > 0 < row["train/learning_rate"] for row in logged)
    assert (16, 6, "tiny") == tuple(run.config[k] for k in ("n_embd", "max_steps", "run_name"))
    assert ("base_model",) == run.artifacts[0][2]
    assert {f"model-tiny:v{n}" for n in range(4)} == {name for name, _, _ in run.artifacts}


@with_lightning
def test_lightning(ours: Face, tmp_path: Path) -> None:
    """Lightning's WandbLogger leaves metrics, configuration, checkpoints and images here."""
    run = trained(ours, LIGHTNING, tmp_path)
    losses = [row["train/loss"] for row in run.rows if "train/loss" in row]

    assert ("lit", "finished", {"width": 4}) == (run.project, run.state, run.config)
    assert 8 == len(losses)
    assert [{"model"}, 1] == [
        {kind for _, kind, _ in run.artifacts}, run.rows[-1]["picture"]["count"],
    ]  # fmt: skip
    assert ("best", "latest") == run.artifacts[-1][2]


@pytest.mark.skipif(missing("wandb"), reason="wandb is not installed")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(TRAINER, marks=with_trainer, id="trainer"),
        pytest.param(LIGHTNING, marks=with_lightning, id="lightning"),
    ],
)
def test_as_with_wandb_itself(script: str, tmp_path: Path) -> None:
    """The same training leaves the same, here and with wandb itself, which is then imported."""
    here = trained(OURS, script, tmp_path / "ours", **CHECKPOINTS)
    there = trained(REAL, script, tmp_path / "real", WANDB_MODE="offline", **CHECKPOINTS)

    assert _told(there.rows) == _told(here.rows)
    assert _told(there.summary) == _told(here.summary)
    assert _told(there.config) == _told(here.config)
    assert [one[1:] for one in there.artifacts] == [one[1:] for one in here.artifacts]


def _told(value: Any) -> Any:
    """Return *value* without what two trainings have each their own: times, paths, pictures."""
    if isinstance(value, dict):
        own = ("filenames", "sha256")
        return {
            key: _told(one)
            for key, one in value.items()
            if key not in own and "_per_second" not in key and "_runtime" not in key
        }
    return [_told(one) for one in value] if isinstance(value, list) else value

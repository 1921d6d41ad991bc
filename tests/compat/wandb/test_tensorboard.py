"""What is written for TensorBoard, in a run too."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from compat.wandb.faces import Face

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__: list[str] = []

pytestmark = [
    pytest.mark.compat,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(find_spec("tensorboardX") is None, reason="tensorboardX is not installed"),
]


@pytest.fixture
def synced(ours: Face) -> Iterator[Any]:
    """Return a run that hears what is written."""
    run = ours.init(sync_tensorboard=True)
    yield run
    run.finish()
    ours.wandb.tensorboard.unpatch()


def writer(folder: str = "logs") -> Any:
    """Return a writer of tensorboardX."""
    return pytest.importorskip("tensorboardX").SummaryWriter(folder)


def test_scalars_are_rows(ours: Face, synced: Any) -> None:
    """Each step is a row, with its number as ``global_step``.

    Seen to fail when each value is a row.
    """
    with writer() as out:
        for step in (0, 10):
            out.add_scalar("train/loss", 1.0 - step / 20, step)
            out.add_scalar("train/acc", step / 20, step)
    synced.finish()

    assert [
        {"train/loss": 1.0, "train/acc": 0.0, "global_step": 0, "_step": 0},
        {"train/loss": 0.5, "train/acc": 0.5, "global_step": 10, "_step": 1},
    ] == ours.rows(synced)


def test_other_folder(ours: Face, synced: Any) -> None:
    """Keys of another folder have its name before them."""
    with writer("logs") as out, writer("logs/val") as other:
        out.add_scalar("loss", 1.0, 0)
        other.add_scalar("loss", 2.0, 0)
    synced.finish()

    assert [{"loss": 1.0, "val/loss": 2.0, "global_step": 0, "_step": 0}] == ours.rows(synced)


def test_histogram(ours: Face, synced: Any) -> None:
    """A histogram stays one."""
    with writer() as out:
        out.add_histogram("w", [0.0, 0.5, 1.0, 1.0], 3)
    synced.finish()
    found = ours.rows(synced)[0]["w"]

    assert "histogram" == found["_type"]
    assert len(found["values"]) + 1 == len(found["bins"])
    assert 4 == sum(found["values"])


def test_files_are_written(synced: Any) -> None:
    """The writer does its own work as ever."""
    from pathlib import Path

    with writer() as out:
        out.add_scalar("a", 1.0, 0)

    assert 1 == len(list(Path("logs").glob("events*")))


def test_step_of_log_is_ignored(ours: Face, synced: Any) -> None:
    """Beside it ``log(step=)`` has no effect."""
    synced.log({"a": 1}, step=50)
    synced.finish()

    assert [{"a": 1, "_step": 0}] == ours.rows(synced)


def test_without_a_run(ours: Face) -> None:
    """After the run nothing is told, and twice is an error as there."""
    run = ours.init(sync_tensorboard=True)
    run.finish()
    with writer() as out:
        out.add_scalar("a", 1.0, 0)

    with pytest.raises(ValueError, match="already patched"):
        ours.wandb.tensorboard.patch()
    assert ours.wandb.patched["tensorboard"]
    ours.wandb.tensorboard.unpatch()
    assert [] == ours.wandb.patched["tensorboard"]
    assert [] == ours.rows(run)

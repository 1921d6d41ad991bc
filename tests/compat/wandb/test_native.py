"""What others see of a run that wandb's interface wrote."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from compat.wandb.faces import Face

import vcs_track

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView

__all__: list[str] = []


@pytest.fixture
def view(ours: Face) -> RunView:
    """Return a run with a bit of everything."""
    with ours.init(id="r", config={"lr": 0.1, "opt": {"name": "sgd"}}, tags=["t"]) as run:
        for step in range(3):
            run.log({"val/acc": step / 10, "epoch": step, "d": {"x": step}, "word": f"w{step}"})
    return vcs_track.open().run("r")


class TestQueries:
    @pytest.mark.parametrize(
        "where",
        [
            "summary.val/acc = 0.2",
            'summary["val/acc"] > 0.1',
            "summary.epoch = 2",
            "summary.d.x = 2",
            "summary.word = 'w2'",
            "metrics.val/acc.min = 0.0",
            "hparams.lr = 0.1 and hparams.opt.name = sgd",
            "project = p and tags = t",
            "status = finished",
        ],
    )
    def test_filter(self, view: RunView, where: str) -> None:
        """Filters see metrics, texts, nested keys, configuration and labels."""
        found = [run.id for run in vcs_track.open().runs(where)]

        assert ["r"] == found

    def test_series(self, view: RunView) -> None:
        """Numbers are series, under their keys; whole numbers stay whole."""
        assert ["d.x", "epoch", "val/acc"] == view.series_tags
        assert [0.0, 0.1, 0.2] == view.series("val/acc").value
        assert [0, 1, 2] == view.series("epoch").value
        assert int is type(view.series("epoch").value[0])

    def test_texts(self, view: RunView) -> None:
        """Texts are texts of their key and step."""
        found = [(item.tag, item.step, item.text) for item in view.media("text")]

        assert [("word", 0, "w0"), ("word", 1, "w1"), ("word", 2, "w2")] == found

    def test_command_line(self, view: RunView) -> None:
        """``vcs-track show`` shows the run."""
        done = subprocess.run(
            [sys.executable, "-m", "vcs_track", "show", "r"],
            check=True, capture_output=True, text=True,
        )  # fmt: skip

        assert "val/acc" in done.stdout
        assert "sgd" in done.stdout

    def test_check(self, view: RunView) -> None:
        """The store is sound."""
        assert vcs_track.open().fsck().ok


def test_rows_come_back_from_a_bundle(ours: Face, view: RunView) -> None:
    """The rows travel with the run: another repository gives the very same."""
    from vcs_track.compat.wandb.history import rows

    repo = vcs_track.open()
    bundle = vcs_track.open(repo.export("r", repo.root / "x.zip"))

    assert rows(view) == rows(bundle.run("r"))


def test_bytes_on_disk(ours: Face) -> None:
    """A point takes less than 40 bytes, live and sealed."""
    import random

    run = ours.init()
    for _ in range(20_000):
        run.log({"loss": random.random()})
    live = sum(path.stat().st_blocks * 512 for path in run._native.path.rglob("*"))
    run.finish()
    store = vcs_track.open().path
    sealed = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())

    assert live < 40 * 20_000 + (1 << 20)  # the journal is reserved ahead
    assert sealed < 40 * 20_000

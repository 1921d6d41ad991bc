"""What is shown where there is room for little."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.cli.headline import by_interest, prefixed, trend_tag, varying

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import RunView

__all__: list[str] = []


@pytest.fixture
def runs(tmp_path: Path) -> list[RunView]:
    repo = vcs_track.init(tmp_path)
    for lr, extra in ((1, {}), (1.0, {"only": 1}), (1, {"only": 1})):
        with repo.start_run(hparams={"lr": lr, "same": "x", **extra}) as run:
            run.add_scalars({"b/acc": 0.5, "train/loss": 1.0})
    return list(repo.runs())


class TestByInterest:
    def test_losses_first(self) -> None:
        """Losses come before scores before the rest, held-out data before training data."""
        tags = ["gpu", "train/acc", "test/acc", "train/loss", "valid/nll"]

        assert ["valid/nll", "train/loss", "test/acc", "train/acc", "gpu"] == by_interest(tags)

    def test_words_not_letters(self) -> None:
        """``mapping`` is no mean average precision."""
        assert ["mAP", "mapping"] == by_interest(["mapping", "mAP"])


class TestRuns:
    def test_varying(self, runs: list[RunView]) -> None:
        """Settings that differ in value, type or presence vary."""
        names = prefixed(runs, "hparams.")

        assert ["hparams.lr", "hparams.only"] == sorted(varying(runs, names))
        assert names == varying(runs[:1], names)

    def test_common_names_first(self, runs: list[RunView]) -> None:
        """What most runs have comes first."""
        assert prefixed(runs, "hparams.")[-1] == "hparams.only"

    def test_trend(self, runs: list[RunView]) -> None:
        """The trend is that of the loss; without series there is none."""
        assert trend_tag(runs) == "train/loss"
        assert trend_tag([]) is None

"""Which numbers tell most, and which way they are good."""

from __future__ import annotations

import pytest

from vcs_track.porcelain.interest import better_way, names_below, varying

__all__: list[str] = []


class TestBetterWay:
    @pytest.mark.parametrize(
        "name",
        ["loss", "val/loss", "train_loss", "valLoss", "summary.test.RMSE", "top5-error", "wer"],
    )
    def test_losses_are_better_low(self, name: str) -> None:
        """What counts mistakes is better low, however the name is written."""
        assert "lower" == better_way(name)

    @pytest.mark.parametrize(
        "name",
        ["acc", "val/acc", "testAcc", "top1_accuracy", "F1", "f1-score", "episode_return", "mIoU"],
    )
    def test_scores_are_better_high(self, name: str) -> None:
        """What counts successes is better high."""
        assert "higher" == better_way(name)

    @pytest.mark.parametrize(
        "name", ["", "lr", "x", "glossary", "accumulated_steps", "mapping", "error_score", "時間"]
    )
    def test_others_are_unknown(self, name: str) -> None:
        """A name without such a word, or with both kinds, says nothing.

        Seen to fail when words are looked for inside others: 'glossary' has a loss.
        """
        assert better_way(name) is None


class TestNames:
    def test_below(self) -> None:
        """Names that most rows have come first, then the more telling."""
        rows: list[dict[str, object]] = [
            {"summary.acc": 1, "summary.loss": 1, "summary.z": 1},
            {"summary.z": 2, "id": "a"},
        ]

        assert ["summary.z", "summary.loss", "summary.acc"] == names_below(rows, "summary.")

    def test_varying(self) -> None:
        """A missing value is another one, and so is 1 beside true; one row varies in all."""
        rows = [{"a": 1, "b": 1, "c": 1}, {"a": 1, "b": True}]

        assert ["b", "c"] == varying(rows, ["a", "b", "c"])
        assert ["a"] == varying(rows[:1], ["a"])

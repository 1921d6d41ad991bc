"""Which numbers of a run tell most."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.porcelain.run_view import RunView

__all__ = ["by_interest", "numbers_of"]

_LOSS: Final = re.compile(r"loss|nll|perplexity|(?<![a-z])(mse|mae|rmse)(?![a-z])", re.IGNORECASE)
_SCORE: Final = re.compile(
    r"acc|error|score|reward|return|auc|bleu|(?<![a-z])(f1|iou|map|psnr|wer)(?![a-z])",
    re.IGNORECASE,
)
_HELD_OUT: Final = re.compile(r"(?<![a-z])(val|valid|validation|eval|test|dev)(?![a-z])")


def _rank(tag: str) -> tuple[int, bool, str]:
    kind = 0 if _LOSS.search(tag) else 1 if _SCORE.search(tag) else 2
    return kind, not _HELD_OUT.search(tag.lower()), tag


def by_interest(tags: Iterable[str]) -> list[str]:
    """Return tags, losses first, then scores, then others.

    Held-out data comes before training data.

    Example:
        >>> from vcs_track.porcelain.interest import by_interest
        >>> by_interest(["lr", "val/acc", "train/loss", "val/loss"])
        ['val/loss', 'train/loss', 'val/acc', 'lr']
    """
    return sorted(tags, key=_rank)


def numbers_of(run: RunView) -> dict[str, Any]:
    """Return the summary of *run* as it is shown: the most telling first."""
    summary = run.summary
    return {tag: summary[tag] for tag in by_interest(summary)}

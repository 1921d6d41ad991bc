"""What to show of a run where there is room for little."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["by_interest", "numbers_of", "prefixed", "trend_tag", "varying"]

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
        >>> from vcs_track.cli.headline import by_interest
        >>> by_interest(["lr", "val/acc", "train/loss", "val/loss"])
        ['val/loss', 'train/loss', 'val/acc', 'lr']
    """
    return sorted(tags, key=_rank)


def trend_tag(runs: Iterable[RunView]) -> str | None:
    """Return the tag whose course tells most; None without a series."""
    return next(iter(by_interest({tag for run in runs for tag in run.series_tags})), None)


def prefixed(runs: Sequence[RunView], prefix: str) -> list[str]:
    """Return the full names below *prefix*, those that most runs have first."""
    counts: dict[str, int] = {}
    for run in runs:
        for name in run.flat:
            if name.startswith(prefix):
                counts[name] = counts.get(name, 0) + 1
    interest = {name: place for place, name in enumerate(by_interest(counts))}
    return sorted(counts, key=lambda name: (-counts[name], interest[name]))


def varying(runs: Sequence[RunView], names: Collection[str]) -> list[str]:
    """Return those of *names* that differ between runs, all for one run."""
    if len(runs) < 2:
        return list(names)

    def kinds(name: str) -> set[str]:
        # A missing value is one more value; 1, 1.0 and True are told apart by their form.
        return {repr(run.flat.get(name)) for run in runs}

    return [name for name in names if len(kinds(name)) > 1]


def numbers_of(run: RunView) -> dict[str, Any]:
    """Return the summary of *run* as it is shown: the most telling first."""
    summary = run.summary
    return {tag: summary[tag] for tag in by_interest(summary)}

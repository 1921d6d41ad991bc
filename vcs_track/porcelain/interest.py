"""Which numbers of a run tell most, and which way they are good."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vcs_track.porcelain.run_view import RunView

    Better = Literal["higher", "lower"]
    Rows = Sequence[Mapping[str, Any]]

__all__ = ["better_way", "by_interest", "is_held_out", "names_below", "numbers_of", "varying"]

_LOSS: Final = re.compile(r"loss|nll|perplexity|(?<![a-z])(mse|mae|rmse)(?![a-z])", re.IGNORECASE)
_SCORE: Final = re.compile(
    r"acc|error|score|reward|return|auc|bleu|(?<![a-z])(f1|iou|map|psnr|wer)(?![a-z])",
    re.IGNORECASE,
)
_HELD_OUT: Final = re.compile(r"(?<![a-z])(val|valid|validation|eval|test|dev)(?![a-z])")
_WORDS: Final = re.compile("[Ff]1|[A-Z]?[a-z]+|[A-Z]+")
_LETTERS: Final = re.compile("[A-Za-z]+")
_LOWER: Final = frozenset({
    "loss", "losses", "nll", "perplexity", "ppl", "mse", "mae", "mape", "rmse", "error", "errors",
    "err", "wer", "cer", "fid", "regret", "brier", "bpc", "bpb", "latency",
})  # fmt: skip
_HIGHER: Final = frozenset({
    "acc", "accuracy", "auc", "auroc", "auprc", "score", "reward", "rewards", "return", "returns",
    "bleu", "rouge", "f1", "iou", "miou", "map", "psnr", "ssim", "precision", "recall", "dice",
    "mrr", "ndcg", "throughput",
})  # fmt: skip


def is_held_out(name: str) -> bool:
    """Tell whether a number is of data that was held out of training."""
    return _HELD_OUT.search(name.lower()) is not None


def _rank(tag: str) -> tuple[int, bool, str]:
    kind = 0 if _LOSS.search(tag) else 1 if _SCORE.search(tag) else 2
    if tag.startswith("system/"):
        kind = 3  # how busy the machine was
    return kind, not is_held_out(tag), tag


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


def better_way(name: str) -> Better | None:
    """Return which way a number is good, by the words of its name.

    Returns:
        ``lower`` for losses and errors, ``higher`` for scores, None where the name has no
        such word, or both kinds.

    Example:
        >>> from vcs_track.porcelain.interest import better_way
        >>> [better_way(name) for name in ("val/loss", "testAcc", "top1_error", "f1", "lr")]
        ['lower', 'higher', 'lower', 'higher', None]
    """
    # 'valLoss' is two words and 'mIoU' is one: both ways of reading count.
    words = {word.lower() for word in _WORDS.findall(name) + _LETTERS.findall(name)}
    lower, higher = bool(words & _LOWER), bool(words & _HIGHER)
    if lower == higher:
        return None
    return "lower" if lower else "higher"


def names_below(rows: Rows, prefix: str) -> list[str]:
    """Return the names below *prefix*, those that most rows have first.

    Example:
        >>> from vcs_track.porcelain.interest import names_below
        >>> rows = [{"summary.acc": 1, "summary.lr": 2}, {"summary.lr": 3, "id": "x"}]
        >>> names_below(rows, "summary.")
        ['summary.lr', 'summary.acc']
    """
    counts: dict[str, int] = {}
    for row in rows:
        for name in row:
            if name.startswith(prefix):
                counts[name] = counts.get(name, 0) + 1
    interest = {name: place for place, name in enumerate(by_interest(counts))}
    return sorted(counts, key=lambda name: (-counts[name], interest[name]))


def varying(rows: Rows, names: Collection[str]) -> list[str]:
    """Return those of *names* that differ between rows, all for one row.

    A missing value is one more value; 1, 1.0 and True are told apart by their form.
    """
    if len(rows) < 2:
        return list(names)
    return [name for name in names if len({repr(row.get(name)) for row in rows}) > 1]

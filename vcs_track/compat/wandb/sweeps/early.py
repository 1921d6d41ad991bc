"""What looks at a run of a sweep, where its sweep ends runs early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.sweeps.book import Book
from vcs_track.compat.wandb.sweeps.plan import goal_of, metric_of
from vcs_track.compat.wandb.sweeps.rungs import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.plumbing.store import Store

__all__ = ["judge_of"]


def judge_of(
    store: Store, sweep: str | None, run: str, tell: Callable[[dict[str, Any]], None]
) -> Judge | None:
    """Return what ends a run early, or None where nothing does.

    Args:
        store: Where the run is.
        sweep: Id of its sweep, or None.
        run: Id of the run.
        tell: Keeps with the run why it ends.
    """
    if not sweep:
        return None
    book = Book(store)
    entry = book.find(sweep)
    metric = None if entry is None else metric_of(entry.config)
    if entry is None or metric is None or not entry.config.get("early_terminate"):
        return None
    sign = 1 if goal_of(entry.config) == "minimize" else -1
    return Judge(
        entry.config, metric, sign, lambda rung, value: book.reach(sweep, run, rung, value), tell
    )

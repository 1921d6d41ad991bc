"""Who moved the best value so far, and by what."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vcs_track.porcelain.diff.walk import diff
from vcs_track.porcelain.filter import Filter
from vcs_track.porcelain.filter.evaluate import is_number
from vcs_track.porcelain.filter.nodes import And, Compare, Literal, Name, Or

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.diff import Change
    from vcs_track.porcelain.filter.nodes import Condition
    from vcs_track.porcelain.interest import Better
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Blame", "Holder", "asked_moves", "beats", "hparam_changes", "moves"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A run that was the best when it was made.

    Attributes:
        run: The run.
        value: Its value.
        delta: How far it moved the best; None for the first.
        commit: The commit that it stands at; None where git has none.
        changed: Whether its code was not that of the commit.
        changes: What differs from the holder before it; nothing for the first.
    """

    run: RunView
    value: float
    delta: float | None
    commit: Commit | None
    changed: bool
    changes: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        commit = self.commit
        return {
            "id": self.run.id, "name": self.run.name, "status": self.run.status,
            "created": self.run.created.isoformat(), "value": self.value, "delta": self.delta,
            "commit": None if commit is None else commit.id,
            "author": None if commit is None else commit.author,
            "subject": None if commit is None else commit.subject,
            "changed": self.changed, "changes": [change.to_dict() for change in self.changes],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Blame:
    """The course of the best value.

    Attributes:
        metric: Full name of the value.
        better: ``higher`` or ``lower``.
        holders: The runs that moved it, the oldest first.
        runs: How many runs had a number.
    """

    metric: str
    better: Better
    holders: tuple[Holder, ...]
    runs: int

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the holders as plain data, each with the name of the value."""
        return [{"metric": self.metric, **holder.to_dict()} for holder in self.holders]


def moves(
    runs: Iterable[RunView], metric: str, better: Better
) -> tuple[list[tuple[RunView, float]], int]:  # fmt: skip
    """Return the runs that moved the best value, with it.

    NaN is no number, and an equal value moves nothing.

    Args:
        runs: Runs, the oldest first.
        metric: Full name of the value.
        better: Which way it is good.

    Returns:
        The runs and their values, and how many runs had a number.
    """
    found: list[tuple[RunView, float]] = []
    count = 0
    for run in runs:
        value = run.flat.get(metric)
        if not is_number(value) or math.isnan(value):
            continue
        count += 1
        if not found or beats(value, found[-1][1], better):
            found.append((run, value))
    return found, count


def asked_moves(
    find: Callable[[Filter], Sequence[RunView] | None], metric: str, better: Better,
    where: Filter | None = None,
) -> tuple[list[tuple[RunView, float]], int] | None:  # fmt: skip
    """Return what :func:`moves` does, and read no run but those that moved it.

    Args:
        find: Returns the runs that match, the oldest first; None where it cannot tell.
        metric: Full name of the value.
        better: Which way it is good.
        where: Only runs that match this.

    Returns:
        None where each run has to be asked.
    """
    start, dot, rest = metric.partition(".")
    name = Name((start, rest) if dot else (start,), bare=False)

    def those(*tests: Compare) -> Sequence[RunView] | None:
        wanted: Condition = Or(tests) if len(tests) > 1 else tests[0]
        tree = wanted if where is None else And((where.tree, wanted))
        return find(Filter("" if where is None else where.text, tree))

    runs = those(Compare("<=", name, Literal(0)), Compare(">", name, Literal(0)))
    found: list[tuple[RunView, float]] = []
    count = None if runs is None else len(runs)
    while runs is not None:
        run = next(iter(runs), None)
        if run is None:
            return found, count or 0
        value = run.flat.get(metric)
        if not is_number(value) or (found and not beats(value, found[-1][1], better)):
            return None  # it changed meanwhile
        found.append((run, value))
        runs = those(Compare(">" if better == "higher" else "<", name, Literal(value)))
    return None


def beats(value: float, other: float, better: Better) -> bool:
    """Tell whether *value* is better than *other*."""
    return value > other if better == "higher" else value < other


def hparam_changes(old: RunView, new: RunView) -> tuple[Change, ...]:
    """Return the hyperparameters that differ between two runs, by name."""
    return diff(old, new, only="hparam").changes

"""Which run a run is compared with, where nobody says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.errors import RunNotFoundError
from vcs_track.porcelain.interest import better_way, by_interest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["Pair", "before", "best", "main_number"]


class Pair(NamedTuple):
    """Two runs to compare.

    Attributes:
        old: The first.
        new: The second.
        why: Why the first was chosen, nothing where it was named.
    """

    old: RunView
    new: RunView
    why: str = ""


def main_number(run: RunView) -> str | None:
    """Return the name of the number in the summary that tells most.

    One whose name says which way is good goes before all others.
    """
    numbers = [name for name in by_interest(run.summary) if _number(run.summary[name]) is not None]
    return next((name for name in numbers if better_way(name)), next(iter(numbers), None))


def best(runs: Iterable[RunView], name: str) -> RunView | None:
    """Return the best of *runs* by the number *name* of their summaries.

    Finished runs go before others, of equal ones the newest is taken.

    Args:
        runs: Runs, newest first.
        name: The name of a number.

    Returns:
        None where none has the number, or where its name does not say which way is good.
    """
    way = better_way(name)
    found = [(run, value) for run in runs if (value := _number(run.summary.get(name))) is not None]
    if way is None or not found:
        return None
    sign = 1 if way == "lower" else -1
    return min(found, key=lambda pair: (pair[0].status != "finished", sign * pair[1]))[0]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return value


def before(run: RunView, runs: Sequence[RunView]) -> RunView:
    """Return the newest of *runs* that began before *run*.

    Args:
        run: A run.
        runs: All runs, newest first.

    Raises:
        RunNotFoundError: If it is the first.
    """
    own = (-run.manifest.created_us, run.id)
    for other in runs:
        if (-other.manifest.created_us, other.id) > own:
            return other
    raise RunNotFoundError(
        f"there is no run before '{run.id}'", hint="name two runs, or one that is not the first"
    )

"""What to show of a run where there is room for little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.porcelain.interest import by_interest, numbers_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["by_interest", "numbers_of", "prefixed", "trend_tag", "varying"]


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

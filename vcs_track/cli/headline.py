"""What to show of a run where there is room for little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.porcelain import interest
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
    return interest.names_below([run.flat for run in runs], prefix)


def varying(runs: Sequence[RunView], names: Collection[str]) -> list[str]:
    """Return those of *names* that differ between runs, all for one run."""
    return interest.varying([run.flat for run in runs], names)

"""What ``ls --group-by`` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.cli import headline, render
from vcs_track.cli.render import Column
from vcs_track.cli.run_columns import short_titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.grouped import GroupStats
    from vcs_track.porcelain.run_view import RunView

__all__ = ["main_numbers", "table_of"]


def main_numbers(runs: Sequence[RunView]) -> list[str]:
    """Return the names of the summary that are numbers wherever they are."""
    names = headline.prefixed(runs, "summary.")
    return [name for name in names if all(_is_number(run.flat.get(name)) for run in runs)]


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def table_of(
    names: Sequence[str], metrics: Sequence[str], found: Sequence[GroupStats]
) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells: groups, how many runs, and each mean.

    Args:
        names: Full names of what the groups share.
        metrics: Full names of the numbers.
        found: The statistics, those of one group together.
    """
    titles = short_titles([*names, *metrics])
    columns = [
        *[Column(titles[name], least=6) for name in names],
        Column("RUNS", right=True),
        *[Column(titles[name], right=True, rank=1 + place) for place, name in enumerate(metrics)],
    ]
    rows: list[list[str]] = []
    for place, stats in enumerate(found):
        if place % len(metrics) == 0:
            rows.append([*map(_shown, stats.group.values()), str(stats.runs)])
        rows[-1].append(_mean(stats))
    return columns, rows


def _mean(stats: GroupStats) -> str:
    if stats.mean is None:
        return f"{stats.nan} NaN" if stats.nan else "-"
    text = render.plus_minus(stats.mean, stats.half)
    if stats.n == stats.runs:
        return text
    # Runs that diverged are not missing by chance.
    return f"{text} (n {stats.n}{f', {stats.nan} NaN' if stats.nan else ''})"


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else render.value(value)

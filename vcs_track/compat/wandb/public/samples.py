"""Which rows are returned of many, and samples of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.history import system_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["chosen", "last_sample", "samples_of"]


def samples_of(view: RunView, keys: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the samples that have all *keys*, and of them these.

    The times are a part of each.

    Args:
        view: The run.
        keys: Keys, or None for any sample with all of it.
    """
    rows = system_rows(view)
    if keys is None:
        return rows
    wanted = [*keys, "_timestamp", "_runtime"]
    return [{key: row[key] for key in wanted} for row in rows if all(key in row for key in keys)]


def last_sample(view: RunView) -> dict[str, Any]:
    """Return the last value of each key."""
    found: dict[str, Any] = {}
    for row in system_rows(view):
        found.update({key: one for key, one in row.items() if not key.startswith("_")})
    return found


def chosen(rows: list[dict[str, Any]], samples: int | None) -> list[dict[str, Any]]:
    """Return at most *samples* rows, evenly spaced, the two ends among them."""
    if samples is None or len(rows) <= samples:
        return rows
    if samples < 2:
        return rows[: max(samples, 0)]
    last = len(rows) - 1
    return [rows[round(n * last / (samples - 1))] for n in range(samples)]

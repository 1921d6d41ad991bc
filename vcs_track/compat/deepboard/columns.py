"""The columns of a table: which are shown, where, and under what name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    Columns = dict[str, "Column"]

__all__ = ["FIRST", "Column", "added", "hidden", "moved", "visible"]


class Column(NamedTuple):
    """How one column is shown.

    Attributes:
        order: Place among those that are shown, or None.
        alias: Its heading.
        is_hparam: Whether its values are hyperparameters.
    """

    order: int | None
    alias: str
    is_hparam: bool = False


FIRST: Final[dict[str, Column]] = {
    "run_id": Column(0, "Run ID"),
    "experiment": Column(1, "Experiment"),
    "tag": Column(2, "Tag"),
    "config": Column(3, "Config"),
    "config_hash": Column(None, "Config Hash"),
    "cli": Column(None, "Cli"),
    "command": Column(None, "Command"),
    "comment": Column(4, "Comment"),
    "start": Column(None, "Start"),
    "status": Column(None, "Status"),
    "commit_hash": Column(None, "Commit"),
    "diff": Column(None, "Diff"),
    "hidden": Column(None, "Hidden"),
}


def visible(columns: Mapping[str, Column]) -> list[str]:
    """Return the columns that are shown, in order."""
    placed = [(c.order, name) for name, c in columns.items() if c.order is not None]
    return [name for _, name in sorted(placed, key=lambda pair: pair[0])]


def _last(columns: Mapping[str, Column]) -> int:
    return max((c.order for c in columns.values() if c.order is not None), default=0)


def added(columns: Mapping[str, Column], names: Mapping[str, bool]) -> Columns:
    """Return the columns that are new, each behind all others.

    Args:
        columns: Those that are there.
        names: Names of values, and whether each is a hyperparameter.
    """
    fresh: Columns = {}
    last = _last(columns)
    for name, is_hparam in names.items():
        if name not in columns:
            last += 1
            fresh[name] = Column(last, name, is_hparam)
    return fresh


def hidden(columns: Mapping[str, Column], name: str) -> Columns:
    """Return what changes when a column is hidden; others close the gap."""
    old = columns[name].order if name in columns else None
    if old is None:
        return {}
    changed = {name: columns[name]._replace(order=None)}
    for other, column in columns.items():
        if column.order is not None and column.order > old:
            changed[other] = column._replace(order=column.order - 1)
    return changed


def moved(columns: Mapping[str, Column], name: str, order: int) -> Columns:
    """Return what changes when the column *name* is shown at *order*.

    Others make room.

    Args:
        columns: All columns.
        name: One of them.
        order: Its place; -1 is the last.

    Raises:
        KeyError: If there is no such column.
    """
    column = columns[name]
    if order == -1:
        return {name: column._replace(order=_last(columns) + 1)}
    changed = {
        other: found._replace(order=found.order + 1)
        for other, found in columns.items()
        if other != name and found.order is not None and found.order >= order
    }
    return {**changed, name: column._replace(order=order)}

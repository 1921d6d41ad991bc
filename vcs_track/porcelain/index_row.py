"""A run as the row of the index that stands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.formats.cell import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vcs_track.formats.cell import Cell
    from vcs_track.porcelain.run_view import RunView

__all__ = ["COLUMNS", "STATISTICS", "Facet", "RunRow", "row_of"]

COLUMNS: Final = (
    "name", "status", "project", "group", "job_type", "note", "tags", "ended", "duration",
    "commit", "code", "branch", "dirty", "host", "user",
)  # fmt: skip
STATISTICS: Final = ("min", "max", "mean", "last", "first", "count")
_FACETS: Final = ("git", "env")  # what many runs share
_OWN: Final = frozenset([float, str, type(None)])  # types that are their own cells, NaN aside

Facet = tuple[str, dict[str, "Cell"] | None]


class RunRow(NamedTuple):
    """What the index holds of a run.

    Attributes:
        run: Id.
        created_us: When it started, microseconds since 1970 UTC.
        attributes: Cells of :data:`COLUMNS`.
        git: What tells git's facts from others, and their cells.
        env: The same of the environment.
        groups: Cells by prefix and name.
        statistics: Cells of :data:`STATISTICS` by tag.
    """

    run: str
    created_us: int
    attributes: tuple[Cell, ...]
    git: Facet
    env: Facet
    groups: dict[str, dict[str, Cell]]
    statistics: dict[str, tuple[Cell, ...]]


def row_of(view: RunView, shared: dict[str, dict[str, Cell]]) -> RunRow:
    """Return the row of a sealed run.

    Args:
        view: The run.
        shared: Cells of facts that runs before had too; is added to.

    Raises:
        VcsTrackError: If the run is damaged.
    """
    attributes, groups, statistics = view.attributes, view.groups, view.statistics
    git = _facet(f"git {view.manifest.git!r}", groups.pop("git"), shared)
    env = _facet(f"env {view.manifest.env or ''}", groups.pop("env"), shared)
    return RunRow(
        view.id,
        view.manifest.created_us,
        _cells(attributes, COLUMNS),
        git,
        env,
        {prefix: _group(group) for prefix, group in groups.items()},
        {tag: _cells(found, STATISTICS) for tag, found in statistics.items()},
    )


def _facet(known: str, values: Mapping[str, Any], shared: dict[str, dict[str, Cell]]) -> Facet:
    cells = shared.get(known)
    if cells is None:
        cells = shared[known] = _group(values)
    return known, cells


def _group(group: Mapping[str, Any]) -> dict[str, Cell]:
    # What is its own cell is most of it, and a call costs more than to see it.
    cells = {
        name: value if type(value) in _OWN and value == value else encode(value)
        for name, value in group.items()
    }
    if None in cells.values():
        return {name: cell for name, cell in cells.items() if cell is not None}
    return cells


def _cells(found: Mapping[str, Any], names: Iterable[str]) -> tuple[Cell, ...]:
    return tuple(
        value if type(value := found[name]) in _OWN and value == value else encode(value)
        for name in names
    )

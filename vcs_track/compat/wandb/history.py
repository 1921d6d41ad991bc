"""The rows of a run, as they were logged."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.compat.wandb import nested
from vcs_track.compat.wandb.keys import paths_of
from vcs_track.compat.wandb.rows import VALUE
from vcs_track.compat.wandb.system import system_of
from vcs_track.formats import canonical, typed_json

if TYPE_CHECKING:
    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run_view import RunView

    Path = tuple[str, ...]

__all__ = ["Row", "is_value", "latest", "paths", "rows", "system_rows", "value_of", "values"]


class Row(NamedTuple):
    """One row.

    Attributes:
        step: Its step.
        wall: When it was committed, seconds since 1970 UTC.
        runtime: Seconds since the start of the run.
        leaves: Its values, by path.
    """

    step: int
    wall: float
    runtime: float
    leaves: dict[Path, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return it nested, with step and times."""
        found: dict[str, Any] = {}
        for path, value in self.leaves.items():
            nested.put(found, path, value)
        found.update(_step=self.step, _timestamp=self.wall, _runtime=self.runtime)
        return found


def paths(view: RunView) -> dict[str, Path]:
    """Return the path of each series and of each key of other values."""
    facts = view.faces.get("wandb")
    said = paths_of(facts) if isinstance(facts, dict) else {}
    names = {*view.series_tags, *(item.tag or "" for item in view.media() if is_value(item))}
    return {name: said.get(name, (name,)) for name in names - system_of(facts).keys()}


def rows(view: RunView) -> list[Row]:
    """Return the rows of *view*, by step."""
    known = paths(view)
    found: dict[int, dict[Path, Any]] = {}
    walls: dict[int, float] = {}
    for name in _series(view, known):
        path, series = known[name], view.series(name)
        for step, value, wall in zip(series.step, series.value, series.walltime, strict=True):
            found.setdefault(step, {})[path] = value
            walls[step] = wall
    for item in view.media():
        if is_value(item) and item.step is not None:
            path = known[item.tag or ""]
            found.setdefault(item.step, {})[path] = value_of(item)
            walls.setdefault(item.step, item.walltime)
    clock = _Clock(view)
    return [
        Row(step, walls[step], clock.runtime(step, walls[step]), leaves)
        for step, leaves in sorted(found.items())
    ]


def latest(view: RunView) -> list[Row]:
    """Return the latest value of each key, in the order of their steps.

    Only the ends of the series are read.
    """
    known = paths(view)
    found: dict[Path, tuple[int, float, Any]] = {}
    for name in _series(view, known):
        series = view.series(name)
        (point,) = series.take([len(series) - 1])
        found[known[name]] = point.step, point.walltime, point.value
    for item in view.media():
        if is_value(item) and item.step is not None:
            path = known[item.tag or ""]
            if path not in found or found[path][0] <= item.step:
                found[path] = item.step, item.walltime, item
    clock = _Clock(view)
    return [
        Row(step, wall, clock.runtime(step, wall), {path: _plain(value)})
        for path, (step, wall, value) in sorted(found.items(), key=lambda one: one[1][:2])
    ]


def values(view: RunView, path: Path) -> list[Any]:
    """Return all values of a key, by step."""
    known = paths(view)
    found: dict[int, Any] = {}
    for name in _series(view, known):
        if known[name] == path:
            series = view.series(name)
            found.update(zip(series.step, series.value, strict=True))
    for item in view.media():
        if is_value(item) and item.step is not None and known[item.tag or ""] == path:
            found[item.step] = item
    return [_plain(found[step]) for step in sorted(found)]


def system_rows(view: RunView) -> list[dict[str, Any]]:
    """Return the samples of the machine, by time, keyed ``system.``..."""
    found: dict[tuple[float, int], dict[str, Any]] = {}
    clock = _Clock(view)
    for name, key in system_of(view.faces.get("wandb")).items():
        if name in view.series_tags:
            series = view.series(name)
            for step, value, wall in zip(series.step, series.value, series.walltime, strict=True):
                row = found.setdefault((wall, step), {})
                row[f"system.{key}"] = value
    return [
        {**row, "_timestamp": wall, "_runtime": clock.runtime_at(wall)}
        for (wall, _), row in sorted(found.items())
    ]


def _series(view: RunView, known: dict[str, Path]) -> list[str]:
    """Return the series of rows; *known* has none of the machine."""
    return [name for name in view.series_tags if name in known]


def _plain(value: Any) -> Any:
    return value_of(value) if hasattr(value, "mime") else value


def is_value(item: Media) -> bool:
    """Return whether *item* is a value of a row that is no number."""
    return item.kind == "text" and (item.meta or {}).get("api") == "wandb" and bool(item.tag)


def value_of(item: Media) -> Any:
    """Return the value that *item* keeps for a row."""
    if item.mime == VALUE:
        return typed_json.thaw(canonical.loads(item.data))
    return item.text


class _Clock:
    """Tells how long a run had been going on at a step; pauses do not count."""

    def __init__(self, view: RunView) -> None:
        facts = view.faces.get("wandb")
        found = facts.get("origins") if isinstance(facts, dict) else None
        self._origins = [tuple(one) for one in found or ()]
        self._steps = [step for step, _ in self._origins]
        self._created = view.manifest.created_us / 1e6

    def runtime(self, step: int, wall: float) -> float:
        at = bisect_right(self._steps, step) - 1
        return wall - (self._origins[at][1] if at >= 0 else self._created)

    def runtime_at(self, wall: float) -> float:
        before = [origin for _, origin in self._origins if origin <= wall]
        return wall - max(before, default=self._created)

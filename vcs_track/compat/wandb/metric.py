"""What ``define_metric`` says of keys: their step, and what the summary shows of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import Error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Path = tuple[str, ...]

__all__ = ["Metric", "Metrics", "Stats", "path_of"]

_OPS: Final = ("min", "max", "mean", "last", "first", "best", "none", "copy")
_TYPES: Final = {
    "name": str, "step_metric": str, "step_sync": bool, "hidden": bool, "summary": str,
    "goal": str, "overwrite": bool,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metric:
    """A definition.

    Attributes:
        name: The key, or its beginning and a ``*``.
        step_metric: Key that counts its steps, or None.
        step_sync: Whether rows that lack the step get the last one.
        hidden: Whether it is left out of charts.
        summary: What the summary shows: ``min``, ``max`` and so on; empty for the last value.
        goal: ``minimize``, ``maximize`` or None.
    """

    name: str
    step_metric: str | None = None
    step_sync: bool | None = None
    hidden: bool | None = None
    summary: tuple[str, ...] = ()
    goal: str | None = None

    @property
    def synced_to(self) -> Path | None:
        """The path of the step that rows get where they lack it."""
        wanted = self.step_metric is not None and self.step_sync is not False
        return path_of(self.step_metric or "") if wanted else None

    @property
    def ops(self) -> tuple[str, ...]:
        """What stands in the summary instead of the last value."""
        return tuple(op for op in self.summary if op != "copy")


class Stats:
    """All values of a key, as far as the summary asks."""

    __slots__ = ("_sum", "count", "first", "last", "max", "min")

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0.0
        self.first: Any = None
        self.last: Any = None
        self.min: Any = None
        self.max: Any = None

    def add(self, value: Any) -> None:
        """Take in one value; a text counts as the last one only."""
        self.last = value
        if not isinstance(value, int | float):
            return
        if not self.count:
            self.first = self.min = self.max = value
        elif math.isnan(value):
            self.min = self.max = value
        else:
            # A NaN stays: what compares with it is False.
            self.min = value if value < self.min else self.min
            self.max = value if value > self.max else self.max
        self.count += 1
        self._sum += value

    def shown(self, ops: tuple[str, ...], goal: str | None) -> dict[str, Any]:
        """Return what the summary shows for *ops*."""
        found: dict[str, Any] = {}
        for op in ops:
            if op == "last":
                found[op] = self.last
            elif self.count and op == "mean":
                found[op] = self._sum / self.count
            elif self.count and op == "best":
                found[op] = self.max if goal == "maximize" else self.min
            elif self.count and op != "none":
                found[op] = getattr(self, op)
        return found


class Metrics:
    """The definitions of a run.

    Args:
        tell: Is called with all of them, as plain data, after each change.
        known: What an earlier process told.
    """

    def __init__(
        self, tell: Callable[[dict[str, Any]], None], known: Mapping[str, Any] | None = None
    ) -> None:
        self._tell = tell
        self._all: dict[str, Metric] = {}
        self._matched: dict[Path, Metric | None] = {}
        for name, facts in (known or {}).items():
            self._all[name] = Metric(
                name, **{**facts, "summary": tuple(facts.get("summary", ()))}
            )  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self._all)

    def define(self, name: Any, **given: Any) -> Metric:
        """Define a metric, or add to its definition.

        Args:
            name: The key, or its beginning and a ``*``.
            **given: ``step_metric``, ``step_sync``, ``hidden``, ``summary``, ``goal``,
                ``overwrite``.

        Raises:
            Error: If an argument cannot be used; nothing is defined then.
        """
        overwrite = given.pop("overwrite", None)
        _check_types({"name": name, **given, "overwrite": overwrite})
        if not name:
            raise Error("define_metric() requires non-empty name argument")
        if "*" in name[:-1]:
            raise Error(f"Unhandled define_metric() arg: name (glob suffixes only): {name}")
        new = Metric(
            name,
            step_metric=given.get("step_metric") or None,
            step_sync=given.get("step_sync"),
            hidden=given.get("hidden"),
            summary=_ops(given.get("summary")),
            goal=_goal(given.get("goal")),
        )
        old = self._all.get(name)
        if old is not None and not overwrite:
            new = _merged(old, new)
        if new.step_metric is not None and new.step_sync is None:
            new = replace(new, step_sync=True)
        self._all[name] = new
        self._matched.clear()
        self._tell({name: _facts(metric) for name, metric in self._all.items()})
        return new

    def of(self, path: Path) -> Metric | None:
        """Return the definition for the key at *path*; an exact one before a glob."""
        if path not in self._matched:
            if len(self._matched) > 10_000:
                self._matched.clear()
            self._matched[path] = self._match(path)
        return self._matched[path]

    def _match(self, path: Path) -> Metric | None:
        for name, metric in self._all.items():
            if not name.endswith("*") and path_of(name) == path:
                return metric
        key = ".".join(path)
        if key.startswith("_"):
            return None
        globs = [m for n, m in self._all.items() if n.endswith("*") and key.startswith(n[:-1])]
        return max(globs, key=lambda metric: len(metric.name), default=None)


def path_of(name: str) -> Path:
    r"""Return the path that *name* stands for: dots nest, ``\.`` is a dot.

    Example:
        >>> from vcs_track.compat.wandb.metric import path_of
        >>> path_of("a.b"), path_of(r"a\.b")
        (('a', 'b'), ('a.b',))
    """
    return tuple(part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", name))


def _check_types(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if value is not None and not isinstance(value, _TYPES[name]):
            raise Error(f"Unhandled define_metric() arg: {name} type: {type(value).__name__}")


def _ops(summary: str | None) -> tuple[str, ...]:
    found = tuple(op.strip() for op in (summary or "").split(",") if op.strip())
    for op in found:
        if op not in _OPS:
            raise Error(
                f"Unhandled define_metric() arg: summary op: {op}",
                hint=f"use {', '.join(_OPS)}",
            )
    return tuple(dict.fromkeys(found))


def _goal(goal: str | None) -> str | None:
    if not goal:
        return None
    if goal[:3] not in ("min", "max") or goal not in ("min", "max", "minimize", "maximize"):
        raise Error(f"Unhandled define_metric() arg: goal: {goal}", hint="use min or max")
    return {"min": "minimize", "max": "maximize"}[goal[:3]]


def _merged(old: Metric, new: Metric) -> Metric:
    return Metric(
        new.name,
        step_metric=new.step_metric or old.step_metric,
        step_sync=old.step_sync if new.step_sync is None else new.step_sync,
        hidden=old.hidden if new.hidden is None else new.hidden,
        summary=tuple(dict.fromkeys((*old.summary, *new.summary))),
        goal=new.goal or old.goal,
    )


def _facts(metric: Metric) -> dict[str, Any]:
    return {
        "step_metric": metric.step_metric, "step_sync": metric.step_sync,
        "hidden": metric.hidden, "summary": list(metric.summary), "goal": metric.goal,
    }  # fmt: skip

"""What filters and orders ask of a run, by wandb's names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.public.query import nested_value
from vcs_track.porcelain.values import flatten

if TYPE_CHECKING:
    from vcs_track.compat.wandb.public.stored import Run

__all__ = ["ATTRIBUTES", "CREATED", "IDS", "SUMMARY", "field"]

CREATED: Final = ("createdAt", "created_at")  # which has whole seconds
IDS: Final = ("name", "id")
SUMMARY: Final = ("summary_metrics", "summaryMetrics", "summary")
# Fields that are attributes of a run of the store, and their names there.
ATTRIBUTES: Final = {
    "state": "status", "tags": "tags", "group": "group", "jobType": "job_type",
    "job_type": "job_type", "displayName": "name", "display_name": "name", "notes": "note",
    "username": "user", "host": "host", "duration": "duration", "project": "project",
}  # fmt: skip
_OWN: Final[dict[str, Any]] = {
    "name": lambda run: run.id, "id": lambda run: run.id, "entity": lambda run: run.entity,
    "sweep": lambda run: run.sweep_id, "createdAt": lambda run: run.created_at,
    "created_at": lambda run: run.created_at, "heartbeat_at": lambda run: run.heartbeat_at,
    "heartbeatAt": lambda run: run.heartbeat_at,
}  # fmt: skip


def field(run: Run, name: str) -> Any:
    """Return what filters and orders call *name*, or None.

    Args:
        run: The run.
        name: ``config.<name>``, ``summary_metrics.<name>``, ``state`` and so on.
    """
    if name in _OWN:
        return _OWN[name](run)
    view = run._view  # noqa: SLF001 -- one interface
    if name in ATTRIBUTES:
        return view.attributes[ATTRIBUTES[name]]
    head, _, rest = name.partition(".")
    if head == "config" and rest and rest[0] != "_":
        flat = flatten(view.hparams)
        found = _picked(flat, rest, run.config)
        if found is None and rest.endswith(".value"):
            found = _picked(flat, rest.removesuffix(".value"), run.config)
        return found
    if head in SUMMARY and rest:
        return _picked(view.summary, rest, run._values(rest))  # noqa: SLF001 -- as above
    return None


def _picked(flat: Mapping[str, Any], name: str, nested: Mapping[str, Any]) -> Any:
    # A flat name is what the index has; one that was taken got a number behind it.
    if name in flat and f"{name}~2" not in flat:
        return flat[name]
    return nested_value(nested, name)

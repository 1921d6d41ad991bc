"""What filters and orders ask of a run, by wandb's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.public.query import nested_value

if TYPE_CHECKING:
    from vcs_track.compat.wandb.public.stored import Run

__all__ = ["field"]

_FIELDS: Final[dict[str, Any]] = {
    "state": lambda run: run.state, "tags": lambda run: run.tags, "group": lambda run: run.group,
    "jobType": lambda run: run.job_type, "job_type": lambda run: run.job_type,
    "displayName": lambda run: run.name, "display_name": lambda run: run.name,
    "name": lambda run: run.id, "id": lambda run: run.id, "notes": lambda run: run.notes,
    "createdAt": lambda run: run.created_at, "created_at": lambda run: run.created_at,
    "heartbeat_at": lambda run: run.heartbeat_at, "heartbeatAt": lambda run: run.heartbeat_at,
    "username": lambda run: run.username, "host": lambda run: run.metadata.get("host"),
    "duration": lambda run: run._view.duration,  # noqa: SLF001 -- its own
    "sweep": lambda run: run.sweep_id, "project": lambda run: run.project,
    "entity": lambda run: run.entity,
}  # fmt: skip


def field(run: Run, name: str) -> Any:
    """Return what filters and orders call *name*, or None.

    Args:
        run: The run.
        name: ``config.<name>``, ``summary_metrics.<name>``, ``state`` and so on.
    """
    head, _, rest = name.partition(".")
    if head in ("config", "summary_metrics", "summaryMetrics", "summary") and rest:
        values = run.config if head == "config" else run._values(rest)  # noqa: SLF001 -- its own
        if head == "config" and rest.endswith(".value") and nested_value(values, rest) is None:
            rest = rest.removesuffix(".value")
        return nested_value(values, rest)
    return _FIELDS[name](run) if name in _FIELDS else None

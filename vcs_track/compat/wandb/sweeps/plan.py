"""What a sweep is told: checked before anything of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.sweeps.command import check_command
from vcs_track.compat.wandb.sweeps.rungs import check_early
from vcs_track.compat.wandb.sweeps.space import check_space

__all__ = ["checked", "goal_of", "metric_of"]


def checked(config: Any) -> dict[str, Any]:
    """Return a sweep as plain data.

    Args:
        config: A dictionary.

    Raises:
        BadValueError: If a part of it cannot be used.
        UnsupportedError: If its method, or its early end, needs wandb's server.
    """
    if not isinstance(config, Mapping):
        raise BadValueError(f"a sweep is a dictionary, not {config!r:.40}")
    plain: dict[str, Any] = _plain(config)
    _check_metric(plain.get("metric"))
    check_early(plain.get("early_terminate"), metric_of(plain))
    _check_texts(plain)
    cap = plain.get("run_cap")
    if cap is not None and (isinstance(cap, bool) or not isinstance(cap, int) or cap < 1):
        raise BadValueError(f"'run_cap' of a sweep is {cap!r:.40}, expected a number from 1")
    check_command(plain.get("command"), plain.get("program"))
    check_space(plain)
    return plain


def metric_of(config: Mapping[str, Any]) -> str | None:
    """Return the key that a sweep looks at, or None."""
    found = config.get("metric")
    return str(found["name"]) if isinstance(found, Mapping) else None


def goal_of(config: Mapping[str, Any]) -> str:
    """Return ``minimize`` or ``maximize``."""
    found = config.get("metric")
    return str(found.get("goal", "minimize")) if isinstance(found, Mapping) else "minimize"


def _check_metric(metric: Any) -> None:
    if metric is None:
        return
    if not isinstance(metric, Mapping) or not isinstance(metric.get("name"), str):
        raise BadValueError("'metric' of a sweep has no 'name'", hint="{'name': 'loss'}")
    if metric.get("goal", "minimize") not in ("minimize", "maximize"):
        raise BadValueError(
            f"'goal' of a sweep is {metric['goal']!r:.40}", hint="minimize or maximize"
        )
    target = metric.get("target", 0)
    if isinstance(target, bool) or not isinstance(target, int | float):
        raise BadValueError(f"'target' of a sweep is {target!r:.40}, expected a number")


def _check_texts(config: Mapping[str, Any]) -> None:
    for key in ("name", "description", "program", "project", "entity"):
        if not isinstance(config.get(key), str | None):
            raise BadValueError(f"'{key}' of a sweep is {config[key]!r:.40}, expected a text")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.item() if hasattr(value, "item") else str(value)

"""What scripts take from ``wandb.env``: variables for runs that start later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track import environ

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["get_entity", "get_project", "set_entity", "set_project"]

_PROJECT = "WANDB_PROJECT"
_ENTITY = "WANDB_ENTITY"


def set_project(value: str, env: MutableMapping[str, str] | None = None) -> None:
    """Let runs that start from now on be of a project.

    Args:
        value: The project.
        env: Variables. Default: those of the process.
    """
    _set(_PROJECT, value, env)


def set_entity(value: str, env: MutableMapping[str, str] | None = None) -> None:
    """Let runs that start from now on have an entity.

    Args:
        value: The entity.
        env: Variables. Default: those of the process.
    """
    _set(_ENTITY, value, env)


def get_project(default: str | None = None) -> str | None:
    """Return the project that the variables name.

    Args:
        default: What to return without one.
    """
    return environ.prefixed(_PROJECT).get(_PROJECT, default)


def get_entity(default: str | None = None) -> str | None:
    """Return the entity that the variables name.

    Args:
        default: What to return without one.
    """
    return environ.prefixed(_ENTITY).get(_ENTITY, default)


def _set(name: str, value: str, env: MutableMapping[str, str] | None) -> None:
    if env is None:
        environ.put(name, value)
    else:
        env[name] = value

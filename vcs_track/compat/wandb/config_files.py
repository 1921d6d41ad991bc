"""Configuration files in YAML."""

from __future__ import annotations

from typing import Any

from vcs_track.compat.wandb.errors import ConfigError

__all__ = ["read_file"]


def read_file(path: str) -> dict[str, Any]:
    """Return the values of a configuration file.

    Raises:
        ConfigError: If it is not there, or cannot be understood.
    """
    raise ConfigError(f"config file {path} doesn't exist")

"""Configuration files in YAML, and what a sweep or the environment gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from vcs_track.compat.wandb.errors import ConfigError
from vcs_track.compat.wandb.yaml_text import parse
from vcs_track.plumbing import fsio

__all__ = ["DEFAULTS", "defaults", "read_file"]

DEFAULTS: Final = "config-defaults.yaml"
_VERSION: Final = "wandb_version"


def read_file(path: str) -> dict[str, Any]:
    """Return the values of a configuration file.

    It has ``name: {value: ..., desc: ...}``, or names and values.

    Raises:
        ConfigError: If it is not there, or cannot be understood.
    """
    try:
        text = fsio.read(Path(path)).decode()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise ConfigError(f"config file {path} doesn't exist") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"config file {path} cannot be read: {error}") from None
    found = parse(text, path)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError(f"config file {path} has no names and values")
    version = found.pop(_VERSION, 1)
    if version != 1:
        raise ConfigError(f"config file {path} has the unknown {_VERSION} {version!r:.40}")
    return {str(key): _value(value) for key, value in found.items() if key != "_wandb"}


def _value(entry: Any) -> Any:
    if isinstance(entry, dict) and "value" in entry and entry.keys() <= {"value", "desc"}:
        return entry["value"]
    return entry


def defaults() -> dict[str, Any]:
    """Return the values of ``config-defaults.yaml``, if it is here."""
    return read_file(DEFAULTS) if Path(DEFAULTS).is_file() else {}

"""What a configuration is made of, and what its values become."""

from __future__ import annotations

import base64
import inspect
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

from vcs_track.compat.wandb.errors import ConfigTypeError
from vcs_track.compat.wandb.value import WBValue

__all__ = ["as_mapping", "plain", "text_of"]

_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")
_DEEP: Final = 40


def as_mapping(given: Any) -> Mapping[Any, Any]:
    """Return the names and values of *given*.

    Args:
        given: None, a mapping, the path of a YAML file, or an object with attributes.

    Raises:
        ConfigTypeError: If it is none of these.
        ConfigError: If the file cannot be read.
    """
    if given is None:
        return {}
    if isinstance(given, str | PurePath):
        from vcs_track.compat.wandb.config_files import read_file

        return read_file(str(given))
    if isinstance(given, Mapping):
        return dict(given)
    flags = getattr(given, "flag_values_dict", None)
    if callable(flags):
        return dict(flags())
    if hasattr(given, "keys") and hasattr(given, "__getitem__"):
        return {key: given[key] for key in given.keys()}  # noqa: SIM118 -- no mapping, but keys
    if is_dataclass(given) and not isinstance(given, type):
        return {field.name: getattr(given, field.name) for field in fields(given)}
    if hasattr(given, "__dict__") and not isinstance(given, type) and not callable(given):
        return dict(vars(given))
    raise ConfigTypeError("config must be a dict or have a __dict__ attribute.")


def plain(value: Any, depth: int = 0) -> Any:
    """Return the form in which a configuration has *value*.

    Raises:
        ConfigTypeError: If it is an image or another value for rows, or nests too deep.
    """
    if depth > _DEEP:
        raise ConfigTypeError(f"a value of the configuration nests deeper than {_DEEP} levels")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, WBValue):
        raise ConfigTypeError("WBValue objects cannot be added to the run config")
    if isinstance(value, Mapping):
        return {str(key): plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, tuple | set | frozenset | list | range):
        items = [plain(one, depth + 1) for one in value]
        return sorted(items, key=repr) if isinstance(value, set | frozenset) else items
    return _other(value, depth)


def _other(value: Any, depth: int) -> Any:
    if isinstance(value, Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, bool | int | float | str):
        return next(kind(value) for kind in (int, float, str) if isinstance(value, kind))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, bytes):
        return value.decode() if value.isascii() else base64.b64encode(value).decode()
    if inspect.isroutine(value) or isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if hasattr(type(value), "dtype") and hasattr(type(value), "shape"):
        return _array(value, depth)
    if is_dataclass(value):
        return {
            field.name: plain(getattr(value, field.name), depth + 1) for field in fields(value)
        }
    return text_of(value)


def text_of(value: object) -> str:
    """Return the text of an object, without its address.

    An address would make equal configurations differ between two runs.

    Example:
        >>> from vcs_track.compat.wandb.config_values import text_of
        >>> text_of(object())
        '<object object>'
    """
    return _ADDRESS.sub("", str(value))


def _array(value: Any, depth: int) -> Any:
    if not value.shape:
        return plain(value.item() if hasattr(value, "item") else float(value), depth + 1)
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    if not hasattr(value, "tolist"):
        return text_of(value)
    return plain(value.tolist(), depth + 1)

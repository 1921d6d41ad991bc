"""What logs for a framework, a module for each, by wandb's name for it.

A framework is imported when something of it is first made, and never with these modules.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    mirror = import_module(f"{__name__.rpartition('.')[0]}.mirror")
    below = f"integration.{name}"
    if not mirror.has(below):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return mirror.module(below)

"""Modules by the names that wandb has for them.

Libraries take what they need from deep inside of wandb. Most of these names stand for a
module of ours that has what is wanted; the others are made here, from a table.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vcs_track.compat.wandb.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MADE", "SAME", "has", "module", "telemetry_context"]

_HOME: Final = __package__ or ""

# Names of wandb's modules, each with the module of ours that stands for it.
SAME: Final = {
    "apis.public.api": "public", "apis.public.artifacts": "public", "apis.public.files": "public",
    "apis.public.projects": "public", "apis.public.runs": "public", "apis.public.sweeps": "public",
    "catboost": "integration.catboost", "integration.keras.callbacks": "integration.keras",
    "integration.keras.keras": "integration.keras", "keras": "integration.keras",
    "gym": "integration.gym",
    "lightgbm": "integration.lightgbm", "sklearn": "integration.sklearn",
    "xgboost": "integration.xgboost",
    "sdk.artifacts.artifact": "artifacts.artifact", "sdk.artifacts.exceptions": "errors",
    "sdk.backend": "server",
    "sdk.data_types.base_types.media": "data_types",
    "sdk.data_types.base_types.wb_value": "value", "sdk.data_types.histogram": "data_types",
    "sdk.data_types.html": "data_types", "sdk.data_types.image": "data_types",
    "sdk.data_types.molecule": "data_types", "sdk.data_types.object_3d": "data_types",
    "sdk.data_types.plotly": "data_types", "sdk.data_types.table": "data_types",
    "sdk.data_types.video": "data_types", "sdk.errors": "errors", "sdk.lib.config_util": "errors",
    "sdk.lib.runid": "names", "sdk.wandb_alerts": "alerts", "sdk.wandb_artifacts":
    "artifacts.artifact", "sdk.wandb_config": "run_config", "sdk.wandb_init": "init",
    "sdk.wandb_metric": "metric", "sdk.wandb_run": "run", "sdk.wandb_settings": "settings",
    "sdk.wandb_summary": "run_summary", "wandb_run": "run",
}  # fmt: skip

# Modules that are made: their names, each with a module of ours, or with what one has.
MADE: Final[dict[str, dict[str, str]]] = {
    "apis": {},
    "apis.public": {
        name: f"public:{name}"
        for name in (
            "Api", "ArtifactCollection", "ArtifactType", "File", "Files", "Project", "Run",
            "RunNotFoundError", "Runs", "Sweep",
        )
    },
    "sdk": {
        "Artifact": "artifacts.artifact:Artifact", "Config": "run_config:Config",
        "Run": "run:Run", "Settings": "settings:Settings", "Summary": "run_summary:Summary",
        "init": "init:init",
    },
    "sdk.artifacts": {"Artifact": "artifacts.artifact:Artifact"},
    "sdk.data_types": {
        name: f"data_types:{name}"
        for name in (
            "Audio", "EvalTable", "Histogram", "Html", "Image", "Molecule", "Object3D", "Plotly",
            "Table", "Video", "WBValue",
        )
    },
    "sdk.data_types.base_types": {},
    "sdk.lib": {"RunDisabled": "noop:NoopRun"},
    "sdk.lib.disabled": {"RunDisabled": "noop:NoopRun"},
    "sdk.lib.telemetry": {"context": "mirror:telemetry_context"},
}  # fmt: skip

# Parts of wandb that log for another library, and are not here.
_FOREIGN: Final = ("fastai", "lightning")

_made: dict[str, ModuleType] = {}


def has(name: str) -> bool:
    """Return whether there is a module by this name of wandb's.

    Args:
        name: The name without the leading ``wandb.``.
    """
    if name in SAME or name in MADE or _foreign(name):
        return True
    above = name.rpartition(".")[0]
    if above in SAME or above in MADE or _foreign(above):
        return False
    try:
        return find_spec(f"{_HOME}.{name}") is not None
    except ModuleNotFoundError:
        return False


def module(name: str) -> ModuleType:
    """Return the module that stands for one of wandb's.

    Args:
        name: The name without the leading ``wandb.``; empty for wandb itself.

    Raises:
        ImportError: If there is none.

    Example:
        >>> from vcs_track.compat.wandb.errors import ConfigError
        >>> from vcs_track.compat.wandb.mirror import module
        >>> module("sdk.lib.config_util").ConfigError is ConfigError
        True
    """
    if not name:
        return import_module(_HOME)
    if name in SAME:
        return import_module(f"{_HOME}.{SAME[name]}")
    if name not in MADE and not _foreign(name):
        return import_module(f"{_HOME}.{name}")
    if name not in _made:
        _made[name] = _Foreign(name) if _foreign(name) else _Made(name)
    return _made[name]


def _foreign(name: str) -> bool:
    first, _, last = name.rpartition(".")
    return last in _FOREIGN and first in ("", "integration")


class _Made(ModuleType):
    """A module whose names are looked up when they are asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{_HOME}.{name}", f"Stands for ``wandb.{name}``.")
        self.__path__: list[str] = []
        self._name = name

    def __getattr__(self, name: str) -> Any:
        home, _, what = MADE.get(self._name, {}).get(name, "").partition(":")
        if home:
            return getattr(import_module(f"{_HOME}.{home}"), what)
        below = f"{self._name}.{name}"
        if name.startswith("__") or not has(below):
            raise AttributeError(f"module 'wandb.{self._name}' has no attribute {name!r}")
        return module(below)


class _Foreign(_Made):
    """A part of wandb that logs for another library: what it has is refused."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"module 'wandb.{self._name}' has no attribute {name!r}")
        return _refused(f"wandb.{self._name}.{name}")


def _refused(what: str) -> type:
    """Return a class that cannot be made; as it is one, it can be imported and subclassed."""

    def refuse(self: object, *args: object, **kwargs: object) -> NoReturn:
        del self, args, kwargs
        raise UnsupportedError(
            f"{what} is not among what is here",
            hint="call wandb.log() in a callback of the library's own",
        )

    return type(what.rpartition(".")[2], (), {"__init__": refuse, "__doc__": f"Raise: no {what}."})


class _Ignored:
    """Takes any attribute, and keeps none."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        """Do nothing."""


@contextmanager
def telemetry_context(run: object = None, obj: object = None) -> Iterator[Any]:
    """Give something that takes notes of features; nobody reads them.

    Args:
        run: Without effect.
        obj: Without effect.
    """
    del run, obj
    yield _Ignored()

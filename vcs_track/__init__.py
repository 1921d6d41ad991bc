"""Experiments, versioned like code.

A run is a set of immutable, content-addressed objects under ``.runs``, beside the code that
made it. Start with :func:`start_run`; read with :func:`open`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vcs_track.api import init, open, start_run  # noqa: A004 -- the field's word
    from vcs_track.errors import VcsTrackError
    from vcs_track.porcelain.diff import Change
    from vcs_track.porcelain.inputs import Input
    from vcs_track.porcelain.points import Media, Point
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_set import RunSet
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.series import Series
    from vcs_track.porcelain.whence import Origin

__all__ = [
    "Change",
    "Input",
    "Media",
    "Origin",
    "Point",
    "Repository",
    "Run",
    "RunSet",
    "RunView",
    "Series",
    "VcsTrackError",
    "__version__",
    "init",
    "open",
    "start_run",
]

__version__ = "0.1.0"

# Loaded when first used: a bare import stays cheap, and nobody pays for git or SQL unasked.
_HOMES = {
    "Change": "porcelain.diff",
    "Input": "porcelain.inputs",
    "Media": "porcelain.points",
    "Origin": "porcelain.whence",
    "Point": "porcelain.points",
    "Repository": "porcelain.repository",
    "Run": "porcelain.run",
    "RunSet": "porcelain.run_set",
    "RunView": "porcelain.run_view",
    "Series": "porcelain.series",
    "VcsTrackError": "errors",
    "init": "api",
    "open": "api",
    "start_run": "api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vcs_track' has no attribute '{name}'")
    value = getattr(import_module(f"vcs_track.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

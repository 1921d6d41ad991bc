"""wandb's interface: a script needs another import, and nothing else.

::

    import vcs_track.compat.wandb as wandb

No account, no network, no server: runs go into the repository of the current folder. The
guide `Coming from wandb` lists what differs, and why.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from vcs_track.compat.wandb import errors
from vcs_track.compat.wandb.alerts import AlertLevel
from vcs_track.compat.wandb.before import BeforeConfig, BeforeSummary
from vcs_track.compat.wandb.errors import CommError, Error, UsageError
from vcs_track.compat.wandb.init import init
from vcs_track.compat.wandb.run import Run
from vcs_track.compat.wandb.run_config import Config
from vcs_track.compat.wandb.server import (
    REFUSED,
    Account,
    ensure_configured,
    login,
    refuser,
    require,
    setup,
    teardown,
)
from vcs_track.compat.wandb.settings import Settings
from vcs_track.compat.wandb.state import active, begin, current
from vcs_track.compat.wandb.term import termerror, termlog, termsetup, termwarn

if TYPE_CHECKING:
    from os import PathLike

__all__ = [
    "AlertLevel",
    "CommError",
    "Config",
    "Error",
    "Run",
    "Settings",
    "UsageError",
    "api",
    "config",
    "ensure_configured",
    "errors",
    "finish",
    "init",
    "join",
    "login",
    "patched",
    "require",
    "restore",
    "run",
    "setup",
    "summary",
    "teardown",
    "termerror",
    "termlog",
    "termsetup",
    "termwarn",
]

__version__ = "0.31.0+vcs_track"

run: Run | None = None
config: Any = BeforeConfig()
summary: Any = BeforeSummary()
api = Account()
patched: dict[str, list[Any]] = {"tensorboard": [], "keras": [], "gym": []}

# What is loaded when it is first asked for, and where it is.
_LATER: dict[str, str] = {
    **dict.fromkeys(("data_types", "plot", "plots", "tensorboard", "util"), ""),
    **dict.fromkeys(
        (
            "Audio", "Bokeh", "Classes", "EvalTable", "Graph", "Histogram", "Html", "Image", "JoinedTable",
            "Molecule", "Object3D", "Plotly", "Table", "Video", "WBValue", "box3d",
        ),
        ".data_types",
    ),
    **dict.fromkeys(("plot_table", "visualize"), ".plot"),
    "Artifact": ".artifacts.artifact",
    "Api": ".public.api",
    **dict.fromkeys(("agent", "sweep"), ".sweeping"),
    "env": "",
    **dict.fromkeys(("install", "uninstall"), ".shadow"),
    **dict.fromkeys(
        (
            "apis", "catboost", "integration", "keras", "lightgbm", "sdk", "sklearn", "wandb_run",
            "xgboost",
        ),
        "mirror",
    ),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    home = _LATER.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not home:
        return import_module(f"{__name__}.{name}")
    if home == "mirror":
        return import_module(f"{__name__}.mirror").module(name)
    found = globals()[name] = getattr(import_module(__name__ + home), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})


def _attach(
    attach_id: str | None = None, run_id: str | None = None, *, run: Run | None = None
) -> Run | None:
    """Return the open run with an id, as a copied object asks for it."""
    if run is not None:
        return run
    wanted = attach_id or run_id
    return next((one for one in active() if wanted in (one.id, one._attach_id)), None)  # noqa: SLF001 -- one interface


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """End the run, if there is one; arguments as for :meth:`Run.finish`."""
    found = current()
    if found is not None:
        found.finish(exit_code, quiet)


def join(exit_code: int | None = None) -> None:
    """End the run, if there is one."""
    finish(exit_code)


def restore(
    name: str,
    run_path: str | None = None,
    replace: bool = False,
    root: str | PathLike[str] | None = None,
) -> IO[Any] | None:
    """Get a file of a run back; arguments as for :meth:`Run.restore`.

    Raises:
        ValueError: If there is no run, and *run_path* names none.
        RunNotFoundError: If there is no such run.
    """
    found = current()
    if found is not None:
        return found.restore(name, run_path, replace, root)
    if not run_path:
        raise errors.BadValueError(
            "run_path required when calling wandb.restore before wandb.init",
            hint="name the run as '[[entity/]project/]id'",
        )
    from vcs_track.compat.wandb.restoring import find_run, restored

    return restored(name, find_run(run_path), Path(root or "."), replace=replace)


vars(sys.modules[__name__]).update({name: refuser(name) for name in REFUSED})
begin(sys.modules[__name__])

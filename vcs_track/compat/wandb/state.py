"""Which runs are open, and what the names of the module mean therefore."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.before import BeforeConfig, BeforeSummary, raiser
from vcs_track.compat.wandb.term import termwarn

if TYPE_CHECKING:
    from vcs_track.compat.wandb.run import Run

__all__ = [
    "BOUND",
    "Interface",
    "active",
    "begin",
    "closed",
    "current",
    "interface",
    "lock",
    "opened",
    "own",
]

# Functions of the module that are methods of the run while there is one.
BOUND: Final = (
    "alert", "define_metric", "link_artifact", "link_model", "log", "log_artifact", "log_code",
    "log_model", "mark_preempting", "pin_config_keys", "save", "unwatch", "use_artifact", "use_model",
    "watch",
)  # fmt: skip

lock: Final = threading.RLock()
_runs: list[Run] = []
_home: Final = __package__ or ""


class Interface(ModuleType):
    """The module ``wandb``.

    An assignment to ``wandb.config`` sets values of the run.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a name; a submodule never hides a function of its name."""
        if isinstance(value, ModuleType) and name in _HIDDEN and name in self.__dict__:
            return
        if name == "config" and isinstance(value, Mapping) and _runs:
            termwarn(
                "wandb.config was assigned after wandb.init(): its values go into the "
                "configuration of the run; use wandb.config.update()",
                repeat=False,
            )
            _runs[0].config.update(value, allow_val_change=True)
            return
        super().__setattr__(name, value)


_HIDDEN: Final = frozenset({*BOUND, "init", "run", "config", "summary", "finish", "restore"})


def interface() -> Any:
    """Return the module ``wandb`` of this process.

    What a script asks of an artifact may be a run that is read back, and reading back stands
    above artifacts: it is asked for by the name that scripts have for it.
    """
    return sys.modules[_home]


def begin(module: ModuleType) -> None:
    """Make *module* the interface, in which no run is open."""
    module.__class__ = Interface
    _bind()


def current() -> Run | None:
    """Return the run that the functions of the module speak of."""
    with lock:
        return _runs[0] if _runs else None


def active() -> list[Run]:
    """Return the open runs, the first one first."""
    with lock:
        return list(_runs)


def own() -> list[Run]:
    """Return the open runs of this process, and let go of inherited ones.

    What a fork has inherited goes on in the process that started it.
    """
    with lock:
        pid = os.getpid()
        _runs[:] = [run for run in _runs if run._init_pid == pid]  # noqa: SLF001 -- of this interface
        _bind()
        return list(_runs)


def opened(run: Run) -> None:
    """Let the module speak of *run*, if it speaks of no other."""
    with lock:
        _runs.append(run)
        _bind()


def closed(run: Run) -> None:
    """Let the module speak of *run* no longer."""
    with lock:
        if run in _runs:
            _runs.remove(run)
        _bind()


def _bind() -> None:
    module = sys.modules.get(_home)
    if module is None:
        return
    names: dict[str, Any]
    if _runs:
        run = _runs[0]
        names = {name: getattr(run, name) for name in BOUND if hasattr(run, name)}
        names.update(run=run, config=run.config, summary=run.summary)
    else:
        names = {name: raiser(name) for name in BOUND}
        names.update(run=None, config=BeforeConfig(), summary=BeforeSummary())
    module.__dict__.update(names)

"""wandb's interface: a script needs another import, and nothing else.

::

    import vcs_track.compat.wandb as wandb

No account, no network, no server: runs go into the repository of the current folder. The
guide `Coming from wandb` lists what differs, and why.
"""

from __future__ import annotations

import sys

from vcs_track.compat.wandb import data_types, plot, plots
from vcs_track.compat.wandb.artifacts.artifact import Artifact
from vcs_track.compat.wandb.before import BeforeConfig, BeforeSummary, raiser
from vcs_track.compat.wandb.data_types import (
    Audio,
    Classes,
    Graph,
    Histogram,
    Html,
    Image,
    JoinedTable,
    Molecule,
    Object3D,
    Plotly,
    Table,
    Video,
    box3d,
)
from vcs_track.compat.wandb.errors import CommError, Error, UsageError
from vcs_track.compat.wandb.init import init
from vcs_track.compat.wandb.plot import plot_table, visualize
from vcs_track.compat.wandb.run import Run
from vcs_track.compat.wandb.settings import Settings
from vcs_track.compat.wandb.state import BOUND, Interface, current
from vcs_track.compat.wandb.term import termerror, termlog, termwarn

__all__ = [
    "Artifact", "Audio", "Classes", "CommError", "Error", "Graph", "Histogram", "Html", "Image",
    "JoinedTable", "Molecule", "Object3D", "Plotly", "Run", "Settings", "Table", "UsageError",
    "Video", "box3d", "config", "data_types", "finish", "init", "join", "plot", "plot_table",
    "plots", "run", "summary", "termerror", "termlog", "termwarn", "visualize",
]  # fmt: skip

__version__ = "0.31.0+vcs_track"

run = None
config = BeforeConfig()
summary = BeforeSummary()


def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """End the run, if there is one; arguments as for :meth:`Run.finish`."""
    found = current()
    if found is not None:
        found.finish(exit_code, quiet)


def join(exit_code: int | None = None) -> None:
    """End the run, if there is one."""
    finish(exit_code)


globals().update({name: raiser(name) for name in BOUND})
sys.modules[__name__].__class__ = Interface

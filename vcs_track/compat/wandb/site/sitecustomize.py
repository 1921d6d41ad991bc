"""What Python imports by itself where ``vcs-track exec`` has put this folder first.

It lets ``import wandb`` give our interface, and then does what another file of this name,
which is hidden by this one, would have done.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

__all__: list[str] = []


def _install() -> None:
    try:
        import_module("vcs_track.compat.wandb.shadow").install()
    except ImportError as error:
        # Silence would let the program log to somewhere else.
        print(  # noqa: T201 -- nobody else is there to say it
            f"vcs-track exec: this Python has no vcs_track ({error}); wandb is the original",
            file=sys.stderr,
        )


def _go_on() -> None:
    """Import the file of this name that comes next, if there is one."""
    here = Path(__file__).resolve().parent
    path = list(sys.path)
    sys.path[:] = [one for one in path if Path(one or ".").resolve() != here]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        import_module("sitecustomize")
    except ModuleNotFoundError as error:
        if error.name != "sitecustomize":
            raise
        if ours is not None:
            sys.modules["sitecustomize"] = ours
    finally:
        sys.path[:] = path


if __name__ == "sitecustomize":
    _install()
    _go_on()

"""Reading back what was logged: ``wandb.Api`` and what it returns."""

from __future__ import annotations

from vcs_track.compat.wandb.errors import RunNotFoundError
from vcs_track.compat.wandb.public.api import Api
from vcs_track.compat.wandb.public.files import File, Files
from vcs_track.compat.wandb.public.runs import Runs
from vcs_track.compat.wandb.public.stored import Run

__all__ = ["Api", "File", "Files", "Run", "RunNotFoundError", "Runs"]

"""Reading back what was logged: ``wandb.Api`` and what it returns."""

from __future__ import annotations

from vcs_track.compat.wandb.errors import RunNotFoundError
from vcs_track.compat.wandb.public.api import Api
from vcs_track.compat.wandb.public.collections import ArtifactCollection, ArtifactType
from vcs_track.compat.wandb.public.files import File, Files
from vcs_track.compat.wandb.public.project import Project
from vcs_track.compat.wandb.public.runs import Runs
from vcs_track.compat.wandb.public.stored import Run
from vcs_track.compat.wandb.public.sweep import Sweep

__all__ = [
    "Api", "ArtifactCollection", "ArtifactType", "File", "Files", "Project", "Run",
    "RunNotFoundError", "Runs", "Sweep",
]  # fmt: skip

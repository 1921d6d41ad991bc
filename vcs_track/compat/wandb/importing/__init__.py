"""Runs that the original wandb left in folders, taken into a repository."""

from __future__ import annotations

from vcs_track.compat.wandb.importing.importer import FromWandb, import_folder

__all__ = ["FromWandb", "import_folder"]

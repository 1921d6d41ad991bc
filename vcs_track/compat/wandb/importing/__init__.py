"""Runs that the original wandb left in folders, taken into a repository."""

from __future__ import annotations

from vcs_track.compat.wandb.importing.importer import import_folder

__all__ = ["import_folder"]

"""A project that is read back: its runs, sweeps and artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.compat.wandb.public.collections import ArtifactType, types_of
from vcs_track.compat.wandb.public.runs import Runs
from vcs_track.compat.wandb.public.sweep import Sweep
from vcs_track.compat.wandb.sweeps.book import Book

if TYPE_CHECKING:
    from vcs_track.compat.wandb.public.collections import ArtifactCollection
    from vcs_track.porcelain.repository import Repository

__all__ = ["Project"]


class Project:
    """A project.

    Args:
        repo: The repository.
        name: Its name.
        entity: Its entity, a free label.

    Attributes:
        name: Its name.
        id: Its name.
        entity: Its entity.
        url: None: there is no page.
    """

    url = None

    def __init__(self, repo: Repository, name: str, entity: str | None = None) -> None:
        self.name = name
        self.id = name
        self.entity = entity or ""
        self._repo = repo

    def __repr__(self) -> str:
        return f"<Project {'/'.join(self.path)}>"

    @property
    def path(self) -> list[str]:
        """Entity and name; an empty entity is left out."""
        return [part for part in (self.entity, self.name) if part]

    def runs(self) -> Runs:
        """Return its runs."""
        return Runs(self._repo, None, self.name, None, None)

    def sweeps(self, per_page: int = 50) -> list[Sweep]:
        """Return its sweeps, the oldest first.

        They were made for it, or have runs in it.

        Args:
            per_page: Without effect.
        """
        del per_page
        entries = Book(self._repo.store).entries()
        with_runs = [run.sweep_id for run in self.runs() if run.sweep_id]
        there = {entry.id for entry in entries if entry.config.get("project") == self.name}
        known = [entry.id for entry in entries if entry.id in there or entry.id in with_runs]
        return [
            Sweep(self._repo, self.entity, None, sweep, Runs)
            for sweep in dict.fromkeys([*known, *with_runs])
        ]

    def artifacts_types(self, per_page: int = 50) -> list[ArtifactType]:
        """Return the types of its artifacts, by name.

        Args:
            per_page: Without effect.
        """
        del per_page
        return types_of(self._repo, self.entity, self.name)

    def collections(self, per_page: int = 50) -> list[ArtifactCollection]:
        """Return its artifacts, each with its versions, by type and name.

        Args:
            per_page: Without effect.
        """
        del per_page
        return [one for kind in self.artifacts_types() for one in kind.collections()]

"""Artifacts that are read back: their types, and the versions under each name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

from vcs_track.compat.wandb.artifacts.artifact import Artifact
from vcs_track.compat.wandb.artifacts.inventory import Inventory
from vcs_track.compat.wandb.errors import RunNotFoundError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcs_track.compat.wandb.artifacts.collection import Collection
    from vcs_track.compat.wandb.artifacts.event import Place
    from vcs_track.porcelain.repository import Repository

__all__ = ["ArtifactCollection", "ArtifactType", "collection_at", "types_of"]


def types_of(repo: Repository, entity: str, project: str | None) -> list[ArtifactType]:
    """Return the types of the artifacts of a project, by name.

    Args:
        repo: The repository.
        entity: Entity, a free label.
        project: The project. Default: all of them.
    """
    found = Inventory.of(repo).collections()
    names = {one.type for place, one in found.items() if project in (None, place.project)}
    return [ArtifactType(repo, entity, project, name) for name in sorted(filter(None, names))]


def collection_at(
    repo: Repository, entity: str | None, project: str | None, kind: str | None, name: str
) -> ArtifactCollection:
    """Return the versions under a name.

    Args:
        repo: The repository.
        entity: Entity; another one is found too.
        project: The project. Default: any.
        kind: The type. Default: any.
        name: The name.

    Raises:
        RunNotFoundError: If there are none, which is a CommError and a ValueError.
    """
    inventory = Inventory.of(repo)
    for place in inventory.places(entity, project, name):
        if kind in (None, inventory.collection(place).type):
            return ArtifactCollection(repo, place)
    raise RunNotFoundError(
        f"Could not find artifact collection '{name:.128}' of the type {kind!r:.80}",
        hint="api.artifact_types() tells what there is",
    )


class ArtifactType:
    """A type of artifacts of a project.

    Args:
        repo: The repository.
        entity: Entity, a free label.
        project: The project. Default: all of them.
        name: Its name.

    Attributes:
        name: Its name.
        type: The same.
        id: The same.
        entity: The entity.
        project: The project.

    Raises:
        RunNotFoundError: If no artifact is of it, which is a CommError and a ValueError.
    """

    def __init__(self, repo: Repository, entity: str, project: str | None, name: str) -> None:
        self.name = self.type = self.id = name
        self.entity = entity
        self.project = project
        self._repo = repo
        if not self.collections():
            raise RunNotFoundError(f"Could not find artifact type '{name!s:.128}'")

    def __repr__(self) -> str:
        return f"<ArtifactType {self.name}>"

    def collections(
        self, filters: Mapping[str, Any] | None = None, order: str | None = None,
        per_page: int = 50, start: str | None = None,
    ) -> list[ArtifactCollection]:  # fmt: skip
        """Return its artifacts, by name.

        Args:
            filters: ``{"name": ...}`` for one of them.
            order: With ``-`` before it the last name comes first.
            per_page: Without effect.
            start: Without effect.
        """
        del per_page, start
        wanted = (filters or {}).get("name")
        found = [
            ArtifactCollection(self._repo, place)
            for place, one in Inventory.of(self._repo).collections().items()
            if self.project in (None, place.project)
            and one.type == self.name
            and wanted in (None, place.name)
        ]
        backwards = (order or "").startswith("-")
        return sorted(found, key=lambda one: (one.name, one.project), reverse=backwards)

    def collection(self, name: str) -> ArtifactCollection:
        """Return the versions under a name.

        Raises:
            RunNotFoundError: If there are none, which is a CommError and a ValueError.
        """
        return collection_at(self._repo, self.entity, self.project, self.name, name)


class ArtifactCollection:
    """The versions of an artifact.

    Args:
        repo: The repository.
        place: Where they are counted.

    Attributes:
        name: The name.
        entity: The entity.
        project: The project.
        description: None; each version has its own.
        tags: None; each version has its own.
    """

    description = None
    tags: tuple[str, ...] = ()

    def __init__(self, repo: Repository, place: Place) -> None:
        self.name, self.entity, self.project = place.name, place.entity, place.project
        self._repo = repo
        self._place = place

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.name} ({self.type})>"

    @property
    def _collection(self) -> Collection:
        return Inventory.of(self._repo).collection(self._place)

    @property
    def id(self) -> str:
        """Entity, project and name."""
        return "/".join(part for part in (self.entity, self.project, self.name) if part)

    @property
    def type(self) -> str:
        """The type."""
        return self._collection.type or ""

    @property
    def aliases(self) -> list[str]:
        """The aliases of all versions."""
        return list(self._collection.aliases)

    @property
    def created_at(self) -> str:
        """When the first version was logged, UTC."""
        return _moment(min(one.log.at for one in self._collection.stages.values()))

    @property
    def updated_at(self) -> str:
        """When the last version was logged, UTC."""
        return _moment(max(one.log.at for one in self._collection.stages.values()))

    def artifacts(self, per_page: int = 50, start: str | None = None) -> list[Artifact]:
        """Return the versions, the newest first.

        Args:
            per_page: Without effect.
            start: Without effect.
        """
        del per_page, start
        inventory = Inventory.of(self._repo)
        stages = sorted(self._collection.stages.values(), key=lambda one: one.number, reverse=True)
        return [Artifact._of(inventory.version(one.log)) for one in stages]  # noqa: SLF001 -- one interface

    versions = artifacts

    def is_sequence(self) -> bool:
        """Return True: its versions were logged under this name."""
        return True

    def delete(self) -> None:
        """Take all versions away; their bytes stay with the runs that logged them."""
        for artifact in self.artifacts():
            artifact.delete(delete_aliases=True)

    def save(self, *args: object) -> NoReturn:
        """Refuse: name and type of versions stay what they were logged under.

        Raises:
            UnsupportedError: Always.
        """
        del args
        raise UnsupportedError(
            "a collection of artifacts does not change",
            hint="each version has a description, tags and aliases; link() gives another name",
        )

    change_type = save


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat()

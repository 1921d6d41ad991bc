"""What is said of a version: aliases, tags, where it comes from."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.artifacts.checks import (
    check_aliases,
    check_metadata,
    check_tags,
    parse,
)
from vcs_track.compat.wandb.artifacts.event import Event, Place
from vcs_track.compat.wandb.errors import BadValueError, UnsupportedError, UsageError
from vcs_track.compat.wandb.state import interface

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcs_track.compat.wandb.artifacts.manifest import ArtifactManifest
    from vcs_track.compat.wandb.artifacts.version import Version

__all__ = ["Labels", "link_event"]


class Labels:
    """The part of an artifact that speaks of its version."""

    _manifest: ArtifactManifest
    _version: Version | None
    _description: str | None
    _metadata: dict[str, Any]
    _aliases: list[str]
    _tags: list[str]
    _name: str

    def _logged(self, what: str) -> Version:
        raise NotImplementedError  # Artifact has it

    # ---- where it is -------------------------------------------------------------------

    @property
    def version(self) -> str:
        """``v0``, ``v1`` and so on."""
        return f"v{self._logged('version').stage.number}"

    @property
    def entity(self) -> str:
        """The entity."""
        return self._logged("entity").log.place.entity

    @property
    def project(self) -> str:
        """The project."""
        return self._logged("project").log.place.project

    @property
    def qualified_name(self) -> str:
        """Entity, project, name and version."""
        version = self._logged("qualified_name")
        place = version.log.place
        return "/".join(part for part in (place.entity, place.project, version.name) if part)

    @property
    def source_name(self) -> str:
        """The name, with the version once it is logged."""
        return self._name if self._version is None else self._version.name

    @property
    def source_version(self) -> str:
        """The version."""
        return self.version

    @property
    def created_at(self) -> str:
        """When it was logged, UTC."""
        at = self._logged("created_at").stage.log.at
        return datetime.fromtimestamp(at / 1e6, UTC).isoformat()

    updated_at = created_at

    @property
    def file_count(self) -> int:
        """The number of files."""
        self._logged("file_count")
        return len(self._manifest)

    @property
    def commit_hash(self) -> str:
        """The id in the store of what is kept of the version."""
        return str(self._logged("commit_hash").log.body["doc"])

    @property
    def url(self) -> None:
        """None: there is no page."""
        self._logged("url")

    @property
    def ttl(self) -> None:
        """None: nothing goes by itself, and a time to live cannot be set.

        Raises:
            UnsupportedError: When it is set to one.
        """
        self._logged("ttl")

    @ttl.setter
    def ttl(self, ttl: Any) -> None:
        if ttl is not None:
            raise UnsupportedError(
                "an artifact has no time to live here: nothing goes by itself",
                hint="artifact.delete() takes a version away, 'vcs-track gc' the bytes of runs",
            )

    # ---- what can be set ---------------------------------------------------------------

    @property
    def description(self) -> str | None:
        """What is said of it."""
        return self._description

    @description.setter
    def description(self, text: str | None) -> None:
        self._description = None if text is None else str(text)

    @property
    def metadata(self) -> dict[str, Any]:
        """What else is said of it; changes are kept by :meth:`save`."""
        return self._metadata

    @metadata.setter
    def metadata(self, metadata: Any) -> None:
        self._metadata = check_metadata(metadata)

    @property
    def aliases(self) -> list[str]:
        """The aliases; changes are kept by :meth:`save`."""
        self._logged("aliases")
        return self._aliases

    @aliases.setter
    def aliases(self, aliases: Sequence[str]) -> None:
        self._logged("aliases")
        self._aliases = check_aliases(list(aliases))

    @property
    def tags(self) -> list[str]:
        """The tags; changes are kept by :meth:`save`."""
        self._logged("tags")
        return self._tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._logged("tags")
        self._tags = check_tags(list(tags))

    def save(self, project: str | None = None, settings: object = None) -> None:
        """Keep changes of description, metadata, aliases and tags.

        Before it is logged it is logged now, to the open run.

        Args:
            project: Without effect: the run has one.
            settings: Without effect.

        Raises:
            UsageError: If it is not logged, and no run is open.
            BadValueError: If an alias or a tag cannot be used.
        """
        del project, settings
        version = self._version
        if version is None:
            self._log_now()
            return
        aliases, tags = check_aliases(self._aliases), check_tags(self._tags)
        metadata = check_metadata(self._metadata)
        stage = version.stage
        self._save_names(version, "alias", version.collection.names_of(stage), aliases)
        self._save_names(version, "tag", stage.tags, tags)
        document = version.document
        said = {"description": document.description, "metadata": document.metadata, **stage.said}
        if said != {"description": self._description, "metadata": metadata}:
            version.record("describe", description=self._description, metadata=metadata)

    @staticmethod
    def _save_names(version: Version, op: str, old: Sequence[str], new: Sequence[str]) -> None:
        add = [name for name in new if name not in old]
        remove = [name for name in old if name not in new]
        if add or remove:
            version.record(op, add=add, remove=remove)

    def _log_now(self) -> None:
        from vcs_track.compat.wandb.state import current

        run = current()
        if run is None:
            raise UsageError(
                "an artifact is saved by a run", hint="call wandb.init() first, or log_artifact()"
            )
        artifact: Any = self
        run.log_artifact(artifact)

    def delete(self, delete_aliases: bool = False) -> None:
        """Take the version away; its bytes stay with the run that logged it.

        Args:
            delete_aliases: Whether it may have aliases besides ``latest``.

        Raises:
            BadValueError: If it has.
        """
        version = self._logged("delete")
        names = [name for name in version.collection.names_of(version.stage) if name != "latest"]
        if names and not delete_aliases:
            raise BadValueError(
                f"{version.name} has the aliases {names}", hint="use delete_aliases=True"
            )
        version.record("delete")

    # ---- who made it, who used it ------------------------------------------------------

    def logged_by(self) -> Any:
        """Return the run that logged it first, as ``Api().run()`` does."""
        version = self._logged("logged_by")
        return _shown(version, version.stage.log.run)

    def used_by(self) -> list[Any]:
        """Return the runs that used it, each once, as ``Api().run()`` does."""
        version = self._logged("used_by")
        logs = set(version.stage.logs)
        runs = dict.fromkeys(
            event.run
            for event in version.inventory.events()
            if event.op == "use" and event.of in logs
        )
        return [_shown(version, run) for run in runs]

    def link(self, target_path: str, aliases: Iterable[str] | str | None = None) -> Any:
        """Give the version a name in another place.

        Args:
            target_path: ``[[entity/]project/]name``.
            aliases: Aliases there, besides ``latest``.

        Returns:
            The version as it is found there.

        Raises:
            BadValueError: If the name cannot be used.
        """
        version = self._logged("link")
        event = link_event(version, version.log.run, target_path, aliases)
        version.inventory.record(event)
        return self._at(event.target)

    def _at(self, place: Place) -> Any:
        """Return the version as it is found at another place."""
        version = self._logged("link")
        kind: Any = type(self)
        return kind._of(version.inventory.linked(version.log, place))  # noqa: SLF001 -- its own class

    @property
    def is_link(self) -> bool:
        """Whether it was found by the name of a link."""
        return self._version is not None and self._version.link is not None

    @property
    def linked_artifacts(self) -> list[Any]:
        """The version by each of the names that it has in other places."""
        version = self._logged("linked_artifacts")
        logs = set(version.stage.logs)
        places = [one.target for one in version.inventory.links() if one.of in logs]
        return [self._at(place) for place in dict.fromkeys(places)]

    @property
    def source_artifact(self) -> Any:
        """The version as it was logged."""
        version = self._logged("source_artifact")
        kind: Any = type(self)
        return kind._of(version.inventory.version(version.log))  # noqa: SLF001 -- as above

    def unlink(self) -> None:
        """Take a name in another place back; the version itself stays.

        Raises:
            BadValueError: If it was not found by such a name.
        """
        version = self._logged("unlink")
        place = version.link
        if place is None:
            raise BadValueError(
                f"Artifact {version.name!r} is not a linked artifact and cannot be unlinked",
                hint="unlink what link() returned, or what was found by that name; delete() "
                "takes the version itself away",
            )
        # The same version may have been logged several times, and linked by any of them.
        logs = set(version.stage.logs)
        for event in version.inventory.links():
            if event.of in logs and event.target == place:
                made = version.inventory.event(
                    "unlink", version.log.run, of=event.of, to=asdict(place)
                )
                version.inventory.record(made)


def _shown(version: Version, run: str) -> Any:
    inventory = version.inventory
    return interface().Api._shown(inventory.repo, inventory.view(run))  # noqa: SLF001 -- one interface


def link_event(
    version: Version, run: str, target_path: str, aliases: Iterable[str] | str | None
) -> Event:
    """Return the event that *version* gets a name in another place."""
    wanted = parse(target_path)
    place = version.log.place
    names = [] if aliases is None else check_aliases(aliases)
    if wanted.alias != "latest":
        names.append(wanted.alias)
    to = {
        "entity": wanted.entity or place.entity, "project": wanted.project or place.project,
        "name": wanted.name,
    }  # fmt: skip
    return version.inventory.event("link", run, of=version.id, to=to, aliases=names)

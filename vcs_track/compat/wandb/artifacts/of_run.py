"""What a run does with artifacts."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.artifacts.artifact import Artifact
from vcs_track.compat.wandb.artifacts.checks import check_aliases, check_tags, parse
from vcs_track.compat.wandb.artifacts.document import Document
from vcs_track.compat.wandb.artifacts.event import Place
from vcs_track.compat.wandb.artifacts.labels import link_event
from vcs_track.compat.wandb.artifacts.library import Library
from vcs_track.compat.wandb.artifacts.references import is_address
from vcs_track.compat.wandb.artifacts.storing import store
from vcs_track.compat.wandb.errors import BadTypeError, BadValueError, RunNotFoundError
from vcs_track.compat.wandb.media.paths import folder_safe
from vcs_track.compat.wandb.media.refusals import BadArgumentError
from vcs_track.compat.wandb.term import termlog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.compat.wandb.artifacts.version import Version
    from vcs_track.porcelain.run import Run as Native

    Names = Sequence[str] | str | None

__all__ = ["RunArtifacts"]

_UNSPECIFIED = "unspecified"


class RunArtifacts:
    """The part of a run that logs and uses artifacts."""

    _native: Native

    @property
    def id(self) -> str:
        """The id."""
        raise NotImplementedError  # Facts has it

    @property
    def entity(self) -> str:
        """The entity, a free label."""
        raise NotImplementedError  # Facts has it

    @property
    def project(self) -> str:
        """The project."""
        raise NotImplementedError  # Facts has it

    def _check(self, what: str) -> None:
        raise NotImplementedError  # Facts has it

    # ---- logging -----------------------------------------------------------------------

    def log_artifact(
        self,
        artifact_or_path: Artifact | str | PurePath,
        name: str | None = None,
        type: str | None = None,  # noqa: A002 -- wandb's word
        aliases: Names = None,
        tags: Names = None,
    ) -> Artifact:
        """Log an artifact: a version of it is made, unless the latest has the same files.

        The bytes are in the store when the call returns.

        Args:
            artifact_or_path: An artifact, or a file, a folder or an address to make one of.
            name: Its name where it is made here. Default: ``run-<id>-<last part>``.
            type: Its type where it is made here. Default: ``unspecified``.
            aliases: Aliases of the version, besides ``latest``.
            tags: Tags of the version.

        Returns:
            The artifact itself, or the one that was made.

        Raises:
            BadTypeError: If it is none of these.
            BadValueError: If a name cannot be used, or nothing is at the path.
            UsageError: If the run is finished.
        """
        self._check("log_artifact")
        names, words = check_aliases(aliases), check_tags(tags)
        artifact = self._made(artifact_or_path, name, type)
        return self._log_version(artifact, names, words)

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,  # noqa: A002 -- as above
        aliases: Names = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Log what several runs of a group fill together; here each logs what it has.

        Arguments as for :meth:`log_artifact`.

        Raises:
            BadTypeError: If the run has no group and no *distributed_id* is given.
        """
        self._check("upsert_artifact")
        if not (getattr(self, "group", "") or distributed_id):
            raise BadTypeError(
                "Cannot upsert artifact unless run is in a group or distributed_id is provided"
            )
        artifact = self._made(artifact_or_path, name, type)
        artifact._incremental = True  # noqa: SLF001 -- the run and the artifact are one interface
        return self._log_version(artifact, check_aliases(aliases), [])

    def finish_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,  # noqa: A002 -- as above
        aliases: Names = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Log the last part of what several runs of a group fill together.

        Arguments as for :meth:`upsert_artifact`.
        """
        return self.upsert_artifact(artifact_or_path, name, type, aliases, distributed_id)

    def log_model(
        self, path: str | PurePath, name: str | None = None, aliases: Names = None
    ) -> None:
        """Log a file or a folder as an artifact of type ``model``.

        Args:
            path: The file or folder.
            name: Name of the artifact. Default: ``run-<id>-<last part>``.
            aliases: Aliases of the version, besides ``latest``.
        """
        self.log_artifact(path, name=name, type="model", aliases=aliases)

    def _made(self, given: Any, name: str | None, kind: str | None) -> Artifact:
        if isinstance(given, Artifact):
            return given
        if not isinstance(given, str | PurePath):
            raise BadTypeError(
                "You must pass an instance of wandb.Artifact or a valid file path to log_artifact"
            )
        text = str(given)
        path = Path(text)
        last = text.rstrip("/").rpartition("/")[2] if is_address(text) else path.absolute().name
        label = name or f"run-{self.id}-{_tidy(last)}"
        artifact = Artifact(label, kind or _UNSPECIFIED)
        if is_address(text):
            artifact.add_reference(text)
        elif "\0" not in text and path.is_file():
            artifact.add_file(path)
        elif "\0" not in text and path.is_dir():
            artifact.add_dir(path)
        else:
            raise BadValueError(
                "path must be a file, directory or externalreference like s3://bucket/path",
                hint=f"there is no file '{text[:80]}'",
            )
        return artifact

    def _log_version(self, artifact: Artifact, aliases: list[str], tags: list[str]) -> Artifact:
        # The artifact and the run are two ends of one interface, and nobody else's.
        if artifact._version is not None:  # noqa: SLF001
            _name_again(artifact._version, aliases, tags)  # noqa: SLF001
            artifact._take_version(artifact._version)  # noqa: SLF001
            return artifact
        library = Library.of_run(self._native)
        place = Place(self.entity, self.project, artifact.source_name)
        library.check_type(place, artifact.type)
        if artifact.incremental:
            _add_latest(library, place, artifact)
        document = Document(
            artifact.source_name, artifact.type, artifact.description, artifact.metadata,
            list(artifact.manifest.entries.values()), artifact.digest_algorithm,
        )  # fmt: skip
        oid = store(self._native, document, artifact._staging)  # noqa: SLF001
        with library.held():
            library.check_type(place, artifact.type)
            there = library.collection(place)
            digest = artifact.digest
            same = there.latest is not None and there.latest.log.body["digest"] == digest
            number = there.latest.number if same and there.latest else there.next_number
            event = library.event(
                "log", self._native.id, entity=place.entity, project=place.project,
                name=place.name, type=artifact.type, digest=digest, doc=oid, version=number,
                aliases=aliases, tags=tags, who=self.id,
            )  # fmt: skip
            library.record(event, self._native)
        if same:
            termlog(
                f'Artifact "{place.name}" already exists with the same content. '
                "No new version will be created."
            )
        artifact._take_version(library.version(event))  # noqa: SLF001
        artifact._staging.clear()  # noqa: SLF001
        for entry in artifact.manifest.entries.values():
            entry.local_path, entry.version = None, artifact._version  # noqa: SLF001
        return artifact

    # ---- using -------------------------------------------------------------------------

    def use_artifact(
        self,
        artifact_or_name: str | Artifact,
        type: str | None = None,  # noqa: A002 -- as above
        aliases: Names = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Return a version of an artifact, and keep that the run used it.

        Args:
            artifact_or_name: ``[[entity/]project/]name[:alias]``, where the alias may be
                ``v3``; a digest; or an artifact, which is logged first if it is not.
            type: The type that it must be of.
            aliases: Aliases, where it is logged first.
            use_as: What it is used as.

        Raises:
            BadTypeError: If it is neither.
            BadValueError: If it is of another type.
            RunNotFoundError: If there is none, which is a CommError and a ValueError.
            UsageError: If the run is finished.
        """
        self._check("use_artifact")
        library = Library.of_run(self._native)
        if isinstance(artifact_or_name, Artifact):
            artifact = artifact_or_name
            if artifact.is_draft():
                self._log_version(artifact, check_aliases(aliases), [])
        elif isinstance(artifact_or_name, str):
            version = self._found(library, artifact_or_name)
            artifact = Artifact._of(version)  # noqa: SLF001 -- as above
        else:
            raise BadTypeError(
                "artifact_or_name must be an instance of wandb.Artifact or its name",
                hint="write 'name:latest'",
            )
        artifact._check_use(type)  # noqa: SLF001 -- as above
        self._use(library, artifact.wait()._logged("use"), use_as or artifact.use_as)  # noqa: SLF001
        return artifact

    def _found(self, library: Library, text: str) -> Version:
        wanted = parse(text.removeprefix("wandb-artifact://"))
        try:
            return library.find(wanted, self.entity, self.project)
        except RunNotFoundError:
            found = library.find_digest(text, self.project)
            if found is None:
                raise
            return found

    def _use(self, library: Library, version: Version, use_as: str | None) -> None:
        mine = (self._native.id, version.id)
        for event in library.events():
            if event.op == "use" and (event.run, event.of) == mine:
                return
        body = {"of": version.id} if use_as is None else {"of": version.id, "as": str(use_as)}
        library.record(library.event("use", self._native.id, **body), self._native)

    def use_model(self, name: str) -> str:
        """Write the files of a model to a folder; return the file, or the folder.

        Args:
            name: ``[[entity/]project/]name[:alias]``.

        Raises:
            BadArgumentError: If its type does not contain ``model``.
        """
        artifact = self.use_artifact(name)
        if "model" not in artifact.type.lower():
            raise BadArgumentError(
                "You can only use this method for 'model' artifacts. For an artifact to be a "
                f"'model' artifact, its type property must contain the substring 'model'. "
                f"'{artifact.name}' has the type '{artifact.type}'"
            )
        folder = artifact.download()
        names = list(artifact.manifest.entries)
        return str(Path(folder) / names[0]) if len(names) == 1 else folder

    # ---- names elsewhere ---------------------------------------------------------------

    def link_artifact(
        self, artifact: Artifact, target_path: str, aliases: Names = None
    ) -> Artifact:
        """Give a version a name in another place.

        Args:
            artifact: The artifact; it is logged first if it is not.
            target_path: ``[[entity/]project/]name``.
            aliases: Aliases there, besides ``latest``.

        Raises:
            BadTypeError: If it is no artifact.
            BadValueError: If the name cannot be used.
        """
        self._check("link_artifact")
        if not isinstance(artifact, Artifact):
            raise BadTypeError(f"an artifact is linked, not a {artifact.__class__.__name__}")
        parse(target_path)
        if artifact.is_draft():
            self._log_version(artifact, [], [])
        version = artifact._logged("link")  # noqa: SLF001 -- as above
        library = Library.of_run(self._native)
        event = link_event(version, self._native.id, target_path, aliases)
        library.record(event, self._native)
        return artifact

    def link_model(
        self,
        path: str | PurePath,
        registered_model_name: str,
        name: str | None = None,
        aliases: Names = None,
    ) -> Artifact:
        """Log a model, and give it a name that is known in all projects.

        Args:
            path: The file or folder.
            registered_model_name: That name.
            name: Name of the artifact. Default: ``run-<id>-<last part>``.
            aliases: Aliases under that name, besides ``latest``.

        Raises:
            BadArgumentError: If the name has a ``/`` in it.
        """
        if "/" in registered_model_name:
            raise BadArgumentError(
                "Please provide only the name of the registered model. Do not append the entity "
                "or project name."
            )
        artifact = self.log_artifact(path, name=name, type="model")
        return self.link_artifact(artifact, f"model-registry/{registered_model_name}", aliases)


def _tidy(name: str) -> str:
    """Return the last part of a path as a part of a name of an artifact."""
    safe = folder_safe(name)
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in safe)[:90]


def _name_again(version: Version, aliases: list[str], tags: list[str]) -> None:
    if aliases:
        version.record("alias", add=aliases)
    if tags:
        version.record("tag", add=tags)


def _add_latest(library: Library, place: Place, artifact: Artifact) -> None:
    """Add the files of the latest version to an artifact that goes on with it."""
    latest = library.collection(place).latest
    if latest is None:
        return
    old = library.version(latest.log).document.manifest.entries
    artifact.manifest.entries = {**old, **artifact.manifest.entries}

"""An artifact: made, filled, logged, and given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from vcs_track.compat.wandb.artifacts.checks import check_metadata, check_name, check_type
from vcs_track.compat.wandb.artifacts.contents import Contents
from vcs_track.compat.wandb.artifacts.draft import Draft
from vcs_track.compat.wandb.artifacts.labels import Labels
from vcs_track.compat.wandb.artifacts.manifest import ALGORITHMS, ArtifactManifest
from vcs_track.compat.wandb.artifacts.staging import Staging
from vcs_track.compat.wandb.errors import ArtifactNotLoggedError, BadValueError

if TYPE_CHECKING:
    from vcs_track.compat.wandb.artifacts.version import Version

__all__ = ["Artifact"]


class Artifact(Draft, Contents, Labels):
    """A named set of files, with a version for each content.

    Args:
        name: Its name: letters, digits, ``-``, ``_`` and ``.``.
        type: Its type, for example ``dataset`` or ``model``.
        description: What is said of it.
        metadata: What else is said of it, a mapping or its JSON.
        incremental: Whether it adds to the latest version.
        use_as: What a run uses it as.
        storage_region: Without effect.
        digest_algorithm: Hash of the digests, ``MD5`` or ``XXH128``.

    Raises:
        BadTypeError: If an argument is of the wrong type.
        BadValueError: If name or type cannot be used.

    Example:
        >>> import os, tempfile
        >>> from vcs_track.compat import wandb
        >>> os.chdir(tempfile.mkdtemp())
        >>> run = wandb.init(project="demo", settings={"silent": True})
        >>> artifact = wandb.Artifact("words", type="dataset")
        >>> with artifact.new_file("hello.txt") as file:
        ...     _ = file.write("hello")
        >>> run.log_artifact(artifact).name
        'words:v0'
        >>> with open(run.use_artifact("words:latest").file()) as file:
        ...     print(file.read())
        hello
        >>> run.finish()
    """

    def __init__(
        self,
        name: str,
        type: str,  # noqa: A002 -- wandb's word
        description: str | None = None,
        metadata: Any = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
        digest_algorithm: str = "MD5",
    ) -> None:
        del storage_region
        self._name = check_name(name)
        self._type = check_type(type, self._name)
        self._description = None if description is None else str(description)
        self._metadata = check_metadata(metadata)
        self._incremental = bool(incremental)
        self._use_as = use_as
        known = str(digest_algorithm).upper()
        self._manifest = ArtifactManifest(algorithm=known if known in ALGORITHMS else "MD5")
        self._staging = Staging()
        self._final = False
        self._version: Version | None = None
        self._aliases: list[str] = []
        self._tags: list[str] = []
        self.distributed_id: str | None = None

    @classmethod
    def _of(cls, version: Version) -> Self:
        """Return the artifact that *version* is."""
        made = cls.__new__(cls)
        made._become(version)  # noqa: SLF001 -- of its own class
        return made

    def _become(self, version: Version) -> None:
        document = version.document
        # Not by way of __init__: what stands in the store may have a type that is reserved.
        self._name, self._type = document.name, document.type
        self._description, self._metadata = document.description, document.metadata
        self._incremental, self._use_as, self.distributed_id = False, None, None
        self._staging = Staging()
        self._manifest = document.manifest
        self._take_version(version)

    def _take_version(self, version: Version) -> None:
        """Become *version*, which was logged."""
        self._version, self._final = version, True
        stage = version.stage
        self._aliases, self._tags = version.collection.names_of(stage), list(stage.tags)
        self._description = stage.said.get("description", self._description)
        self._metadata = dict(stage.said.get("metadata", self._metadata))

    def _logged_as(self, version: Version) -> None:
        """Become *version*, in which the files of this artifact are."""
        self._take_version(version)
        self._staging.clear()
        for entry in self._manifest.entries.values():
            entry.local_path, entry.version = None, version

    def _logged(self, what: str) -> Version:
        if self._version is None:
            raise ArtifactNotLoggedError(
                f"'Artifact.{what}' used prior to logging artifact",
                hint="log it first: run.log_artifact(artifact)",
            )
        return self._version

    # ---- what it is --------------------------------------------------------------------

    @property
    def id(self) -> str | None:
        """What tells the version from all others; None before it is logged."""
        return None if self._version is None else self._version.id

    @property
    def name(self) -> str:
        """The name, with ``:v0`` once it is logged."""
        return self._name if self._version is None else self._version.name

    @property
    def type(self) -> str:
        """The type."""
        return self._type

    @property
    def manifest(self) -> ArtifactManifest:
        """The files."""
        return self._manifest

    @property
    def digest(self) -> str:
        """The digest that wandb gives to these files."""
        return self._manifest.digest()

    @property
    def digest_algorithm(self) -> str:
        """The hash of the digests."""
        return self._manifest.algorithm

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return self._manifest.size()

    @property
    def state(self) -> str:
        """``PENDING``, and ``COMMITTED`` once it is logged."""
        return "PENDING" if self._version is None else "COMMITTED"

    @property
    def incremental(self) -> bool:
        """Whether it adds to the latest version."""
        return self._incremental

    @property
    def use_as(self) -> str | None:
        """What a run uses it as."""
        return self._use_as

    def is_draft(self) -> bool:
        """Return whether it is not logged yet."""
        return self._version is None

    def finalize(self) -> None:
        """Let nothing be added any more."""
        self._final = True

    def wait(self, timeout: int | None = None) -> Self:
        """Return this artifact once it is logged.

        Args:
            timeout: Without effect: what is logged is there.

        Raises:
            ArtifactNotLoggedError: If it is not.
        """
        del timeout
        self._logged("wait")
        return self

    def new_draft(self) -> Artifact:
        """Return a new artifact with the same files, which can be changed.

        Raises:
            ArtifactNotLoggedError: If this one is not logged.
        """
        self._logged("new_draft")
        made = Artifact(
            self._name, self._type, self._description, self._metadata,
            digest_algorithm=self._manifest.algorithm,
        )  # fmt: skip
        made._manifest.entries = dict(self._manifest.entries)
        return made

    def __repr__(self) -> str:
        return f"<Artifact {self.name}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __bool__(self) -> bool:
        return True

    def _check_use(self, kind: str | None) -> None:
        if kind is not None and kind != self._type:
            raise BadValueError(
                f"Supplied type {kind} does not match type {self._type} of artifact {self.name}"
            )

"""What a run does with artifacts and charts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.refusals import BadArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import PurePath

    from vcs_track.compat.wandb.artifacts.artifact import Artifact
    from vcs_track.compat.wandb.plot.chart import CustomChart
    from vcs_track.compat.wandb.settings import Settings
    from vcs_track.compat.wandb.tables.table import Table
    from vcs_track.porcelain.run import Run as Native

    Names = Sequence[str] | str | None

__all__ = ["RunArtifacts"]


class RunArtifacts:
    """The part of a run that logs and uses artifacts, and draws."""

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

    @property
    def settings(self) -> Settings:
        """A copy of the settings."""
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
        """Log an artifact as a new version, unless the latest has its files.

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
        from vcs_track.compat.wandb.artifacts import acts

        return acts.log(self, artifact_or_path, name, type, aliases, tags)

    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,  # noqa: A002 -- as above
        aliases: Names = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Log what several runs of a group fill together, each its part.

        Arguments as for :meth:`log_artifact`.

        Raises:
            BadTypeError: If the run has no group and no *distributed_id* is given.
        """
        self._check("upsert_artifact")
        if not (getattr(self, "group", "") or distributed_id):
            raise BadTypeError(
                "Cannot upsert artifact unless run is in a group or distributed_id is provided"
            )
        from vcs_track.compat.wandb.artifacts import acts

        return acts.log(self, artifact_or_path, name, type, aliases, None, adds=True)

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

    def log_code(
        self,
        root: str | PurePath | None = ".",
        name: str | None = None,
        include_fn: Any = None,
        exclude_fn: Any = None,
    ) -> Artifact | None:
        """Log the code below a folder as an artifact of type ``code``.

        The code is kept with each run in any case; this is for other folders and choices.

        Args:
            root: The folder; None for none.
            name: Name of the artifact. Default: ``source-<project>-<script>``.
            include_fn: Told a path, and maybe *root*: whether to keep it. Default: Python files,
                ``requirements.txt`` and what builds an image.
            exclude_fn: The same: whether to leave it out. Folders of wandb, of git and of this
                store are left out in any case.

        Returns:
            The artifact; None where there is no such file.

        Raises:
            BadValueError: If the name cannot be used.
            UsageError: If the run is finished.
        """
        self._check("log_code")
        from vcs_track.compat.wandb.artifacts import acts

        program = self.settings.program
        return acts.log_code(self, program, root, name, include_fn, exclude_fn)

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
        from vcs_track.compat.wandb.artifacts import acts

        return acts.use(self, artifact_or_name, type, aliases, use_as)

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
        from vcs_track.compat.wandb.artifacts import acts

        return acts.link(self, artifact, target_path, aliases)

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

    # ---- charts ------------------------------------------------------------------------

    def plot_table(
        self,
        vega_spec_name: str,
        data_table: Table,
        fields: Mapping[str, Any],
        string_fields: Mapping[str, Any] | None = None,
        split_table: bool = False,
    ) -> CustomChart:
        """Return a chart, as ``wandb.plot_table`` does; it was a method once."""
        from vcs_track.compat.wandb import plot

        return plot.plot_table(vega_spec_name, data_table, fields, string_fields, split_table)

"""Reading back: runs, files and artifacts of the repository at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn

from vcs_track import api as here
from vcs_track.compat.wandb.artifacts.artifact import Artifact
from vcs_track.compat.wandb.artifacts.checks import parse
from vcs_track.compat.wandb.artifacts.inventory import Inventory
from vcs_track.compat.wandb.errors import (
    BadValueError,
    RunNotFoundError,
    UnsupportedError,
)
from vcs_track.compat.wandb.public.collections import (
    ArtifactCollection,
    ArtifactType,
    collection_at,
    types_of,
)
from vcs_track.compat.wandb.public.project import Project
from vcs_track.compat.wandb.public.runs import Runs
from vcs_track.compat.wandb.public.stored import Run
from vcs_track.compat.wandb.public.sweep import Sweep
from vcs_track.compat.wandb.restoring import find_run
from vcs_track.compat.wandb.settings_files import surroundings
from vcs_track.compat.wandb.sweeps.book import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Api", "parse_path"]

_REFUSED: Final = (
    "automation", "automations", "create_automation", "create_custom_chart", "create_project",
    "create_registry", "create_run", "create_run_queue", "create_team", "create_user",
    "delete_automation", "integrations", "job", "list_jobs", "organization", "queued_run",
    "registries", "registry", "reports", "run_queue", "slack_integrations", "sync_tensorboard",
    "team", "update_automation", "upsert_run_queue", "user", "users", "webhook_integrations",
)  # fmt: skip
_INSTEAD: Final = {
    "create_run": "wandb.init(project=..., id=...) starts one",
    "sync_tensorboard": "'vcs-track import tensorboard DIR' takes event files in",
}
_KINDS: Final = ("runs", "sweeps")


def parse_path(path: str) -> tuple[str | None, str | None, str]:
    """Return entity, project and id; None for what *path* leaves open.

    Args:
        path: ``[[entity/]project/][runs/]id``, or with ``:`` before the id; ``sweeps/`` is
            as good as ``runs/``.

    Raises:
        BadValueError: If it is none of these.

    Example:
        >>> from vcs_track.compat.wandb.public.api import parse_path
        >>> parse_path("me/digits/runs/abc"), parse_path("digits:abc"), parse_path("abc")
        (('me', 'digits', 'abc'), (None, 'digits', 'abc'), (None, None, 'abc'))
    """
    text = str(path).strip().removeprefix("/").rstrip("/")
    head, colon, run = text.rpartition(":")
    parts = [*head.split("/"), run] if colon else text.split("/")
    last = len(parts) - 1
    parts = [part for n, part in enumerate(parts) if part not in _KINDS or n == last]
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise BadValueError(f"Invalid path: {path!r:.80}", hint="write 'entity/project/id'")
    above: list[str | None] = [None, None, *parts[:-1]]
    return above[-2], above[-1], parts[-1]


class Api:
    """Reads runs back.

    Args:
        overrides: ``entity`` and ``project`` for paths that leave them open.
        timeout: Without effect.
        api_key: Without effect.

    Attributes:
        api_key: None.
        viewer: None: there is no account.

    Example:
        >>> import os, tempfile, vcs_track
        >>> from vcs_track.compat import wandb
        >>> os.chdir(tempfile.mkdtemp())
        >>> _ = vcs_track.init(".")
        >>> with wandb.init(project="demo", config={"lr": 0.1}, settings={"silent": True}) as run:
        ...     for step in range(3):
        ...         run.log({"loss": 1 / (step + 1)})
        >>> [run] = wandb.Api().runs("demo", {"config.lr": {"$lt": 0.5}, "state": "finished"})
        >>> [row["loss"] for row in run.scan_history(keys=["loss"])]
        [1.0, 0.5, 0.3333333333333333]
    """

    api_key = None
    viewer = None

    def __init__(
        self, overrides: Mapping[str, Any] | None = None, timeout: float | None = None,
        api_key: str | None = None,
    ) -> None:  # fmt: skip
        del timeout, api_key
        found = surroundings()
        given = dict(overrides or {})
        self.settings = {
            "entity": given.get("entity") or found.get("entity") or None,
            "project": given.get("project") or found.get("project") or None,
            "base_url": given.get("base_url"), "run": given.get("run"),
        }  # fmt: skip
        self._asked: dict[str, Runs] = {}

    def __getattr__(self, name: str) -> Any:
        if name in _REFUSED:
            return _refuser(name)
        raise AttributeError(f"'Api' has no attribute {name!r}")

    @property
    def default_entity(self) -> str:
        """The entity for paths that leave it open."""
        return str(self.settings["entity"] or "")

    def _repo(self) -> Repository:
        return here.open()

    @staticmethod
    def _shown(repo: Repository, view: RunView) -> Run:
        """Return a run of the store as scripts read it back."""
        return Run(repo, view, Runs)

    # ---- runs --------------------------------------------------------------------------

    def run(self, path: str = "") -> Run:
        """Return a run.

        Args:
            path: ``[[entity/]project/]id``, also as ``project:id`` or ``project/runs/id``.

        Raises:
            BadValueError: If it is none of these.
            RunNotFoundError: If there is no such run; a CommError and a ValueError too.
        """
        _, project, run_id = parse_path(path)
        view = find_run(f"{project}/{run_id}" if project else run_id)
        return Run(self._repo(), view, Runs)

    def from_path(self, path: str) -> Run | Sweep | Project | Artifact:
        """Return what *path* names: a project, a run, a sweep or an artifact.

        Args:
            path: ``project``, ``project/id``, ``project/sweeps/id``, ``project/name:alias``.

        Raises:
            BadValueError: If it is none of these.
            RunNotFoundError: If there is no such thing.
        """
        parts = str(path).strip("/").split("/")
        if "sweeps" in parts[:-1]:
            return self.sweep(path)
        if ":" in parts[-1]:
            return self.artifact(path)
        return self.project(parts[0]) if len(parts) == 1 else self.run(path)

    def runs(
        self, path: str | None = None, filters: Mapping[str, Any] | None = None,
        order: str | None = "+created_at", per_page: int = 50, include_sweeps: bool = True,
        lazy: bool = True,
    ) -> Runs:  # fmt: skip
        """Return runs: a sequence that looks for them when it is first asked.

        The same call returns the same object; :meth:`flush` forgets them.

        Args:
            path: ``[entity/]project``. Default: all projects.
            filters: A Mongo query over ``config.<name>``, ``summary_metrics.<name>``, ``state``,
                ``tags``, ``group``, ``jobType``, ``displayName``, ``name`` (the id),
                ``createdAt``, ``username``, ``host``, ``duration``, ``sweep``.
            order: A field with ``+`` or ``-`` before it.
            per_page: Without effect.
            include_sweeps: Without effect.
            lazy: Without effect.

        Raises:
            BadValueError: If *path* or *filters* cannot be used.
        """
        del per_page, include_sweeps, lazy
        parts = [part for part in (path or "").strip("/").split("/") if part]
        if len(parts) > 2:
            raise BadValueError(f"Invalid path: {path!r:.80}", hint="write 'entity/project'")
        key = repr((path, filters, order))
        if key not in self._asked:
            project = parts[-1] if parts else self.settings["project"]
            entity = parts[0] if len(parts) == 2 else None
            self._asked[key] = Runs(self._repo(), entity, project, filters, order)
        return self._asked[key]

    def flush(self) -> None:
        """Forget what was found."""
        self._asked.clear()

    def projects(self, entity: str | None = None, per_page: int = 200) -> list[Project]:
        """Return the projects that have runs or sweeps, by name.

        Args:
            entity: Without effect.
            per_page: Without effect.
        """
        del entity, per_page
        repo = self._repo()
        names = {view.manifest.project for view in repo.runs()}
        names |= {entry.config.get("project") for entry in Book(repo.store).entries()}
        return [Project(repo, name) for name in sorted(name for name in names if name)]

    def project(self, name: str, entity: str | None = None) -> Project:
        """Return a project, whether it has runs or not.

        Args:
            name: Its name.
            entity: Its entity, a free label.
        """
        return Project(self._repo(), name, entity)

    def sweep(self, path: str = "") -> Sweep:
        """Return a sweep.

        Args:
            path: ``[[entity/]project/][sweeps/]id``.

        Raises:
            BadValueError: If it is none of these.
            RunNotFoundError: If there is no such sweep; a CommError and a ValueError too.
        """
        entity, project, sweep_id = parse_path(path)
        entity = entity or self.default_entity
        return Sweep(self._repo(), entity, project, sweep_id, Runs)

    # ---- artifacts ---------------------------------------------------------------------

    def artifact(self, name: str, type: str | None = None) -> Artifact:  # noqa: A002 -- wandb's
        """Return a version of an artifact.

        Args:
            name: ``[[entity/]project/]name[:alias]``.
            type: The type that it must be of.

        Raises:
            RunNotFoundError: If there is none; a CommError and a ValueError too.
            BadValueError: If it is of another type.
        """
        inventory = Inventory.of(self._repo())
        entity, project = self.default_entity, self.settings["project"]
        found = Artifact._of(inventory.find(parse(name), entity, project))  # noqa: SLF001 -- one interface
        found._check_use(type)  # noqa: SLF001 -- as above
        return found

    def artifact_exists(self, name: str, type: str | None = None) -> bool:  # noqa: A002 -- as above
        """Return whether there is a version; arguments: :meth:`artifact`."""
        try:
            self.artifact(name, type)
        except (RunNotFoundError, BadValueError):
            return False
        return True

    def artifacts(
        self, type_name: str, name: str, per_page: int = 50, tags: Any = None
    ) -> list[Artifact]:
        """Return the versions of an artifact, the newest first.

        Args:
            type_name: Its type.
            name: ``[[entity/]project/]name``.
            per_page: Without effect.
            tags: Tags, of which a version must have all.
        """
        del per_page
        wanted = {tags} if isinstance(tags, str) else set(tags or ())
        try:
            found = self.artifact_collection(type_name, name)
        except RunNotFoundError:
            return []
        return [one for one in found.artifacts() if wanted <= set(one.tags)]

    artifact_versions = artifacts

    def artifact_types(self, project: str | None = None) -> list[ArtifactType]:
        """Return the types of artifacts that there are, by name.

        Args:
            project: ``[entity/]project``. Default: that of the settings, or all.
        """
        entity, name = self._project(project)
        return types_of(self._repo(), entity, name)

    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        """Return a type of artifacts.

        Args:
            type_name: Its name.
            project: ``[entity/]project``. Default: that of the settings, or all.

        Raises:
            RunNotFoundError: If no artifact is of it; a CommError and a ValueError too.
        """
        entity, name = self._project(project)
        return ArtifactType(self._repo(), entity, name, type_name)

    def artifact_collections(
        self, project_name: str, type_name: str, per_page: int = 50,
        filters: Mapping[str, Any] | None = None, order: str | None = None,
    ) -> list[ArtifactCollection]:  # fmt: skip
        """Return the artifacts of a type, by name; maybe none.

        Args:
            project_name: ``[entity/]project``.
            type_name: The type.
            per_page: Without effect.
            filters: ``{"name": ...}`` for one of them.
            order: With ``-`` before it the last name comes first.
        """
        del per_page
        try:
            kind = self.artifact_type(type_name, project_name)
        except RunNotFoundError:
            return []
        return kind.collections(filters, order)

    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """Return an artifact with its versions.

        Args:
            type_name: Its type.
            name: ``[[entity/]project/]name``.

        Raises:
            RunNotFoundError: If there is none; a CommError and a ValueError too.
        """
        wanted = parse(name)
        project = wanted.project or self.settings["project"]
        entity = wanted.entity or self.default_entity
        return collection_at(self._repo(), entity, project, type_name, wanted.name)

    def artifact_collection_exists(self, name: str, type: str) -> bool:  # noqa: A002 -- as above
        """Return whether there is such an artifact_collection.

        Args:
            name: ``[[entity/]project/]name``.
            type: Its type.
        """
        try:
            self.artifact_collection(type, name)
        except RunNotFoundError:
            return False
        return True

    def _project(self, path: str | None) -> tuple[str, str | None]:
        entity, _, name = (path or "").strip("/").rpartition("/")
        return entity or self.default_entity, name or self.settings["project"]


def _refuser(name: str) -> Callable[..., NoReturn]:
    def refused(*args: object, **kwargs: object) -> NoReturn:
        del args, kwargs
        raise UnsupportedError(
            f"Api.{name} needs wandb's server",
            hint=_INSTEAD.get(
                name, "runs, files and artifacts are read here; 'vcs-track report' writes reports"
            ),
        )

    return refused

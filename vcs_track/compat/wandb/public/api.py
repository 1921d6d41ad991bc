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
from vcs_track.compat.wandb.public.runs import Runs
from vcs_track.compat.wandb.public.stored import Run
from vcs_track.compat.wandb.restoring import find_run
from vcs_track.compat.wandb.settings_files import surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vcs_track.porcelain.repository import Repository

__all__ = ["Api", "Project", "parse_path"]

_REFUSED: Final = (
    "automation", "automations", "create_automation", "create_custom_chart", "create_project",
    "create_registry", "create_run_queue", "create_team", "create_user", "integrations", "job",
    "list_jobs", "queued_run", "registries", "registry", "reports", "run_queue", "team", "user",
    "users",
)  # fmt: skip


def parse_path(path: str) -> tuple[str | None, str | None, str]:
    """Return entity, project and id; None for what *path* leaves open.

    Args:
        path: ``[[entity/]project/][runs/]id``, or with ``:`` before the id.

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
    parts = [part for n, part in enumerate(parts) if part != "runs" or n == len(parts) - 1]
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise BadValueError(f"Invalid path: {path!r:.80}", hint="write 'entity/project/id'")
    above: list[str | None] = [None, None, *parts[:-1]]
    return above[-2], above[-1], parts[-1]


class Project:
    """A project.

    Args:
        api: Where it was found.
        name: Its name.

    Attributes:
        name: Its name.
        entity: An empty text.
    """

    entity = ""

    def __init__(self, api: Api, name: str) -> None:
        self.name = name
        self._api = api

    def __repr__(self) -> str:
        return f"<Project {self.name}>"

    @property
    def path(self) -> list[str]:
        """Its name, in a list."""
        return [self.name]

    def runs(self) -> Runs:
        """Return its runs."""
        return self._api.runs(self.name)


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
        return Run(self._repo(), view)

    from_path = run

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
        """Return the projects that have runs, by name.

        Args:
            entity: Without effect.
            per_page: Without effect.
        """
        del entity, per_page
        names = {view.manifest.project for view in self._repo().runs()}
        return [Project(self, name) for name in sorted(name for name in names if name)]

    def project(self, name: str, entity: str | None = None) -> Project:
        """Return a project, whether it has runs or not.

        Args:
            name: Its name.
            entity: Without effect.
        """
        del entity
        return Project(self, name)

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
        wanted = parse(name)
        inventory = Inventory.of(self._repo())
        project = wanted.project or self.settings["project"]
        logs = [
            stage.log
            for place in inventory.places(wanted.entity, project, wanted.name)
            for stage in inventory.collections()[place].stages.values()
            if stage.log.body["type"] == type_name and set(tags or ()) <= set(stage.tags)
        ]
        logs.sort(key=lambda log: log.at, reverse=True)
        return [Artifact._of(inventory.version(log)) for log in logs]  # noqa: SLF001 -- as above

    artifact_versions = artifacts


def _refuser(name: str) -> Callable[..., NoReturn]:
    def refused(*args: object, **kwargs: object) -> NoReturn:
        del args, kwargs
        raise UnsupportedError(
            f"Api.{name} needs wandb's server",
            hint="runs, files and artifacts are read here; 'vcs-track report' writes reports",
        )

    return refused

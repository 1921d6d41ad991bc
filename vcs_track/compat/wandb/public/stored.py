"""A run that is read back."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vcs_track.compat.wandb.artifacts.inventory import Inventory
from vcs_track.compat.wandb.config_values import plain
from vcs_track.compat.wandb.errors import BadValueError, UnsupportedError
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.public.fields import field
from vcs_track.compat.wandb.public.files import File, Files
from vcs_track.compat.wandb.public.logged import Logged
from vcs_track.compat.wandb.public.said import Said
from vcs_track.compat.wandb.public.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from vcs_track.compat.wandb import history
    from vcs_track.compat.wandb.artifacts.artifact import Artifact
    from vcs_track.compat.wandb.public.summary import Summary
    from vcs_track.compat.wandb.public.sweep import Find
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Run"]

_EDITS: Final = ("name", "notes", "tags")


class Run(Said, Logged):
    """A run as it is in the store; what is set is stored by :meth:`update`.

    Args:
        repo: The repository.
        view: The run.
        find: Finds other runs, as ``Runs`` does.

    Attributes:
        read_only: False.
        url: None: there is no page.
    """

    read_only = False
    url = None

    def __init__(self, repo: Repository, view: RunView, find: Find) -> None:
        self._repo = repo
        self._find = find
        self._edited: dict[str, Any] = {}
        self._config: dict[str, Any] | None = None
        self._summary: Summary | None = None
        self._rows: list[history.Row] | None = None
        self._take(view)

    def _take(self, view: RunView) -> None:
        found = view.faces.get(FACE)
        self._view = view
        self._face: dict[str, Any] = found if isinstance(found, dict) else {}

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"

    @property
    def config(self) -> dict[str, Any]:
        """The configuration; what is changed is stored by :meth:`update`."""
        if self._config is None:
            found = self._view.hparams
            shown = {key: one for key, one in found.items() if not key.startswith("_")}
            self._config = deepcopy(shown)
        return self._config

    @config.setter
    def config(self, config: dict[str, Any]) -> None:
        self._config = dict(config)

    @property
    def sweep(self) -> Sweep | None:
        """The sweep that it is a part of, or None."""
        if self.sweep_id is None:
            return None
        return Sweep(self._repo, self.entity, None, self.sweep_id, self._find)

    # ---- files and artifacts -----------------------------------------------------------

    def files(
        self, names: Sequence[str] | None = None, pattern: str | None = None, per_page: int = 50
    ) -> Files:
        """Return the files.

        Args:
            names: Their names. Default: all.
            pattern: What their names are like, with ``%`` for anything.
            per_page: Without effect.
        """
        del per_page
        return Files(self._view, names, pattern)

    def file(self, name: str) -> File:
        """Return a file.

        Args:
            name: Its name.

        Raises:
            BadValueError: If the run has none of this name.
        """
        found = Files(self._view, [name])
        if not found:
            raise BadValueError(f"run '{self.id}' has no file '{name!s:.80}'")
        return found[0]

    def logged_artifacts(self, per_page: int = 100) -> list[Artifact]:
        """Return the artifacts that it logged."""
        del per_page
        return self._artifacts("log")

    def used_artifacts(self, per_page: int = 100) -> list[Artifact]:
        """Return the artifacts that it used."""
        del per_page
        return self._artifacts("use")

    def _artifacts(self, op: str) -> list[Artifact]:
        from vcs_track.compat.wandb.artifacts.artifact import Artifact

        inventory = Inventory.of(self._repo)
        events = inventory.events()
        logs = {event.id: event for event in events if event.op == "log"}
        wanted = [
            event.of for event in events if event.op == op and event.run == self._view.id
        ]  # fmt: skip
        return [
            Artifact._of(inventory.version(logs[one]))  # noqa: SLF001 -- one interface
            for one in dict.fromkeys(wanted)
            if one in logs
        ]

    # ---- changes -----------------------------------------------------------------------

    def update(self) -> None:
        """Store what was set: name, notes, tags, configuration and summary."""
        changes = {key: value for key, value in self._edited.items() if key in _EDITS}
        if changes.get("tags") == self._view.tags:
            del changes["tags"]
        hidden = {key: one for key, one in self._view.hparams.items() if key.startswith("_")}
        hparams = {**hidden, **plain(self.config)}
        if repr(hparams) != repr({**hidden, **self._view.hparams}):
            changes["hparams"] = hparams
        if changes:
            self._take(self._repo.edit(self._view.id, **changes))
        self._edited.clear()
        self._config = None
        if self._summary is not None:
            self._summary.update()

    save = update

    def load(self, force: bool = False) -> Self:
        """Read the run again.

        Args:
            force: Without effect.
        """
        del force
        self._config, self._summary, self._rows = None, None, None
        self._edited.clear()
        self._take(self._repo.run(self._view.id))
        return self

    def delete(self, delete_artifacts: bool = False) -> None:
        """Remove the run; ``vcs-track rm --restore`` brings it back.

        Args:
            delete_artifacts: Without effect: they go with it.
        """
        del delete_artifacts
        self._repo.remove([self._view.id])

    def wait_until_finished(self) -> None:
        """Return when the run is no longer running."""
        import time

        while self.load().state == "running":
            time.sleep(0.2)

    def use_artifact(self, artifact: Any, use_as: str | None = None) -> Artifact:
        """Keep that the run used a version of an artifact.

        Args:
            artifact: The version, as ``Api().artifact()`` returns it.
            use_as: What it was used as.

        Returns:
            The same.

        Raises:
            BadValueError: If it is none, or not logged.
        """
        from vcs_track.compat.wandb.artifacts.artifact import Artifact as _Artifact

        if not isinstance(artifact, _Artifact) or artifact.is_draft():
            raise BadValueError(
                "You must pass a wandb.Api().artifact() to use_artifact",
                hint="a new artifact is logged by a run that goes on: run.log_artifact()",
            )
        inventory = Inventory.of(self._repo)
        body = {"of": str(artifact.id)} | ({} if use_as is None else {"as": str(use_as)})
        inventory.record(inventory.event("use", self._view.id, **body))
        self._take(self._repo.run(self._view.id))
        return artifact

    def log_artifact(self, *args: object, **more: object) -> NoReturn:
        """Refuse: what a run logs is stored while it goes on.

        Raises:
            UnsupportedError: Always.
        """
        del args, more
        raise UnsupportedError(
            "a run that is read back cannot log files or artifacts",
            hint="go on with it: wandb.init(id=..., resume='must')",
        )

    upload_file = log_artifact

    def field(self, name: str) -> Any:
        """Return what filters and orders call *name*, or None."""
        return field(self, name)

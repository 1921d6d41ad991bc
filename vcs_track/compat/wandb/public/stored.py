"""A run that is read back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vcs_track.compat.wandb import history, nested
from vcs_track.compat.wandb.artifacts.inventory import Inventory
from vcs_track.compat.wandb.errors import BadValueError, MissingNameError, UnsupportedError
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.names import check_tags, check_text
from vcs_track.compat.wandb.public.files import File, Files
from vcs_track.compat.wandb.public.query import nested_value
from vcs_track.compat.wandb.public.samples import chosen, last_sample, samples_of
from vcs_track.compat.wandb.system import system_of
from vcs_track.compat.wandb.term import termerror, termwarn
from vcs_track.errors import NotInstalledError
from vcs_track.porcelain.frames import plain_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from vcs_track.compat.wandb.artifacts.artifact import Artifact
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Run", "Summary"]

_STATES: Final = {"killed": "killed", "crashed": "crashed"}
_CAMEL: Final = {
    "jobType": "job_type", "displayName": "name", "createdAt": "created_at",
    "display_name": "name", "heartbeatAt": "heartbeat_at", "summaryMetrics": "summary_metrics",
    "historyKeys": "history_keys", "lastHistoryStep": "lastHistoryStep",
}  # fmt: skip
_EDITS: Final = ("name", "notes", "tags")


class Summary(dict[str, Any]):
    """The summary of a run that is read back; :meth:`update` stores at once.

    Args:
        values: The values.
        store: Takes values that are set by hand.
    """

    def __init__(self, values: dict[str, Any], store: Any = None) -> None:
        super().__init__(values)
        self._store = store

    @property
    def _json_dict(self) -> dict[str, Any]:
        return dict(self)

    def update(self, *args: Any, **more: Any) -> None:
        """Set values by hand, in the store too.

        Args:
            *args: A dictionary.
            **more: More values.
        """
        super().update(*args, **more)
        if self._store is not None:
            self._store({**dict(*args), **more})


class Run:
    """A run as it is in the store; what is set is stored by :meth:`update`.

    Args:
        repo: The repository.
        view: The run.

    Attributes:
        config: The configuration.
        read_only: False.
        url: None: there is no page.
    """

    read_only = False
    url = None
    sweep_name = None

    def __init__(self, repo: Repository, view: RunView) -> None:
        self._repo = repo
        self._edited: dict[str, Any] = {}
        self._summary: Summary | None = None
        self._rows: list[history.Row] | None = None
        self._take(view)

    def _take(self, view: RunView) -> None:
        found = view.faces.get(FACE)
        self._view = view
        self._face: dict[str, Any] = found if isinstance(found, dict) else {}
        self.config = {key: one for key, one in view.hparams.items() if not key.startswith("_")}

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"

    def __getattr__(self, name: str) -> Any:
        if name in _CAMEL and not name.startswith("_"):
            return getattr(self, _CAMEL[name])
        raise MissingNameError(f"{name!r} is nothing that a run has")

    # ---- what it is --------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id."""
        return str(self._face.get("id") or self._view.id)

    @property
    def storage_id(self) -> str:
        """The id of the run in the store."""
        return self._view.id

    @property
    def entity(self) -> str:
        """The entity."""
        return str(self._face.get("entity") or "")

    @property
    def project(self) -> str:
        """The project."""
        return self._view.manifest.project or ""

    @property
    def path(self) -> list[str]:
        """Entity, project and id; an empty entity is left out."""
        return [part for part in (self.entity, self.project, self.id) if part]

    @property
    def name(self) -> str:
        """The display name."""
        return str(self._edited.get("name", self._view.name))

    @name.setter
    def name(self, name: str) -> None:
        self._edited["name"] = check_text(name, "name")

    @property
    def notes(self) -> str | None:
        """The notes."""
        found: str | None = self._edited.get("notes", self._view.note)
        return found

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._edited["notes"] = notes

    @property
    def tags(self) -> list[str]:
        """The tags; what is appended is stored by :meth:`update`."""
        if "tags" not in self._edited:
            said = self._face.get("tags")
            known = self._view.tags
            # Those of the interface have the order in which they were given.
            same = isinstance(said, list) and sorted(said) == sorted(known)
            self._edited["tags"] = list(said if same and isinstance(said, list) else known)
        found: list[str] = self._edited["tags"]
        return found

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._edited["tags"] = list(check_tags(tags))

    @property
    def group(self) -> str | None:
        """The group, or None."""
        return self._view.manifest.group

    @property
    def job_type(self) -> str | None:
        """The type of job, or None."""
        return self._view.manifest.job_type

    @property
    def state(self) -> str:
        """``running``, ``finished``, ``failed``, ``crashed`` or ``killed``."""
        return self._view.status

    @property
    def created_at(self) -> str:
        """When it began, as ISO 8601 without a zone, in UTC."""
        return _moment(self._view.manifest.created_us / 1e6)

    @property
    def _begin(self) -> int:
        return self._view.manifest.created_us

    @property
    def heartbeat_at(self) -> str:
        """When it ended, or was last heard of."""
        ended = self._view.manifest.ended_us
        return self.created_at if ended is None else _moment(ended / 1e6)

    @property
    def user(self) -> str:
        """Whose machine account it ran under, as far as that is known."""
        return str(self._view.env.get("user") or "")

    username = user

    @property
    def metadata(self) -> dict[str, Any]:
        """Where it ran, and what."""
        env, command = self._view.env, self._view.command
        argv = list(command.get("argv") or ())
        found = {
            "host": env.get("host"), "os": env.get("platform"), "python": env.get("python"),
            "program": command.get("script") or (argv[1] if len(argv) > 1 else None),
            "args": argv[2:], "git": dict(self._view.git), "startedAt": self.created_at,
        }  # fmt: skip
        return {key: value for key, value in found.items() if value}

    @property
    def rawconfig(self) -> dict[str, Any]:
        """The configuration with all keys."""
        return dict(self._view.hparams)

    @property
    def sweep(self) -> None:
        """None; the id of the sweep is :attr:`sweep_id`."""
        return

    @property
    def sweep_id(self) -> str | None:
        """The id of the sweep that it is a part of, or None."""
        found = self._face.get("sweep")
        return None if found is None else str(found)

    @property
    def system_metrics(self) -> dict[str, Any]:
        """The last sample of the machine, where some were taken."""
        return last_sample(self._view)

    # ---- values ------------------------------------------------------------------------

    @property
    def summary(self) -> Summary:
        """The summary, nested as it was logged."""
        if self._summary is None:
            known = history.paths(self._view)
            found: dict[str, Any] = {}
            hidden = system_of(self._face)
            for name, value in self._view.summary.items():
                if name not in hidden:
                    nested.put(found, known.get(name, (name,)), value)
            rows = self._all_rows()
            if rows:
                last = rows[-1]
                found.update(_step=last.step, _timestamp=last.wall, _runtime=last.runtime)
            self._summary = Summary(found, self._set_summary)
        return self._summary

    @property
    def summary_metrics(self) -> dict[str, Any]:
        """The summary, as a plain dictionary."""
        return dict(self.summary)

    def _set_summary(self, values: dict[str, Any]) -> None:
        known = {".".join(path): name for name, path in history.paths(self._view).items()}
        found = dict(self._view.manifest.summary_set)
        from vcs_track.formats import typed_json

        merged = {name: typed_json.thaw(value) for name, value in found.items()}
        merged.update({known.get(key, key): value for key, value in values.items()})
        self._take(self._repo.edit(self._view.id, summary_set=merged))

    @property
    def lastHistoryStep(self) -> int:  # noqa: N802 -- wandb's name
        """The step of the last row, or -1."""
        rows = self._all_rows()
        return rows[-1].step if rows else -1

    @property
    def history_keys(self) -> dict[str, Any]:
        """The keys of the rows."""
        keys: dict[str, Any] = {key: {} for row in self._all_rows() for key in _flat(row)}
        return {"keys": keys, "lastStep": self.lastHistoryStep}

    def _all_rows(self) -> list[history.Row]:
        if self._rows is None:
            self._rows = history.rows(self._view)
        return self._rows

    def scan_history(
        self, keys: Sequence[str] | None = None, page_size: int = 1000, min_step: int = 0,
        max_step: int | None = None, use_cache: bool = False,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """Yield all rows, flat, by step.

        Args:
            keys: Keys, of which a row must have all. Default: any row, with all of it.
            page_size: Without effect.
            min_step: The first step.
            max_step: The step behind the last one. Default: none.
            use_cache: Without effect.
        """
        del page_size, use_cache
        wanted = None if keys is None else list(keys)
        for row in self._all_rows():
            if row.step < min_step or (max_step is not None and row.step >= max_step):
                continue
            found = _flat(row)
            if wanted is None:
                yield found
            elif all(key in found for key in wanted):
                yield {key: found[key] for key in wanted}

    def history(
        self, samples: int | None = 500, keys: Sequence[str] | None = None, x_axis: str = "_step",
        pandas: bool = True, stream: str = "default",
    ) -> Any:  # fmt: skip
        """Return rows, evenly chosen where there are more than wanted.

        The same call returns the same rows each time.

        Args:
            samples: How many rows at most; None for all of them.
            keys: Keys, of which a row must have all; *x_axis* is added to them.
            x_axis: The key that counts.
            pandas: Whether to return a data frame; a list of dictionaries otherwise, and where
                pandas is not installed.
            stream: ``default``, or ``system`` for the samples of the machine.
        """
        if keys is not None and not isinstance(keys, list | tuple):
            termerror("keys must be specified in a list")
            return []
        found: list[dict[str, Any]] = []
        if stream == "system":
            found = chosen(samples_of(self._view, keys), samples)
        elif stream == "default":
            wanted = None if keys is None else list(dict.fromkeys([*keys, x_axis]))
            found = chosen(list(self.scan_history(wanted)), samples)
        if not pandas:
            return found
        names = list(dict.fromkeys(name for row in found for name in row))
        try:
            return plain_frame(names, [[row.get(name) for name in names] for row in found], None)
        except NotInstalledError:
            termwarn("Unable to load pandas, call history with pandas=False", repeat=False)
            return found

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
        """Store what was set: name, notes, tags, and values of the configuration."""
        changes = {key: value for key, value in self._edited.items() if key in _EDITS}
        if changes.get("tags") == self._view.tags:
            del changes["tags"]
        before = {k: v for k, v in self._view.hparams.items() if not k.startswith("_")}
        if self.config != before:
            raise UnsupportedError(
                "the configuration of a run that has ended does not change",
                hint="keep what you found out with run.summary.update() or run.notes",
            )
        if changes:
            self._take(self._repo.edit(self._view.id, **changes))
        self._edited.clear()

    save = update

    def load(self, force: bool = False) -> Self:
        """Read the run again.

        Args:
            force: Without effect.
        """
        del force
        self._summary, self._rows = None, None
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

    def use_artifact(self, artifact: Any, use_as: str | None = None) -> NoReturn:
        """Refuse: what a run used is said while it goes on.

        Raises:
            UnsupportedError: Always.
        """
        del artifact, use_as
        raise UnsupportedError(
            "a run that is read back cannot use an artifact",
            hint="go on with it: wandb.init(id=..., resume='must'), then run.use_artifact()",
        )

    log_artifact = use_artifact

    def field(self, name: str) -> Any:
        """Return what filters and orders call *name*, or None."""
        head, _, rest = name.partition(".")
        if head in ("config", "summary_metrics", "summaryMetrics", "summary") and rest:
            values = self.config if head == "config" else self.summary
            if head == "config" and rest.endswith(".value") and nested_value(values, rest) is None:
                rest = rest.removesuffix(".value")
            return nested_value(values, rest)
        return _FIELDS[name](self) if name in _FIELDS else None


_FIELDS: Final[dict[str, Any]] = {
    "state": lambda run: run.state, "tags": lambda run: run.tags, "group": lambda run: run.group,
    "jobType": lambda run: run.job_type, "job_type": lambda run: run.job_type,
    "displayName": lambda run: run.name, "display_name": lambda run: run.name,
    "name": lambda run: run.id, "id": lambda run: run.id, "notes": lambda run: run.notes,
    "createdAt": lambda run: run.created_at, "created_at": lambda run: run.created_at,
    "heartbeat_at": lambda run: run.heartbeat_at, "heartbeatAt": lambda run: run.heartbeat_at,
    "username": lambda run: run.username, "host": lambda run: run.metadata.get("host"),
    "duration": lambda run: run._view.duration,  # noqa: SLF001 -- its own
    "sweep": lambda run: run.sweep_id, "project": lambda run: run.project,
    "entity": lambda run: run.entity,
}  # fmt: skip


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _flat(row: history.Row) -> dict[str, Any]:
    found = {".".join(path): value for path, value in row.leaves.items()}
    return {**found, "_step": row.step, "_timestamp": row.wall, "_runtime": row.runtime}

"""What a run that is read back says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.errors import MissingNameError
from vcs_track.compat.wandb.names import check_tags, check_text
from vcs_track.compat.wandb.public.samples import last_sample
from vcs_track.formats import canonical, typed_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["Said", "moment"]

_CAMEL: Final = {
    "jobType": "job_type", "displayName": "name", "createdAt": "created_at",
    "display_name": "name", "heartbeatAt": "heartbeat_at", "summaryMetrics": "summary_metrics",
    "historyKeys": "history_keys", "lastHistoryStep": "lastHistoryStep",
}  # fmt: skip


class Said:
    """The part of a run that tells what it is."""

    _view: RunView
    _face: dict[str, Any]
    _edited: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name in _CAMEL and not name.startswith("_"):
            return getattr(self, _CAMEL[name])
        raise MissingNameError(f"{name!r} is nothing that a run has")

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
        return moment(self._view.manifest.created_us / 1e6)

    @property
    def _begin(self) -> int:
        return self._view.manifest.created_us

    @property
    def heartbeat_at(self) -> str:
        """When it ended, or was last heard of."""
        ended = self._view.manifest.ended_us
        return self.created_at if ended is None else moment(ended / 1e6)

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
    def json_config(self) -> str:
        """The configuration with all keys, as wandb writes it down."""
        said = {key: {"value": value, "desc": None} for key, value in self.rawconfig.items()}
        return canonical.dumps(typed_json.freeze(said)).decode()

    @property
    def sweep_id(self) -> str | None:
        """The id of the sweep that it is a part of, or None."""
        found = self._face.get("sweep")
        return None if found is None else str(found)

    sweep_name = sweep_id

    @property
    def system_metrics(self) -> dict[str, Any]:
        """The last sample of the machine, where some were taken."""
        return last_sample(self._view)


def moment(seconds: float) -> str:
    """Return a time, seconds since 1970 UTC, as ISO 8601 without fractions."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

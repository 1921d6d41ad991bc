"""What happened to artifacts, as runs keep it.

A run keeps what it did: that it logged a version, used one, or gave one a name. Which version
has which number and which aliases is what all of it together adds up to, in order of time. So
runs can be moved, merged and removed, and what is left still adds up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.artifacts.checks import check_name
from vcs_track.errors import VcsTrackError
from vcs_track.formats.oid import looks_like_id

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FACE", "Event", "Place"]

FACE: Final = "wandb.artifacts"
_OPS: Final = ("log", "use", "alias", "tag", "describe", "delete", "link", "unlink")
_LAST_US: Final = 253_402_300_800_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where versions are counted: one name in one project.

    Attributes:
        entity: Entity, an empty text without one.
        project: Project.
        name: Name of the artifact.
    """

    entity: str
    project: str
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        id: What tells it from all others.
        op: ``log``, ``use``, ``alias``, ``tag``, ``describe``, ``delete``, ``link`` or
            ``unlink``.
        at: When, microseconds since 1970 UTC.
        run: The run that keeps it.
        body: What else there is to say.
    """

    id: str
    op: str
    at: int
    run: str
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def of(self) -> str:
        """Id of the event that logged the version it is about."""
        return self.id if self.op == "log" else str(self.body["of"])

    @property
    def place(self) -> Place:
        """Where its version is counted."""
        return Place(*(str(self.body[name]) for name in ("entity", "project", "name")))

    @property
    def target(self) -> Place:
        """The other place that a link is about; a stranger's may be empty."""
        to = self.body.get("to") or {}
        return Place(*(str(to.get(name) or "") for name in ("entity", "project", "name")))

    def to_json(self) -> dict[str, Any]:
        """Return what a run keeps of it."""
        return {"op": self.op, "at": self.at, **self.body}

    @classmethod
    def from_json(cls, key: Any, run: str, body: Any) -> Event | None:
        """Return the event that *body* tells of, or None where it tells of none."""
        if not isinstance(key, str) or not isinstance(body, dict):
            return None
        rest = {name: value for name, value in body.items() if name not in ("op", "at")}
        op, at = body.get("op"), body.get("at")
        if op not in _OPS or type(at) is not int or not 0 <= at < _LAST_US:
            return None
        fits = _logs(rest) if op == "log" else _edits(rest)
        return cls(key, str(op), at, run, rest) if fits else None


def _logs(body: Mapping[str, Any]) -> bool:
    texts = ("entity", "project", "type", "digest", "who")
    return (
        all(isinstance(body.get(name), str) for name in texts)
        and _is_name(body.get("name"))
        and looks_like_id(body.get("doc"))
        and type(body.get("version")) is int
        and 0 <= body["version"] < 1 << 53
        and _lists(body, ("aliases", "tags"))
    )


def _is_name(name: Any) -> bool:
    try:
        check_name(name)
    except VcsTrackError:
        return False
    return True


def _edits(body: Mapping[str, Any]) -> bool:
    to = body.get("to", {})
    return (
        isinstance(body.get("of"), str)
        and _lists(body, ("add", "remove", "aliases", "tags"))
        and isinstance(to, dict)
        and all(isinstance(one, str) for one in to.values())
        and isinstance(body.get("metadata", {}), dict)
        and isinstance(body.get("description", ""), str | None)
    )


def _lists(body: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    found = [body.get(name, []) for name in names]
    return all(
        isinstance(some, list) and all(isinstance(one, str) for one in some) for some in found
    )

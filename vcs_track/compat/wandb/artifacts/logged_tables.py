"""Tables that runs logged, as the artifacts that wandb makes of them.

wandb makes an artifact ``run-<id>-<key>`` of each table in a row. Here the table is a file of the
run, and the artifact is what is seen of it when somebody asks.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn

from vcs_track.compat.wandb.artifacts.collection import Collection
from vcs_track.compat.wandb.artifacts.document import Document
from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
from vcs_track.compat.wandb.artifacts.event import Event
from vcs_track.compat.wandb.artifacts.manifest import digest_of_bytes
from vcs_track.compat.wandb.artifacts.version import Version
from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.media.paths import folder_safe
from vcs_track.compat.wandb.names import generations
from vcs_track.errors import CorruptError
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from vcs_track.compat.wandb.artifacts.checks import Reference
    from vcs_track.compat.wandb.artifacts.inventory import Inventory
    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run_view import RunView

__all__ = ["TableVersion", "table_version"]

_TYPE: Final = "run_table"
_PREFIX: Final = "run-"
_OTHER: Final = re.compile(r"[^A-Za-z0-9_.\-]")


def table_version(inventory: Inventory, wanted: Reference, project: str | None) -> Version | None:
    """Return the table that *wanted* names, ``run-<id>-<key>``, or None."""
    if not wanted.name.startswith(_PREFIX):
        return None
    rest = wanted.name.removeprefix(_PREFIX)
    # Ids and keys may both have dashes in them.
    for at in (n for n, sign in enumerate(rest) if sign == "-" and n):
        there = generations(inventory.repo.store, rest[:at])
        for run in reversed(there):
            view = inventory.view(run)
            if project in (None, view.manifest.project):
                found = _of_run(inventory, view, wanted, rest[at + 1 :])
                if found is not None:
                    return found
    return None


def _of_run(inventory: Inventory, view: RunView, wanted: Reference, key: str) -> Version | None:
    tables = [item for item in view.media(kind="file") if _is_table(item, key)]
    if not tables:
        return None
    entity = wanted.entity or ""
    events, by_id = [], {}
    for n, item in enumerate(tables):
        body: dict[str, Any] = {
            "entity": entity, "project": view.manifest.project or "", "name": wanted.name,
            "type": _TYPE, "digest": item.oid, "doc": item.oid, "version": n, "who": view.id,
        }  # fmt: skip
        event = Event(
            f"{view.id}:{n}:{item.oid}", "log", round(item.walltime * 1e6) + n, view.id, body
        )
        events.append(event)
        by_id[event.id] = item
    stage = Collection(events).find(wanted.alias)
    return (
        None if stage is None else TableVersion(inventory, stage.log, events, by_id[stage.log.id])
    )


def _is_table(item: Media, key: str) -> bool:
    return (
        item.meta.get("type") == "table-file"
        and item.tag is not None
        and (item.tag == key or _OTHER.sub("", item.tag) == key)
    )


def _paths_before(item: Media) -> set[str]:
    """Return the files that have the rows before those of a table that is logged in parts."""
    try:
        body = canonical.loads(item.data)
    except CorruptError:
        return set()  # told when it is read
    found = body.get("previous_increments_paths") if isinstance(body, dict) else None
    return set(map(str, found)) if isinstance(found, list) else set()


class TableVersion(Version):
    """A table that a run logged.

    Args:
        inventory: The inventory.
        log: What stands for its being logged.
        events: The same for all tables of this name.
        item: The table.
    """

    def __init__(self, inventory: Inventory, log: Event, events: list[Event], item: Media) -> None:
        super().__init__(inventory, log)
        self._item = item
        self._versions = Collection(events)

    @property
    def collection(self) -> Collection:
        """The tables of this name."""
        return self._versions

    @cached_property
    def document(self) -> Document:
        """What an artifact of it has: the table, and the media that are in it."""
        view = self.inventory.view(self.log.run)
        there = view.media(tag=self._item.tag)
        named = f"{folder_safe(str(self._item.tag))}.table.json"
        before = _paths_before(self._item)
        steps = {item.step for item in there if item.name in before} | {self._item.step}
        items = {named: self._item}
        items |= {
            item.name: item
            for item in there
            if item.name and item.step in steps and item.name != self._item.name
        }
        entries = [
            ArtifactManifestEntry(
                path, digest_of_bytes(item.data), size=item.size, oid=item.oid, version=self
            )
            for path, item in items.items()
        ]
        return Document(self.log.place.name, _TYPE, entries=entries)

    def record(self, op: str, **body: Any) -> NoReturn:
        """Refuse: what a run logged has no names of its own.

        Raises:
            BadValueError: Always.
        """
        del op, body
        raise BadValueError(
            f"'{self.log.place.name}' is a table that a run logged, and no artifact",
            hint="log an artifact with the table in it: artifact.add(table, 'name')",
        )

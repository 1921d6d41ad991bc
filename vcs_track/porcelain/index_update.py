"""Into the index, what changed in the store since it was asked the last time.

The folders of heads tell by their times which of them changed. Where nearly all runs are new
several processes read them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import VcsTrackError
from vcs_track.plumbing import fsio, workers
from vcs_track.plumbing.folder_times import FolderTimes
from vcs_track.plumbing.heads import parse_head
from vcs_track.porcelain.index_row import RunRow, row_of
from vcs_track.porcelain.index_rows import Rows
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vcs_track.formats.cell import Cell
    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.index import Index
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.store import Store

    Progress = Callable[[int, int], None]
    Found = tuple[RunRow, str | None] | None

__all__ = ["update"]

_SET_TIME: Final = "INSERT OR REPLACE INTO shard VALUES(?, ?)"
_HEADS: Final = "SELECT run || '.' || oid FROM head WHERE shard=?"
_SHARD: Final = re.compile("[0-9a-f]{2}")
_MANY: Final = 100  # runs
_WORTH_IT: Final = 4000  # runs, for which processes are forked
_PART: Final = 250  # runs that a process reads at a time
_PROCESSES: Final = 3  # more of them wait for the one that writes
_MOST_SHARED: Final = 1000


class _Task(NamedTuple):
    """A run to put in: its folder, its id, and its heads, sorted; none when it is gone."""

    shard: str
    run: str
    heads: tuple[ObjectId, ...]


def update(index: Index, store: Store, progress: Progress | None = None) -> None:
    """Bring *index* up to date.

    Args:
        index: The index.
        store: What it is an index of.
        progress: Is called with runs done and runs in all.
    """
    folders = FolderTimes(store.layout.store.heads)
    shards = {name: when for name, when in folders.times.items() if _SHARD.fullmatch(name)}
    if shards == dict(index.rows("SELECT name, mtime FROM shard")):
        return
    with index.transaction():
        # Asked again: somebody may have been quicker.
        known: dict[str, int] = dict(index.rows("SELECT name, mtime FROM shard"))
        changed = sorted(n for n in shards.keys() | known if shards.get(n) != known.get(n))
        tasks = [task for shard in changed for task in _changes(index, store, shard)]
        rows = Rows(index, everything=not known)
        if known and any(task.heads for task in tasks):
            _take_in_new(index, store)
        reader = _Reader(store, tasks)
        for n, (task, found) in enumerate(reader.found(), 1):
            _put(index, rows, task, found)
            if progress is not None:
                progress(n, len(tasks))
        rows.flush()
        if rows.everything:
            rows.count()
        for shard in changed:
            if shard in shards:
                settled = folders.settled(shard)
                index.run(_SET_TIME, (shard, -1 if settled is None else settled))
            else:
                index.run("DELETE FROM shard WHERE name=?", (shard,))


def _take_in_new(index: Index, store: Store) -> None:
    # What is new is in packs that are new, mostly: a store may have many others. Those of
    # media have no manifests.
    there = {name for (name,) in index.rows("SELECT name FROM pack")}
    packs = store.home.packs
    packs.take_in(
        name
        for name in fsio.list_dir(packs.folder)
        if name not in there and not name.startswith("b-")
    )


def _changes(index: Index, store: Store, shard: str) -> list[_Task]:
    """Return the runs of a folder whose heads are others than were known, with these."""
    there = set(fsio.list_dir(store.layout.store.heads / shard))
    known = {name for (name,) in index.rows(_HEADS, (shard,))}
    heads = filter(None, map(parse_head, there ^ known))
    changed: dict[str, list[ObjectId]] = {run: [] for run, _ in heads}
    for name in there if changed else ():
        # Asked of each name, and most are not parsed.
        if name.partition(".")[0] in changed and (head := parse_head(name)) is not None:
            changed[head[0]].append(head[1])
    return [_Task(shard, run, tuple(sorted(oids))) for run, oids in sorted(changed.items())]


def _put(index: Index, rows: Rows, task: _Task, found: Found) -> None:
    if not rows.everything:
        index.run("DELETE FROM head WHERE shard=? AND run=?", (task.shard, task.run))
        index.run("DELETE FROM damaged WHERE run=?", (task.run,))
    if found is not None:
        rows.put(*found)
        rows.heads += [(task.shard, task.run, oid) for oid in task.heads]
        return
    rows.drop(task.run)
    if task.heads:  # whoever asks reads it, and tells why it cannot be read
        index.run("INSERT OR REPLACE INTO damaged VALUES(?)", (task.run,))


class _Reader:
    """Reads the runs of *tasks*, each first in the pack that holds its manifest."""

    def __init__(self, store: Store, tasks: list[_Task]) -> None:
        self._packs = store.home.packs
        self._tasks = tasks
        self._first: PackFile | None = None
        self._places: dict[ObjectId, PackFile] = {}
        self._env: dict[ObjectId | None, tuple[dict[str, Any], dict[str, Any]]] = {}
        self._shared: dict[str, dict[str, Cell]] = {}
        heads = {oid for task in tasks for oid in task.heads}
        if len(heads) > _MANY:
            # Each pack is gone through once, instead of asking all of them for each run.
            order: dict[ObjectId, int] = {}
            for n, file in enumerate(self._packs.packs):
                here = heads.intersection(file)
                self._places.update(dict.fromkeys(here, file))
                order.update(dict.fromkeys(here, n))
            # What stands in one pack is read together.
            tasks.sort(key=lambda task: order.get(task.heads[0], -1) if task.heads else -1)

    def found(self) -> Iterator[tuple[_Task, Found]]:
        """Yield the row of each run, with the name of the pack that holds its manifest."""
        tasks = self._tasks
        processes = workers.processors(_PROCESSES) if len(tasks) >= _WORTH_IT else 1
        if processes == 1:
            yield from ((task, self._row(task)) for task in tasks)
            return
        parts = [tasks[at : at + _PART] for at in range(0, len(tasks), _PART)]
        made = workers.spread(self._part, parts, processes)
        for part, found in zip(parts, made, strict=True):
            for task, plain in zip(part, found, strict=True):
                yield task, plain and (RunRow(*plain[0]), plain[1])

    def _part(self, tasks: Sequence[_Task]) -> list[tuple[tuple[Any, ...], str | None] | None]:
        """Return the rows of some runs for another process."""
        sent: set[str] = set()
        plain: list[tuple[tuple[Any, ...], str | None] | None] = []
        for found in map(self._row, tasks):
            if found is None:
                plain.append(None)
                continue
            row, pack = found
            # What many runs share is sent once.
            facets = [
                (k, None if k in sent and cells else cells) for k, cells in (row.git, row.env)
            ]
            sent.update(k for k, _ in facets)
            git, env = facets
            plain.append((tuple(row._replace(git=git, env=env)), pack))
        return plain

    def _row(self, task: _Task) -> Found:
        if not task.heads:
            return None
        try:
            self._turn_to(self._places.get(task.heads[0]) or self._packs.pack_of(task.heads[0]))
            view = RunView.sealed(self, task.heads)
            env = view.manifest.env
            if env not in self._env:
                self._env[env] = view.env, view.machine
            view.env, view.machine = self._env[env]
            if len(self._shared) > _MOST_SHARED:
                self._shared.clear()
            pack = None if self._first is None else self._first.path.name
            return row_of(view, self._shared), pack
        except VcsTrackError:
            return None

    def _turn_to(self, file: PackFile | None) -> None:
        if file is self._first:
            return
        if self._first is not None:
            self._first.forget()
        if file is not None and self._places:
            file.learn()
        self._first = file

    # ---- the objects, as a run reads them ----------------------------------------------

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        if self._first is not None:
            with suppress(VcsTrackError, OSError):  # it is elsewhere, or sound elsewhere
                return self._first.read(oid)
        return self._packs.read(oid)

    def __contains__(self, oid: object) -> bool:
        return (self._first is not None and oid in self._first) or oid in self._packs

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(self._packs)

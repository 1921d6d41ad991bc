"""The catalogue: which runs there are and what they hold, by way of the index.

The index is brought up to date before it is asked: the folders of heads tell by their times which
of them changed. Where it cannot be used the runs themselves are read.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from vcs_track.errors import StorageError, VcsTrackError
from vcs_track.formats.oid import check64
from vcs_track.plumbing import fsio, mounts
from vcs_track.plumbing.folder_times import FolderTimes
from vcs_track.plumbing.heads import parse_head
from vcs_track.plumbing.index import Index, IndexDamagedError, IndexUnavailableError
from vcs_track.porcelain.answers import Answers
from vcs_track.porcelain.index_rows import Rows
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.index_sql import SqlResult

    Progress = Callable[[int, int], None]

__all__ = ["Catalog"]

_NAME: Final = "index.sqlite"
_SET_TIME: Final = "INSERT OR REPLACE INTO shard VALUES(?, ?)"
_HEADS: Final = "SELECT run || '.' || oid FROM head WHERE shard=?"
_TRIES: Final = 2
_SHARD: Final = re.compile("[0-9a-f]{2}")
_MANY: Final = 100  # runs
_T = TypeVar("_T")


class Catalog:
    """The sealed runs of one store.

    Args:
        store: The store.
        cache: Where to keep the index if the store cannot hold it; None for nowhere.
        note: Takes a word about an index that had to be made again.
    """

    def __init__(
        self, store: Store, cache: Path | None = None, note: Callable[[str], None] | None = None
    ) -> None:
        self._store = store
        self._cache = cache
        self._note = note or (lambda _: None)

    # ---- asking ------------------------------------------------------------------------

    def take_in(self, packs: Iterable[str | None]) -> None:
        """Let the store know these packs, so that it need not look at all of them."""
        self._store.home.packs.take_in(pack for pack in packs if pack is not None)

    def ask(self, question: Callable[[Answers], _T]) -> _T | None:
        """Return what *question* makes of the answers; None without an index.

        It may be called again, where the index turns out to be damaged.
        """
        return self._asked(lambda index: question(Answers(index)))

    def sql(self, sql: str, seconds: float) -> SqlResult | None:
        """Answer a user's *sql* over the sealed runs; None without an index.

        Raises:
            ExpressionError: If SQLite refuses it.
        """
        from vcs_track.porcelain import index_sql

        return self._asked(lambda index: index_sql.ask(index, sql, seconds))

    def _asked(self, ask: Callable[[Index], _T]) -> _T | None:
        for _ in range(_TRIES):
            try:
                # Opened for each question: neither threads nor forked children share it then.
                with self._opened() as index:
                    if index is None:
                        return None
                    self._sync(index)
                    return ask(index)
            except IndexDamagedError as error:
                self._make_again(str(error))
            except IndexUnavailableError:
                return None
        return None

    def distrust(self, why: str) -> None:
        """Make the index again before it is asked the next time."""
        self._make_again(why)

    # ---- keeping it up to date ---------------------------------------------------------

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make the index anew from the runs; return how many it has.

        Raises:
            StorageError: If it can be kept nowhere.
        """
        self._remove()
        with self._opened() as index:
            if index is None:
                raise StorageError(
                    "there is no place for an index",
                    hint="is the disk read-only, and the home too?",
                )
            self._sync(index, progress)
            row = index.one("SELECT count(*) FROM run")
            return int(row[0]) if row else 0

    def check(self, progress: Progress | None = None) -> dict[str, list[str]]:
        """Return what the index says otherwise than the runs, by run.

        Args:
            progress: Is called with runs done and runs in all.
        """
        from vcs_track.porcelain.index_check import differences

        def ask(index: Index) -> dict[str, list[str]]:
            path = self._store.layout.tmp / f"index-{secrets.token_hex(8)}"
            fresh = Index(path)
            try:
                self._sync(fresh, progress)
                return differences(index, fresh)
            finally:
                fresh.close()
                Index.remove(path)

        return self._asked(ask) or {}

    def _make_again(self, why: str) -> None:
        self._note(f"{why}; it is made again")
        self._remove()

    def _remove(self) -> None:
        for path in self._places():
            Index.remove(path)

    def _places(self) -> list[Path]:
        local = self._store.layout.local
        places: list[Path] = []
        if not self._store.indexed:
            return places
        # Beside a disk of its own SQLite needs memory that is shared; a network has none.
        if self._store.writable and mounts.is_local(local):
            places.append(local / _NAME)
        if self._cache is not None:
            places.append(self._cache / f"{check64(str(local.resolve()).encode()):016x}.sqlite")
        return places

    @contextmanager
    def _opened(self) -> Iterator[Index | None]:
        """Open the index for the body; None where there is no place for it."""
        index = None
        for path in self._places():
            try:
                fsio.make_dirs(path.parent, sync=False)
                index = Index(path)
                break
            except (OSError, IndexUnavailableError):
                continue
        try:
            yield index
        finally:
            if index is not None:
                index.close()

    def _sync(self, index: Index, progress: Progress | None = None) -> None:
        folders = FolderTimes(self._store.layout.store.heads)
        shards = {name: when for name, when in folders.times.items() if _SHARD.fullmatch(name)}
        if shards == dict(index.rows("SELECT name, mtime FROM shard")):
            return
        with index.transaction():
            # Asked again: somebody may have been quicker.
            known: dict[str, int] = dict(index.rows("SELECT name, mtime FROM shard"))
            changed = sorted(n for n in shards.keys() | known if shards.get(n) != known.get(n))
            news = [(shard, self._changes(index, shard)) for shard in changed]
            total, done = sum(len(runs) for _, runs in news), 0
            first = not known
            rows = Rows(index, everything=first)
            heads = {oid for _, runs in news for oids in runs.values() for oid in oids}
            if heads and not first:
                self._take_in_new(index)
            near = _Near(self._store, heads)
            for shard, runs in news:
                for run, oids in sorted(runs.items()):
                    self._take(index, rows, near, shard, run, oids)
                    done += 1
                    if progress is not None:
                        progress(done, total)
                if shard in shards:
                    settled = folders.settled(shard)
                    index.run(_SET_TIME, (shard, -1 if settled is None else settled))
                else:
                    index.run("DELETE FROM shard WHERE name=?", (shard,))
            rows.flush()
            if first:
                rows.count()

    def _take_in_new(self, index: Index) -> None:
        # What is new is in packs that are new, mostly: a store may have many others. Those of
        # media have no manifests.
        there = {name for (name,) in index.rows("SELECT name FROM pack")}
        packs = self._store.home.packs
        packs.take_in(
            name
            for name in fsio.list_dir(packs.folder)
            if name not in there and not name.startswith("b-")
        )

    def _changes(self, index: Index, shard: str) -> dict[str, set[ObjectId]]:
        """Return the runs of a folder whose heads are others than were known, with these."""
        there = set(fsio.list_dir(self._store.layout.store.heads / shard))
        known = {name for (name,) in index.rows(_HEADS, (shard,))}
        heads = filter(None, map(parse_head, there ^ known))
        changed: dict[str, set[ObjectId]] = {run: set() for run, _ in heads}
        for name in there if changed else ():
            # Asked of each name, and most are not parsed.
            if name.partition(".")[0] in changed and (head := parse_head(name)) is not None:
                changed[head[0]].add(head[1])
        return changed

    def _take(
        self, index: Index, rows: Rows, near: _Near, shard: str, run: str, heads: set[ObjectId]
    ) -> None:  # fmt: skip
        if not rows.everything:
            index.run("DELETE FROM head WHERE shard=? AND run=?", (shard, run))
            index.run("DELETE FROM damaged WHERE run=?", (run,))
        if not heads:
            rows.drop(run)
            return
        try:
            view = near.view(sorted(heads))
            rows.put(view, near.pack)
        except VcsTrackError:  # whoever asks reads it, and tells why it cannot be read
            rows.drop(run)
            index.run("INSERT OR REPLACE INTO damaged VALUES(?)", (run,))
        else:
            rows.heads += [(shard, run, oid) for oid in heads]


class _Near:
    """Objects, looked for first in the pack that holds the manifest at hand.

    Args:
        store: The store.
        heads: Ids of manifests that will be asked for.

    Attributes:
        pack: Name of the pack that holds the manifest asked for last.
    """

    def __init__(self, store: Store, heads: set[ObjectId]) -> None:
        self._all = store.home.packs
        self._first: PackFile | None = None
        self._places: dict[ObjectId, PackFile] = {}
        self._env: dict[ObjectId | None, tuple[dict[str, Any], dict[str, Any]]] = {}
        if len(heads) > _MANY:
            # Each pack is gone through once, instead of asking all of them for each run.
            for file in self._all.packs:
                self._places.update((oid, file) for oid in heads.intersection(file))

    @property
    def pack(self) -> str | None:
        return None if self._first is None else self._first.path.name

    def view(self, heads: Sequence[ObjectId]) -> RunView:
        """Return the run with these heads."""
        self._first = self._places.get(heads[0]) or self._all.pack_of(heads[0])
        view = RunView.sealed(self, heads)
        env = view.manifest.env
        if env not in self._env:
            self._env[env] = view.env, view.machine
        view.env, view.machine = self._env[env]
        return view

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        if self._first is not None:
            with suppress(VcsTrackError, OSError):  # it is elsewhere, or sound elsewhere
                return self._first.read(oid)
        return self._all.read(oid)

    def __contains__(self, oid: object) -> bool:
        return (self._first is not None and oid in self._first) or oid in self._all

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(self._all)

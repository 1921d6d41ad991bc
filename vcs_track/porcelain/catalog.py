"""The catalogue: which runs there are and what they hold, by way of the index.

The index is brought up to date before it is asked: the folders of heads tell by their times which
of them changed. Where it cannot be used the runs themselves are read.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from vcs_track.errors import StorageError
from vcs_track.formats.oid import check64
from vcs_track.plumbing import fsio, mounts
from vcs_track.plumbing.index import Index, IndexDamagedError, IndexUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.answers import Answers
    from vcs_track.porcelain.index_sql import SqlResult

    Progress = Callable[[int, int], None]

__all__ = ["Catalog"]

_NAME: Final = "index.sqlite"
_TRIES: Final = 2
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
        # Whoever only logs needs neither questions nor an index.
        from vcs_track.porcelain.answers import Answers

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
                    self._update(index)
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

    def _update(self, index: Index, progress: Progress | None = None) -> None:
        from vcs_track.porcelain.index_update import update

        update(index, self._store, progress)

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
            self._update(index, progress)
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
                self._update(fresh, progress)
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

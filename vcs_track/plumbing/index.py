"""The index: what runs hold, in a file of SQLite that can be deleted at any time.

``docs/format/index.md`` describes it. It holds derived data only, and says of what: every answer
names a run and its heads, and whoever wants to know more reads the objects. This module owns
SQLite; what the rows mean is told by those who fill and ask it.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import ExpressionError
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from vcs_track.formats.cell import Cell

    Row = tuple[Any, ...]
    Function = Callable[..., Cell]

__all__ = [
    "VERSION", "Index", "IndexDamagedError", "IndexUnavailableError", "UnusedOrderError",
]  # fmt: skip

VERSION: Final = "vcs-track-index 1"
_MOST: Final = 1_000_000  # rows of an answer
_LONGEST: Final = 64 << 20  # bytes of a value
_WAIT: Final = 10.0  # seconds for another process that writes
_SCHEMA: Final = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE shard(name TEXT PRIMARY KEY, mtime INTEGER) WITHOUT ROWID;
CREATE TABLE head(shard TEXT, run TEXT, oid TEXT, PRIMARY KEY(shard, run, oid)) WITHOUT ROWID;
CREATE TABLE damaged(run TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE pack(k INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE facet(k INTEGER PRIMARY KEY, id TEXT UNIQUE);
CREATE TABLE key(k INTEGER PRIMARY KEY, name TEXT UNIQUE, n INTEGER, odd INTEGER);
CREATE TABLE run(
    k INTEGER PRIMARY KEY, run TEXT UNIQUE, created_us INTEGER, pack INTEGER, git INTEGER,
    env INTEGER, keys BLOB, name, status, project, "group", job_type, note, tags, ended, duration,
    "commit", code, branch, dirty, host, user);
CREATE TABLE kv(key INTEGER, run INTEGER, v, PRIMARY KEY(key, run)) WITHOUT ROWID;
CREATE TABLE metric(
    key INTEGER, run INTEGER, min, max, mean, last, first, count,
    PRIMARY KEY(key, run)) WITHOUT ROWID;
CREATE TABLE facetv(key INTEGER, facet INTEGER, v, PRIMARY KEY(key, facet)) WITHOUT ROWID;
"""
_INDEXES: Final = "CREATE INDEX run_created ON run(created_us DESC, run);"


# What says nothing against the file: it is locked, read-only, or the disk is full or broken.
_PASSING: Final = frozenset([
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM,
])  # fmt: skip
_MOST_ORDERS: Final = 16  # each costs a little whenever a run is put in
_ORDERS: Final = (
    "SELECT name FROM sqlite_master WHERE type='index' AND tbl_name IN ('kv', 'metric')"
    " AND sql IS NOT NULL ORDER BY rowid"
)
_KINDS: Final = {"integer": "number", "real": "number"}
_READS: Final = (
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
)  # fmt: skip


def _only_reads(action: int, *rest: str | None) -> int:
    del rest
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


class IndexDamagedError(Exception):
    """The file cannot be used: it is made again, and no run depends on it."""


class IndexUnavailableError(Exception):
    """The file cannot be used now.

    Somebody else writes it, or the disk refuses.
    """


class UnusedOrderError(Exception):
    """SQLite has no use for the order that it was told to read values in.

    So it is where no run can match.
    """


class Index:
    """One file of SQLite.

    Args:
        path: The file; it is made where there is none.
        writable: Whether it may be changed.

    Raises:
        IndexDamagedError: If it is damaged, or of another version.
        IndexUnavailableError: If it cannot be used now.
    """

    def __init__(self, path: Path, *, writable: bool = True) -> None:
        self.path = path
        how = "" if writable else "?mode=ro"
        uri = f"{path.absolute().as_uri()}{how}"
        with _damage():
            self._db = sqlite3.connect(
                uri, uri=True, timeout=_WAIT, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(writable=writable)
            except BaseException:
                self._db.close()
                raise

    def _prepare(self, *, writable: bool) -> None:
        self._db.execute("PRAGMA temp_store=MEMORY")
        self._db.execute("PRAGMA mmap_size=1073741824")
        self._db.execute("PRAGMA cache_size=-65536")
        if writable:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
            if not writable:
                raise sqlite3.DatabaseError("it is empty")
            with self.transaction():
                self._make()
        found = self.meta("version")
        if found != VERSION:
            raise sqlite3.DatabaseError(f"it is of version {found!r}")

    def _make(self) -> None:
        if self._db.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
            return  # somebody else was quicker
        for statement in filter(str.strip, f"{_SCHEMA}{_INDEXES}".split(";")):
            self._db.execute(statement)
        self.set_meta("version", VERSION)

    # ---- access ------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything in the body one change; others see all or nothing."""
        with _damage():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, values: Sequence[Cell] = ()) -> list[Row]:
        """Return the rows that *sql* asks for."""
        with _damage():
            return self._db.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Cell] = ()) -> Row | None:
        """Return the first row that *sql* asks for."""
        with _damage():
            row: Row | None = self._db.execute(sql, values).fetchone()
            return row

    def run(self, sql: str, values: Sequence[Cell] = ()) -> int:
        """Execute *sql*; return the number of the row that it made."""
        with _damage():
            return self._db.execute(sql, values).lastrowid or 0

    def many(self, sql: str, rows: Iterable[Row]) -> None:
        """Execute *sql* for each of *rows*."""
        with _damage():
            self._db.executemany(sql, rows)

    def sort(self, table: str, column: str, key: int) -> str:
        """Keep the values of a key in order, so that the largest are at hand.

        Args:
            table: One with columns ``key`` and ``run``.
            column: Its column, as SQL writes it.
            key: The key.

        Returns:
            The name of the order for ``INDEXED BY``. Nothing where values are of several kinds,
            or the file cannot be written now.
        """
        name = f"{table} {key} {column.strip(chr(34))}"
        quoted = f'"{name}"'
        ends = f"SELECT typeof({column}) FROM {table} INDEXED BY {quoted} WHERE key={key}"
        try:
            there = [found for (found,) in self.rows(_ORDERS)]
            if name not in there:
                if len(there) >= _MOST_ORDERS:
                    self.run(f'DROP INDEX IF EXISTS "{there[0]}"')
                made = f"ON {table}({column}, run) WHERE key={key}"
                self.run(f"CREATE INDEX IF NOT EXISTS {quoted} {made}")
            kinds = {
                _KINDS.get(kind, kind)
                for way in ("", " DESC")
                for (kind,) in self.rows(f"{ends} ORDER BY {column}{way} LIMIT 1")
            }
        except IndexUnavailableError:
            return ""
        # In between are kinds in between: numbers come before texts, and texts before bytes.
        return quoted if len(kinds) == 1 and "null" not in kinds else ""

    @contextmanager
    def attached(self, path: Path, name: str) -> Iterator[None]:
        """Let the body ask the index *path* too, under *name*, a word."""
        self.run(f"ATTACH DATABASE ? AS {name}", (str(path),))
        try:
            yield
        finally:
            self.run(f"DETACH DATABASE {name}")

    def function(self, name: str, count: int, function: Function) -> None:
        """Let queries call *function* with *count* values."""
        self._db.create_function(name, count, function, deterministic=True)

    def ask(
        self, sql: str, views: Iterable[str], functions: Mapping[str, Function], seconds: float
    ) -> tuple[list[str], list[Row]]:
        """Return the columns and the rows of a user's *sql*.

        It can change nothing.

        Args:
            sql: One statement ``SELECT``.
            views: Statements that make temporary views for it.
            functions: What views and *sql* may call, with one value.
            seconds: It is stopped after so long.

        Raises:
            ExpressionError: If SQLite refuses it, or it took too long.
        """
        until = time.monotonic() + seconds
        with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            for name, function in functions.items():
                db.create_function(name, 1, function, deterministic=True)
            for view in views:
                db.execute(view)
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
            db.set_authorizer(_only_reads)
            db.set_progress_handler(lambda: time.monotonic() > until, 10_000)
            try:
                found = db.execute(sql)
                if found.description is None:
                    raise sqlite3.DataError("it asks nothing")
                rows = found.fetchmany(_MOST)
                if found.fetchone() is not None:
                    raise sqlite3.DataError(f"it has more than {_MOST:,} rows")
                return [column[0] for column in found.description], rows
            except (sqlite3.Error, sqlite3.Warning) as error:
                late = time.monotonic() > until
                why = f"it took more than {seconds:g} seconds" if late else str(error)
                raise ExpressionError(
                    f"SQLite refuses it: {why}",
                    text=sql,
                    position=0,
                    hint="the page on SQL has the tables that can be asked",
                ) from None

    def meta(self, name: str) -> Any:
        """Return a fact of the index, or None."""
        row = self.one("SELECT value FROM meta WHERE name=?", (name,))
        return None if row is None else row[0]

    def set_meta(self, name: str, value: Cell) -> None:
        """Keep a fact of the index."""
        self.run("INSERT OR REPLACE INTO meta VALUES(?, ?)", (name, value))

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self._db.close()

    @staticmethod
    def remove(path: Path) -> None:
        """Remove the index *path*, and what SQLite keeps beside it."""
        for name in (f"{path.name}-wal", f"{path.name}-shm", path.name):
            with suppress(OSError):
                fsio.unlink(path.with_name(name))


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if str(error) == "no query solution":
            raise UnusedOrderError from error
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in _PASSING and code != sqlite3.SQLITE_IOERR_SHORT_READ:  # it was cut
            raise IndexUnavailableError(str(error)) from error
        raise IndexDamagedError(f"the index cannot be used: {error}") from error

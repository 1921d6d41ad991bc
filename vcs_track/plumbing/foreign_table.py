"""Tables of a database of SQLite that is somebody else's: read, and never written."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from vcs_track.errors import CorruptError, InvalidValueError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["ForeignTables"]

_LONGEST: Final = 256 << 20  # bytes of a value
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_WAIT: Final = 2.0  # seconds for who writes it
_BATCH: Final = 1000  # rows at a time
_BATCH_BLOBS: Final = 4


class ForeignTables:
    """A database, opened for reading only.

    Args:
        path: The file.

    Attributes:
        columns: Names of the columns of each plain table. Views and virtual tables are none:
            what a stranger wrote there would run here.

    Raises:
        InvalidValueError: If there is no such file.
        CorruptError: If it is no database.
        LockedError: If somebody writes it just now.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InvalidValueError(f"there is no database '{path}'", hint="give the path of one")
        self._path = path
        with self._said():
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT
            )
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA trusted_schema=OFF")
        self._db.execute("PRAGMA query_only=ON")
        self._db.execute("PRAGMA cell_size_check=ON")
        self._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        self._db.text_factory = lambda data: data.decode("utf-8", "replace")
        # One state of it, whoever writes meanwhile.
        self._db.execute("BEGIN")
        self.columns: dict[str, list[str]] = {}
        plain = "SELECT name, sql FROM sqlite_master WHERE type='table'"
        for name, sql in self._db.execute(plain).fetchall():
            if isinstance(sql, str) and not sql.upper().lstrip().startswith("CREATE VIRTUAL"):
                info = self._db.execute(f"PRAGMA table_info({_quoted(name)})").fetchall()
                self.columns[name] = [row[1] for row in info]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY:
                raise LockedError(
                    f"'{self._path}' is being written",
                    hint="try again when the program that writes it has ended",
                ) from None
            raise CorruptError(f"'{self._path}' cannot be read: {error}") from None

    def ends(self, table: str, group: str, key: str) -> dict[Any, tuple[int, int]]:
        """Return the number of rows and the largest *key* of each *group*.

        Raises:
            CorruptError: If the database is damaged.
        """
        there = self.columns.get(table, [])
        if group not in there or key not in there:
            return {}
        by, end = _quoted(group), _quoted(key)
        sql = f"SELECT {by}, count(*), max({end}) FROM {_quoted(table)} GROUP BY {by}"  # noqa: S608 -- as below
        with self._said():
            found = self._db.execute(sql).fetchall()
        return {name: (count, end) for name, count, end in found if type(end) is int}

    def rows(
        self, table: str, columns: Sequence[str], where: Mapping[str, Any] | None = None, *,
        after: Mapping[str, int] | None = None, order: Sequence[str] = (), blobs: bool = False,
    ) -> Iterator[tuple[Any, ...]]:  # fmt: skip
        """Yield rows of *table*, a batch at a time.

        Args:
            table: Its name; one that is not there has no rows.
            columns: Names of columns; one that is not there is None.
            where: Values that columns must have.
            after: Numbers above which columns must be.
            order: Columns to sort by.
            blobs: Whether values are large, so that few are held at once.

        Raises:
            CorruptError: If the database is damaged.
        """
        there = self.columns.get(table)
        if there is None:
            return
        chosen = ", ".join(_quoted(name) if name in there else "NULL" for name in columns)
        tests = [(f"{_quoted(name)} = ?", value) for name, value in (where or {}).items()]
        tests += [(f"{_quoted(name)} > ?", value) for name, value in (after or {}).items()]
        sql = f"SELECT {chosen} FROM {_quoted(table)}"  # noqa: S608 -- each name is quoted, and there
        if tests:
            sql += " WHERE " + " AND ".join(test for test, _ in tests)
        if sorting := [_quoted(name) for name in order if name in there]:
            sql += f" ORDER BY {', '.join(sorting)}"
        with self._said():
            found = self._db.execute(sql, [value for _, value in tests])
            while batch := found.fetchmany(_BATCH_BLOBS if blobs else _BATCH):
                yield from batch


def _quoted(name: str) -> str:
    text = name.replace('"', '""')
    return f'"{text}"'

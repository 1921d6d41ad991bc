"""Databases of others."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from vcs_track.errors import CorruptError, InvalidValueError, LockedError
from vcs_track.plumbing.foreign_table import ForeignTables

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "x.db"
    db = sqlite3.connect(found)
    with db:
        db.execute('CREATE TABLE "a""b" (id_ INTEGER PRIMARY KEY, run, "v w")')
        db.executemany(
            'INSERT INTO "a""b" VALUES (?, ?, ?)', [(1, 1, "x"), (2, 2, None), (3, 1, b"y")]
        )
        db.execute("CREATE VIEW seen AS SELECT 1 AS one")
    db.close()
    return found


class TestForeignTables:
    def test_rows(self, path: Path) -> None:
        """Rows are chosen and sorted; a column that is not there is None, a table has no rows."""
        with ForeignTables(path) as db:
            names = ("v w", "nothing")

            assert {'a"b': ["id_", "run", "v w"]} == db.columns
            assert [("x", None), (b"y", None)] == list(
                db.rows('a"b', names, {"run": 1}, order=("id_", "gone"))
            )
            assert [(3,)] == list(db.rows('a"b', ("id_",), after={"id_": 2}))
            assert [] == list(db.rows("nothing", names))
            assert {1: (2, 3), 2: (1, 2)} == db.ends('a"b', "run", "id_")
            assert {} == db.ends('a"b', "gone", "id_")

    def test_reads_only(self, path: Path) -> None:
        """Nothing can be written through it, and nothing is left beside it."""
        path.chmod(0o444)
        with ForeignTables(path) as db:
            list(db.rows('a"b', ("id_",)))
            with pytest.raises(sqlite3.OperationalError):
                db._db.execute("DELETE FROM seen")

        assert ["x.db"] == [one.name for one in path.parent.iterdir()]

    def test_a_large_value_is_refused(self, path: Path) -> None:
        """A value above the limit is an error, and not memory."""
        db = sqlite3.connect(path)
        with db:
            db.execute('INSERT INTO "a""b" VALUES (9, 9, zeroblob(300000000))')
        db.close()

        with ForeignTables(path) as tables, pytest.raises(CorruptError, match="too big"):
            list(tables.rows('a"b', ("v w",), {"id_": 9}))

    def test_while_it_is_written(self, path: Path) -> None:
        """A database that somebody writes just now is not called damaged."""
        db = sqlite3.connect(path)
        db.execute("BEGIN EXCLUSIVE")

        with pytest.raises(LockedError, match="is being written"):
            ForeignTables(path)
        db.rollback()
        db.close()

    def test_no_file(self, tmp_path: Path) -> None:
        """What is not there, or no database, is said."""
        (tmp_path / "y").write_bytes(b"y" * 3000)

        with pytest.raises(InvalidValueError, match="no database"):
            ForeignTables(tmp_path / "nothing.db")
        with pytest.raises(CorruptError, match="not a database"):
            ForeignTables(tmp_path / "y")

"""Tests of ``vcs_track.plumbing.index``: values kept in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from vcs_track.plumbing.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Return an empty index."""
    index = Index(tmp_path / "index.sqlite")
    yield index
    index.close()


def put(index: Index, key: int, *values: Any) -> None:
    """Give runs these values of a key."""
    index.many("INSERT INTO kv VALUES(?, ?, ?)", [(key, n, v) for n, v in enumerate(values)])


class TestSort:
    @pytest.mark.parametrize("values", [(1, 2.5, -3), ("a", "b"), (b"b0", b"b1")])
    def test_values_of_one_kind(self, index: Index, values: tuple[Any, ...]) -> None:
        """Numbers, texts or truth values are kept in order, and read in it."""
        put(index, 7, *values)
        order = index.sort("kv", "v", 7)
        sql = f"SELECT v FROM kv INDEXED BY {order} WHERE key=7 ORDER BY v"
        plan = [row[3] for row in index.rows(f"EXPLAIN QUERY PLAN {sql}")]

        assert [(value,) for value in sorted(values)] == index.rows(sql)
        assert [True] == [step.startswith("SCAN") or "COVERING" in step for step in plan]

    @pytest.mark.parametrize("values", [(1, "a"), ("a", b"b1"), (0.5, b"b0"), (None, 1), ()])
    def test_values_of_several_kinds(self, index: Index, values: tuple[Any, ...]) -> None:
        """SQLite's order of several kinds is not that of filters: there is none to use."""
        put(index, 7, *values)

        assert "" == index.sort("kv", "v", 7)

    def test_so_many_are_kept(self, index: Index) -> None:
        """The seventeenth order takes the place of the first."""
        for key in range(17):
            put(index, key, 1)
            index.sort("kv", "v", key)
        names = [
            name
            for (name,) in index.rows(
                "SELECT name FROM sqlite_master WHERE sql LIKE '%WHERE key%'"
            )
        ]

        assert [f"kv {key} v" for key in range(1, 17)] == names

"""Two tables as one, and a table in parts; both live in artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from vcs_track.compat.wandb.media.refusals import BadArgumentError
from vcs_track.compat.wandb.media.sink import Value, kept
from vcs_track.compat.wandb.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["JoinedTable", "PartitionedTable"]


class JoinedTable(Value):
    """Two tables that are read as one, row by row where a column is equal.

    Args:
        table1: A table, or the path of one in the same artifact.
        table2: Another one.
        join_key: The column that both have, or the pair of columns.

    Raises:
        BadArgumentError: If these are none.

    Example:
        >>> from vcs_track.compat.wandb.tables.joined import JoinedTable
        >>> from vcs_track.compat.wandb.tables.table import Table
        >>> names = Table(columns=["id", "name"], data=[[1, "cat"], [2, "dog"]])
        >>> ages = Table(columns=["id", "age"], data=[[2, 7]])
        >>> list(JoinedTable(names, ages, "id").iterrows())
        [(0, [2, 'dog', 7])]
    """

    _type: ClassVar[str] = "joined-table"

    def __init__(self, table1: Any, table2: Any, join_key: Any) -> None:
        for table in (table1, table2):
            if not isinstance(table, Table | str):
                raise BadArgumentError("table1 and table2 must be tables, or paths of tables")
        pair = isinstance(join_key, list | tuple) and len(join_key) == 2
        if not isinstance(join_key, str) and not pair:
            raise BadArgumentError("join_key should be a string or a list of two strings")
        self._tables = (table1, table2)
        self._join_key = join_key

    @property
    def _keys(self) -> tuple[Any, Any]:
        key = self._join_key
        return (key, key) if isinstance(key, str) else (key[0], key[1])

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield the rows of both tables where the keys are equal."""
        left, right = self._tables
        if isinstance(left, str) or isinstance(right, str):
            raise BadArgumentError("the tables are paths", hint="get them from the artifact")
        first, second = left.columns.index(self._keys[0]), right.columns.index(self._keys[1])
        matching: dict[str, list[list[Any]]] = {}
        for row in right.data:
            rest = [value for at, value in enumerate(row) if at != second]
            matching.setdefault(repr(row[second]), []).append(rest)
        found = ([*row, *rest] for row in left.data for rest in matching.get(repr(row[first]), ()))
        yield from enumerate(found)

    def _record(self, sink: Sink) -> dict[str, Json]:
        parts = [one if isinstance(one, str) else kept([one], sink)[0] for one in self._tables]
        key = self._join_key if isinstance(self._join_key, str) else list(self._join_key)
        return {"_type": self._type, "table1": parts[0], "table2": parts[1], "join_key": key}

    @classmethod
    def _revived(cls, record: dict[str, Any], read: Callable[[str], bytes]) -> Any:
        raise NotImplementedError  # the artifact makes it, which has both tables

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JoinedTable):
            return NotImplemented
        return self._tables == other._tables and self._keys == other._keys

    __hash__ = None  # type: ignore[assignment]  # its tables may change


class PartitionedTable(Value):
    """A table whose parts are the tables in one folder of an artifact.

    Args:
        parts_path: The folder.

    Raises:
        BadArgumentError: If it is no text.
    """

    _type: ClassVar[str] = "partitioned-table"

    def __init__(self, parts_path: str, parts: list[Table] | None = None) -> None:
        if not isinstance(parts_path, str):
            raise BadArgumentError("parts_path must be a string")
        self.parts_path = parts_path
        self._parts = parts or []

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield the rows of all parts, part after part."""
        yield from enumerate(row for part in self._parts for row in part.data)

    def _record(self, sink: Sink) -> dict[str, Json]:
        del sink
        return {"_type": self._type, "parts_path": self.parts_path}

    @classmethod
    def _revived(cls, record: dict[str, Any], read: Callable[[str], bytes]) -> Any:
        raise NotImplementedError  # as above

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PartitionedTable):
            return NotImplemented
        return self.parts_path == other.parts_path and self._parts == other._parts

    __hash__ = None  # type: ignore[assignment]  # as above

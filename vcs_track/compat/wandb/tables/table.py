"""A table: rows of values and media, each column of one type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.media.refusals import BadArgumentError
from vcs_track.compat.wandb.media.sink import Value
from vcs_track.compat.wandb.tables import types
from vcs_track.compat.wandb.tables.cells import cell, revived
from vcs_track.compat.wandb.tables.frame import check_list, is_frame, rows_of, to_frame
from vcs_track.compat.wandb.term import termwarn
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["Increments", "Table"]

_MODES: Final = ("IMMUTABLE", "MUTABLE", "INCREMENTAL")
_DEFAULT: Final = ["Input", "Output", "Expected"]


class Table(Value):
    """A table.

    Args:
        columns: Names of the columns. Default: ``Input``, ``Output`` and ``Expected``.
        data: Rows, an array of two dimensions, or a data frame.
        rows: The same, as it was called once.
        dataframe: A data frame, whose columns are taken.
        dtype: Type of all columns, or a list with one for each.
        optional: Whether cells may be None, for all columns or for each.
        allow_mixed_types: Whether a column may hold anything.
        log_mode: ``IMMUTABLE`` or ``MUTABLE``, each log of which keeps the whole table, or
            ``INCREMENTAL``, of which it keeps the rows that are new.

    Raises:
        BadArgumentError: If an argument is of the wrong type.
        BadTypeError: If a row does not fit the types of the columns.
        BadValueError: If a row has more or fewer cells than there are columns.

    Example:
        >>> from vcs_track.compat.wandb.tables.table import Table
        >>> table = Table(columns=["epoch", "name"], data=[[1, "first"]])
        >>> table.add_data(2, "second")
        >>> table.get_column("name")
        ['first', 'second']
    """

    _type: ClassVar[str] = "table"
    MAX_ROWS: ClassVar[int] = 10_000
    MAX_ARTIFACT_ROWS: ClassVar[int] = 200_000

    def __init__(
        self,
        columns: list[Any] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: str | None = "IMMUTABLE",
    ) -> None:
        self.log_mode = _mode(log_mode)
        self._increments: Increments | None = None
        self._pk: Any = None
        self._fks: dict[Any, tuple[Table, str]] = {}
        given = data if data is not None else rows
        if dataframe is not None or is_frame(given):
            frame = dataframe if dataframe is not None else given
            if not is_frame(frame):
                raise BadArgumentError(
                    "dataframe argument expects a `pandas.core.frame.DataFrame` object"
                )
            names, found = rows_of(frame)
            columns = names if columns is None or dataframe is not None else columns
        else:
            found = _listed(given)
        self.columns = _columns(_DEFAULT if columns is None else columns)
        self.data: list[list[Any]] = []
        self._types: dict[Any, types.Type] = self._declare(
            types.ANY if allow_mixed_types else dtype, optional
        )
        for row in found:
            self.add_data(*row)

    def _declare(self, dtype: Any, optional: bool | list[bool]) -> dict[Any, types.Type]:
        count = len(self.columns)
        kinds = list(dtype) if isinstance(dtype, list | tuple) else [dtype] * count
        free = list(optional) if isinstance(optional, list | tuple) else [optional] * count
        if len(kinds) != count or len(free) != count:
            raise BadTypeError(
                f"there are {count} columns, {len(kinds)} types and {len(free)} words on None",
                hint="give one for all, or one for each column",
            )
        found = {}
        for name, kind, may in zip(self.columns, kinds, free, strict=True):
            known = types.UNKNOWN if kind is None else types.declared(kind)
            found[name] = types.optional(known) if may else known
        return found

    # ---- rows and columns --------------------------------------------------------------

    def add_data(self, *data: Any) -> None:
        """Add a row.

        Args:
            *data: A cell for each column.

        Raises:
            BadTypeError: If a cell is of another type than its column.
            BadValueError: If there are more or fewer cells than columns.
        """
        if len(data) != len(self.columns):
            raise BadValueError(
                f"This table expects {len(self.columns)} columns: {self.columns}, found "
                f"{len(data)}"
            )
        found = {}
        for name, value in zip(self.columns, data, strict=True):
            new = types.type_of(value)
            kind = types.joined(self._types[name], new)
            if kind is None:
                raise BadTypeError(
                    f"Data row contained incompatible types: column '{name}' got "
                    f"{types.shown(new)}, expected {types.shown(self._types[name])}",
                    hint="convert it, or make the table with allow_mixed_types=True",
                )
            found[name] = kind
        self._types = found
        self.data.append(list(data))

    def add_row(self, *row: Any) -> None:
        """Add a row; the old name of :meth:`add_data`."""
        termwarn("add_row is deprecated, use add_data", repeat=False)
        self.add_data(*row)

    def add_column(self, name: Any, data: Any, optional: bool = False) -> None:
        """Add a column.

        Args:
            name: Its name, which is new.
            data: A cell for each row: a list, or an array.
            optional: Whether cells that are added later may be None.

        Raises:
            BadArgumentError: If the name is taken, or there are more or fewer cells.
            BadTypeError: If the cells are of several types.
        """
        if not isinstance(name, str) or name in self.columns:
            raise BadArgumentError(f"the name of a new column is {name!r}, expected a new text")
        if not isinstance(data, list) and not hasattr(data, "tolist"):
            raise BadArgumentError("the cells of a column must be a list or an array")
        cells = list(data)
        if self.columns and len(cells) != len(self.data):
            raise BadArgumentError(f"Expected length {len(self.data)}, found {len(cells)}")
        kind = (
            types.optional(types.UNKNOWN) if optional or None in _plain(cells) else types.UNKNOWN
        )
        for value in cells:
            found = types.joined(kind, types.type_of(value))
            if found is None:
                raise BadTypeError(
                    f"column '{name}' has {types.shown(types.type_of(value))} among "
                    f"{types.shown(kind)}"
                )
            kind = found
        if not self.columns:
            self.data = [[] for _ in cells]
        self.columns.append(name)
        self._types[name] = kind
        for row, value in zip(self.data, cells, strict=True):
            row.append(value)

    def add_computed_columns(self, fn: Callable[[int, dict[Any, Any]], dict[str, Any]]) -> None:
        """Add columns that are computed from the rows.

        Args:
            fn: Gets the number of a row and its cells by column; returns the new cells.
        """
        made: dict[str, list[Any]] = {}
        for n, row in enumerate(self.data):
            for name, value in fn(n, dict(zip(self.columns, row, strict=True))).items():
                made.setdefault(name, []).append(value)
        for name, cells in made.items():
            self.add_column(name, cells)

    def get_column(self, name: Any, convert_to: str | None = None) -> Any:
        """Return the cells of a column.

        Args:
            name: Its name.
            convert_to: ``numpy`` for an array.

        Raises:
            BadArgumentError: If there is none, or it cannot be converted so.
        """
        if name not in self.columns:
            raise BadArgumentError(
                f"the table has no column '{name}'", hint=f"it has {self.columns}"
            )
        if convert_to not in (None, "numpy"):
            raise BadArgumentError(f"convert_to is '{convert_to}', expected 'numpy' or None")
        at = self.columns.index(name)
        cells = [row[at] for row in self.data]
        if convert_to is None:
            return cells
        import numpy as np

        try:
            found = np.array(cells)
        except ValueError:  # rows of several lengths
            found = np.array(None)
        if found.dtype.kind in "biufcSUM" and found.ndim:
            return found
        array = np.empty(len(cells), dtype=object)
        array[:] = cells
        return array

    def get_dataframe(self) -> Any:
        """Return the table as a data frame of pandas.

        Raises:
            NotInstalledError: If pandas is not installed.
        """
        return to_frame(list(self.columns), [list(row) for row in self.data])

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield the number and the cells of each row."""
        yield from enumerate(self.data)

    def get_index(self) -> list[int]:
        """Return the numbers of the rows."""
        return list(range(len(self.data)))

    def index_ref(self, index: int) -> int:
        """Return the number of a row, if there is such a row."""
        if not 0 <= index < len(self.data):
            raise BadArgumentError(f"the table has no row {index}, only {len(self.data)}")
        return index

    def to_data_array(self) -> list[list[Any]]:
        """Return the rows, the column names first."""
        return [list(self.columns), *self.data]

    # ---- types and keys ----------------------------------------------------------------

    def cast(self, col_name: Any, dtype: Any, optional: bool = False) -> dict[str, Any]:
        """Say what a column holds.

        Args:
            col_name: The column.
            dtype: Its type.
            optional: Whether cells may be None.

        Returns:
            The type, as the file of the table says it.

        Raises:
            BadArgumentError: If there is no such column.
            BadTypeError: If a cell is of another type; the column stays as it was.
        """
        wanted = types.declared(dtype)
        kind = types.optional(wanted) if optional else wanted
        for value in self.get_column(col_name):
            found = types.joined(kind, types.type_of(value))
            if found is None:
                raise BadTypeError(
                    f"Existing data {value!r:.60}, of type {types.shown(types.type_of(value))} "
                    f"cannot be cast to {types.shown(kind)}"
                )
            kind = found
        self._types[col_name] = kind
        return kind

    def set_pk(self, col_name: Any) -> None:
        """Say that the texts of a column tell its rows apart."""
        cells = self.get_column(col_name)
        if not all(isinstance(value, str) for value in cells):
            raise BadTypeError(f"column '{col_name}' is no key: it must be of texts")
        self._pk = col_name

    def set_fk(self, col_name: Any, table: Table, table_col: str) -> None:
        """Say that a column holds keys of another table."""
        self.get_column(col_name)
        table.set_pk(table_col)
        self._fks[col_name] = (table, table_col)

    # ---- the store ---------------------------------------------------------------------

    def _body(self, sink: Sink, first: int = 0) -> dict[str, Any]:
        fields = {str(name): self._types[name] for name in self.columns}
        return {
            "columns": list(self.columns),
            "data": [[cell(value, sink) for value in row] for row in self.data[first:]],
            "column_types": {"wb_type": "typedDict", "params": {"type_map": fields}},
        }

    def _record(self, sink: Sink) -> dict[str, Json]:
        if self.log_mode == "INCREMENTAL" and sink.place is not None:
            if self._increments is None or self._increments.place != sink.place:
                self._increments = Increments(sink.place)
            return self._increments.record(self, sink)
        body = canonical.dumps(self._body(sink))
        stored = sink.put(body, "table", "table.json", meta={"type": "table-file"})
        return {
            "_type": "table-file", **stored, "ncols": len(self.columns), "nrows": len(self.data),
            "log_mode": self.log_mode,
        }  # fmt: skip

    @classmethod
    def _from_body(cls, body: dict[str, Any], value_of: Callable[[dict[str, Any]], Any]) -> Table:
        """Return the table that *body* is; types are those that it says, where it does."""
        table = cls.__new__(cls)
        table.__init__(columns=list(body["columns"]), allow_mixed_types=True)  # type: ignore[misc]
        kinds = (body.get("column_types") or {}).get("params", {}).get("type_map", {})
        for row in body["data"]:
            table.data.append(
                [
                    revived(value, kinds.get(str(name)), value_of)
                    for name, value in zip(table.columns, row, strict=True)
                ]
            )
        for name in table.columns:
            if str(name) in kinds:
                table._types[name] = kinds[str(name)]  # noqa: SLF001 -- of its own class
        return table

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.columns == other.columns and _equal(self.data, other.data)

    __hash__ = None  # type: ignore[assignment]  # its rows may change

    def __repr__(self) -> str:
        return f"<Table {len(self.data)} rows, columns {self.columns}>"


class Increments:
    """What a row of a run has of a table that is logged part by part.

    Args:
        place: Run and key.

    Attributes:
        place: The same.
    """

    def __init__(self, place: tuple[str, str]) -> None:
        self.place = place
        self._rows = 0
        self._paths: list[str] = []
        self._last: dict[str, Json] | None = None

    def record(self, table: Table, sink: Sink) -> dict[str, Json]:
        """Store the rows of *table* that are new; return what tells of it.

        Without new rows that is the same as the last time.
        """
        if self._last is not None and len(table.data) == self._rows:
            return self._last
        before: dict[str, Json] = {
            "increment_num": len(self._paths), "previous_increments_paths": [*self._paths]
        }  # fmt: skip
        body = {**table._body(sink, self._rows), **before}  # noqa: SLF001 -- a part of the table
        stored = sink.put(
            canonical.dumps(body), "table", "table.json", meta={"type": "table-file"}
        )
        self._rows = len(table.data)
        self._paths.append(str(stored["path"]))
        self._last = {
            "_type": "incremental-table-file", **stored, "ncols": len(table.columns),
            "nrows": self._rows, "log_mode": table.log_mode, **before,
        }  # fmt: skip
        return self._last


def _mode(mode: str | None) -> str:
    if mode is not None and mode not in _MODES:
        raise BadArgumentError(f"Invalid log_mode: {mode}. Must be one of {list(_MODES)}")
    return mode or _MODES[0]


def _columns(columns: Any) -> list[Any]:
    if not isinstance(columns, list):
        raise BadArgumentError("columns argument expects a `list` object")
    if not all(isinstance(name, str | int) and not isinstance(name, bool) for name in columns):
        raise BadArgumentError("columns argument expects list of strings or ints")
    if len(set(map(str, columns))) != len(columns):
        raise BadArgumentError(f"two columns have one name: {columns}")
    return list(columns)


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    if hasattr(type(given), "dtype") and hasattr(type(given), "shape"):
        if len(given.shape) < 2:
            raise BadArgumentError("an array must have two dimensions", hint="reshape(-1, 1)")
        return [list(row) for row in given]
    return [
        row if isinstance(row, list | tuple) else _row(row) for row in check_list(given, "data")
    ]


def _row(row: Any) -> list[Any]:
    if isinstance(row, str | bytes) or not hasattr(row, "__iter__"):
        raise BadArgumentError("each row of data must be a list", hint=f"got {row!r:.60}")
    return list(row)


def _plain(cells: list[Any]) -> list[Any]:
    return [value for value in cells if value is None or isinstance(value, str | int | float)]


def _equal(left: Any, right: Any) -> bool:
    if hasattr(left, "tolist") and hasattr(right, "tolist"):
        return bool(left.tolist() == right.tolist())
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_equal, left, right))
    return bool(left == right)

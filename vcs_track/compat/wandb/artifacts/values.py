"""Tables, images and other values as files of an artifact, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import data_types
from vcs_track.compat.wandb.errors import BadTypeError
from vcs_track.compat.wandb.media.masks import ImageMask
from vcs_track.compat.wandb.media.sink import Sink, Value, kept
from vcs_track.compat.wandb.tables.joined import JoinedTable, PartitionedTable
from vcs_track.compat.wandb.tables.table import Table
from vcs_track.errors import CorruptError
from vcs_track.formats import canonical, typed_json
from vcs_track.formats.oid import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.value import Json, WBValue

__all__ = ["as_files", "ending_of", "value_in"]

_CLASSES: Final[dict[str, type[Value]]] = {
    "audio-file": data_types.Audio,
    "bokeh-file": data_types.Bokeh,
    "boxes2D": data_types.BoundingBoxes2D,
    "classes": data_types.Classes,
    "graph-file": data_types.Graph,
    "histogram": data_types.Histogram,
    "html-file": data_types.Html,
    "image-file": data_types.Image,
    "mask": ImageMask,
    "molecule-file": data_types.Molecule,
    "object3D-file": data_types.Object3D,
    "plotly-file": data_types.Plotly,
    "video-file": data_types.Video,
}
_TABLES: Final = ("joined-table", "partitioned-table", "table")
_DEEPEST: Final = 20


class _Files(Sink):
    """The files that a value becomes."""

    def __init__(self) -> None:
        self.found: dict[str, bytes] = {}

    def put(
        self, data: bytes, folder: str, extension: str, *, kind: str = "file",
        meta: dict[str, Any] | None = None,
    ) -> dict[str, Json]:  # fmt: skip
        """Take *data* under a name that its content gives it."""
        del kind, meta
        digest = digest_of("sha256", data)
        path = f"media/{folder}/{digest[:20]}.{extension}"
        self.found[path] = data
        return {"path": path, "sha256": digest, "size": len(data)}


def ending_of(kind: str) -> str:
    """Return how the file of a value of this type ends."""
    return f".{kind}.json"


def as_files(value: WBValue, name: str) -> list[tuple[str, bytes]]:
    """Return the files that *value* becomes, its own file last.

    Args:
        value: The value.
        name: Its name in the artifact.

    Raises:
        BadTypeError: If it is of a type that is logged only.
    """
    if not isinstance(value, Value) or getattr(value, "_type", "histogram") == "custom-chart":
        raise BadTypeError(
            f"a {type(value).__name__} cannot be added to an artifact", hint="add its table"
        )
    files = _Files()
    if isinstance(value, Table):
        body: Any = {
            "_type": "table", **value._body(files), "ncols": len(value.columns),  # noqa: SLF001 -- the contract of values
            "nrows": len(value.data), "log_mode": value.log_mode,
        }  # fmt: skip
    else:
        body = kept([value], files)[0]
    ending = ending_of(body["_type"])
    path = name if name.endswith(ending) else name + ending
    return [*files.found.items(), (path, canonical.dumps(typed_json.freeze(body)))]


def value_in(data: bytes, read: Callable[[str], bytes], below: Callable[[str], list[str]]) -> Any:
    """Return the value that a file of an artifact is.

    Args:
        data: The file.
        read: Returns the bytes of another file of the artifact.
        below: Returns the names of the files in a folder of the artifact.

    Raises:
        CorruptError: If it is none.
    """
    return _Reader(read, below).value(typed_json.thaw(canonical.loads(data)))


class _Reader:
    def __init__(self, read: Callable[[str], bytes], below: Callable[[str], list[str]]) -> None:
        self._read = read
        self._below = below
        self._depth = 0

    def value(self, record: Any) -> Any:
        kind = record.get("_type") if isinstance(record, dict) else None
        if kind is None and isinstance(record, dict) and record.keys() >= {"columns", "data"}:
            kind = "table"  # as it stands in a row
        self._depth += 1
        # A stranger's table may name itself as one of its cells.
        if self._depth > _DEEPEST:
            raise CorruptError("a value of an artifact holds itself")
        try:
            return self._value(str(kind), record)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CorruptError(f"a value of type '{kind}' is damaged: {error}") from None
        finally:
            self._depth -= 1

    def _value(self, kind: str, record: dict[str, Any]) -> Any:
        if kind == "table":
            return Table._from_body(self._whole(record), self.value)  # noqa: SLF001 -- as above
        if kind == "table-file":
            return self._table(str(record["path"]))
        if kind == "joined-table":
            left, right = self._part(record["table1"]), self._part(record["table2"])
            return JoinedTable(left, right, record["join_key"])
        if kind == "partitioned-table":
            folder = str(record["parts_path"])
            parts = [
                self._table(path) for path in self._below(folder) if path.endswith(".table.json")
            ]
            return PartitionedTable(folder, parts)
        if kind not in _CLASSES:
            raise CorruptError(f"'{kind}' is no type of a value")
        return _CLASSES[kind]._revived(record, self._read)  # noqa: SLF001 -- as above

    def _table(self, path: str) -> Table:
        body = typed_json.thaw(canonical.loads(self._read(path)))
        return Table._from_body(self._whole(body), self.value)  # noqa: SLF001 -- as above

    def _whole(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a table with the rows that were logged before its own."""
        rows: list[Any] = []
        for path in body.get("previous_increments_paths") or ():
            rows += typed_json.thaw(canonical.loads(self._read(str(path))))["data"]
        return {**body, "data": [*rows, *body["data"]]}

    def _part(self, part: Any) -> Any:
        return self._table(part) if isinstance(part, str) else self.value(part)

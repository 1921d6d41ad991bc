"""The points of one series of one run, a chunk at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError
from vcs_track.formats.series import decode_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vcs_track.formats.oid import ObjectId
    from vcs_track.formats.series import Chunk

    Group = tuple[int, int | None]

__all__ = ["Columns", "Stream", "identity"]

# Wall times never agree between two runs and say nothing about the result.
_COMPARED: Final = ("value", "step", "epoch", "rep", "rank")
_READ: Final = ("step", "value", "epoch")
_ALONE: Final[Group] = (0, None)


def identity(chunk: Chunk) -> tuple[ObjectId | str, ...]:
    """Return what is equal for two chunks whose points are equal."""
    return tuple(chunk.get(name, "") for name in _COMPARED)


class Columns:
    """Reads columns.

    Args:
        read: Gives the bytes of an object.
        kept: Keeps the steps that were read last; two runs often share them.
    """

    def __init__(self, read: Callable[[ObjectId], bytes], kept: dict[ObjectId, list[Any]]) -> None:
        self._read = read
        self._kept = kept
        # The chunk read last, by group: the next group often begins where one ends.
        self._split: tuple[Chunk | None, dict[Group, list[list[Any]]]] = (None, {})

    def load(self, chunk: Chunk, name: str, default: Any = None) -> list[Any]:
        """Return a column of *chunk*, filled with *default* where it has none.

        Raises:
            CorruptError: If it is damaged.
            ObjectNotFoundError: If it is not here.
        """
        oid, n = chunk.get(name), chunk["n"]
        if oid is None:
            return [default] * n
        values = self._kept.get(oid)
        if values is None:
            values = decode_column(self._read(oid))
            if name == "step":
                self._kept.clear()
                self._kept[oid] = values
        if len(values) != n:
            raise CorruptError(f"a column has {len(values)} values, not {n}")
        return values

    def groups(self, chunk: Chunk) -> set[Group]:
        """Return the repetitions and ranks of the points of *chunk*."""
        if "rep" not in chunk and "rank" not in chunk:
            return {_ALONE}
        return set(self._marks(chunk))

    def _marks(self, chunk: Chunk) -> Iterator[Group]:
        return zip(self.load(chunk, "rep", 0), self.load(chunk, "rank"), strict=True)

    def points(self, chunk: Chunk, group: Group | None) -> list[list[Any]]:
        """Return steps, values and epochs of *group* in *chunk*, or of all."""
        if group is None or ("rep" not in chunk and "rank" not in chunk):
            return [self.load(chunk, name) for name in _READ]
        if self._split[0] is not chunk:
            parts: dict[Group, list[list[Any]]] = {}
            columns = zip(*(self.load(chunk, name) for name in _READ), strict=True)
            for mark, point in zip(self._marks(chunk), columns, strict=True):
                for column, value in zip(parts.setdefault(mark, [[], [], []]), point, strict=True):
                    column.append(value)
            self._split = chunk, parts
        return self._split[1][group]


class Stream:
    """The points of one repetition and rank, in order.

    Args:
        chunks: The chunks of the series that have points of *group*.
        columns: Reads them.
        group: Which points. Default: all.

    Attributes:
        steps: What is left of the steps of the chunk at hand.
        values: The same of the values.
        epochs: The same of the epochs.
    """

    def __init__(
        self, chunks: Sequence[Chunk], columns: Columns, group: Group | None = None
    ) -> None:
        self._chunks = chunks
        self._columns = columns
        self._group = group
        self._next = 0
        self.steps: list[int] = []
        self.values: list[Any] = []
        self.epochs: list[Any] = []

    @property
    def ahead(self) -> Chunk | None:
        """The chunk that comes next, None inside of one and at the end."""
        if self.steps or self._next >= len(self._chunks):
            return None
        return self._chunks[self._next]

    def skip(self) -> None:
        """Leave the next chunk out."""
        self._next += 1

    def fill(self) -> bool:
        """Read on if nothing is left of a chunk; return whether there is more."""
        while not self.steps and self._next < len(self._chunks):
            chunk = self._chunks[self._next]
            self._next += 1
            self.steps, self.values, self.epochs = self._columns.points(chunk, self._group)
        return bool(self.steps)

    def only(self, chunk: Chunk) -> Stream:
        """Return the points of the same group in one chunk."""
        return Stream([chunk], self._columns, self._group)

    def drop(self, n: int) -> None:
        """Leave the next *n* points of the chunk at hand out."""
        self.steps, self.values, self.epochs = (
            column[n:] for column in (self.steps, self.values, self.epochs)
        )

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        while self.fill():
            steps, values, self.steps = self.steps, self.values, []
            yield from zip(steps, values, strict=True)

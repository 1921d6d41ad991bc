"""From points, one after the other, to the chunks of series."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.formats.chunk import CHUNK, Chunk
from vcs_track.formats.series import (
    decode_column,
    encode_deltas,
    encode_steps,
    encode_stretches,
    encode_values,
    statistics,
)
from vcs_track.formats.slots import FLOAT, FLOAT32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vcs_track.formats.oid import ObjectId

    Value = float | int | bool
    Emit = Callable[[bytes], ObjectId]
    Encode = Callable[[Sequence[int]], bytes]

__all__ = ["SeriesBuilder", "SharedColumns"]


class _Column(NamedTuple):
    numbers: array[int]
    oid: ObjectId
    least: int
    largest: int


class SharedColumns:
    """Stores columns of integers; tags of one row share them.

    The object is one and the same anyway, and this spares encoding it for each tag.

    Args:
        emit: Stores the bytes of a column and returns its id.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._latest: dict[Encode, _Column] = {}

    def store(self, encode: Encode, numbers: array[int]) -> _Column:
        """Store *numbers*, at least one, unless the last ones were the same."""
        found = self._latest.get(encode)
        if found is None or found.numbers != numbers:
            plain = numbers.tolist()
            oid = self._emit(encode(plain))
            found = self._latest[encode] = _Column(numbers, oid, min(plain), max(plain))
        return found


class SeriesBuilder:
    """Collects the points of one tag and writes a chunk whenever one is full.

    Args:
        emit: Stores the bytes of a column and returns its id.
        chunks: Chunks that are there already, when a run goes on.
        shared: Those of other tags of the run.

    Attributes:
        number: The tag number that stands for the newest mark.
    """

    def __init__(
        self, emit: Emit, chunks: Iterable[Chunk] = (), shared: SharedColumns | None = None
    ) -> None:
        self.number = -1
        self._emit = emit
        self._shared = shared or SharedColumns(emit)
        self._chunks = list(chunks)
        self._marks: list[tuple[int, int, Any, int | None]] = []
        self._opened = False
        self._clear()

    def _clear(self) -> None:
        # Arrays hold a point in 24 bytes, a tenth of what lists of numbers take; values that
        # are no doubles need a list.
        self._values: array[float] | list[Value] = array("d")
        self._steps = array("q")
        self._walls = array("q")
        self._exact = False

    def mark(
        self, number: int, repetition: int, epoch: float | None, rank: int | None = None
    ) -> None:
        """Say what the points from here on have in common."""
        self.number = number
        self._marks.append((len(self._steps), repetition, epoch, rank))

    def add(self, kind: int, value: Value, step: int, wall_us: int) -> None:
        """Add one point."""
        if kind != FLOAT32:
            self._exact = True
        if type(value) is not float and isinstance(self._values, array):
            self._values = self._values.tolist()
        self._values.append(value)
        self._steps.append(step)
        self._walls.append(wall_us)
        if len(self._steps) == CHUNK:
            self.flush()

    def extend(self, values: array[float], steps: array[int], walls: array[int]) -> None:
        """Add points that were logged as doubles."""
        at = 0
        while at < len(steps):
            until = at + CHUNK - len(self._steps)
            self._exact = True
            self._values.extend(values[at:until])
            self._steps.extend(steps[at:until])
            self._walls.extend(walls[at:until])
            if len(self._steps) == CHUNK:
                self.flush()
            at = until

    def flush(self) -> None:
        """Write the points at hand as a chunk."""
        values, n = list(self._values), len(self._steps)
        if not n:
            return
        step = self._shared.store(encode_steps, self._steps)
        chunk: Chunk = {
            "value": self._emit(encode_values(values, single=not self._exact)),
            "step": step.oid, "wall": self._shared.store(encode_deltas, self._walls).oid,
            "n": n, "lo": step.least, "hi": step.largest, **statistics(values),
        }  # fmt: skip
        self._flush_marks(chunk, n)
        self._chunks.append(chunk)
        self._clear()

    def _flush_marks(self, chunk: Chunk, n: int) -> None:
        ends = [mark[0] for mark in self._marks[1:]] + [n]
        counts = [end - mark[0] for mark, end in zip(self._marks, ends, strict=True)]
        last = self._marks[-1]
        # A mark at the place of the next one stands for no point.
        used = [i for i, count in enumerate(counts) if count]
        counts = [counts[i] for i in used]
        for place, name in enumerate(("rep", "epoch", "rank"), start=1):
            column = [self._marks[i][place] for i in used]
            if any(value is not None and (name != "rep" or value) for value in column):
                chunk[name] = self._emit(encode_stretches(zip(counts, column, strict=True)))
        self._marks = [(0, *last[1:])]

    def reopen(self, read: Callable[[ObjectId], bytes]) -> None:
        """Take back the last chunk if not full, so that it can grow; only once."""
        if self._opened or not self._chunks or self._chunks[-1]["n"] == CHUNK:
            return
        self._opened = True
        chunk = self._chunks.pop()
        values = decode_column(read(chunk["value"]))
        n = len(values)
        steps, walls = decode_column(read(chunk["step"])), decode_column(read(chunk["wall"]))
        rest = [
            decode_column(read(chunk[name])) if name in chunk else [default] * n
            for name, default in (("rep", 0), ("epoch", None), ("rank", None))
        ]
        single = b'"codec":"f4"' in read(chunk["value"])[:40]
        last: object = object()
        for value, step, wall, *mark in zip(values, steps, walls, *rest, strict=True):
            if mark != last:
                self.mark(-1, *mark)
                last = mark
            self.add(FLOAT32 if single else FLOAT, value, step, wall)

    def finish(self) -> list[Chunk]:
        """Write what is left and return all chunks."""
        self.flush()
        return self._chunks

"""A series as columns: all of it, a part of it, or a sample."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from functools import cached_property, partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import CorruptError, InvalidTypeError, InvalidValueError, NotInstalledError
from vcs_track.formats.series import Chunk, combine, decode_column, describe
from vcs_track.porcelain import sampling, values as rules
from vcs_track.porcelain.near import did_you_mean
from vcs_track.porcelain.points import Point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from vcs_track.plumbing.packs import Objects

    Bound = int | None
    Steps = tuple[Bound, Bound] | slice

__all__ = ["COLUMNS", "Series"]

COLUMNS: Final = ("step", "value", "walltime", "epoch", "repetition", "rank")

# What a chunk calls a column, and what stands for one that it has not got.
_STORED: Final[dict[str, tuple[str, Any]]] = {
    "step": ("step", None), "value": ("value", None), "walltime": ("wall", None),
    "epoch": ("epoch", None), "repetition": ("rep", 0), "rank": ("rank", None),
}  # fmt: skip
# The type of an item of an array, and what stands for None in it.
_TYPES: Final[dict[str, tuple[str, Any]]] = {
    "step": ("q", None), "value": ("d", None), "walltime": ("d", None),
    "epoch": ("d", math.nan), "repetition": ("q", None), "rank": ("q", -1),
}  # fmt: skip
_NO_RANK: Final = -1


class _Piece(NamedTuple):
    """A chunk, or those of its points that were chosen, by their places."""

    chunk: Chunk
    keep: Sequence[int] | None = None

    @property
    def size(self) -> int:
        n: int = self.chunk["n"]
        return n if self.keep is None else len(self.keep)


class Series:
    """Points of one tag as columns, read when they are asked for.

    Args:
        tag: The tag.
        chunks: All chunks, 16,384 points each but the last.
        objects: Where the columns are.
        choose: Gives the pieces of the chunks that belong here. Default: all.

    Attributes:
        tag: The tag.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> with repo.start_run() as run:
        ...     run.add_scalars({"loss": 0.5, "acc": 0.9}, step=0)
        ...     run.add_scalars({"loss": 0.25, "acc": 0.95}, step=10)
        >>> series = repo.run(run.id).series("loss")
        >>> len(series), series.step, series.value, series.stats["min"]
        (2, [0, 10], [0.5, 0.25], 0.25)
    """

    def __init__(
        self,
        tag: str,
        chunks: Sequence[Chunk],
        objects: Objects,
        choose: Callable[[], list[_Piece]] | None = None,
    ) -> None:
        self.tag = tag
        self._all = chunks
        self._objects = objects
        self._choose = choose
        self._columns: dict[str, list[Any]] = {}

    @cached_property
    def _pieces(self) -> list[_Piece]:
        if self._choose is None:
            return [_Piece(chunk) for chunk in self._all]
        return self._choose()

    def _part(self, choose: Callable[[], list[_Piece]]) -> Series:
        return Series(self.tag, self._all, self._objects, choose)

    def __len__(self) -> int:
        return sum(piece.size for piece in self._pieces)

    def __iter__(self) -> Iterator[Point]:
        for piece in self._pieces:
            columns = [self._cut(piece, name) for name in COLUMNS]
            yield from map(Point._make, zip(*columns, strict=True))

    def __repr__(self) -> str:
        return f"<Series '{self.tag}' {len(self)} points>"

    # ---- columns -----------------------------------------------------------------------

    def _whole(self, chunk: Chunk, column: str) -> list[Any]:
        values = decode_column(self._objects.read(chunk[column]))
        if len(values) != chunk["n"]:
            raise CorruptError(
                f"a column of series '{self.tag}' has {len(values)} values, not {chunk['n']}"
            )
        return values

    def _cut(self, piece: _Piece, name: str) -> list[Any]:
        column, default = _STORED[name]
        if column not in piece.chunk:
            return [default] * piece.size
        values = self._whole(piece.chunk, column)
        if piece.keep is not None:
            values = [values[place] for place in piece.keep]
        return [us / 1e6 for us in values] if name == "walltime" else values

    def batches(self, column: str) -> Iterator[list[Any]]:
        """Return a column in lists of up to 16,384 items, and keep none.

        Args:
            column: ``step``, ``value``, ``walltime``, ``epoch``, ``repetition`` or ``rank``.

        Raises:
            InvalidValueError: If there is no such column.
        """
        _check_columns((column,))
        return (self._cut(piece, column) for piece in self._pieces)

    def _column(self, name: str) -> list[Any]:
        if name not in self._columns:
            self._columns[name] = [item for batch in self.batches(name) for item in batch]
        return self._columns[name]

    @property
    def step(self) -> list[int]:
        """The steps."""
        return self._column("step")

    @property
    def value(self) -> list[float]:
        """The values, of the types that were logged."""
        return self._column("value")

    @property
    def walltime(self) -> list[float]:
        """Seconds since 1970 UTC, exact to the microsecond."""
        return self._column("walltime")

    @property
    def epoch(self) -> list[float | None]:
        """The epochs, None where none was given."""
        return self._column("epoch")

    @property
    def repetition(self) -> list[int]:
        """The repetitions."""
        return self._column("repetition")

    @property
    def rank(self) -> list[int | None]:
        """The ranks that logged, None outside distributed training."""
        return self._column("rank")

    def numpy(self, *columns: str) -> dict[str, Any]:
        """Return columns as arrays of numpy.

        Values, walltimes and epochs are ``float64``, with NaN where there is no epoch; steps,
        repetitions and ranks are ``int64``, with -1 where there is no rank. The lists have
        integers beyond 2**53 exact, a ``float64`` has not.

        Args:
            columns: Their names; what is not named is not read. Default: all six.

        Raises:
            InvalidValueError: If there is no such column.
            NotInstalledError: If numpy is not installed.
        """
        try:
            import numpy as np
        except ImportError:
            raise NotInstalledError("numpy() needs numpy", package="numpy") from None
        _check_columns(columns)
        return {name: np.asarray(self._array(name)) for name in columns or COLUMNS}

    def _array(self, name: str) -> array[Any]:
        kind, filler = _TYPES[name]
        packed = array(kind)
        for batch in self.batches(name):
            if filler is None:
                packed.extend(batch)
            else:
                packed.extend(filler if item is None else item for item in batch)
        return packed

    # ---- what it has -------------------------------------------------------------------

    @cached_property
    def chunks(self) -> list[Chunk]:
        """What is known of the points, for each chunk that has some.

        As the manifest has it; of a chunk that is here in part the statistics alone, for which
        its values and steps are read.
        """
        return [
            piece.chunk
            if piece.keep is None
            else describe(self._cut(piece, "value"), self._cut(piece, "step"))
            for piece in self._pieces
        ]

    @property
    def stats(self) -> dict[str, Any]:
        """``count first last min max mean nan lo hi``.

        A whole series has them at hand, of a part the chunks are read that it cuts.
        """
        return combine(self.chunks)

    @property
    def repetitions(self) -> list[int]:
        """The repetitions that have points, each once, rising."""
        return sorted(self._kinds("repetition"))

    @property
    def ranks(self) -> list[int | None]:
        """The ranks that have points, each once, rising; None comes last."""
        return sorted(self._kinds("rank"), key=lambda rank: (rank is None, rank))

    def _kinds(self, name: str) -> set[Any]:
        column, default = _STORED[name]
        kinds = set()
        for piece in self._pieces:
            kinds |= set(self._cut(piece, name)) if column in piece.chunk else {default}
        return kinds

    # ---- parts -------------------------------------------------------------------------

    def select(
        self,
        steps: Steps | None = None,
        *,
        repetition: int | None = None,
        rank: int | None = None,
    ) -> Series:
        """Return those points that match all given arguments, in their order.

        Chunks whose points are all out of range are not read, and of a chunk whose points are
        all in range no more than what is asked for.

        Args:
            steps: The lowest and the highest step, both included, None for no limit. Or a
                slice, which leaves its end out as Python does; negative numbers are steps.
            repetition: Only of this repetition.
            rank: Only of this rank; -1 for points that no rank logged.

        Raises:
            InvalidTypeError: If an argument is none of that.
            InvalidValueError: If the slice has a stride, or a number does not fit in 64 bits.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> with repo.start_run() as run:
            ...     for step in range(100):
            ...         run.add_scalar("loss", 1 / (step + 1), step)
            >>> series = repo.run(run.id).series("loss")
            >>> series.select((8, 10)).step, series.select(slice(97, None)).step
            ([8, 9, 10], [97, 98, 99])
        """
        low, high = _range_of(steps)
        wanted: dict[str, Any] = {}
        if repetition is not None:
            wanted["repetition"] = _integer("repetition", repetition)
        if rank is not None:
            number = _integer("rank", rank)
            wanted["rank"] = None if number == _NO_RANK else number

        def choose() -> list[_Piece]:
            narrowed = (self._narrow(piece, low, high, wanted) for piece in self._pieces)
            return [piece for piece in narrowed if piece.size]

        return self._part(choose)

    def _narrow(self, piece: _Piece, low: float, high: float, wanted: dict[str, Any]) -> _Piece:
        chunk = piece.chunk
        if chunk["hi"] < low or chunk["lo"] > high:
            return _Piece(chunk, ())
        places: Iterable[int] = range(chunk["n"]) if piece.keep is None else piece.keep
        if not low <= chunk["lo"] <= chunk["hi"] <= high:
            steps = self._whole(chunk, "step")
            places = [place for place in places if low <= steps[place] <= high]
        for name, value in wanted.items():
            column, default = _STORED[name]
            if column not in chunk:
                places = places if value == default else ()
            else:
                found = self._whole(chunk, column)
                places = [place for place in places if found[place] == value]
        keep = list(places)
        return piece if len(keep) == piece.size else _Piece(chunk, keep)

    def pace(self, points: int = 50) -> float | None:
        """Return the steps a second of late; None where nobody can tell.

        Args:
            points: How many of the last points are looked at.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> with repo.start_run() as run:
            ...     for step in range(3):
            ...         run.add_scalar("loss", 0.5, step * 100, walltime=1.7e9 + step)
            >>> repo.run(run.id).series("loss").pace()
            100.0
        """
        late = self.take(range(max(len(self) - points, 0), len(self)))
        steps, times = late.step, late.walltime
        if len(steps) < 2:
            return None
        span, way = times[-1] - times[0], steps[-1] - steps[0]
        return way / span if span > 0 and way > 0 else None

    def take(self, places: Sequence[int]) -> Series:
        """Return the points at these places, counted from 0.

        Args:
            places: Rising.

        Raises:
            InvalidValueError: If a place is not there, or they do not rise.
        """
        if any(before >= after for before, after in pairwise(places)):
            raise InvalidValueError("the places do not rise", hint="sort them")
        if places and not 0 <= places[0] <= places[-1] < len(self):
            raise InvalidValueError(
                f"places {places[0]} to {places[-1]} are not all there",
                hint=f"the series has {len(self)} points",
            )
        return self._part(lambda: list(self._taken(places)))

    def _taken(self, places: Sequence[int]) -> Iterator[_Piece]:
        starts = [0, *accumulate(piece.size for piece in self._pieces)]
        for piece, (start, end) in zip(self._pieces, pairwise(starts), strict=True):
            there = places[bisect_left(places, start) : bisect_left(places, end)]
            if len(there) == piece.size:
                yield piece
            elif there:
                kept = piece.keep
                local = [place - start for place in there]
                yield _Piece(piece.chunk, local if kept is None else [kept[i] for i in local])

    def sample(self, n: int, method: str = "minmax") -> Series:
        """Return at most *n* points that look like all of them.

        The points, in the order logged, are divided into stretches of about equal numbers (not
        of equal steps: steps may repeat and go back). The smallest and the largest value of
        each stretch stay, so every peak does, and the first and the last point of all. Of equal
        values the first stays. NaN is neither small nor large, a stretch of nothing else keeps
        its first point; the infinities are. Where stretches are longer than chunks, at most
        *n* chunks are read.

        Args:
            n: 4 or more. A series that has no more is returned whole.
            method: ``minmax``, or ``m4`` which also keeps the first and the last point of each
                stretch, in half as many: the M4 aggregation of Jugel, Jerzak, Hackenbroich and
                Markl (PVLDB 7, 2014), after which a drawn line keeps its pixels.

        Raises:
            InvalidTypeError: If *n* is no integer.
            InvalidValueError: If *n* is less than 4, or there is no such method.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> with repo.start_run() as run:
            ...     for step in range(1000):
            ...         run.add_scalar("loss", 9.0 if step == 777 else 0.5, step)
            >>> few = repo.run(run.id).series("loss").sample(8)
            >>> few.step, max(few.value)
            ([0, 333, 666, 777, 999], 9.0)
        """
        n = sampling.check(n, method)

        def choose() -> list[_Piece]:
            blocks = [self._block(piece) for piece in self._pieces]
            return list(self._taken(sampling.places(blocks, n, method)))

        return self._part(choose)

    def _block(self, piece: _Piece) -> sampling.Block:
        chunk, whole = piece.chunk, piece.keep is None
        return sampling.Block(
            piece.size, partial(self._cut, piece, "value"), whole, chunk["min"], chunk["max"],
            bool(chunk.get("nan")),
        )  # fmt: skip


def _check_columns(names: Iterable[str]) -> None:
    for name in names:
        if name not in COLUMNS:
            raise InvalidValueError(
                f"a series has no column '{name}'", hint=did_you_mean(str(name), COLUMNS)
            )


def _integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise rules.wrong_type(name, value, "an integer")
    return int(value.__index__())


def _range_of(steps: Any) -> tuple[float, float]:
    """Return the lowest and the highest step, infinite where there is no limit."""
    if steps is None:
        return -math.inf, math.inf
    if isinstance(steps, slice):
        if steps.step is not None:
            raise InvalidValueError("steps has a stride", hint="sample() takes fewer points")
        low, high = steps.start, steps.stop
    elif isinstance(steps, tuple | list) and len(steps) == 2:
        low, high = steps
    else:
        raise InvalidTypeError(
            "steps must be the lowest and the highest step, or a slice",
            hint="for example steps=(0, 1000), None is no limit",
        )
    lowest = -math.inf if low is None else rules.check_step(low)
    if high is None:
        return lowest, math.inf
    return lowest, rules.check_step(high) - isinstance(steps, slice)

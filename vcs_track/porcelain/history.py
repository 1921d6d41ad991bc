"""The points of many runs as one table: long, or joined by step."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from vcs_track.errors import InvalidValueError, NotInstalledError, SeriesNotFoundError
from vcs_track.porcelain import values
from vcs_track.porcelain.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.series import Series

    Join = Literal["outer", "inner", "previous", "nearest"]

__all__ = ["History", "HistoryRow", "StepRow", "Table", "WideHistory", "series_of"]

_JOINS: Final = ("outer", "inner", "previous", "nearest")


class HistoryRow(NamedTuple):
    """One point of one run.

    Attributes:
        run: Id of the run.
        name: Its name.
        tag: Tag of the series.
        step: Step.
        value: The number, of the type that was logged.
        walltime: Seconds since 1970 UTC.
        epoch: Epoch, or None.
        repetition: Repetition, from 0.
        rank: Rank, or None.
    """

    run: str
    name: str
    tag: str
    step: int
    value: float
    walltime: float
    epoch: float | None
    repetition: int
    rank: int | None


class StepRow(NamedTuple):
    """What all series have at one step of one repetition.

    Attributes:
        step: Step.
        repetition: Repetition, from 0.
        values: A value for each of :attr:`WideHistory.keys`, None where there is none.
    """

    step: int
    repetition: int
    values: tuple[float | None, ...]


class Table:
    """What both forms have in common: columns, and ways to hand them on.

    Args:
        parts: The series, each with its run; a series is read when its turn comes.

    Attributes:
        parts: The same.
    """

    columns: tuple[str, ...]

    def __init__(self, parts: Sequence[tuple[RunView, Series]]) -> None:
        self.parts = list(parts)

    def to_columns(self) -> dict[str, list[Any]]:
        """Return each column as a list."""
        raise AssertionError  # both forms have it

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dictionary a row."""
        columns = self.to_columns()
        rows = zip(*columns.values(), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def to_pandas(self) -> Any:
        """Return a pandas DataFrame.

        A column of values of several types is one of floats there, as pandas does it.

        Raises:
            NotInstalledError: If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise NotInstalledError("to_pandas() needs pandas", package="pandas") from None
        return pd.DataFrame(self._uniform())

    def to_polars(self) -> Any:
        """Return a polars DataFrame; values of several types become floats.

        Raises:
            NotInstalledError: If polars is not installed.
        """
        try:
            import polars as pl
        except ImportError:
            raise NotInstalledError("to_polars() needs polars", package="polars") from None
        return pl.DataFrame(self._uniform(), infer_schema_length=None)

    def to_arrow(self) -> Any:
        """Return an Arrow table; values of several types become floats.

        Raises:
            NotInstalledError: If pyarrow is not installed.
        """
        try:
            import pyarrow as pa
        except ImportError:
            raise NotInstalledError("to_arrow() needs pyarrow", package="pyarrow") from None
        return pa.table(self._uniform())

    def _uniform(self) -> dict[str, list[Any]]:
        columns = self.to_columns()
        for name, column in columns.items():
            kinds = set(map(type, column)) - {type(None)}
            if len(kinds) > 1 or (kinds == {int} and not _fits_64_bits(column)):
                columns[name] = [None if item is None else float(item) for item in column]
        return columns


def _fits_64_bits(column: list[Any]) -> bool:
    # An unsigned number may be logged that the columns of frames have no room for.
    return all(item is None or -(2**63) <= item < 2**63 for item in column)


class History(Table):
    """Points of many runs, one a row, read series by series.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> for name in ("a", "b"):
        ...     with repo.start_run(name) as run:
        ...         run.add_scalar("loss", 0.5, 0)
        >>> history = repo.history(["a", "b"], "loss")
        >>> len(history), [(row.name, row.step, row.value) for row in history]
        (2, [('a', 0, 0.5), ('b', 0, 0.5)])
    """

    columns = HistoryRow._fields

    def __len__(self) -> int:
        return sum(len(series) for _, series in self.parts)

    def __iter__(self) -> Iterator[HistoryRow]:
        for run, series in self.parts:
            for point in series:
                yield HistoryRow(run.id, run.name, series.tag, *point)

    def __repr__(self) -> str:
        return f"<History {len(self.parts)} series>"

    def to_columns(self) -> dict[str, list[Any]]:
        """Return each column as a list."""
        table: dict[str, list[Any]] = {name: [] for name in self.columns}
        for run, series in self.parts:
            for name, value in (("run", run.id), ("name", run.name), ("tag", series.tag)):
                table[name] += [value] * len(series)
            for name in self.columns[3:]:
                for batch in series.batches(name):
                    table[name] += batch
        return table


class WideHistory(Table):
    """Points of many runs joined by step: a row a step, a column a series.

    Rows are sorted by repetition, then by step. Where a series has several points at a step,
    the one that was logged last counts.

    Args:
        parts: The series, each with its run.
        join: Which steps get a row, and what stands where a series has no point.
        single: Whether columns are named by their tag alone.

    Attributes:
        keys: Id of the run and tag of each column of values.
        columns: ``step``, ``repetition`` and a name for each of *keys*: the tag, or name of
            the run and tag where there are several runs. The id stands for a name that does
            not tell them apart.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> for name in ("a", "b"):
        ...     with repo.start_run(name) as run:
        ...         run.add_scalar("loss", 0.5, 0 if name == "a" else 1)
        >>> wide = repo.history(["a", "b"], "loss", form="wide")
        >>> wide.columns
        ('step', 'repetition', 'a:loss', 'b:loss')
        >>> [(row.step, row.values) for row in wide]
        [(0, (0.5, None)), (1, (None, 0.5))]
    """

    def __init__(
        self,
        parts: Sequence[tuple[RunView, Series]],
        join: Join = "outer",
        *,
        single: bool = False,
    ) -> None:
        super().__init__(parts)
        if join not in _JOINS:
            raise InvalidValueError(
                f"there is no join '{join}'", hint=did_you_mean(str(join), _JOINS)
            )
        self.join = join
        self.keys = [(run.id, series.tag) for run, series in self.parts]
        self.columns = ("step", "repetition", *_labels(self.parts, single=single))

    def __len__(self) -> int:
        return sum(map(len, self._steps.values()))

    def __iter__(self) -> Iterator[StepRow]:
        for repetition, steps in self._steps.items():
            cells = self._cells[repetition]
            for place, step in enumerate(steps):
                yield StepRow(step, repetition, tuple(cell[place] for cell in cells))

    def __repr__(self) -> str:
        return f"<WideHistory {len(self.parts)} series>"

    def to_columns(self) -> dict[str, list[Any]]:
        """Return each column as a list."""
        table: list[list[Any]] = [[] for _ in self.columns]
        for repetition, steps in self._steps.items():
            table[0] += steps
            table[1] += [repetition] * len(steps)
            for column, cells in zip(table[2:], self._cells[repetition], strict=True):
                column += cells
        return dict(zip(self.columns, table, strict=True))

    @cached_property
    def _steps(self) -> dict[int, list[int]]:
        """The steps that have a row, by repetition."""
        found: dict[int, set[int]] = {}
        for place, (_, series) in enumerate(self.parts):
            there: dict[int, set[int]] = {}
            for reps, steps in zip(*map(series.batches, ("repetition", "step")), strict=True):
                for repetition, step in zip(reps, steps, strict=True):
                    there.setdefault(repetition, set()).add(step)
            if self.join == "inner" and place:
                found = {rep: found[rep] & there[rep] for rep in found.keys() & there.keys()}
            else:
                for repetition, some in there.items():
                    found.setdefault(repetition, set()).update(some)
        return {repetition: sorted(found[repetition]) for repetition in sorted(found)}

    @cached_property
    def _cells(self) -> dict[int, list[list[float | None]]]:
        """The values at these steps, a list for each series, by repetition."""
        cells: dict[int, list[list[float | None]]] = {rep: [] for rep in self._steps}
        for _, series in self.parts:
            # One at a time: the points of a series take several times the room of its cells.
            points = _by_step(series)
            for repetition, steps in self._steps.items():
                cells[repetition].append(_ALIGN[self.join](points.get(repetition, {}), steps))
        return cells


def _by_step(series: Series) -> dict[int, dict[int, float]]:
    points: dict[int, dict[int, float]] = {}
    batches = map(series.batches, ("repetition", "step", "value"))
    for columns in zip(*batches, strict=True):
        for repetition, step, value in zip(*columns, strict=True):
            points.setdefault(repetition, {})[step] = value
    return points


def _exact(points: dict[int, float], steps: list[int]) -> list[float | None]:
    return [points.get(step) for step in steps]


def _previous(points: dict[int, float], steps: list[int]) -> list[float | None]:
    cells = []
    last: float | None = None
    for step in steps:  # each step of the points is one of them
        last = points.get(step, last)
        cells.append(last)
    return cells


def _nearest(points: dict[int, float], steps: list[int]) -> list[float | None]:
    known = sorted(points)
    if not known:
        return [None] * len(steps)
    cells: list[float | None] = []
    for step in steps:
        at = bisect_left(known, step)
        # Of two as near the earlier one: it was known by then.
        near = min(known[max(0, at - 1) : at + 1], key=lambda other: abs(other - step))
        cells.append(points[near])
    return cells


_ALIGN: Final[dict[str, Callable[[dict[int, float], list[int]], list[float | None]]]] = {
    "outer": _exact, "inner": _exact, "previous": _previous, "nearest": _nearest,
}  # fmt: skip


def _labels(parts: Sequence[tuple[RunView, Series]], *, single: bool) -> list[str]:
    """Return names of columns that tell series apart, ids where names do not."""
    if single and not {"step", "repetition"} & {series.tag for _, series in parts}:
        return [series.tag for _, series in parts]
    names = {run.id: run.name for run, _ in parts}
    times = Counter(names.values())
    shown = {run: name if times[name] == 1 else run for run, name in names.items()}
    labels = [f"{shown[run.id]}:{series.tag}" for run, series in parts]
    if len(set(labels)) < len(labels):  # a name or a tag with a colon
        labels = [f"{run.id}:{series.tag}" for run, series in parts]
    return labels


def series_of(
    runs: Iterable[RunView], tags: str | Iterable[str] | None
) -> list[tuple[RunView, Series]]:
    """Return the series of *runs* with these tags, run by run.

    Args:
        runs: The runs; one that comes again is left out.
        tags: Tags, or patterns with ``* ? []``. Default: all.

    Raises:
        InvalidTypeError: If a tag is no text.
        SeriesNotFoundError: If there are runs, and none has a series of a tag; the hint names
            near ones.
    """
    views = list({run.id: run for run in runs}.values())
    globs = ["*"] if tags is None else _globs(tags)
    known = {tag for run in views for tag in run.series_tags}
    for glob in globs:
        if tags is not None and views and not any(_fits(tag, glob, known) for tag in known):
            raise SeriesNotFoundError(
                f"run '{views[0].id}' has no series '{glob}'"
                if len(views) == 1
                else f"none of the {len(views)} runs has a series '{glob}'",
                hint=did_you_mean(glob, sorted(known)),
            )
    return [
        (run, run.series(tag))
        for run in views
        for tag in dict.fromkeys(
            tag for glob in globs for tag in run.series_tags if _fits(tag, glob, known)
        )
    ]


def _globs(tags: Any) -> list[str]:
    globs = [tags] if isinstance(tags, str) or not isinstance(tags, Iterable) else list(tags)
    for glob in globs:
        if not isinstance(glob, str):
            raise values.wrong_type("a tag", glob, "text")
    return globs


def _fits(tag: str, glob: str, known: set[str]) -> bool:
    # A tag may have a bracket in it: what is one is no pattern.
    return tag == glob if glob in known else fnmatchcase(tag, glob)

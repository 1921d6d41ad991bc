"""Tests of ``vcs_track.porcelain.series``."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

import vcs_track
from vcs_track.errors import CorruptError, InvalidTypeError, InvalidValueError
from vcs_track.formats.oid import object_format
from vcs_track.formats.series import CHUNK, encode_steps
from vcs_track.formats.series_builder import SeriesBuilder
from vcs_track.formats.slots import FLOAT
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.points import Point
from vcs_track.porcelain.series import COLUMNS, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from vcs_track import Repository
    from vcs_track.formats.oid import ObjectId

__all__: list[str] = []

INTEGERS = st.integers(-(2**63), 2**63 - 1)
# Few numbers, so that steps meet, bounds hit, and values repeat.
STEPS = st.sampled_from([*range(7), -(2**63), 2**63 - 1])
NUMBERS = st.sampled_from([0.0, 1.5, -2, 3, True, math.nan, math.inf, -math.inf])
POINT = st.builds(
    Point,
    step=STEPS,
    value=NUMBERS | st.floats() | INTEGERS,
    walltime=st.integers(0, 2**40).map(lambda us: us / 1e6),
    epoch=st.none() | st.integers(0, 3),
    repetition=st.integers(0, 2),
    rank=st.none() | st.integers(0, 2),
)
POINTS = st.lists(POINT, max_size=50) | st.lists(POINT, min_size=10, max_size=30)
BOUND = st.none() | STEPS
RANGE = st.none() | st.tuples(BOUND, BOUND) | st.builds(slice, BOUND, BOUND)


class CountedObjects(MemoryObjects):
    """Objects in memory that count how often each is read."""

    def __init__(self) -> None:
        super().__init__(object_format("sha256"))
        self.reads: Counter[ObjectId] = Counter()

    def read(self, oid: ObjectId) -> bytes:
        self.reads[oid] += 1
        return super().read(oid)


def make(points: Sequence[Point], size: int = CHUNK) -> tuple[Series, CountedObjects]:
    """Return these points as a series with chunks of some size."""
    objects = CountedObjects()
    builder = SeriesBuilder(objects.add)
    for place, point in enumerate(points):
        builder.mark(0, point.repetition, point.epoch, point.rank)
        builder.add(FLOAT, point.value, point.step, round(point.walltime * 1e6))
        if place % size == size - 1:
            builder.flush()
    chunks = builder.finish()
    return Series("loss", chunks, objects), objects


def plain(values: Sequence[float], size: int = CHUNK) -> tuple[Series, CountedObjects]:
    """Return a series with steps from 0."""
    return make([Point(i, value, i / 8, None, 0) for i, value in enumerate(values)], size)


def is_in(step: int, steps: Any) -> bool:
    """Tell whether a step is in a range, the slow way."""
    if steps is None:
        return True
    low, high = (steps.start, steps.stop) if isinstance(steps, slice) else steps
    if low is not None and step < low:
        return False
    return high is None or (step < high if isinstance(steps, slice) else step <= high)


class Where(NamedTuple):
    """What to select."""

    steps: Any
    repetition: int | None
    rank: int | None

    def __contains__(self, point: object) -> bool:
        assert isinstance(point, Point)
        rank = -1 if point.rank is None else point.rank
        return (
            is_in(point.step, self.steps)
            and self.repetition in (None, point.repetition)
            and self.rank in (None, rank)
        )

    def of(self, series: Series) -> Series:
        return series.select(self.steps, repetition=self.repetition, rank=self.rank)


WHERE = st.builds(
    Where,
    RANGE,
    st.none() | st.none() | st.integers(-1, 3),
    st.none() | st.none() | st.integers(-1, 3),
)


def same(expected: object, actual: object) -> bool:
    """Tell whether two things are equal, NaN too and types included."""
    return repr(expected) == repr(actual)


class TestColumns:
    @given(POINTS, st.integers(1, 12))
    def test_every_way_to_read_is_the_same(self, points: list[Point], size: int) -> None:
        """Points, columns, batches and arrays say the same, whatever the size of chunks."""
        series, _ = make(points, size)
        arrays = series.numpy()

        assert same(points, list(series))
        assert len(points) == len(series)
        for place, name in enumerate(COLUMNS):
            column = [point[place] for point in points]
            assert same(column, getattr(series, name))
            assert same(column, [item for batch in series.batches(name) for item in batch])
            filler = {"epoch": math.nan, "rank": -1}.get(name)
            filled = [filler if item is None else item for item in column]
            kind = np.int64 if name in ("step", "repetition", "rank") else np.float64
            assert kind == arrays[name].dtype
            np.testing.assert_array_equal(np.array(filled, kind), arrays[name])

    def test_an_array_of_one_column_reads_that_one(self) -> None:
        """What is not asked for is not read."""
        series, objects = plain([1.0, 2.0])
        arrays = series.numpy("value")

        assert ["value"] == list(arrays)
        assert [series.chunks[0]["value"]] == list(objects.reads)

    @pytest.mark.parametrize("read", [Series.numpy, Series.batches])
    def test_unknown_column(self, read: Any) -> None:
        """An unknown column gets near ones."""
        with pytest.raises(InvalidValueError, match="no column 'walltim'") as caught:
            read(plain([1.0])[0], "walltim")

        assert "'walltime'" in caught.value.hint

    def test_without_numpy(self, tmp_path: Path) -> None:
        """Without numpy the lists and samples work, and arrays say what to install."""
        (tmp_path / "numpy.py").write_text("raise ImportError\n")
        script = (
            "import vcs_track\n"
            "repo = vcs_track.init()\n"
            "with repo.start_run('r') as run:\n"
            "    for step in range(100): run.add_scalar('loss', step % 7, step)\n"
            "series = repo.run('r').series('loss')\n"
            "print(series.sample(8).step)\n"
            "try: series.numpy()\n"
            "except vcs_track.VcsTrackError as error: print(error, '-', error.hint)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{script}"],
            cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip

        assert [
            str(plain([step % 7 for step in range(100)])[0].sample(8).step),
            "numpy() needs numpy - install it with 'pip install numpy'",
        ] == done.stdout.splitlines()

    def test_a_column_of_another_length_is_damage(self) -> None:
        """A column that has not as many values as its chunk says is not read past."""
        series, objects = plain([1.0, 2.0, 3.0])
        series.chunks[0]["step"] = objects.add(encode_steps([0, 1]))

        with pytest.raises(CorruptError, match="has 2 values, not 3"):
            _ = series.select((1, 2)).step


class TestSelect:
    @given(POINTS, st.integers(1, 12), WHERE, WHERE)
    def test_is_what_a_filter_keeps(
        self, points: list[Point], size: int, where: Where, more: Where
    ) -> None:
        """A selection, and one of that, is what the points filtered one by one are.

        Seen to fail when the end of a slice was included, and when a chunk without ranks
        matched every rank.
        """
        part = where.of(make(points, size)[0])
        once = [point for point in points if point in where]
        twice = [point for point in once if point in more]

        assert same(once, list(part))
        assert len(once) == len(part)
        assert same(twice, list(more.of(part)))

    @given(POINTS, st.integers(1, 12), WHERE)
    def test_statistics(self, points: list[Point], size: int, where: Where) -> None:
        """The statistics of a part are those of its points alone."""
        stats = where.of(make(points, size)[0]).stats
        kept = [point for point in points if point in where]
        numbers = [point.value for point in kept if point.value == point.value]

        assert len(kept) == stats["count"]
        assert len(kept) - len(numbers) == stats["nan"]
        assert same(
            (min(numbers, default=None), max(numbers, default=None)),
            (stats["min"], stats["max"]),
        ) or (min(numbers), max(numbers)) == (stats["min"], stats["max"])
        assert (None if not kept else min(point.step for point in kept)) == stats["lo"]
        assert same(kept[-1].value if kept else None, stats["last"])

    def test_reads_only_chunks_in_range(self) -> None:
        """Of sixty chunks a selection reads the steps of those it cuts, and values in range.

        Seen to fail when the steps of every chunk were looked at.
        """
        series, objects = plain([float(i) for i in range(600)], 10)
        part = series.select((205, 229))
        values = part.value

        assert [float(i) for i in range(205, 230)] == values
        assert {
            series.chunks[20]["step"]: 1,
            **{series.chunks[i]["value"]: 1 for i in (20, 21, 22)},
        } == objects.reads

    def test_repetitions_that_are_not_there_read_nothing(self) -> None:
        """A chunk without a column of repetitions has the repetition 0 only."""
        series, objects = plain([1.0] * 50, 10)

        assert 0 == len(series.select(repetition=1, rank=0))
        assert 50 == len(series.select(repetition=0, rank=-1))
        assert not objects.reads

    def test_is_lazy(self) -> None:
        """Selecting and sampling read nothing before something is asked for."""
        series, objects = plain([1.0] * 50, 10)
        series.select((3, 4)).sample(4)

        assert not objects.reads

    def test_order_is_kept_where_steps_go_back(self) -> None:
        """Points stay in the order logged, a step may come more than once."""
        series, _ = make([Point(step, value, 0, None, 0) for value, step in enumerate([5, 6, 5])])

        assert [0, 2] == series.select((5, 5)).value

    @pytest.mark.parametrize("steps", [5, "ab", (1, 2, 3), (1,), {}])
    def test_what_is_no_range(self, steps: Any) -> None:
        """A range is two numbers or a slice."""
        with pytest.raises(InvalidTypeError, match="steps must be the lowest"):
            plain([1.0])[0].select(steps)

    def test_stride(self) -> None:
        """A stride is refused, with what to use."""
        with pytest.raises(InvalidValueError, match="stride") as caught:
            plain([1.0])[0].select(slice(0, 9, 2))

        assert "sample()" in caught.value.hint

    @pytest.mark.parametrize("name", ["repetition", "rank"])
    @pytest.mark.parametrize("value", ["1", 1.0, True])
    def test_wrong_type(self, name: str, value: Any) -> None:
        """Repetitions and ranks are integers."""
        with pytest.raises(InvalidTypeError, match=f"{name} must be an integer"):
            plain([1.0])[0].select(**{name: value})

    def test_steps_as_they_are_logged(self) -> None:
        """What can be logged as a step can bound a range, numbers of numpy too."""
        series, _ = plain([float(i) for i in range(20)])

        assert [3, 4] == series.select((np.int64(3), 4.0)).step  # type: ignore[arg-type]
        with pytest.raises(InvalidValueError, match="whole number"):
            series.select((0.5, 4))  # type: ignore[arg-type]


class TestKinds:
    @given(POINTS, st.integers(1, 12))
    def test_repetitions_and_ranks(self, points: list[Point], size: int) -> None:
        """The repetitions and ranks that have points come once each, rising."""
        series, _ = make(points, size)
        ranks = {point.rank for point in points}

        assert sorted({point.repetition for point in points}) == series.repetitions
        assert sorted(ranks - {None}, key=int) + [None] * (None in ranks) == series.ranks  # type: ignore[arg-type]


class TestTake:
    @given(POINTS, st.integers(1, 12), st.data())
    def test_points_by_place(self, points: list[Point], size: int, data: st.DataObject) -> None:
        """The points at some places are those points, also of a part."""
        series, _ = make(points, size)
        where = data.draw(WHERE)
        part = where.of(series)
        kept = [point for point in points if point in where]
        places = sorted(data.draw(st.sets(st.sampled_from(range(len(kept))))) if kept else [])

        assert same([kept[place] for place in places], list(part.take(places)))

    @pytest.mark.parametrize("places", [[1, 0], [0, 0], [-1], [0, 3]])
    def test_places_that_are_not_there(self, places: list[int]) -> None:
        """Places rise and lie within."""
        with pytest.raises(InvalidValueError, match="places"):
            plain([1.0, 2.0, 3.0])[0].take(places)


class TestSample:
    @given(POINTS, st.integers(1, 9), WHERE, st.integers(4, 12), st.sampled_from(["minmax", "m4"]))
    def test_points_of_the_series(
        self, points: list[Point], size: int, where: Where, n: int, method: str
    ) -> None:
        """A sample has points of the series in their order, and its extremes."""
        kept = [point for point in points if point in where]
        sample = list(where.of(make(points, size)[0]).sample(n, method))
        rest = iter(map(repr, kept))

        assert len(sample) <= n
        assert all(repr(point) in rest for point in sample)
        for extreme in (min, max):
            everything = [point.value for point in kept if point.value == point.value]
            found = [point.value for point in sample if point.value == point.value]
            assert not everything or extreme(everything) == extreme(found)

    def test_reads_the_steps_of_what_it_keeps(self) -> None:
        """Of a long series at most as many chunks are read as points are wanted.

        Seen to fail when a stretch was cut inside a chunk.
        """
        values = [math.sin(i) for i in range(4000)]
        series, objects = plain(values, 10)
        few = series.sample(20)
        pairs = list(zip(few.step, few.value, strict=True))

        assert all(values[step] == value for step, value in pairs)
        assert sum(objects.reads[chunk["value"]] > 0 for chunk in series.chunks) <= 20
        assert sum(objects.reads[chunk["step"]] > 0 for chunk in series.chunks) <= 20

    def test_wrong_argument_is_said_at_once(self) -> None:
        """A mistake shows where it was made, not where the sample is read."""
        with pytest.raises(InvalidValueError, match="n is 1"):
            plain([1.0])[0].sample(1)


@pytest.fixture(params=["live", "sealed"])
def long_run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Repository]:
    """Give a run of more than three chunks with two spikes, while it goes on and after."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    run = repo.start_run("long")
    for step in range(3 * CHUNK + 900):
        run.add_scalar("loss", {7: -3.0, 40_000: 1e9}.get(step, math.sin(step)), step)
    if request.param == "sealed":
        run.finish()
    yield repo
    run.finish()


class TestRealRuns:
    def test_long_series(self, long_run: Repository) -> None:
        """A range and a sample of a long run are right, spikes included."""
        series = long_run.run("long").series("loss")
        steps = series.select((CHUNK - 2, CHUNK + 1))
        few = series.sample(50)

        assert [CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1] == steps.step
        assert [math.sin(step) for step in steps.step] == steps.value
        assert len(few) <= 50
        assert {7: -3.0, 40_000: 1e9}.items() <= dict(
            zip(few.step, few.value, strict=True)
        ).items()

    def test_resumed_run(self, tmp_path: Path) -> None:
        """Points of a run that was gone on with are one series, selected as such."""
        repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
        for start in (0, 5):
            with repo.start_run(id="again", resume=True) as run:
                for step in range(start, start + 10):
                    run.add_scalar("loss", start + step / 100, step)
        part = repo.run("again").series("loss").select((5, 6))

        assert [5, 6, 5, 6] == part.step
        assert [0.05, 0.06, 5.05, 5.06] == part.value

    def test_ranks(self) -> None:
        """Points of several ranks are told apart."""
        points = [Point(i // 3, float(i), 0, None, 0, i % 3) for i in range(30)]
        series, _ = make(points, 7)

        assert [0, 1, 2] == series.ranks
        assert [float(i) for i in range(1, 30, 3)] == series.select(rank=1).value

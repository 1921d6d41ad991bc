"""Tests of ``vcs_track.formats.series``."""

from __future__ import annotations

import json
import math
import struct
from array import array
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptError
from vcs_track.formats import manifest, series, series_builder
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.formats.series import CHUNK, combine, decode_column
from vcs_track.formats.series_builder import SeriesBuilder, SharedColumns
from vcs_track.formats.slots import BOOL, FLOAT, FLOAT32, INT

FMT = object_format("sha256")
NAN, INF = math.nan, math.inf

STEPS = st.integers(0, 2**63 - 1)
SINGLES = st.floats(width=32)
VALUES = st.one_of(st.floats(), st.booleans(), st.integers(-(2**63), 2**64 - 1))
# Step columns as training makes them: a few stretches, each with a stride of its own.
STRETCHES = st.lists(
    st.tuples(st.integers(-50, 50), st.integers(-3, 3), st.integers(1, 12)), min_size=1, max_size=8
).map(lambda parts: [start + stride * i for start, stride, n in parts for i in range(n)])


def bits(values: list[Any]) -> list[Any]:
    """Return values in a form where NaN equals NaN, and 0.0, -0.0, 0 and False differ."""
    return [
        (type(v).__name__, struct.pack("<d", v) if type(v) is float and v == v else repr(v))
        for v in values
    ]


def runs_of(steps: list[int]) -> list[list[int]]:
    """Return the arithmetic runs of *steps*, found greedily as the format page says."""
    out: list[list[int]] = []
    at = 0
    while at < len(steps):
        n = 1
        stride = steps[at + 1] - steps[at] if at + 1 < len(steps) else 0
        while at + n < len(steps) and steps[at + n] - steps[at + n - 1] == stride:
            n += 1
        out.append([steps[at], stride if n > 1 else 0, n])
        at += n
    return out


def column(codec: str, n: int, v: str) -> bytes:
    """Return a column as the format page writes it."""
    return f'{{"@":"col/1","codec":"{codec}","n":{n},"v":{v}}}'.encode()


class Sink:
    """Keeps emitted columns, as a store would."""

    def __init__(self) -> None:
        self.objects: dict[ObjectId, bytes] = {}

    def emit(self, data: bytes) -> ObjectId:
        """Keep *data*; return its id."""
        oid = FMT.hash(data)
        self.objects[oid] = data
        return oid

    def column(self, chunk: dict[str, Any], name: str) -> list[Any]:
        """Return one column of *chunk*, decoded."""
        return decode_column(self.objects[chunk[name]])

    def codec(self, chunk: dict[str, Any], name: str) -> str:
        """Return the codec of one column of *chunk*."""
        return str(json.loads(self.objects[chunk[name]])["codec"])


def build(points: list[tuple[int, Any]], epoch: float | None = None) -> tuple[Sink, list[Any]]:
    """Return the chunks of a series of (kind, value) at steps 0, 1, ..."""
    sink = Sink()
    builder = SeriesBuilder(sink.emit)
    builder.mark(1, 0, epoch)
    for step, (kind, value) in enumerate(points):
        builder.add(kind, value, step, 1_000_000 + step)
    return sink, builder.finish()


class TestShared:
    @given(st.lists(st.lists(STEPS, min_size=1, max_size=4), min_size=2, max_size=4))
    def test_as_alone(self, lists: list[list[int]]) -> None:
        """Series that share columns are those that each would be alone; equal ones are stored once.

        Seen to fail when the steps of one tag were taken for those of any.
        """
        sink = Sink()
        shared = SharedColumns(sink.emit)
        for steps in lists:
            chunks = []
            for columns in (shared, None):
                builder = SeriesBuilder(sink.emit, (), columns)
                builder.mark(1, 0, None)
                builder.extend(
                    array("d", [0.5] * len(steps)), array("q", steps), array("q", steps)
                )
                chunks.append(builder.finish())
            assert chunks[0] == chunks[1]

    def test_stored_once(self) -> None:
        """What was stored for one tag is not encoded for the next."""
        sink = Sink()
        stored = []

        def emit(data: bytes) -> Any:
            stored.append(data)
            return sink.emit(data)

        shared = SharedColumns(emit)
        for value in (0.5, 1.5):
            builder = SeriesBuilder(emit, (), shared)
            builder.mark(1, 0, None)
            builder.extend(array("d", [value]), array("q", [7]), array("q", [8]))
            builder.finish()

        assert 4 == len(stored)


class TestSteps:
    @given(st.one_of(st.lists(STEPS, min_size=1, max_size=40), STRETCHES))
    def test_identity(self, steps: list[int]) -> None:
        """Steps come back as they were, in order."""
        assert steps == decode_column(series.encode_steps(steps))

    @given(st.one_of(st.lists(STEPS, min_size=1, max_size=12), STRETCHES))
    def test_the_first_codec_that_fits_is_used(self, steps: list[int]) -> None:
        """Runs where there is one, or a quarter as many as points; else differences."""
        runs = runs_of(steps)
        if len(runs) == 1 or 4 * len(runs) <= len(steps):
            expected: tuple[str, list[Any]] = ("runs", runs)
        else:
            expected = ("delta", [steps[0], *(b - a for a, b in pairwise(steps))])
        found = json.loads(series.encode_steps(steps))

        assert expected == (found["codec"], found["v"])

    @pytest.mark.parametrize(
        ("steps", "golden"),
        [
            ([7], column("runs", 1, "[[7,0,1]]")),
            ([0, 5, 10], column("runs", 3, "[[0,5,3]]")),
            ([4, 4, 4], column("runs", 3, "[[4,0,3]]")),
            ([3, 2, 1], column("runs", 3, "[[3,-1,3]]")),
            ([0, 1, 2, 3, 9, 8, 7, 6], column("runs", 8, "[[0,1,4],[9,-1,4]]")),
            ([0, 1, 2, 3, 9, 8, 7], column("delta", 7, "[0,1,1,1,6,-1,-1]")),
        ],
    )
    def test_golden_bytes(self, steps: list[int], golden: bytes) -> None:
        """These steps have these bytes for ever."""
        assert golden == series.encode_steps(steps)

    def test_one_run_of_a_million_is_short(self) -> None:
        """The steps of an ordinary run take no space, however many there are."""
        assert column("runs", 10**6, "[[0,1,1000000]]") == series.encode_steps(range(10**6))

    def test_the_widest_steps_are_kept(self) -> None:
        """Any two steps that a journal can hold can be sealed."""
        steps = [2**63 - 1, -(2**63), 0, 5]

        assert steps == decode_column(series.encode_steps(steps))


class TestWalls:
    @given(st.lists(st.integers(0, 2**62), min_size=1, max_size=40))
    def test_identity(self, walls: list[int]) -> None:
        """Wall times come back to the microsecond."""
        assert walls == decode_column(series.encode_deltas(walls))

    def test_golden_bytes(self) -> None:
        """Wall times are differences even where they are regular."""
        golden = column("delta", 3, "[1700000000000000,250,250]")

        assert golden == series.encode_deltas(
            [1700000000000000, 1700000000000250, 1700000000000500]
        )


class TestStretches:
    @given(
        st.lists(
            st.tuples(
                st.integers(0, 5),
                st.one_of(st.none(), st.integers(0, 3), st.floats(allow_nan=False, min_value=1)),
            ),
            max_size=12,
        )
    )
    def test_identity(self, marks: list[tuple[int, Any]]) -> None:
        """Each value comes back as often as it was counted, with its type."""
        expected = [value for count, value in marks for _ in range(count)]

        assert bits(expected) == bits(decode_column(series.encode_stretches(marks)))

    def test_golden_bytes(self) -> None:
        """Equal neighbours are joined and empty stretches vanish."""
        marks = [(2, None), (0, 9), (1, None), (2, 0.5), (1, 1), (1, INF)]
        golden = column("rle", 7, '[[null,3],[0.5,2],[1,1],[{"$":"f","v":"Infinity"},1]]')

        assert golden == series.encode_stretches(marks)

    def test_the_same_epochs_marked_otherwise_have_the_same_bytes(self) -> None:
        """How often an epoch was announced leaves no trace."""
        assert series.encode_stretches([(3, 2)]) == series.encode_stretches([(1, 2), (2, 2)])


class TestValues:
    @given(st.lists(VALUES, min_size=1, max_size=40))
    def test_identity(self, values: list[Any]) -> None:
        """Every value comes back with its type and bits: NaN, -0.0, infinities, 64-bit ints."""
        found = decode_column(series.encode_values(values, single=False))

        assert bits(values) == bits(found)

    @given(st.lists(SINGLES, min_size=1, max_size=40))
    def test_identity_of_singles(self, values: list[float]) -> None:
        """Numbers that came from 32-bit floats come back bit for bit."""
        assert bits(values) == bits(decode_column(series.encode_values(values, single=True)))

    @given(SINGLES.filter(math.isfinite))
    def test_singles_are_written_with_the_fewest_digits(self, value: float) -> None:
        """The text is the shortest of 7, 8 or 9 digits that gives the same 32-bit float."""

        def same(digits: int) -> bool:
            try:
                back = struct.pack("<f", float(f"{value:.{digits}g}"))
            except OverflowError:
                return False
            return back == struct.pack("<f", value)

        digits = next(digits for digits in (7, 8, 9) if same(digits))
        (found,) = json.loads(series.encode_values([value], single=True))["v"]

        assert float(f"{value:.{digits}g}") == found

    @given(st.lists(VALUES, min_size=1, max_size=10))
    def test_the_codec_follows_from_the_types(self, values: list[Any]) -> None:
        """Doubles alone are f8, integers alone int, anything else is mixed."""
        kinds = {type(value) for value in values}
        expected = {frozenset({float}): "f8", frozenset({int}): "int"}.get(
            frozenset(kinds), "mixed"
        )

        assert expected == json.loads(series.encode_values(values, single=False))["codec"]

    @pytest.mark.parametrize(
        ("values", "single", "golden"),
        [
            (
                [0.10000000149011612, 16777216.0, -0.0, NAN, -INF], True,
                column("f4", 5, '[0.1,16777216.0,-0.0,"NaN","-Infinity"]'),
            ),
            (
                [0.1, 1.0, 1e16, 1e-5, -0.0, NAN, INF], False,
                column("f8", 7, '[0.1,1.0,1e16,0.00001,-0.0,"NaN","Infinity"]'),
            ),
            (
                [0, -(2**63), 2**64 - 1], False,
                column("int", 3, "[0,-9223372036854775808,18446744073709551615]"),
            ),
            (
                [1, 1.0, True, False, NAN], False,
                column("mixed", 5, '[1,1.0,true,false,"NaN"]'),
            ),
            ([True, True], False, column("mixed", 2, "[true,true]")),
        ],
    )  # fmt: skip
    def test_golden_bytes(self, values: list[Any], single: bool, golden: bytes) -> None:
        """These values have these bytes for ever, and the bytes these values."""
        assert golden == series.encode_values(values, single=single)
        assert bits(values) == bits(decode_column(golden))


class TestDecodeColumn:
    @pytest.mark.parametrize(
        "data",
        [
            b"", b"[]", b"{}", b'{"@":"col/2","codec":"int","n":0,"v":[]}',
            column("zip", 0, "[]"), column("int", 2, "[1]"), column("int", 0, "[1]"),
            column("runs", 1, "[5]"), column("runs", 1, "[[1,2]]"), column("f8", 1, '["nan"]'),
            column("f8", 1, "[[1.0]]"), column("rle", 1, "[1]"), column("int", 1, "5"),
            column("rle", 1, '[[{"$":"f","v":"x"},1]]'),
        ],
    )  # fmt: skip
    def test_what_is_no_column_is_refused(self, data: bytes) -> None:
        """Damaged columns, other versions and unknown codecs raise CorruptError."""
        with pytest.raises(CorruptError):
            decode_column(data)

    @pytest.mark.parametrize(
        "data",
        [
            b'{"@":"col/1","codec":"int","v":[]}',
            column("int", 1, '["a"]'), column("int", 1, '"a"'), column("delta", 1, '["a"]'),
            column("f8", 1, "[null]"), column("f8", 1, '{"NaN":1}'), column("runs", 1, "[[0.5,0,1]]"),
            column("runs", 1, "[[0,1,18446744073709551615]]"),
            column("rle", 1, "[[0,18446744073709551615]]"),
        ],
    )  # fmt: skip
    def test_what_no_writer_writes_is_refused(self, data: bytes) -> None:
        """Columns of a wrong shape raise CorruptError, whatever is wrong with them."""
        with pytest.raises(CorruptError):
            decode_column(data)

    def test_a_column_cannot_be_larger_than_it_says(self) -> None:
        """A hundred bytes that claim one point cost no memory, however long their run."""
        with pytest.raises(CorruptError):
            decode_column(column("runs", 1, f"[[0,0,{2**50}]]"))


class TestSeriesBuilder:
    def test_chunks_have_16384_points(self) -> None:
        """A chunk is closed when it is full; the last one holds the rest."""
        sink, chunks = build([(FLOAT, float(i)) for i in range(2 * CHUNK + 3)])

        assert 16_384 == CHUNK
        assert [CHUNK, CHUNK, 3] == [chunk["n"] for chunk in chunks]
        assert [2.0 * CHUNK + i for i in range(3)] == sink.column(chunks[2], "value")
        assert [(0, CHUNK - 1), (CHUNK, 2 * CHUNK - 1), (2 * CHUNK, 2 * CHUNK + 2)] == [
            (chunk["lo"], chunk["hi"]) for chunk in chunks
        ]

    def test_a_full_chunk_leaves_at_once(self) -> None:
        """Memory does not grow with the run: a full chunk is emitted while logging goes on."""
        sink = Sink()
        builder = SeriesBuilder(sink.emit)
        builder.mark(1, 0, None)
        for step in range(CHUNK):
            builder.add(FLOAT, 0.5, step, step)

        assert 3 == len(sink.objects)
        builder.flush()
        assert 3 == len(sink.objects)

    def test_nothing_logged_gives_no_chunk(self) -> None:
        """A series that was only announced leaves nothing."""
        assert [] == build([])[1]

    def test_equal_series_share_their_columns(self) -> None:
        """Series logged together share step and wall columns; equal values have equal ids."""
        _, one = build([(FLOAT, 0.5), (FLOAT, 0.25)])
        _, two = build([(FLOAT, 0.5), (FLOAT, 0.75)])

        assert (one[0]["step"], one[0]["wall"]) == (two[0]["step"], two[0]["wall"])
        assert one[0]["value"] != two[0]["value"]
        assert one == build([(FLOAT, 0.5), (FLOAT, 0.25)])[1]

    def test_one_double_makes_the_chunk_doubles(self) -> None:
        """A chunk is f4 only when every number in it came from a 32-bit float."""
        sink, singles = build([(FLOAT32, 0.5), (FLOAT32, 0.25)])
        other, mixed = build([(FLOAT32, 0.5), (FLOAT, 0.25)])

        assert "f4" == sink.codec(singles[0], "value")
        assert "f8" == other.codec(mixed[0], "value")

    def test_a_chunk_of_doubles_does_not_spoil_the_next(self) -> None:
        """Whether a chunk is f4 is decided chunk by chunk."""
        sink, chunks = build([(FLOAT, 0.1)] * CHUNK + [(FLOAT32, 0.5)])

        assert ["f8", "f4"] == [sink.codec(chunk, "value") for chunk in chunks]

    def test_no_repetition_and_no_epoch_cost_nothing(self) -> None:
        """Columns of repetition and epoch are left out where there are none."""
        _, (chunk,) = build([(FLOAT, 1.0)])

        assert not {"rep", "epoch"} & chunk.keys()

    def test_marks_are_kept_across_a_chunk(self) -> None:
        """Each point has the epoch and repetition that were marked last before it."""
        sink = Sink()
        builder = SeriesBuilder(sink.emit)
        marks = {0: (0, None), 2: (0, 1), CHUNK - 1: (0, 1.5), CHUNK + 1: (1, 2)}
        last: tuple[int, float | None] = (0, None)
        expected = []
        for step in range(CHUNK + 3):
            if step in marks:
                last = marks[step]
                builder.mark(step, *last)
            builder.add(INT, 1, step, step)
            expected.append(last)
        first, second = builder.finish()
        reps = [0] * CHUNK + sink.column(second, "rep")
        epochs = sink.column(first, "epoch") + sink.column(second, "epoch")

        assert "rep" not in first
        assert expected == list(zip(reps, epochs, strict=True))

    def test_an_epoch_that_ended_with_a_chunk_leaves_no_trace(self) -> None:
        """A chunk without epochs has no epoch column, whatever stood before it."""
        sink = Sink()
        builder = SeriesBuilder(sink.emit)
        builder.mark(1, 1, 3.0)
        for step in range(CHUNK):
            builder.add(FLOAT, 0.5, step, step)
        builder.mark(2, 0, None)
        builder.add(FLOAT, 0.5, 0, 0)

        assert not {"rep", "epoch"} & builder.finish()[1].keys()


POINTS = st.lists(
    st.one_of(
        st.tuples(st.just(FLOAT), st.floats()),
        st.tuples(st.just(FLOAT32), SINGLES),
        st.tuples(st.just(INT), st.integers(-(2**63), 2**64 - 1)),
        st.tuples(st.just(BOOL), st.booleans()),
        st.integers(0, 3),  # a new epoch
    ),
    max_size=30,
)


class TestReopen:
    @given(POINTS, st.lists(st.integers(0, 30), max_size=3))
    def test_a_run_that_went_on_has_the_bytes_of_one_that_never_stopped(
        self, events: list[Any], cuts: list[int]
    ) -> None:
        """Stopping anywhere, any number of times, changes no column, id or statistic."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(series, "CHUNK", 8)
            patch.setattr(series_builder, "CHUNK", 8)
            expected = self.log(events, [])

            assert repr(expected) == repr(self.log(events, cuts))

    def log(self, events: list[Any], cuts: list[int]) -> list[Any]:
        """Return the chunks of *events*, stopping and going on at *cuts*."""
        sink = Sink()
        builder = SeriesBuilder(sink.emit)
        epoch = 0
        builder.mark(1, 0, epoch)
        for at, event in enumerate(events):
            for _ in range(cuts.count(at)):
                builder = SeriesBuilder(sink.emit, builder.finish())
                builder.reopen(sink.objects.__getitem__)
                builder.mark(1, epoch, epoch)
            if isinstance(event, int):
                epoch = event
                builder.mark(event + 2, epoch, epoch)
            else:
                kind, value = event
                builder.add(kind, value, at, 10**15 + at * at)
        return builder.finish()

    def test_a_full_chunk_is_not_opened_again(self) -> None:
        """Going on after exactly 16,384 points reads nothing back."""
        sink, chunks = build([(FLOAT, 1.0)] * CHUNK)
        builder = SeriesBuilder(sink.emit, chunks)
        builder.reopen(Sink().objects.__getitem__)
        builder.mark(1, 0, None)
        builder.add(FLOAT, 2.0, 0, 0)

        assert [CHUNK, 1] == [chunk["n"] for chunk in builder.finish()]

    def test_a_second_call_does_nothing(self) -> None:
        """The last chunk is taken back once, not whenever its tag is named again."""
        sink, chunks = build([(FLOAT, 1.0)] * 3)
        builder = SeriesBuilder(sink.emit, chunks)
        for _ in range(2):
            builder.reopen(sink.objects.__getitem__)

        assert chunks == builder.finish()


class TestStatistics:
    @given(
        st.lists(st.one_of(st.floats(allow_nan=False), st.integers(-(2**53), 2**53)), min_size=1)
    )
    def test_extremes_and_ends(self, values: list[float]) -> None:
        """First, last, smallest and largest are those of the values."""
        _, (chunk,) = build([(FLOAT, value) for value in values])

        assert (values[0], values[-1], min(values), max(values)) == tuple(
            chunk[key] for key in ("first", "last", "min", "max")
        )
        assert "nan" not in chunk

    @given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=50))
    def test_sums_are_rounded_once(self, values: list[float]) -> None:
        """The sum is the exact one, rounded; it does not depend on the order."""
        _, (chunk,) = build([(FLOAT, value) for value in values])
        _, (other,) = build([(FLOAT, value) for value in reversed(values)])

        assert math.fsum(values) == chunk["sum"] == other["sum"]

    @given(st.permutations([1.0, NAN, -2.0, NAN]))
    def test_nan_is_counted_and_left_out(self, values: list[float]) -> None:
        """NaN changes neither extremes nor sum, wherever it stands."""
        _, (chunk,) = build([(FLOAT, value) for value in values])

        assert (-2.0, 1.0, -1.0, 2) == tuple(chunk[key] for key in ("min", "max", "sum", "nan"))

    def test_nothing_but_nan_has_no_extremes(self) -> None:
        """Where every value is NaN there is no smallest, no largest and no sum."""
        _, (chunk,) = build([(FLOAT, NAN)])

        assert (None, None, None, 1) == tuple(chunk[key] for key in ("min", "max", "sum", "nan"))

    @pytest.mark.parametrize(
        ("values", "total"),
        [([INF, 1.0], INF), ([-INF, 1.0], -INF), ([1e308, 1e308], INF), ([-1e308] * 2, -INF)],
    )
    def test_sums_without_a_finite_value_are_infinite(
        self, values: list[float], total: float
    ) -> None:
        """Infinities and sums beyond the largest double are infinite, not an error."""
        _, (chunk,) = build([(FLOAT, value) for value in values])

        assert total == chunk["sum"]

    def test_opposite_infinities_have_no_sum(self) -> None:
        """Infinity and its opposite sum to NaN."""
        _, (chunk,) = build([(FLOAT, INF), (FLOAT, -INF)])

        assert math.isnan(chunk["sum"])
        assert (-INF, INF) == (chunk["min"], chunk["max"])

    def test_an_overflow_on_the_way_is_none(self) -> None:
        """A sum that fits is right although a part of it does not."""
        _, (chunk,) = build([(FLOAT, x) for x in (1e308, 1e308, -1e308, -1e308)])

        assert chunk["sum"] == 0.0


class TestCombine:
    @given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), st.integers(1, 10))
    def test_chunks_give_the_statistics_of_the_whole(self, values: list[float], size: int) -> None:
        """Where the chunks end does not show in count, ends, extremes and mean."""
        parts = [values[at : at + size] for at in range(0, len(values), size)]
        chunks = [build([(FLOAT, value) for value in part])[1][0] for part in parts]
        found = combine(chunks)

        assert (len(values), values[0], values[-1], min(values), max(values), 0) == tuple(
            found[key] for key in ("count", "first", "last", "min", "max", "nan")
        )
        assert math.fsum(values) / len(values) == pytest.approx(found["mean"], abs=1e-6)

    def test_the_mean_leaves_nan_out(self) -> None:
        """Three numbers and two NaN have the mean of the three."""
        chunks = [
            *build([(FLOAT, 1.0), (FLOAT, NAN)])[1], *build([(FLOAT, NAN)])[1],
            *build([(FLOAT, 2.0), (FLOAT, 6.0)])[1],
        ]  # fmt: skip
        found = combine(chunks)

        assert (5, 2, 3.0, 1.0, 6.0) == tuple(
            found[key] for key in ("count", "nan", "mean", "min", "max")
        )

    def test_nothing_but_nan_has_no_mean(self) -> None:
        """A series of NaN has no mean and no extremes."""
        found = combine(build([(FLOAT, NAN)])[1])

        assert (None, None, None) == (found["mean"], found["min"], found["max"])


class TestEncodeScalars:
    def test_series_without_points_are_left_out(self) -> None:
        """Only what has points is named, with their number."""
        _, chunks = build([(FLOAT, NAN), (FLOAT, 2.0)])
        body = json.loads(series.encode_scalars({"loss": chunks, "none": []}))

        assert ("scalars/1", ["loss"]) == (body["@"], [*body["series"]])
        assert (2, {"$": "f", "v": "NaN"}, 2.0, 1) == (
            body["series"]["loss"]["n"],
            *(body["series"]["loss"]["chunks"][0][key] for key in ("first", "last", "nan")),
        )

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    def test_every_tag_leads_to_its_columns(self, tag: str) -> None:
        """Whatever a series is called, its columns are found from the manifest."""
        _, chunks = build([(FLOAT, 1.0)])
        expected = [("col/1", chunks[0][key]) for key in ("value", "step", "wall")]

        assert expected == list(manifest.references(series.encode_scalars({tag: chunks})))

    def test_a_tag_may_be_a_dollar_sign(self) -> None:
        """The mark of typed values is a tag like any other."""
        _, chunks = build([(FLOAT, 1.0)])

        assert ["$"] == [*json.loads(series.encode_scalars({"$": chunks}))["series"]]

"""Tests of ``vcs_track.porcelain.diff.curves``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st
from unit.porcelain.diff.made import Counting, series_run

from vcs_track.errors import ObjectNotFoundError
from vcs_track.porcelain.diff import SeriesChange, diff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unit.porcelain.diff.made import Point

    from vcs_track.formats.oid import ObjectId


def compared(
    old: Sequence[Point], new: Sequence[Point], sizes: Sequence[int] = (4,),
    others: Sequence[int] = (4,), **how: Any,
) -> SeriesChange | None:  # fmt: skip
    """Return the change from one series to another, None for no change."""
    objects = Counting()
    one = series_run("a", objects, {"x": old}, sizes)
    two = series_run("b", objects, {"x": new}, others)
    found = diff(one, two, only="series", **how)
    assert found.mirrored() == diff(two, one, only="series", **how) or how
    assert len(found) <= 1
    return found[0] if found else None  # type: ignore[return-value]


def line(*values: Any, start: int = 0, stride: int = 1) -> list[Point]:
    """Return points of one repetition at even steps."""
    return [(start + stride * n, value, 0, None) for n, value in enumerate(values)]


def reference(old: Sequence[Point], new: Sequence[Point]) -> tuple[Any, ...] | None:
    """Return where two series part, their gap and area, the slow and plain way."""
    parts, gaps, areas = [], [], []
    for group in sorted({p[2:] for p in [*old, *new]}, key=str):
        one, two = ([p[:2] for p in side if p[2:] == group] for side in (old, new))
        for place in range(max(len(one), len(two))):
            sides = [side[place] for side in (one, two) if place < len(side)]
            if len(sides) == 1 or sides[0] != sides[1]:
                parts.append(min(step for step, _ in sides))
                break
        curves = [rising(one), rising(two)]
        common = [s for s in curves[0] if s in curves[1]]
        gaps += [(abs(curves[0][s] - curves[1][s]), -s) for s in common]
        if curves[0] and curves[1]:
            low = max(min(curve) for curve in curves)
            high = min(max(curve) for curve in curves)
            knots = [s for s in sorted({*curves[0], *curves[1]}) if low <= s <= high]
            far = [abs(value(curves[0], s) - value(curves[1], s)) for s in knots]
            pairs = zip(knots, knots[1:], far, far[1:], strict=False)
            if len(knots) > 1:
                areas.append(sum((t - s) * (a + b) / 2 for s, t, a, b in pairs))
    if not parts:
        return None
    gap, at = max(gaps, default=(None, None))
    return min(parts), gap, -at if gap and at is not None else None, sum(areas) if areas else None


def rising(points: Sequence[tuple[int, float]]) -> dict[int, float]:
    """Return the points whose step is above all before."""
    found: dict[int, float] = {}
    for step, y in points:
        if not found or step > max(found):
            found[step] = y
    return found


def value(curve: dict[int, float], step: int) -> float:
    """Return the value of a curve at a step, straight between its points."""
    if step in curve:
        return curve[step]
    before = max(s for s in curve if s < step)
    after = min(s for s in curve if s > step)
    share = (step - before) / (after - before)
    return curve[before] + (curve[after] - curve[before]) * share


class TestParts:
    def test_the_first_other_value(self) -> None:
        """The step of the first value that differs, whatever comes behind it."""
        change = compared(line(*range(12)), line(*range(7), 70, *range(8, 12)))

        assert change is not None
        assert (7, 63, 7, 63.0) == (change.parts_at, change.gap, change.gap_at, change.area)

    @pytest.mark.parametrize(
        ("new", "parts_at"),
        [
            (line(1.0, 2.0), 2), (line(1.0, 2.0, 3.0, 4.0), 3), (line(1, 2.0, 3.0), 0),
            (line(1.0, 2.0, True), 2), (line(1.0, 2.0, math.nan), 2),
            (line(1.0, 2.0) + line(3.0, start=5), 2), (line(1.0, 2.0, start=1), 0),
        ],
        ids=str,
    )  # fmt: skip
    def test_lengths_types_and_steps(self, new: list[Point], parts_at: int) -> None:
        """A missing point, another type, another step: each parts them where it stands."""
        change = compared(line(1.0, 2.0, 3.0), new)

        assert change is not None
        assert parts_at == change.parts_at

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_what_is_not_finite_equals_itself(self, value: float) -> None:
        """NaN against NaN is no difference, in chunks that are read as well."""
        same = line(1.0, value, 2.0, value)

        assert compared(same, same, (4,), (3,)) is None

    def test_chunks_cut_elsewhere_are_no_difference(self) -> None:
        """Points and not chunks are compared: a live run is chunked otherwise."""
        points = line(*[n / 3 for n in range(30)])

        assert compared(points, points, (7,), (4, 9, 1)) is None

    def test_ranks_in_another_order_are_no_difference(self) -> None:
        """Ranks that log in another order say the same."""
        mixed = [(n // 2, n / 3, 0, n % 2) for n in range(12)]
        sorted_by_rank = sorted(mixed, key=lambda p: p[3] or 0)

        assert compared(mixed, sorted_by_rank) is None

    def test_a_repetition_more(self) -> None:
        """A repetition that only one run has parts them at its first step."""
        one = line(1.0, 2.0, start=3)
        change = compared(one, [*one, (5, 1.0, 1, None), (6, 2.0, 1, None)])

        assert change is not None
        assert (5, None) == (change.parts_at, change.gap_at)


class TestSpace:
    def test_other_grids_are_joined_by_straight_lines(self) -> None:
        """Between points a curve is straight; only common steps have a gap."""
        old = [(0, 0.0, 0, None), (10, 10.0, 0, None)]
        new = [(0, 0.0, 0, None), (5, 0.0, 0, None), (10, 10.0, 0, None)]
        change = compared(old, new)

        assert change is not None
        assert (5, 0, None, 25.0) == (change.parts_at, change.gap, change.gap_at, change.area)

    def test_no_common_stretch(self) -> None:
        """Series that follow each other have neither gap nor area."""
        change = compared(line(1.0, 2.0), line(3.0, 4.0, start=10))

        assert change is not None
        assert (0, None, None, None) == (
            change.parts_at, change.gap, change.gap_at, change.area,
        )  # fmt: skip

    def test_infinity_is_the_largest_gap(self) -> None:
        """An infinity is infinitely far off, and has no area."""
        change = compared(line(1.0, 2.0, 3.0), line(1.0, math.inf, 4.0))

        assert change is not None
        assert (1, math.inf, 1, 1.0) == (change.parts_at, change.gap, change.gap_at, change.area)

    def test_nan_has_no_gap(self) -> None:
        """NaN parts the curves and is left out of gap and area."""
        change = compared(line(1.0, math.nan, 3.0), line(1.0, 2.0, 4.0))

        assert change is not None
        assert (1, 1.0, 2, 1.0) == (change.parts_at, change.gap, change.gap_at, change.area)

    def test_an_equal_chunk_behind_the_last_difference(self) -> None:
        """The area ends at the first point of the equal chunk, not at its last one.

        Seen to fail when only the last point of a chunk that is left out was taken in.
        """
        old = line(*[0.0] * 12)
        new = line(*[0.0] * 3, 1.0, *[0.0] * 8)
        change = compared(old, new)

        assert change is not None
        assert change.area == 1.0

    def test_a_chunk_that_begins_at_the_same_step_again(self) -> None:
        """Of two points at one step the first counts, and an equal chunk is walked from there.

        Seen to fail when such a chunk was taken in by its ends.
        """
        tail = [(step, 0.0, 0, None) for step in (3, 4, 5, 6)]
        change = compared([*line(0.0, 0.0, 0.0, 0.0), *tail], [*line(0.0, 0.0, 0.0, 2.0), *tail])

        assert change is not None
        assert (2.0, 3, 2.0) == (change.gap, change.gap_at, change.area)

    @settings(max_examples=300)
    @given(st.data())
    def test_as_the_plain_way(self, data: st.DataObject) -> None:
        """Gap, area and parting are those of a reference, however the points are chunked."""
        points = st.lists(
            st.tuples(st.integers(0, 2), st.integers(-3, 3).map(float)), max_size=14, min_size=1
        )
        drawn = [data.draw(points), data.draw(points)]
        prefix = data.draw(points) if data.draw(st.booleans()) else []
        tail = data.draw(points) if data.draw(st.booleans()) else []
        ranks = data.draw(st.sampled_from([1, 2]))
        sides = []
        for side in drawn:
            step = 0
            found: list[Point] = []
            for n, (more, y) in enumerate([*prefix, *side, *tail]):
                step += more
                found.append((step, y, 0, n % ranks if ranks > 1 else None))
            sides.append(found)
        sizes = st.lists(st.integers(1, 5), min_size=1, max_size=3)
        first = data.draw(sizes)
        second = first if data.draw(st.booleans()) else data.draw(sizes)
        change = compared(sides[0], sides[1], first, second)
        expected = reference(sides[0], sides[1])

        assert (expected is None) == (change is None)
        if expected is not None and change is not None:
            assert expected[:3] == (change.parts_at, change.gap, change.gap_at)
            assert expected[3] == pytest.approx(change.area)


class TestTolerance:
    def test_points_within_are_the_same(self) -> None:
        """A series whose points are all near enough is no change."""
        old, new = line(1.0, 2.0, 3.0), line(1.01, 2.0, 2.99)

        assert compared(old, new, tol=0.02) is None
        assert compared(old, new, tol={"*": "2%", "y": 0}) is None
        assert compared(old, new, tol={"x": "0.1%"}) is not None

    def test_the_first_step_beyond(self) -> None:
        """They part where they are further apart than that."""
        change = compared(line(1.0, 2.0, 3.0), line(1.01, 2.0, 3.5), tol=0.1)

        assert change is not None
        assert change.parts_at == 2

    @pytest.mark.parametrize("new", [line(1.0), line(math.nan, 2.0), line(1.0, 2.0, start=1)])
    def test_is_for_values(self, new: list[Point]) -> None:
        """A missing point, NaN and another step are differences all the same."""
        assert compared(line(1.0, 2.0), new, tol=100) is not None


class TestCost:
    def test_equal_chunks_are_not_read(self) -> None:
        """Of two series that differ in one chunk, that pair is read and nothing else."""
        objects = Counting()
        old, new = line(*range(40)), line(*range(17), -1, *range(18, 40))
        one = series_run("a", objects, {"x": old, "y": old}, (10,))
        two = series_run("b", objects, {"x": new, "y": old}, (10,))
        chunks = [run.series("x").chunks for run in (one, two)]
        objects.reads.clear()
        found = diff(one, two, only="series")

        assert ["x"] == [change.name for change in found]
        assert {side[1]["value"] for side in chunks} | {chunks[0][1]["step"]} == set(objects.reads)

    def test_equal_series_are_not_read(self) -> None:
        """Wall times differ between any two runs, and nothing is read for them."""
        objects = Counting()
        points = line(*range(40))
        one = series_run("a", objects, {"x": points, "z": points}, (10,))
        two = series_run("b", objects, {"x": points}, (10,))
        assert [one.series_tags, two.series_tags] == [["x", "z"], ["x"]]
        objects.reads.clear()

        assert ["z"] == [change.name for change in diff(one, two)]
        assert [] == objects.reads


class TestBadInput:
    def test_a_missing_column_is_noted(self) -> None:
        """A series whose points are not here is a change without its points, and a note.

        Seen to fail when the error went through.
        """

        class Holes(Counting):
            hole: ObjectId | None = None

            def read(self, oid: ObjectId) -> bytes:
                if oid == self.hole:
                    raise ObjectNotFoundError("object is not here", oid=oid)
                return super().read(oid)

        objects = Holes()
        one = series_run("a", objects, {"x": line(1.0, 2.0)})
        two = series_run("b", objects, {"x": line(1.0, 3.0)})
        objects.hole = two.series("x").chunks[0]["value"]
        found = diff(one, two)
        (change,) = found

        assert isinstance(change, SeriesChange)
        assert (2.0, 3.0, None, None) == (
            change.old.last, change.new.last, change.parts_at, change.gap,
        )  # fmt: skip
        assert ("series 'x' was not compared point by point: object is not here",) == found.notes

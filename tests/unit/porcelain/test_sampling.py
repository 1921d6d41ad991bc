"""Tests of ``vcs_track.porcelain.sampling``."""

from __future__ import annotations

import math
from collections import Counter
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptError, InvalidTypeError, InvalidValueError
from vcs_track.porcelain.sampling import METHODS, Block, places

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__: list[str] = []

METHOD = st.sampled_from(METHODS)
VALUE = st.sampled_from([0.0, 1.0, -2.5, math.nan, math.inf, -math.inf]) | st.floats()
VALUES = st.lists(VALUE | st.integers(-(2**63), 2**64 - 1), max_size=30) | st.lists(
    VALUE, min_size=25, max_size=60
)
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=20)


def block(values: Sequence[float]) -> Block:
    """Return points whose statistics are known, as those of a chunk are."""
    numbers = [value for value in values if value == value]
    return Block(
        len(values), lambda: values, True, min(numbers, default=None),
        max(numbers, default=None), len(numbers) < len(values),
    )  # fmt: skip


def blocks_of(values: Sequence[float], sizes: Sequence[int]) -> list[Block]:
    """Return the points in blocks of these sizes, and the rest in a last one."""
    edges = [0, *(edge for edge in accumulate(sizes) if edge < len(values)), len(values)]
    return [block(values[a:b]) for a, b in pairwise(edges) if b > a]


class TestAnySeries:
    @given(VALUES, CUTS, st.integers(4, 16), METHOD)
    def test_few_rising_with_first_and_last(
        self, values: list[float], sizes: list[int], n: int, method: str
    ) -> None:
        """At most *n* places come, each once, in order, with the first and the last point."""
        found = places(blocks_of(values, sizes), n, method)

        assert len(found) <= n
        assert found == sorted(set(found))
        assert ([0, len(values) - 1] if values else []) == [*found[:1], *found[-1:]] or (
            len(values) == 1 and found == [0]
        )

    @given(VALUES, CUTS, st.integers(4, 16), METHOD)
    def test_every_peak_survives(
        self, values: list[float], sizes: list[int], n: int, method: str
    ) -> None:
        """The smallest and the largest value of all are kept, infinities too.

        Seen to fail when the largest of a stretch was taken from its first chunk only.
        """
        found = places(blocks_of(values, sizes), n, method)
        numbers = [value for value in values if value == value]
        kept = [values[place] for place in found if values[place] == values[place]]

        assert [*map(min, [numbers] if numbers else [])] == [*map(min, [kept] if kept else [])]
        assert [*map(max, [numbers] if numbers else [])] == [*map(max, [kept] if kept else [])]

    @given(VALUES, CUTS, st.integers(4, 16), METHOD)
    def test_statistics_change_nothing(
        self, values: list[float], sizes: list[int], n: int, method: str
    ) -> None:
        """What is known of a block saves reading it, and gives the same points.

        Seen to fail when the values of the block before the right one were searched.
        """
        known = blocks_of(values, sizes)
        unknown = [Block(each.size, each.read) for each in known]

        assert places(unknown, n, method) == places(known, n, method)

    @given(VALUES, st.integers(4, 16), METHOD)
    def test_all_of_a_short_one(self, values: list[float], n: int, method: str) -> None:
        """A series that is no longer than the sample is kept whole."""
        values = values[:n]

        assert list(range(len(values))) == places(blocks_of(values, [7]), n, method)

    @given(st.lists(st.floats(), min_size=9, max_size=300), st.integers(8, 40))
    def test_m4_is_what_the_paper_says(self, values: list[float], n: int) -> None:
        """Of each stretch the first, last, smallest and largest stay, and nothing else."""
        expected: set[int] = set()
        parts = n // 4
        for part in range(parts):
            start, end = (k * len(values) // parts for k in (part, part + 1))
            real = [i for i in range(start, end) if not math.isnan(values[i])]
            expected |= {start, end - 1}
            if real:
                expected |= {
                    min(real, key=lambda i: values[i]),
                    max(real, key=lambda i: (values[i], -i)),
                }
        if len(values) <= n:
            expected = set(range(len(values)))

        assert sorted(expected) == places([block(values)], n, "m4")


class TestRules:
    def test_equal_values_keep_the_first(self) -> None:
        """Of equal values the first stays, so the same series gives the same sample."""
        assert [0, 3, 9] == places([block([1.0, 1, 1, 0, 0, 1, 1, 0, 1, 1])], 4)

    def test_a_stretch_of_nan_keeps_one(self) -> None:
        """Where there is nothing but NaN its first point stays; beside numbers it may go."""
        nan = math.nan
        values = [0.0, 1.0, nan, 1.0, nan, nan, nan, nan, 0.0, 1.0, 0.0, 1.0]

        assert [0, 1, 4, 8, 9, 11] == places([block(values)], 8)

    def test_all_nan(self) -> None:
        """A series of nothing but NaN keeps some of them."""
        assert [0, 10, 19] == places([block([math.nan] * 20)], 6)

    def test_statistics_that_lie_are_told(self) -> None:
        """A chunk without the value that its statistics name is damage, said as such."""
        wrong = [Block(10, lambda: [0.0] * 10, True, 0.0, 5.0, False) for _ in range(4)]

        with pytest.raises(CorruptError, match="has not got the value 5"):
            places(wrong, 4)

    @pytest.mark.parametrize("n", [3, 0, -1])
    def test_too_few(self, n: int) -> None:
        """Fewer than four points are no sample."""
        with pytest.raises(InvalidValueError, match=f"n is {n}"):
            places([block([1.0])], n)

    @pytest.mark.parametrize("n", [True, 4.0, "4", None])
    def test_no_number(self, n: Any) -> None:
        """The number of points is an integer."""
        with pytest.raises(InvalidTypeError, match="n must be an integer"):
            places([block([1.0])], n)

    def test_unknown_method(self) -> None:
        """An unknown method gets near ones."""
        with pytest.raises(InvalidValueError, match="there is no method 'minmx'") as caught:
            places([block([1.0])], 4, "minmx")

        assert "did you mean 'minmax'?" == caught.value.hint


class TestReading:
    @pytest.mark.parametrize("method", METHODS)
    def test_long_stretches_read_two_blocks(self, method: str) -> None:
        """Where stretches are longer than blocks, at most two blocks of a stretch are read.

        Seen to fail when stretches were not cut between blocks.
        """
        reads: Counter[int] = Counter()

        def make(index: int) -> Block:
            values = [math.sin(index * 10 + i) for i in range(10)]

            def read() -> list[float]:
                reads[index] += 1
                return values

            return Block(10, read, True, min(values), max(values), False)

        places([make(index) for index in range(1003)], 42, method)

        assert 1 == max(reads.values())
        assert len(reads) <= 42

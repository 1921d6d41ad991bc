"""Numbers beside a picture: round, apart, and in their place."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from vcs_track.pages.axis import Axis

__all__: list[str] = []

FINITE = st.floats(allow_nan=False, allow_infinity=False)


class TestPlace:
    @given(FINITE, FINITE, FINITE)
    def test_within(self, a: float, b: float, c: float) -> None:
        """Any finite numbers lie between the ends, in their order, however far apart."""
        low, middle, high = sorted((a, b, c))
        axis = Axis(low, high)
        places = [axis.place(number) for number in (low, middle, high)]

        assert places == sorted(places)
        assert all(0 <= place <= 1 for place in places)

    def test_the_largest_numbers(self) -> None:
        """Numbers further apart than any number is large have their middle.

        Seen to fail when their distance was taken, which is infinite.
        """
        assert [0.0, 0.5, 1.0] == [
            Axis(-1.7e308, 1.7e308).place(x) for x in (-1.7e308, 0, 1.7e308)
        ]

    def test_one_number_lies_in_the_middle(self) -> None:
        """The axis of one number has it in the middle."""
        assert 0.5 == Axis(7.0, 7.0).place(7.0)

    def test_numbers_that_are_none(self) -> None:
        """Infinities and NaN make no axis."""
        assert Axis.over([math.nan, math.inf, -math.inf]) is None
        assert Axis(1.0, 2.0) == Axis.over([math.nan, 2.0, math.inf, 1.0])


class TestMarks:
    @given(FINITE, FINITE, st.integers(1, 12), st.booleans())
    def test_any_numbers(self, a: float, b: float, most: int, whole: bool) -> None:
        """There is at least one mark and few more than asked for, on the axis, short, apart."""
        axis = Axis(min(a, b), max(a, b), whole=whole)
        marks = axis.marks(most)
        texts = [text for _, text in marks]

        assert 1 <= len(marks) <= max(2, most + 1)
        assert all(len(text) <= 11 for text in texts)
        assert len(set(texts)) == len(texts)
        assert all(-1e-9 <= axis.place(number) <= 1 + 1e-9 for number, _ in marks)

    @given(st.floats(-300, 300), st.floats(0, 300), st.integers(2, 8))
    def test_any_logarithms(self, low: float, span: float, most: int) -> None:
        """A logarithmic axis has its marks in place as well."""
        axis = Axis(low, min(300.0, low + span), log=True)
        marks = axis.marks(most)

        assert marks
        assert all(-1e-6 <= axis.place(number) <= 1 + 1e-6 for number, _ in marks)
        assert all(float(text) > 0 for _, text in marks)

    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            (0, 1, ["0.0", "0.5", "1.0"]),
            (-3, 17, ["0", "10"]),
            (0, 0.00003, ["0", "1e-05", "2e-05", "3e-05"]),
            (0, 3e7, ["0", "1e+07", "2e+07", "3e+07"]),
            (0.5, 0.5, ["0.5"]),
            (-1e308, 1e308, ["-1e+308", "1e+308"]),
            (1e16, 1e16 + 4, ["1e+16"]),
        ],
    )
    def test_texts(self, low: float, high: float, expected: list[str]) -> None:
        """Numbers are round and written with as many digits as tell them apart."""
        assert expected == [text for _, text in Axis(low, high).marks(3)]

    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            (1e-3, 1e3, ["0.001", "0.1", "10", "1000"]),
            (0.15, 0.9, ["0.2", "0.5"]),
            (0.76, 1.06, ["0.8", "0.9", "1.0"]),
            (2.0, 2.0, ["2"]),
        ],
    )
    def test_logarithms(self, low: float, high: float, expected: list[str]) -> None:
        """Powers of ten, parts of them in a decade or two, and round numbers within one."""
        axis = Axis(math.log10(low), math.log10(high), log=True)

        assert expected == [text for _, text in axis.marks(4)]

    def test_whole(self) -> None:
        """Steps have no fractions."""
        assert ["0", "1", "2"] == [text for _, text in Axis(0, 2, whole=True).marks(9)]

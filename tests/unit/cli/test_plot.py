"""Pictures of curves, line by line."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.cli.plot import LETTERS, Curve, draw

__all__: list[str] = []

NUMBER = st.floats() | st.integers(-5, 5).map(float)
LINES = st.lists(st.lists(st.tuples(NUMBER, NUMBER), max_size=12), max_size=3)


def texts(*lines: list[tuple[float, float]], **options: Any) -> list[str]:
    """Return the picture of one curve for each line."""
    curves = [Curve(str(place), [line]) for place, line in enumerate(lines)]
    rows = draw(curves, **{"width": 24, "height": 4, **options})
    return ["".join(part.text for part in row).rstrip() for row in rows]


def line(*values: float) -> list[tuple[float, float]]:
    """Return values at the steps from 0."""
    return [(float(x), y) for x, y in enumerate(values)]


class TestPicture:
    def test_braille(self) -> None:
        """A line rises from its lowest corner to its highest."""
        assert [
            "2 ┤               ⢀⣀⠤⠔⠒⠉",
            "1 ┤         ⢀⣀⠤⠔⠒⠉⠁",
            "  │    ⢀⣀⠤⠒⠊⠁",
            "0 ┤⣀⠤⠒⠊⠁",
            "  └┬─────────┬─────────┬",
            "   0         1         2",
            "           step",
        ] == texts(line(0, 1, 2), title="step")

    def test_ascii(self) -> None:
        """Without braille stars are drawn."""
        assert [
            "  |******",
            "2 +      *******",
            "  |             *****",
            "0 +                  ***",
            "  ++---------+---------+",
            "   0         1         2",
        ] == texts(line(3, 1.5, 0), plain=True)

    def test_ascii_curves(self) -> None:
        """Without braille each of several curves is drawn with its letter."""
        assert [
            "  |aaaa             bbbb",
            "2 +    aaaaaabbbbbbb",
            "  |    bbbbbbaaaaaaa",
            "0 +bbbb             aaaa",
            "  ++-------------------+",
            "   0                   1",
        ] == texts(line(3, 0), line(0, 3), plain=True)

    def test_curves_without_colours(self) -> None:
        """Without colours each curve has its letter now and then, and at its end."""
        assert [
            "5 ┤⠉⠒⠢⠤⣀⣀                         ⣀⣀⠤⠔⠒a",
            "  │      ⠉⠑⠒⠤b⣀             ⣀⡠⠤⠒⠊a",
            "  │            ⠉⠑⠒⠢⠤⣀⣀⣀⠤⠔⠒⠊⠉",
            "  │            ⣀⡠⠤⠔⠒⠉a⠉⠒⠢b⢄⣀",
            "  │      a⡠⠤⠒⠊⠉             ⠉⠑⠒⠤⢄⣀",
            "0 ┤⣀⠤⠔⠒⠉⠉                         ⠉⠉⠒b⠤b",
            "  └┬───────────────────────────────────┬",
            "   0                                   1",
        ] == texts(line(0, 5), line(5, 0), width=40, height=6, letters=True)

    @pytest.mark.parametrize("letters", [True, False])
    def test_letters(self, letters: bool) -> None:
        """Each of several curves ends in its letter; without colours letters stand along it."""
        rows = texts(line(0, 0), line(1, 1), width=50, height=3, letters=letters)

        assert rows[0].endswith("b")
        assert rows[2].endswith("a")
        assert letters == (rows[0].count("b") > 2)
        assert letters == (rows[2].count("a") > 2)

    def test_equal_curves_both_have_letters(self) -> None:
        """Where curves lie upon each other, the letters of both can be read.

        Seen to fail when letters were written only where a curve was the uppermost.
        """
        rows = texts(line(0, 1), line(0, 1), width=60, letters=True)

        assert {"a", "b"} == set("".join(rows)) & set(LETTERS)

    def test_a_peak_reaches_the_top(self) -> None:
        """The largest value is drawn in the first row, the smallest in the last."""
        rows = texts(line(*[0.0] * 50, 9.0, *[0.0] * 49))

        assert rows[0].count(" ") < len(rows[0]) - 1
        assert any("⠀" < letter <= "⣿" for letter in rows[0])

    def test_nan_is_a_gap(self) -> None:
        """NaN lifts the pen."""
        assert "1 ┤⠒⠒⠒⠒⠒⠂         ⠐⠒⠒⠒⠒⠒" == texts(line(1, 1, math.nan, 1, 1), height=1)[0]

    def test_going_back_lifts_the_pen(self) -> None:
        """Where x goes back, as in a run that was gone on with, no line is drawn.

        Seen to fail when the pen stayed down.
        """
        back = texts([(0.0, 0.0), (10.0, 0.0), (0.0, 9.0), (10.0, 9.0)])

        assert [] == [row for row in back[1:3] if row.partition("│")[2].strip()]

    def test_infinities_are_at_the_edge(self) -> None:
        """An infinity is a dot in the first or the last row, no line leads there."""
        line_with_gap = "5 ┤⠒⠒⠒⠒⠒⠂         ⠐⠒⠒⠒⠒⠒"
        high = texts(line(5, 5, math.inf, 5, 5), height=3)
        low = texts(line(5, 5, -math.inf, 5, 5), height=3)

        assert ["  │          ⠁", line_with_gap, "  │"] == high[:3]
        assert ["  │", line_with_gap, "  │          ⡀"] == low[:3]

    def test_one_point(self) -> None:
        """One point lies in the middle, with its numbers."""
        rows = texts([(1000.0, 3.5)], height=3)

        assert rows[1].startswith("3.5 ┤")
        assert rows[-1].strip() == "1000"

    @pytest.mark.parametrize("nothing", [[], [(0.0, math.nan)], [(math.nan, 1.0)]])
    def test_nothing(self, nothing: list[tuple[float, float]]) -> None:
        """Without a point there is no picture."""
        assert [] == texts(nothing)

    @given(LINES, st.integers(1, 60), st.integers(1, 9), st.booleans(), st.booleans())
    def test_any_numbers_fit(
        self, lines: list[Any], width: int, height: int, plain: bool, letters: bool
    ) -> None:
        """Any numbers are drawn in the width and height that were asked for."""
        options = {"plain": plain, "letters": letters, "title": "step"}
        rows = texts(*lines, width=width, height=height, **options)

        assert len(rows) in (0, height + 3)
        assert max(map(len, rows), default=0) <= max(width, 2)

    def test_narrow(self) -> None:
        """Where there is no room the numbers beside go, the curve stays."""
        assert ["┤   ⢀⡠⠔⠊", "┤⡠⠔⠊⠁", "└┬─────┬", " 0     1"] == (
            texts(line(0, 1), width=8, height=2)
        )
        assert ["┤  ⡠⠊", "┤⡠⠊", "└────", ""] == (
            texts([(123456.0, 1.0), (123457.0, 2.0)], width=5, height=2)
        )

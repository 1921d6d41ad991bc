"""Tests of ``vcs_track.pages.chart``."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, strategies as st

from vcs_track.pages.chart import Mark, chart, sparkline
from vcs_track.pages.curves import Curve

__all__: list[str] = []

Points = list[tuple[float, float]]

NUMBER = st.floats() | st.integers(-5, 5).map(float)
LINES = st.lists(st.lists(st.tuples(NUMBER, NUMBER), max_size=12), max_size=3)
COORDINATE = re.compile(r"(-?[\d.]+) (-?[\d.]+)")


def paths(*lines: Points) -> list[str]:
    """Return what the pen draws for one curve with these lines."""
    drawn = ET.fromstring(chart([Curve("x", lines)], label="x"))
    return [path.attrib["d"] for path in drawn.iter("path")]


class TestCurve:
    def test_a_line_rises_from_corner_to_corner(self) -> None:
        """The smallest values lie at the lower left, the largest at the upper right."""
        (path,) = paths([(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)])
        points = [(float(x), float(y)) for x, y in COORDINATE.findall(path)]

        assert points == sorted(points)
        assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)
        assert points[-1] == (366.0, 10.0)

    def test_nan_leaves_a_gap(self) -> None:
        """The pen is lifted at NaN. Seen to fail when NaN was left out of the line."""
        (path,) = paths([(0, 1.0), (1, 2.0), (2, math.nan), (3, 1.0), (4, 2.0)])

        assert path.count("M") == 2

    def test_a_point_without_neighbours_is_a_dot(self) -> None:
        """A value between two NaN is still seen."""
        line, dots = paths([(0, 1.0), (1, 2.0), (2, math.nan), (3, 1.0), (4, math.nan)])

        assert (line.count("L"), dots.count("h0")) == (1, 1)

    def test_infinities_are_dots_at_the_edge(self) -> None:
        """They stand at the top and at the bottom, and stretch no axis."""
        line, dots = paths([(0, 1.0), (1, 2.0), (2, math.inf), (3, -math.inf), (4, 1.0), (5, 2.0)])

        assert line.count("M") == 2
        assert [10.0, 170.0] == [float(y) for _, y in COORDINATE.findall(dots.replace("h0", ""))]

    def test_the_pen_is_lifted_where_steps_go_back(self) -> None:
        """A run that began again has two lines, not one that crosses the picture."""
        (path,) = paths([(0, 1.0), (5, 2.0), (2, 3.0), (6, 4.0)])

        assert path.count("M") == 2

    @pytest.mark.parametrize("lines", [[], [[]], [[(0.0, math.nan)]], [[(math.nan, 1.0)]]])
    def test_nothing_to_draw(self, lines: list[Points]) -> None:
        """Without a point there is no picture."""
        assert "" == chart([Curve("x", lines)], label="x")

    @given(LINES, st.booleans())
    def test_any_numbers_give_a_whole_picture(self, lines: list[Points], whole: bool) -> None:
        """Whatever the numbers, the picture is well formed and stays in its frame."""
        made = chart([Curve("a", lines), Curve("<b>", lines)], label="<&>", whole=whole)
        if not made:
            return
        drawn = ET.fromstring(made)
        points = [
            (float(x), float(y))
            for path in drawn.iter("path")
            for x, y in COORDINATE.findall(path.attrib["d"].replace("h0", ""))
        ]

        assert all(0 <= x <= 380 and 0 <= y <= 210 for x, y in points)
        assert "nan" not in made
        assert "inf" not in made


class TestAround:
    def test_axes_have_few_round_numbers(self) -> None:
        """Both axes have numbers that a reader would choose."""
        drawn = ET.fromstring(chart([Curve("x", [[(0, 0.0), (100, 1.0)]])], label="x"))
        texts = [text.text for text in drawn.iter("text")]

        assert ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"] == texts[:6]
        assert ["0", "20", "40", "60", "80", "100", "step"] == texts[6:]

    def test_logarithms_are_numbered_as_what_they_stand_for(self) -> None:
        """A value of -2 is a hundredth."""
        curve = Curve("x", [[(0, -2.0), (1, 1.0)]])
        drawn = ET.fromstring(chart([curve], label="x", log=True))
        texts = [text.text for text in drawn.iter("text")]

        assert ["0.01", "0.1", "1", "10"] == texts[:4]

    def test_a_mark_lies_at_its_step(self) -> None:
        """A line is drawn at the step, and only where the axis has it."""
        curve = Curve("x", [[(0, 0.0), (10, 1.0)]])
        made = chart([curve], label="x", marks=[Mark(5, "part at"), Mark(50, "beyond")])

        assert 1 == made.count('class="mark"')
        assert "part at 5" in made
        assert "beyond" not in made

    def test_user_text_is_no_markup(self) -> None:
        """The name of a curve cannot end the picture."""
        evil = "</title></svg><script>x</script>"
        made = chart([Curve(evil, [[(0, 1.0)]], evil)], label=evil)

        assert "<script" not in made
        ET.fromstring(made)


class TestSparkline:
    def test_is_small_and_has_no_axes(self) -> None:
        """A picture the size of a word, only the line."""
        drawn = ET.fromstring(sparkline([[(0, 1.0), (1, 2.0)]]))

        assert ["path"] == [each.tag for each in drawn]

    def test_nothing(self) -> None:
        """No points, no picture."""
        assert "" == sparkline([])

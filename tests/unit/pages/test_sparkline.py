"""A series as blocks: nothing important is lost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hypothesis import given, strategies as st

import vcs_track
from vcs_track.pages.sparkline import shape_of, sparkline

if TYPE_CHECKING:
    from pathlib import Path

__all__: list[str] = []


class TestSparkline:
    @given(st.lists(st.floats() | st.none(), max_size=200), st.integers(2, 50))
    def test_any_numbers(self, values: list[float | None], width: int) -> None:
        """Any numbers are drawn in the width that is asked for."""
        assert len(sparkline(values, width)) <= width

    @given(
        st.lists(
            st.floats(-1e9, 1e9, allow_subnormal=False), min_size=2, max_size=300, unique=True
        )
    )
    def test_smallest_and_largest_are_drawn(self, values: list[float]) -> None:
        """Thinning keeps the largest and the smallest number."""
        drawn = sparkline(values, 10)

        assert "█" in drawn
        assert "▁" in drawn

    def test_a_single_peak_survives(self) -> None:
        """One peak in ten thousand points shows, in its place."""
        drawn = sparkline([0.0] * 9000 + [1.0] + [0.0] * 999, 20)

        assert 18 <= drawn.index("█") <= 19

    def test_gaps_and_edges(self) -> None:
        """NaN leaves a gap, infinities are drawn at the edges."""
        assert "▁ █▁█" == sparkline([0.0, math.nan, 1.0, -math.inf, math.inf])

    def test_constant_is_a_line(self) -> None:
        """A constant series is a line in the middle."""
        assert "▄▄▄" == sparkline([5.0, 5.0, 5.0])

    def test_ascii(self) -> None:
        """Where there are no blocks plain characters do."""
        assert sparkline(range(8), 8, ascii=True).isascii()

    def test_nothing(self) -> None:
        """No numbers are no line."""
        assert "" == sparkline([])


class TestShape:
    def test_long_series_read_no_column(self, tmp_path: Path) -> None:
        """A series of many chunks is drawn from the statistics of its chunks."""
        repo = vcs_track.init(tmp_path)
        with repo.start_run("long") as run:
            for step in range(200_000):
                run.add_scalar("x", step / 2, step)
        series = repo.run("long").series("x")
        shape = shape_of(series, 8)

        assert len(series.chunks) * 2 == len(shape)
        assert shape == sorted(shape)  # type: ignore[type-var]  # no gaps in it
        assert not series._columns

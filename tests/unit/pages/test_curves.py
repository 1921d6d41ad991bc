"""Series made ready to be drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

import vcs_track
from vcs_track.pages.curves import Curve, View, curve_of, row_of, smoothed, unit_of

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import RunView

__all__: list[str] = []


@pytest.fixture
def run(tmp_path: Path) -> RunView:
    """Return a run with series of many kinds."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    with repo.start_run("r") as run:
        start = repo.run("r").created.timestamp()
        for step in range(1000):
            run.add_scalar("long", 1e6 if step == 777 else step % 10, step)
            run.add_scalar("low", step - 500, step)
        for step in range(4):
            run.add_scalar("timed", step, step, walltime=start + 60 * step, epoch=step // 2)
        run.add_scalar("timed", 4, 4, walltime=start + 240)
        run.add_scalar("reps", 1, 0)
        run.new_repetition()
        run.add_scalar("reps", 2, 0)
    return repo.run("r")


class TestSmoothed:
    @given(st.lists(st.floats(-1e9, 1e9)), st.floats(0, 0.999))
    def test_is_the_weighted_mean(self, values: list[float], weight: float) -> None:
        """Each is the mean of all so far, each weighing *weight* times what its next does.

        Seen to fail without the division by the sum of the weights.
        """
        for place, found in enumerate(smoothed(values, weight)):
            weights = [weight ** (place - i) for i in range(place + 1)]
            total = math.fsum(w * v for w, v in zip(weights, values, strict=False))
            expected = total / math.fsum(weights)

            assert math.isclose(expected, found, rel_tol=1e-6, abs_tol=1e-3)

    def test_no_weight_changes_nothing(self) -> None:
        """A weight of 0 gives the values."""
        assert [1.0, 5.0, 2.0] == list(smoothed([1.0, 5.0, 2.0], 0.0))

    def test_what_is_not_finite_stays(self) -> None:
        """NaN and infinities stay in their place and spoil nothing after them."""
        found = list(smoothed([2.0, math.nan, math.inf, 2.0], 0.9))

        assert [2.0, "nan", "inf", 2.0] == [
            str(value) if not math.isfinite(value) else round(value, 9) for value in found
        ]


class TestCurve:
    def test_a_peak_survives(self, run: RunView) -> None:
        """Few points of a long series have its peak."""
        (line,) = curve_of(run, run.series("long"), View(20), "l").lines

        assert len(line) <= 20
        assert (777.0, 1e6) in line

    def test_a_line_for_each_repetition(self, run: RunView) -> None:
        """Repetitions are not joined."""
        curve = curve_of(run, run.series("reps"), View(20), "l")

        assert [[(0.0, 1.0)], [(0.0, 2.0)]] == curve.lines

    def test_time_and_epoch(self, run: RunView) -> None:
        """Times count from the start of the run; a point without an epoch has no place."""
        times = curve_of(run, run.series("timed"), View(20, "time"), "l")
        epochs = curve_of(run, run.series("timed"), View(20, "epoch"), "l")

        assert [0, 60, 120, 180, 240] == [round(x) for x, _ in times.lines[0]]
        assert [0.0, 0.0, 1.0, 1.0] == [x for x, _ in epochs.lines[0]]
        assert (60, "minutes") == unit_of([times])

    def test_smoothing_comes_before_thinning(self, run: RunView) -> None:
        """The peaks of the smoothed values are drawn, not the smoothed peaks."""
        series = run.series("long")
        exact = list(smoothed(series.value, 0.9))
        (line,) = curve_of(run, series, View(30, smooth=0.9), "l").lines

        assert max(exact) == max(y for _, y in line)
        assert all(exact[int(x)] == y for x, y in line)

    def test_logarithm(self, run: RunView) -> None:
        """Values above 0 become logarithms, all of them; of the others the legend tells.

        Seen to fail when the points were thinned before.
        """
        curve = curve_of(run, run.series("low"), View(30, log=True), "l")
        drawn = [(x, y) for x, y in curve.lines[0] if not math.isnan(y)]

        assert (501.0, 0.0) in drawn
        assert (999.0, math.log10(499)) in drawn
        assert "last 499, not drawn: values down to -500" == curve.note

    def test_row(self, run: RunView) -> None:
        """A row of JSON has points as they were logged, and the average where asked for."""
        row = row_of(run, run.series("reps"), View(10, smooth=0.5))

        assert (2, [0, 0], [1, 2], [0, 1], [1.0, 2.0]) == (
            row["count"], row["step"], row["value"], row["repetition"], row["smoothed"]
        )  # fmt: skip


@pytest.mark.parametrize(
    ("span", "unit"), [(5, "seconds"), (600, "minutes"), (9000, "hours"), (10**6, "days")]
)
def test_unit(span: int, unit: str) -> None:
    """Times are written in the unit that suits them."""
    assert unit == unit_of([Curve("", [[(0.0, 0.0), (float(span), 0.0)]])])[1]

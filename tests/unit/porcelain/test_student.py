"""Student's t: against tables, integrals and scipy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain.student import critical, two_sided

if TYPE_CHECKING:
    from collections.abc import Callable

__all__: list[str] = []

# Printed in every book of tables, here with ten digits.
TABLE = {
    (0.95, 1): 12.7062047362, (0.95, 2): 4.3026527297, (0.95, 3): 3.1824463053,
    (0.95, 4): 2.7764451052, (0.95, 5): 2.5705818356, (0.95, 10): 2.2281388520,
    (0.95, 20): 2.0859634473, (0.95, 30): 2.0422724563, (0.95, 60): 2.0002978220,
    (0.95, 120): 1.9799304051, (0.99, 1): 63.6567411629, (0.99, 10): 3.1692726726,
    (0.90, 10): 1.8124611228, (0.95, 1e12): 1.9599639845,
}  # fmt: skip


def density(df: float) -> Callable[[float], float]:
    front = math.gamma((df + 1) / 2) / math.gamma(df / 2) / math.sqrt(df * math.pi)
    return lambda t: front * (1 + t * t / df) ** (-(df + 1) / 2)


def integral(of: Callable[[float], float], end: float, parts: int = 2000) -> float:
    """Simpson's rule from 0 to *end*."""
    width = end / parts
    inner = sum((4 if i % 2 else 2) * of(i * width) for i in range(1, parts))
    return width / 3 * (of(0) + inner + of(end))


class TestTables:
    @pytest.mark.parametrize(("asked", "t"), TABLE.items(), ids=str)
    def test_critical_values(self, asked: tuple[float, float], t: float) -> None:
        """The quantiles are those of the tables, in all ten digits."""
        assert critical(*asked) == pytest.approx(t, rel=1e-10)

    @pytest.mark.parametrize(("asked", "t"), TABLE.items(), ids=str)
    def test_tails(self, asked: tuple[float, float], t: float) -> None:
        """Beyond a quantile of the tables lies what the tables say."""
        level, df = asked

        assert two_sided(t, df) == pytest.approx(1 - level, rel=1e-9)


class TestTails:
    @settings(max_examples=50)
    @given(t=st.floats(0.01, 6), df=st.floats(0.5, 150))
    def test_are_one_minus_the_integral_of_the_density(self, t: float, df: float) -> None:
        """The probability is that of the density, for whole and other degrees of freedom.

        Seen to fail when the continued fraction ends after one term.
        """
        assert two_sided(t, df) == pytest.approx(1 - 2 * integral(density(df), t), abs=1e-9)

    @given(t=st.floats(0, 1e200))
    def test_with_one_degree_are_cauchys(self, t: float) -> None:
        """With one degree of freedom the tail is an arc tangent, however far out."""
        expected = 1 - 2 / math.pi * math.atan(t) if t < 1 else 2 / math.pi * math.atan(1 / t)

        assert two_sided(t, 1) == pytest.approx(expected, rel=1e-12)

    @given(t=st.floats(0, 1e100), df=st.floats(0.1, 1e12))
    def test_are_probabilities_and_even(self, t: float, df: float) -> None:
        """Each result is from 0 to 1, and the same for minus t."""
        assert 0 <= two_sided(t, df) <= 1
        assert two_sided(t, df) == two_sided(-t, df)

    @given(t=st.floats(0, 50), more=st.floats(1e-3, 10), df=st.floats(0.1, 1e4))
    def test_fall(self, t: float, more: float, df: float) -> None:
        """Further out there is less."""
        assert two_sided(t + more, df) <= two_sided(t, df)

    def test_edges(self) -> None:
        """At 0 everything is outside, at infinity nothing."""
        assert (1.0, 0.0, 0.0) == (
            two_sided(0, 3),
            two_sided(math.inf, 3),
            two_sided(-math.inf, 3),
        )

    @pytest.mark.parametrize("df", [1e9 - 1, 1e9, 1e15])
    def test_of_many_degrees_are_those_of_the_normal_distribution(self, df: float) -> None:
        """Where the normal distribution takes over there is no step."""
        assert two_sided(1.96, df) == pytest.approx(math.erfc(1.96 / math.sqrt(2)), rel=1e-7)


class TestCritical:
    @given(level=st.floats(0.001, 0.9999), df=st.floats(0.2, 1e5))
    def test_is_the_inverse_of_the_tails(self, level: float, df: float) -> None:
        """Beyond the critical value lies exactly what is asked for."""
        assert two_sided(critical(level, df), df) == pytest.approx(1 - level, rel=1e-9)


class TestBadInput:
    @pytest.mark.parametrize("df", [0, -1, math.nan])
    def test_degrees_of_freedom(self, df: float) -> None:
        """Degrees of freedom are above 0."""
        with pytest.raises(InvalidValueError, match="degrees of freedom"):
            two_sided(1, df)
        with pytest.raises(InvalidValueError, match="degrees of freedom"):
            critical(0.95, df)

    @pytest.mark.parametrize("level", [0, 1, -0.5, 2, math.nan])
    def test_level(self, level: float) -> None:
        """A confidence is between 0 and 1."""
        with pytest.raises(InvalidValueError, match="level"):
            critical(level, 3)

    def test_t(self) -> None:
        """NaN has no tail."""
        with pytest.raises(InvalidValueError, match="not a number"):
            two_sided(math.nan, 3)


@pytest.mark.compat
class TestScipy:
    @pytest.mark.parametrize("df", [0.3, 1, 2.5, 7, 29, 30, 31, 100, 1234.5, 1e4])
    def test_agrees(self, df: float) -> None:
        """Tails and quantiles are those of scipy."""
        stats = pytest.importorskip("scipy.stats")
        for t in (1e-6, 0.1, 1, 2, 5, 20):
            assert two_sided(t, df) == pytest.approx(2 * stats.t.sf(t, df), rel=1e-10)
        for level in (0.5, 0.9, 0.95, 0.999):
            assert critical(level, df) == pytest.approx(stats.t.ppf(0.5 + level / 2, df), rel=1e-9)

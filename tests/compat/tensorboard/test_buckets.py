"""Tests of ``vcs_track.compat.tensorboard.buckets``."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from vcs_track.compat.tensorboard.buckets import bins_of, histogram_of, meta_of
from vcs_track.formats.event_file import Histogram
from vcs_track.porcelain.values import check_histogram

__all__: list[str] = []

NUMBERS = st.one_of(st.floats(), st.floats(-3, 3), st.integers(-3, 3).map(float))


@given(
    pairs=st.lists(st.tuples(NUMBERS, st.one_of(NUMBERS, st.floats(0, 9))), max_size=8),
    low=NUMBERS, high=NUMBERS,
)  # fmt: skip
def test_bins_are_sound(pairs: list[tuple[float, float]], low: float, high: float) -> None:
    """Whatever the buckets are, the bins can be stored and nothing of their content is lost."""
    limits, counts = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    bins = bins_of(Histogram("h", limits, counts, low, high, 1.0))
    if bins is not None:
        check_histogram(*bins)

        assert math.isclose(sum(counts), sum(bins[0]), rel_tol=1e-9)


@given(
    counts=st.lists(st.integers(0, 1 << 53), min_size=1, max_size=8),
    data=st.data(),
)
def test_bins_come_back(counts: list[int], data: st.DataObject) -> None:
    """Bins that were written as buckets are the same bins again."""
    edges = sorted(
        data.draw(
            st.sets(st.floats(-1e300, 1e300), min_size=len(counts) + 1, max_size=len(counts) + 1)
        )
    )
    written = histogram_of("h", {"counts": counts, "edges": edges}, {})
    found = bins_of(written)

    assert found is not None
    assert (counts, edges) == ([int(count) for count in found[0]], found[1])


@pytest.mark.parametrize("value", [0.0, 3.0, -1e300, 5e-324])
def test_one_value_has_a_bin_around_it(value: float) -> None:
    """A histogram of equal values is one bin, and comes back as what it was.

    Seen to fail with such histograms treated like all others.
    """
    given = Histogram("h", (1e308,), (7.0,), value, value, 7.0, 7 * value, 7 * value)
    bins = bins_of(given)
    assert bins is not None
    again = histogram_of("h", {"counts": bins[0], "edges": bins[1]}, meta_of(given))

    assert bins[1][0] < value < bins[1][1]
    assert ([7], given._replace(limits=(bins[1][1],))) == (bins[0], again)


@pytest.mark.parametrize("facts", [None, {"low": "x"}, {"num": None}, [1]])
def test_facts_of_a_stranger(facts: object) -> None:
    """What a bundle says of a histogram beside its bins need not make sense."""
    found = histogram_of("h", {"counts": [1, 2], "edges": [0, 1, 2]}, {"tensorboard": facts})

    assert Histogram("h", (1.0, 2.0), (1.0, 2.0), 0.0, 2.0, 3.0) == found

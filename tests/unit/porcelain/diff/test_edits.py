"""Tests of ``vcs_track.porcelain.diff.edits``."""

from __future__ import annotations

from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given, strategies as st

from vcs_track.porcelain.diff import edits
from vcs_track.porcelain.diff.edits import matches

SIDES = st.lists(st.integers(0, 4), max_size=12)


def longest(a: list[int], b: list[int]) -> int:
    """Return the length of the longest common subsequence, by the book."""
    row = [0] * (len(b) + 1)
    for x in a:
        after = [0]
        for n, y in enumerate(b):
            after.append(row[n] + 1 if x == y else max(row[n + 1], after[-1]))
        row = after
    return row[-1]


def check(a: list[int], b: list[int]) -> int:
    """Return how many items stay, all of them equal and in order."""
    found = matches(a, b)
    assert all(a[x] == b[y] for x, y in found)
    assert all(one[0] < two[0] and one[1] < two[1] for one, two in pairwise(found))
    return len(found)


class TestMatches:
    @given(SIDES, SIDES)
    def test_no_edit_script_is_shorter(self, a: list[int], b: list[int]) -> None:
        """As many items stay as can.

        Seen to fail with a step to the right taken for one down.
        """
        assert longest(a, b) == check(a, b)

    @given(SIDES, SIDES, st.integers(0, 30))
    def test_out_of_steps_is_right_all_the_same(
        self, a: list[int], b: list[int], most: int
    ) -> None:
        """Where the shortest script takes too long, what is matched is equal and in order."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(edits, "_STEPS", most)

            assert check(a, b) <= longest(a, b)

    def test_every_second_of_many_stays(self) -> None:
        """Items that each side has once hold long sequences together."""
        old = [item for n in range(20_000) for item in (n, 100_000 + n)]
        new = [item for n in range(20_000) for item in (n, 200_000 + n)]

        assert check(old, new) == 20_000

    @pytest.mark.parametrize(
        ("old", "new"),
        [([0, 1] * 1000, [0, 1, 2] * 666), ([0, 1] * 50_000, [0, 1, 2] * 33_000),
         ([*range(50_000)], [*range(49_999, -1, -1)])],
        ids=["short", "long", "backwards"],
    )  # fmt: skip
    def test_time_is_bounded(self, old: list[int], new: list[int]) -> None:
        """What takes difflib a minute takes seconds at most."""
        start = process_time()
        matches(old, new)

        assert process_time() - start < 10

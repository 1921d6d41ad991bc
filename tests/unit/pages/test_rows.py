"""Tests of ``vcs_track.pages.rows``."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given, strategies as st

from vcs_track.pages.human import parted
from vcs_track.pages.rows import TITLES, noun_of, rows_of, tell_ways, telling, weight
from vcs_track.porcelain import values
from vcs_track.porcelain.diff import (
    KINDS,
    CommandChange,
    EnvChange,
    HparamChange,
    IdentityChange,
    LabelChange,
    ResultChange,
    SummaryChange,
)

__all__: list[str] = []

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
PLAIN = [HparamChange, SummaryChange, ResultChange, EnvChange, CommandChange, IdentityChange]


class TestValues:
    @given(st.sampled_from(PLAIN), VALUE, VALUE)
    @example(HparamChange, 1, 1.0)
    @example(HparamChange, "1", 1)
    @example(HparamChange, None, "None")
    @example(EnvChange, "abc", "")
    @example(EnvChange, "3", 3)
    @example(CommandChange, ["a b"], ["a", "b"])
    @example(HparamChange, [0.12345678], [0.12345679])
    @example(HparamChange, "a\n", "a\\n")
    def test_what_differs_looks_different(self, kind: Any, old: Any, new: Any) -> None:
        """Two values that differ are two texts, and neither is blank.

        Seen to fail with lists of near numbers, and with an empty variable.
        """
        assume(not values.same(old, new))
        (row,) = rows_of(kind("name", "changed", old, new))

        assert row.old != row.new
        assert row.old.strip()
        assert row.new.strip()

    @given(VALUE)
    def test_what_one_side_lacks_is_empty(self, x: Any) -> None:
        """An added value has no old text, not even where it is None."""
        (added,) = rows_of(HparamChange("x", "added", None, x))
        (removed,) = rows_of(HparamChange("x", "removed", x, None))

        assert ("", added.new) == (added.old, removed.old)
        assert "" == removed.new
        assert added.new

    def test_near_texts_are_cut_where_they_part(self) -> None:
        """Of two long texts that begin alike, the part that differs is shown."""
        old, new = parted("x" * 500 + "old", "x" * 500 + "new", 60)

        assert ("…xxxxxxold", "…xxxxxxnew") == (old, new)

    @given(st.text(max_size=80), st.text(max_size=80), st.integers(12, 60))
    def test_a_cut_keeps_them_apart(self, old: str, new: str, width: int) -> None:
        """However wide, two texts that differ still do when both are cut."""
        assume(old != new)
        one, two = parted(old, new, width)

        assert one[:width] != two[:width]


class TestWords:
    def test_each_kind_has_a_title_and_a_noun(self) -> None:
        """No kind of change is without words."""
        assert set(KINDS) == set(TITLES)
        assert all(noun_of(kind) for kind in KINDS)

    def test_better_and_worse_are_counted(self) -> None:
        """How many got better or worse is told where the direction is known."""
        changes = [
            SummaryChange("loss", "changed", 2.0, 1.0),
            SummaryChange("acc", "changed", 0.9, 0.8),
            SummaryChange("params", "changed", 1, 2),
            SummaryChange("x", "added", None, 1),
        ]

        assert "1 added, 3 changed (1 better, 1 worse)" == tell_ways(changes)

    def test_tags_say_what_came_and_went(self) -> None:
        """The note of tags is which were gained and lost."""
        (row,) = rows_of(LabelChange("tags", "changed", ["a", "b"], ["b", "c"]))

        assert row.note == "+c -a"

    @pytest.mark.parametrize(
        ("old", "new", "arrow"), [("1.9", "1.10", "↑ up"), ("2.0", "2.0rc1", "↓ down")]
    )
    def test_versions_go_up_or_down(self, old: str, new: str, arrow: str) -> None:
        """A package that changed says which way."""
        (row,) = rows_of(EnvChange("packages.torch", "changed", old, new))

        assert ("torch", arrow) == (row.name, row.note)


class TestTelling:
    def test_what_got_better_comes_first(self) -> None:
        """Outcomes with a direction come first, then those that changed most."""
        changes = [
            SummaryChange("new", "added", None, 5),
            SummaryChange("params", "changed", 1, 100),
            SummaryChange("loss", "changed", 1.0, 0.9),
            SummaryChange("acc", "changed", 0.5, 0.9),
        ]

        assert ["acc", "loss", "params", "new"] == [c.name for c in telling(changes)]

    @given(st.floats() | st.integers() | st.none(), st.floats() | st.integers() | st.none())
    def test_any_numbers_can_be_weighed(self, old: Any, new: Any) -> None:
        """No number is too large or too odd to be put in order."""
        assert weight(SummaryChange("x", "changed", old, new)) >= 0

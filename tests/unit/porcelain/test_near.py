"""Tests of ``vcs_track.porcelain.near``."""

from __future__ import annotations

from vcs_track.porcelain.near import did_you_mean


class TestDidYouMean:
    def test_names_the_near_ones_nearest_first(self) -> None:
        """A typo gets the names that look like it."""
        assert "did you mean 'loss' or 'los2'?" == did_you_mean("loss1", ["x", "los2", "loss"])

    def test_names_at_most_three(self) -> None:
        """A hint stays one line."""
        hint = did_you_mean("loss", [f"loss{n}" for n in range(9)])

        assert 3 == hint.count("'loss")

    def test_lists_what_there_is_when_nothing_is_near(self) -> None:
        """Without a near name the known ones are shown."""
        assert "there are 'abc', 'def'" == did_you_mean("zzz", ["abc", "def"])

    def test_a_long_list_is_cut(self) -> None:
        """Of many names five are shown, and that there are more."""
        hint = did_you_mean("zzz", [f"name{n}" for n in range(9)])

        assert hint.endswith("'name4' and more")

    def test_nothing_is_known(self) -> None:
        """An empty place says so."""
        assert "there are none" == did_you_mean("zzz", [])

    def test_takes_any_iterable(self) -> None:
        """A generator is read once and serves both forms of the hint."""
        assert "there are 'abc'" == did_you_mean("zzz", (name for name in ["abc"]))

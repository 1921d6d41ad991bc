"""Tests of ``vcs_track.porcelain.diff.groups``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from unit.porcelain.diff.made import Counting, series_run, view

from vcs_track.errors import InvalidValueError
from vcs_track.formats import canonical
from vcs_track.porcelain.diff import GroupDiff, compare_groups

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView


def runs(objects: Counting, side: str, accs: list[Any], **hparams: Any) -> list[RunView]:
    """Return runs with these results, and seeds from 0."""
    return [
        view(f"{side}{n}", objects, results={"acc": acc}, group=side,
             hparams={"seed": n, **hparams})
        for n, acc in enumerate(accs)
    ]  # fmt: skip


def compared(old: list[Any], new: list[Any], **how: Any) -> GroupDiff:
    """Return the diff of two groups with these results."""
    objects = Counting()
    sides = runs(objects, "a", old, lr=0.1), runs(objects, "b", new, lr=0.2)
    return compare_groups(("a", "b"), *sides, **how)


class TestGroups:
    def test_means_with_spread(self) -> None:
        """A number has mean, deviation and range on each side, and a distance."""
        (change,) = compared([0.75, 0.25], [0.75, 1.0, 0.5]).of("results")

        assert ("acc", 2, 0.5, 0.25, 0.75) == (
            change.name, change.old.n, change.old.mean, change.old.min, change.old.max,
        )  # fmt: skip
        assert math.sqrt(0.125) == pytest.approx(change.old.std)
        assert (0.25, 0.25, 0.5, True) == (
            change.new.std, change.delta, change.relative, change.better,
        )  # fmt: skip

    def test_what_is_alike_is_no_change(self) -> None:
        """Seeds that both sides have alike are no difference, a setting that differs is one.

        Seen to fail when each side's values were compared in order.
        """
        found = compared([1, 2], [3, 4])

        assert [("identity", "group"), ("hparam", "lr"), ("result", "acc")] == [
            (change.kind, change.name) for change in found
        ]
        assert (((0.1, 2),), ((0.2, 2),)) == (found[1].old.counts, found[1].new.counts)

    def test_a_value_of_all_is_no_change_in_sets_of_other_sizes(self) -> None:
        """One value in all runs is no difference, however many there are."""
        assert [] == list(compared([1, 1], [1, 1, 1]).of("result"))

    def test_equal_means_of_other_values(self) -> None:
        """Other values are a difference where their means are equal, but for a tolerance."""
        assert ["acc"] == [c.name for c in compared([1.0, 3.0], [2.0, 2.0]).of("result")]
        assert () == compared([1.0, 3.0], [2.0, 2.0], tol=1e-9).of("result")

    def test_values_that_are_no_numbers(self) -> None:
        """Other values are counted, 1, 1.0, True and "1" apart."""
        (change,) = compared([1, True, "x"], [1.0, "1", "x", "x"]).of("result")

        assert (None, None) == (change.old.mean, change.delta)
        assert {("x", 1), (1, 1), (True, 1)} == set(change.old.counts)
        assert change.new.counts[0] == ("x", 2)

    def test_what_is_the_same(self) -> None:
        """Two zeros, and keys in another order, are one value, as between two runs."""
        old = [0.0, [{"a": 1, "b": (-0.0,)}]]

        assert () == compared(old, [-0.0, [{"b": (0.0,), "a": 1}]]).of("result")

    def test_what_some_lack(self) -> None:
        """A name that some runs lack says how many have it."""
        objects = Counting()
        old = [view("a", objects, results={"acc": 1.0}), view("b", objects)]
        (change,) = compare_groups(("x", "y"), old, [view("c", objects)])

        assert (2, 1, 1.0, None) == (
            change.old.runs, change.old.n, change.old.mean, change.old.std,
        )  # fmt: skip
        assert (0, None) == (change.new.n, change.new.mean)

    def test_what_is_not_finite(self) -> None:
        """NaN equals itself and is left out of the mean; an infinity leaves no distance."""
        nan, inf = math.nan, math.inf

        assert () == compared([nan, inf], [nan, inf]).of("result")
        assert 1.0 == compared([nan, 1.0], [3.0]).of("result")[0].old.mean
        assert compared([inf, 1.0], [3.0]).of("result")[0].delta is None

    def test_choosing(self) -> None:
        """Kinds, tolerance and all that differs: as between two runs."""
        assert [] == list(compared([1.0, 2.0], [1.1, 2.1], only="result", tol=0.2))
        assert ["lr"] == [c.name for c in compared([1], [2], only="hparam")]
        assert {"group", "id", "name"} == {
            change.name for change in compared([1], [2], only="identity", everything=True)
        }
        with pytest.raises(InvalidValueError, match="'hprams'"):
            compared([1], [2], only="hprams")

    def test_series_when_asked_for(self) -> None:
        """Series are compared where they are named."""
        objects = Counting()
        sides = [[series_run(str(n), objects, {"x": [(0, n, 0, None)]})] for n in (1, 2)]

        assert [] == list(compare_groups(("a", "b"), *sides))
        assert ["x"] == [c.name for c in compare_groups(("a", "b"), *sides, only="series")]

    def test_a_run_on_both_sides_is_noted(self) -> None:
        """It is no error, and it is told."""
        side = runs(Counting(), "a", [1])

        assert compare_groups(("a", "b"), side, side).notes == ("run 'a0' is on both sides",)

    def test_is_plain_data(self) -> None:
        """``to_dict`` is what JSON can hold, of any values."""
        found = compared([1.0, "x", None], [2.0, [1], True]).to_dict()

        assert found == canonical.loads(canonical.dumps(found))
        assert found["old"] == {"name": "a", "runs": ["a0", "a1", "a2"]}

    def test_mirrored(self) -> None:
        """The other way round each change is mirrored."""
        there = compared([1.0, 2.0], [3.0])
        objects = Counting()
        back = compare_groups(
            ("b", "a"), runs(objects, "b", [3.0], lr=0.2), runs(objects, "a", [1.0, 2.0], lr=0.1)
        )

        assert [change.mirrored() for change in there] == list(back)

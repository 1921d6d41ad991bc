"""Tests of ``vcs_track.porcelain.diff.result``."""

from __future__ import annotations

import pytest
from unit.porcelain.diff.made import Counting, view

from vcs_track.errors import InvalidValueError
from vcs_track.formats import canonical
from vcs_track.porcelain.diff import Diff, HparamChange, diff


def made() -> Diff:
    """Return the diff of two runs."""
    objects = Counting()
    one = view("a", objects, hparams={"lr": 0.1, "x": 1}, summary={"acc": 1})
    return diff(one, view("b", objects, hparams={"lr": 0.2, "x": 1}, summary={"acc": 2}))


class TestDiff:
    def test_is_a_sequence(self) -> None:
        """It has a length, places, slices, and is true where something differs."""
        found = made()

        assert (2, "lr", 1, True) == (len(found), found[0].name, len(found[1:]), bool(found))
        assert [HparamChange("lr", "changed", 0.1, 0.2)] == list(found.of("hparams"))

    def test_equals_its_changes(self) -> None:
        """It equals a list, tuple or diff of the same changes, and nothing else."""
        found = made()

        assert found == list(found)
        assert found == made()
        assert found != found[:1]
        assert found != []
        assert found != "ab"
        assert hash(found) == hash(made())

    def test_mirrored(self) -> None:
        """The sides are exchanged, in the diff and in each change."""
        found = made()
        back = found.mirrored()

        assert (found.old, found.new) == (back.new, back.old)
        assert (0.2, 0.1) == (back[0].old, back[0].new)
        assert found == back.mirrored()

    def test_itself(self) -> None:
        """A run and itself are known as such; equal runs are two."""
        objects = Counting()

        assert diff(view("a", objects), view("a", objects)).itself
        assert not diff(view("a", objects), view("b", objects)).itself

    def test_is_plain_data(self) -> None:
        """``to_dict`` names both runs, and has the changes and the notes."""
        found = made().to_dict()

        assert ["old", "new", "changes", "notes"] == list(found)
        assert found == canonical.loads(canonical.dumps(found))

    def test_unknown_kind(self) -> None:
        """A kind that there is not gets a near one."""
        with pytest.raises(InvalidValueError, match="'hparm'") as caught:
            made().of("hparm")

        assert caught.value.hint == "did you mean 'hparam'?"

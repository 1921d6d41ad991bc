"""The rows on points of DeepBoard's table of behaviour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import vcs_track

if TYPE_CHECKING:
    from compat.deepboard.faces import Face

__all__: list[str] = []


def steps(writer: Any, tag: str) -> list[Any]:
    return [point.step for point in writer.get_scalar(tag)]


class TestScalar:
    def test_text(self, face: Face) -> None:
        """A point prints its eight facts, in this order."""
        point = face.Scalar(1, 0, 0, "Train", "loss", 1.0, 0.1, 0)

        assert (
            "Scalar(run_id=1, epoch=0, step=0, split=Train, label=loss, value=1.0, "
            "wall_time=0.1, run_rep=0)"
        ) == str(point)

    def test_comes_back(self, face: Face) -> None:
        """A point has the number of its run, split, label, value, step, epoch and seconds."""
        _, writer = face.started()
        writer.add_scalar("Train/loss", 0.5, step=3, epoch=2, walltime=1.25, flush=True)
        (point,) = writer.get_scalar("Train/loss")

        assert (1, 2, 3, "Train", "loss", 0.5, 1.25, 0) == (
            point.run_id, point.epoch, point.step, point.split, point.label, point.value,
            point.wall_time, point.run_rep,
        )  # fmt: skip

    def test_has_no_equality(self, face: Face) -> None:
        """Two points of equal facts are two objects, as a script may rely on in a set."""
        first, second = (face.Scalar(1, 0, 0, "", "x", 1.0, 0.1, 0) for _ in range(2))

        assert first != second


class TestAddScalar:
    def test_returns_none(self, face: Face) -> None:
        """It gives nothing back."""
        _, writer = face.started()

        assert writer.add_scalar("x", 1.0) is None

    @pytest.mark.parametrize(
        ("given", "kept"), [("3.5", 3.5), (True, 1.0), (7, 7.0), (2**53 + 1, float(2**53))]
    )
    def test_converts(self, face: Face, given: Any, kept: float) -> None:
        """What float() takes is a number: texts, truth values, integers, rounded."""
        _, writer = face.started()
        writer.add_scalar("x", given, flush=True)
        found = writer.get_scalar("x")[0].value

        assert (float, kept) == (type(found), found)

    @pytest.mark.parametrize(("given", "error"), [(None, TypeError), ("abc", ValueError)])
    def test_refuses(self, face: Face, given: Any, error: type[Exception]) -> None:
        """What is no number raises, takes no step, and harms no later call."""
        _, writer = face.started()
        writer.add_scalar("x", 1.0)
        with pytest.raises(error):
            writer.add_scalar("x", given)
        writer.add_scalar("x", 2.0, flush=True)

        assert [(0, 1.0), (1, 2.0)] == [(p.step, p.value) for p in writer.get_scalar("x")]

    def test_a_bad_value_takes_a_turn_of_keep_each(self, face: Face) -> None:
        """A call that fails is counted for keep_each, which comes first."""
        _, writer = face.started(keep_each=2)
        writer.add_scalar("x", 1.0)
        with pytest.raises(ValueError, match="abc"):
            writer.add_scalar("x", "abc")
        writer.add_scalar("x", 3.0)
        writer.add_scalar("x", 4.0, flush=True)

        assert [(0, 4.0)] == [(p.step, p.value) for p in writer.get_scalar("x")]

    def test_tag_must_be_text(self, face: Face) -> None:
        """A tag that is no text is an AttributeError."""
        _, writer = face.started()

        with pytest.raises(AttributeError):
            writer.add_scalar(3, 1.0)

    @pytest.mark.parametrize(
        ("tag", "pair"),
        [
            ("Train/loss", ("Train", "loss")), ("loss", ("", "loss")), ("x/", ("x", "")),
            ("/y", ("", "y")), ("", ("", "")), (" a ", ("", " a ")), ("50%", ("", "50%")),
            ("a%2Fb", ("", "a%2Fb")), ("%_", ("", "%_")), ("é/ü", ("é", "ü")),
            ("line\nbreak", ("", "line\nbreak")),
        ],
    )  # fmt: skip
    def test_tag_is_split(self, face: Face, tag: str, pair: tuple[str, str]) -> None:
        """One slash parts split and label, whatever signs are around it.

        Seen to fail when names.stored wrote no escapes.
        """
        _, writer = face.started()
        writer.add_scalar(tag, 1.0, flush=True)
        (point,) = writer.get_scalar(tag)

        assert pair == (point.split, point.label)
        assert [pair] == writer.formatted_scalars
        assert ["/".join(part for part in pair if part or pair[0])] == writer.scalars

    def test_tag_of_three_parts_stays_apart(self, ours: Face) -> None:
        """Tags with two slashes are series of their own; the original merges them by their start."""
        _, writer = ours.started()
        writer.add_scalar("a/b/c", 1.0)
        writer.add_scalar("a/b/d", 2.0)

        assert [1.0] == [point.value for point in writer.get_scalar("a/b/c")]
        assert [("a", "b/c"), ("a", "b/d")] == writer.formatted_scalars

    def test_unknown_tag_has_no_points(self, face: Face) -> None:
        """A tag without points reads as an empty list."""
        _, writer = face.started()

        assert [] == writer.get_scalar("nothing")

    def test_item_is_get_scalar(self, face: Face) -> None:
        """``writer[tag]`` is ``get_scalar(tag)``."""
        _, writer = face.started()
        writer.add_scalar("x", 1.0, flush=True)

        assert [1.0] == [point.value for point in writer["x"]]

    def test_read_scalar(self, ours: Face) -> None:
        """The earlier name of get_scalar works too."""
        _, writer = ours.started()
        writer.add_scalar("x", 1.0)

        assert [1.0] == [point.value for point in writer.read_scalar("x")]

    def test_unflushed_points_are_read(self, ours: Face) -> None:
        """A point is read at once; the original shows it when ten are there."""
        _, writer = ours.started()
        writer.add_scalar("x", 1.0)

        assert ["x"] == writer.scalars


class TestSteps:
    def test_automatic_steps_do_not_follow_explicit_ones(self, face: Face) -> None:
        """The counter of a tag counts its automatic steps only."""
        _, writer = face.started()
        for step in (None, None, 100, None):
            writer.add_scalar("x", 1.0, step=step)
        writer.add_scalar("y", 1.0, flush=True)

        assert ([0, 1, 100, 2], [0]) == (steps(writer, "x"), steps(writer, "y"))
        assert {"x": 3, "y": 1} == writer.global_step

    def test_repeats_and_negatives_are_kept(self, face: Face) -> None:
        """Steps repeat, go back and go below zero; every point is kept in its place."""
        _, writer = face.started()
        for step in (5, 5, -1, 2):
            writer.add_scalar("x", 1.0, step=step)
        writer.add_scalar("x", 1.0, step=2, flush=True)

        assert [5, 5, -1, 2, 2] == steps(writer, "x")

    def test_numpy_steps_stay_numbers(self, ours: Face) -> None:
        """A step of numpy is a number; the original gives back eight bytes."""
        _, writer = ours.started()
        writer.add_scalar("x", np.float32(0.5), step=np.int64(7), epoch=np.int32(2))
        (point,) = writer.get_scalar("x")

        assert (7, 2, 0.5) == (point.step, point.epoch, point.value)

    def test_too_large_a_step_overflows(self, face: Face) -> None:
        """A step beyond 64 bits is an OverflowError."""
        _, writer = face.started()

        with pytest.raises(OverflowError):
            writer.add_scalar("x", 1.0, step=2**63, flush=True)

    @pytest.mark.parametrize("known", [False, True])
    @pytest.mark.parametrize("bad", [2**63, "abc", 1.5, None])
    def test_a_bad_step_harms_nothing(self, ours: Face, bad: Any, known: bool) -> None:
        """A step that cannot be kept is refused at once, and what follows is logged.

        The original keeps the bad row in its buffer, so that every later flush fails.
        """
        _, writer = ours.started()
        if known:
            writer.add_scalar("x", 0.5, step=0)
        if bad is not None:
            with pytest.raises((OverflowError, TypeError, ValueError)):
                writer.add_scalar("x", 1.0, step=bad)
        writer.add_scalar("x", 2.0, step=1, flush=True)

        assert [*[0.5][: 1 if known else 0], 2.0] == [p.value for p in writer.get_scalar("x")]


class TestEpoch:
    def test_none_reads_as_zero(self, face: Face) -> None:
        """A point without an epoch reads as of epoch 0."""
        _, writer = face.started()
        writer.add_scalar("x", 1.0, flush=True)

        assert 0 == writer.get_scalar("x")[0].epoch

    def test_none_is_not_saved(self, ours: Face) -> None:
        """In the store it has none, as the documentation of DeepBoard says."""
        _, writer = ours.started()
        writer.add_scalar("x", 1.0)
        writer.write_result()

        assert [None] == vcs_track.open().run("@").series("x").epoch


class TestWalltime:
    def test_counts_from_the_start(self, face: Face) -> None:
        """Left out, it is the seconds since the writer was made."""
        _, writer = face.started()
        writer.add_scalar("x", 1.0, flush=True)

        assert 0 <= writer.get_scalar("x")[0].wall_time < 60

    @pytest.mark.parametrize("given", [0, 0.1, 1.25, 86400.5])
    def test_given_is_kept(self, face: Face, given: float) -> None:
        """What is given is kept, zero included."""
        _, writer = face.started()
        writer.add_scalar("x", 1.0, walltime=given, flush=True)

        assert given == writer.get_scalar("x")[0].wall_time

    def test_restarts_with_a_repetition(self, ours: Face) -> None:
        """The clock of a repetition starts at zero, also for who loads the run.

        Seen to fail when new_repetition told no origin.
        """
        table, writer = ours.started()
        writer.add_scalar("x", 1.0, walltime=5.0)
        writer.new_repetition()
        writer.add_scalar("x", 2.0, walltime=7.0)
        writer.write_result()

        assert [5.0, 7.0] == [point.wall_time for point in table.load_run(1)["x"]]


class TestNaN:
    def test_stays(self, ours: Face) -> None:
        """NaN reads as NaN; the original gives None."""
        _, writer = ours.started()
        writer.add_scalar("x", math.nan)

        assert math.isnan(writer.get_scalar("x")[0].value)

    def test_switch(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
        """With ``nan_as_none`` it reads as None, as there."""
        if face.name == "ours":
            monkeypatch.setattr(face.LogWriter, "nan_as_none", True)
        _, writer = face.started()
        writer.add_scalar("x", math.nan)
        writer.add_scalar("x", math.inf, flush=True)

        assert [None, math.inf] == [point.value for point in writer.get_scalar("x")]


class TestKeepEach:
    def test_keeps_each_second(self, face: Face) -> None:
        """Calls 2, 4, ... of each tag are kept, and steps count those."""
        _, writer = face.started(keep_each=2)
        for value in range(5):
            writer.add_scalar("x", value)
        writer.add_scalar("y", 10)
        writer.add_scalar("y", 11, flush=True)
        writer.add_scalar("x", 5, flush=True)

        assert [(0, 1.0), (1, 3.0), (2, 5.0)] == [(p.step, p.value) for p in writer["x"]]
        assert [(0, 11.0)] == [(p.step, p.value) for p in writer["y"]]


class TestRepetitions:
    def test_counters_restart(self, face: Face) -> None:
        """A new repetition has the next number, and its steps start at zero."""
        _, writer = face.started()
        writer.add_scalar("x", 1.0)
        writer.add_scalar("x", 2.0)
        writer.new_repetition()
        writer.add_scalar("x", 3.0, flush=True)

        assert 1 == writer.run_rep
        assert [(0, 0), (0, 1), (1, 0)] == [(p.run_rep, p.step) for p in writer["x"]]
        assert [0, 1] == sorted(writer.get_repetitions())

    def test_none_without_points(self, face: Face) -> None:
        """A run without points has no repetition."""
        _, writer = face.started()

        assert [] == writer.get_repetitions()

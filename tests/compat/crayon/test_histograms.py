"""Histograms, through every way to a client: given, built, and what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

import vcs_track

if TYPE_CHECKING:
    from compat.crayon.faces import Face

GIVEN: dict[str, Any] = {
    "min": 0, "max": 100, "num": 3, "bucket_limit": [10, 50, 30], "bucket": [5, 45, 25],
}  # fmt: skip
ROW = [0.0, 100.0, 3.0, 0.0, 0.0, [10.0, 50.0, 30.0], [5.0, 45.0, 25.0]]


class TestGiven:
    def test_comes_back_as_a_list(self, face: Face) -> None:
        """It goes in as a dictionary, and comes back as a list of floats."""
        foo = face.experiment()
        assert None is foo.add_histogram_value("x", GIVEN, wall_time=0, step=0)
        foo.add_histogram_value("x", GIVEN, wall_time=1, step=1)

        assert [[0.0, 0, ROW], [1.0, 1, ROW]] == foo.get_histogram_values("x")
        assert ["x"] == foo.get_histogram_names()

    @pytest.mark.parametrize(
        ("more", "sums"),
        [({"sum": 75}, [75.0, 0.0]), ({"sum_squares": 5.5}, [0.0, 5.5]),
         ({"sum": 75, "sum_squares": 2675}, [75.0, 2675.0])],
    )  # fmt: skip
    def test_sums_are_optional(self, face: Face, more: dict[str, Any], sums: list[float]) -> None:
        """Each sum may be given or not; a missing one is 0."""
        foo = face.experiment()
        foo.add_histogram_value("x", {**GIVEN, **more}, wall_time=0)

        assert [*ROW[:3], *sums, *ROW[5:]] == foo.get_histogram_values("x")[0][2]

    def test_lengths_are_not_compared(self, face: Face) -> None:
        """Buckets and limits may differ in number, and come back as they are."""
        foo = face.experiment()
        foo.add_histogram_value("x", {**GIVEN, "bucket": [5]}, wall_time=0)

        assert [[10.0, 50.0, 30.0], [5.0]] == foo.get_histogram_values("x")[0][2][5:]

    @pytest.mark.parametrize(
        "bad",
        [
            {"some data": 0}, {}, [1.0], (1.0,), "x", None, 5,
            {**GIVEN, "more": 1},
            *({k: v for k, v in GIVEN.items() if k != missing} for missing in GIVEN),
            {**GIVEN, "num": 3.0}, {**GIVEN, "num": "3"}, {**GIVEN, "min": "0"},
            {**GIVEN, "max": None}, {**GIVEN, "bucket": 5}, {**GIVEN, "bucket_limit": {}},
            {**GIVEN, "bucket": ["x"]}, {**GIVEN, "bucket_limit": [None]}, {**GIVEN, "sum": "x"},
            {**GIVEN, "num": 1 << 63},
        ],
    )  # fmt: skip
    def test_what_is_none_is_a_value_error(self, face: Face, bad: Any) -> None:
        """Keys and types are checked, and nothing is kept."""
        foo = face.experiment()

        with pytest.raises(ValueError, match=r"valid format|Something went wrong"):
            foo.add_histogram_value("x", bad)
        assert [] == foo.get_histogram_names()


class TestBuilt:
    def test_buckets_are_those_of_the_documentation(self, face: Face) -> None:
        """A value counts in the first bucket whose limit is not below it."""
        foo = face.experiment()
        foo.add_histogram_value("x", [-1.5, 0, 0, 2.5], tobuild=True, wall_time=3)

        assert [
            [3.0, 0,
             [-1.5, 2.5, 4.0, 1.0, 8.5, [-1.47723448201245, 0.0, 2.6170109961884593],
              [1.0, 2.0, 1.0]]]
        ] == foo.get_histogram_values("x")  # fmt: skip

    def test_limit_itself_counts_below(self, face: Face) -> None:
        """A value that is a limit belongs to its bucket; the smallest limits are 1e-12."""
        foo = face.experiment()
        foo.add_histogram_value("x", [1e-12, -1e-12, 1e-13], tobuild=True)

        assert [[-1e-12, 1e-12], [1.0, 2.0]] == foo.get_histogram_values("x")[0][2][5:]

    @pytest.mark.parametrize(
        "bad", [[], (1, 2), {}, "x", None, 3, ["lolz"], [1.0, None], [[1.0]], [1e21], [1 << 70]]
    )
    def test_what_is_no_list_of_numbers_is_a_value_error(self, face: Face, bad: Any) -> None:
        """Only a list of numbers that buckets have room for makes one."""
        foo = face.experiment()

        with pytest.raises(ValueError, match=r"valid format|Something went wrong"):
            foo.add_histogram_value("x", bad, tobuild=True)
        assert [] == foo.get_histogram_names()

    def test_value_below_all_limits_counts_in_the_first(self, face: Face) -> None:
        """The first bucket has no left limit."""
        foo = face.experiment()
        foo.add_histogram_value("x", [-1e30], tobuild=True)

        assert [1.0] == foo.get_histogram_values("x")[0][2][6]


class TestSteps:
    def test_documented_steps_are_those_of_scalars(self, documented: Face) -> None:
        """Histograms count as points do, by themselves, and on after a restart."""
        foo = documented.experiment()
        foo.add_scalar_value("x", 1.0, step=40)
        for step in (-1, 10, -1, 3, -1):
            foo.add_histogram_value("x", [1.0], tobuild=True, step=step)
        again = documented.client().open_experiment("foo")
        again.add_histogram_value("x", [1.0], tobuild=True)

        assert [0, 10, 11, 3, 4, 5] == [row[1] for row in foo.get_histogram_values("x")]

    def test_original_steps_are_given_twice(self, original: Face) -> None:
        """The original counts with the scalars, and an explicit step is the next one too."""
        foo = original.experiment()
        for step in (0, -1, -1, 10, -1):
            foo.add_histogram_value("x", [1.0], tobuild=True, step=step)
        again = original.client().open_experiment("foo")
        again.add_histogram_value("x", [1.0], tobuild=True)

        assert [0, 0, 1, 10, 10, 0] == [row[1] for row in foo.get_histogram_values("x")]


class TestNames:
    def test_empty_name_is_a_value_error(self, face: Face) -> None:
        """A series has a name."""
        foo = face.experiment()

        with pytest.raises(ValueError, match="xp, name and tobuild arguments are required"):
            foo.add_histogram_value("", GIVEN)
        with pytest.raises(ValueError, match="xp and name arguments are required"):
            foo.get_histogram_values("")

    def test_series_without_data_is_a_value_error(self, face: Face) -> None:
        """A getter of a series never gives an empty list."""
        foo = face.experiment()
        foo.add_scalar_value("x", 1.0)

        with pytest.raises(ValueError, match="does not exist"):
            foo.get_histogram_values("x")


class TestInTheStore:
    def test_everybody_sees_a_histogram(self, documented: Face) -> None:
        """A run that Crayon's client wrote has histograms with counts and rising edges."""
        foo = documented.experiment()
        foo.add_histogram_value("x", [-1.5, 0, 0, 2.5], tobuild=True, step=7)
        foo.add_histogram_value("x", GIVEN, wall_time=-5)  # its limits do not rise
        foo.add_histogram_value("x", {**GIVEN, "min": math.nan, "max": math.inf})
        run = vcs_track.open(documented.folder).run("foo")
        found = [item.histogram for item in run.media("histogram", tag="x")]

        assert [1.0, 2.0, 1.0] == found[0]["counts"]
        for body in found:
            edges = body["edges"]
            assert len(edges) == len(body["counts"]) + 1
            assert edges == sorted(set(edges))
        assert [7, 8, 9] == [item.step for item in run.media("histogram")]

    def test_histogram_of_somebody_else_is_read(self, documented: Face) -> None:
        """What a run logs with our own method is one for Crayon's client too."""
        foo = documented.experiment()
        repo = vcs_track.open(documented.folder)
        with repo.start_run(id=repo.run("foo").id, resume="allow", capture_code=False) as run:
            run.add_histogram("x", [1, 2], [0.0, 1.0, 2.0], step=4)

        ((_, step, row),) = foo.get_histogram_values("x")
        assert (4, [0.0, 2.0, 3.0, 0.0, 0.0, [1.0, 2.0], [1.0, 2.0]]) == (step, row)

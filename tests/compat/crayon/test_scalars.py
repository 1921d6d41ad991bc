"""Points, through every way to a client: steps, times, values and what is refused."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from compat.crayon.faces import Face


class TestSteps:
    def test_automatic_steps_count_from_zero(self, face: Face) -> None:
        """Each series of an object has a counter of its own."""
        foo = face.experiment()
        for name in ("x", "x", "y", "x"):
            assert None is foo.add_scalar_value(name, 1.0)

        assert [0, 1, 2] == [step for _, step, _ in foo.get_scalar_values("x")]
        assert [0] == [step for _, step, _ in foo.get_scalar_values("y")]

    def test_explicit_step_sets_the_counter_back_too(self, face: Face) -> None:
        """An explicit step s makes the next one s + 1, also when it goes back."""
        foo = face.experiment()
        for step in (-1, 10, -1, 3, -1, -2, -1):
            foo.add_scalar_value("x", 1.0, step=step)

        # -2 + 1 is the sign for 'automatic', and is recorded as it was counted.
        assert [0, 10, 11, 3, 4, -2, -1] == [s for _, s, _ in foo.get_scalar_values("x")]

    def test_two_objects_count_by_themselves(self, face: Face) -> None:
        """Counters belong to the object, so two of them give the same steps."""
        foo = face.experiment()
        other = face.client().open_experiment("foo")
        foo.add_scalar_value("x", 1.0)
        other.add_scalar_value("x", 2.0)

        assert [[0, 1.0], [0, 2.0]] == [row[1:] for row in foo.get_scalar_values("x")]

    def test_refused_value_takes_a_step(self, face: Face) -> None:
        """The counter moves before the point is sent."""
        foo = face.experiment()
        with pytest.raises(ValueError, match=r"Something went wrong|should be a string"):
            foo.add_scalar_value("x", "lol")
        foo.add_scalar_value("x", 1.0)

        assert [1] == [step for _, step, _ in foo.get_scalar_values("x")]

    @pytest.mark.parametrize("step", ["x", None])
    def test_step_that_is_no_number_is_a_type_error(self, face: Face, step: Any) -> None:
        """A step that cannot be counted on is refused by the client."""
        foo = face.experiment()

        with pytest.raises(TypeError):
            foo.add_scalar_value("x", 1.0, step=step)
        assert [] == foo.get_scalar_names()

    @pytest.mark.parametrize("step", [1.5, 1 << 63, -(1 << 63) - 1])
    def test_step_that_is_no_integer_of_64_bits_is_a_value_error(
        self, face: Face, step: Any
    ) -> None:
        """A step that cannot be kept is refused."""
        foo = face.experiment()

        with pytest.raises(ValueError, match=r"Something went wrong|should be a string"):
            foo.add_scalar_value("x", 1.0, step=step)
        assert [] == foo.get_scalar_names()

    def test_repeated_and_backward_steps_are_kept_in_order(self, face: Face) -> None:
        """A series is in the order of arrival."""
        foo = face.experiment()
        for value, step in enumerate((5, 5, -3, 2, 5)):
            foo.add_scalar_value("x", value, wall_time=10 - value, step=step)

        assert [
            [10.0, 5, 0.0], [9.0, 5, 1.0], [8.0, -3, 2.0], [7.0, 2, 3.0], [6.0, 5, 4.0],
        ] == foo.get_scalar_values("x")  # fmt: skip


class TestTimes:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [(0, 0.0), (1.5, 1.5), (-5, -5.0), (-0.25, -0.25), (1234.567891, 1234.567891),
         (None, 0.0), (True, 1.0), (4e11, 4e11)],
    )  # fmt: skip
    def test_wall_time_is_kept(self, face: Face, given: Any, kept: float) -> None:
        """Any number is a time, also one before 1970 or after the year 9999."""
        foo = face.experiment()
        foo.add_scalar_value("x", 1.0, wall_time=given)

        assert [[kept, 0, 1.0]] == foo.get_scalar_values("x")

    @pytest.mark.parametrize("given", [-1, -1.0])
    def test_minus_one_is_now(self, face: Face, given: float) -> None:
        """-1 stands for the default, also when it is meant."""
        foo = face.experiment()
        before = time.time()
        foo.add_scalar_value("x", 1.0, wall_time=given)

        assert before - 1e-3 <= foo.get_scalar_values("x")[0][0] <= time.time() + 1e-3

    @pytest.mark.parametrize("given", ["x", [1]])
    def test_time_that_is_no_number_is_a_value_error(self, face: Face, given: Any) -> None:
        """What is no time is refused by the server."""
        foo = face.experiment()

        with pytest.raises(ValueError, match=r"Something went wrong|should be a string"):
            foo.add_scalar_value("x", 1.0, wall_time=given)
        assert [] == foo.get_scalar_names()

    def test_clock_keeps_microseconds(self, face: Face) -> None:
        """A time is kept to the microsecond."""
        foo = face.experiment()
        given = 1700000000.1234567
        foo.add_scalar_value("x", 1.0, wall_time=given)

        assert abs(given - foo.get_scalar_values("x")[0][0]) <= 0.5e-6


class TestValues:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [(2, 2.0), (True, 1.0), (False, 0.0), (0.1, 0.1), (1e300, 1e300), (-0.0, -0.0),
         ((1 << 63) - 1, 2.0**63), (-(1 << 63), -(2.0**63)), (5e-324, 5e-324)],
    )  # fmt: skip
    def test_numbers_are_kept_as_doubles(self, face: Face, given: Any, kept: float) -> None:
        """A value has 64 bits; the original keeps 32 of them."""
        foo = face.experiment()
        foo.add_scalar_value("x", given, wall_time=1)
        found = foo.get_scalar_values("x")[0][2]

        assert (kept, math.copysign(1, kept)) == (found, math.copysign(1, found))
        assert type(found) is float

    @pytest.mark.parametrize("given", ["x", None, [1.0], {}, 1 << 63, 1 << 64, -(1 << 63) - 1])
    def test_what_is_no_number_is_a_value_error(self, face: Face, given: Any) -> None:
        """The server refuses it, and keeps nothing."""
        foo = face.experiment()

        with pytest.raises(ValueError, match="POST value is not a number but"):
            foo.add_scalar_value("x", given)
        assert [] == foo.get_scalar_names()

    def test_numbers_of_numpy(self, face: Face) -> None:
        """A double of numpy is a float; the other types are none of JSON."""
        np = pytest.importorskip("numpy")
        foo = face.experiment()
        foo.add_scalar_value("x", np.float64(0.5), wall_time=1)

        assert [[1.0, 0, 0.5]] == foo.get_scalar_values("x")
        for given in (np.float32(0.5), np.int64(3)):
            with pytest.raises(TypeError):
                foo.add_scalar_value("x", given)

    @pytest.mark.parametrize("given", [math.nan, math.inf, -math.inf])
    def test_number_that_is_not_finite_is_no_value_error(
        self, original: Face, given: float
    ) -> None:
        """Today's requests refuses it by itself, with an error of another kind."""
        foo = original.experiment()

        with pytest.raises(OSError, match="not JSON compliant") as caught:
            foo.add_scalar_value("x", given)
        # The error of requests inherits from both, where the real client runs.
        assert original.name == "real" or not isinstance(caught.value, ValueError)

    def test_numbers_that_are_not_finite_are_kept(self, documented: Face) -> None:
        """Ours takes them as the protocol does."""
        foo = documented.experiment()
        for given in (math.nan, math.inf, -math.inf):
            foo.add_scalar_value("x", given, wall_time=1)

        found = [float(value) for _, _, value in foo.get_scalar_values("x")]
        assert ["nan", "inf", "-inf"] == list(map(str, found))

    def test_all_points_are_kept(self, face: Face) -> None:
        """Of 3,000 points 3,000 come back; the original keeps 1,000."""
        foo = face.experiment()
        count = 300 if face.name == "real" else 3000
        for value in range(count):
            foo.add_scalar_value("x", value / 7)

        rows = foo.get_scalar_values("x")
        assert [value / 7 for value in range(count)] == [value for _, _, value in rows]
        assert list(range(count)) == [step for _, step, _ in rows]

    def test_point_can_be_read_at_once(self, face: Face) -> None:
        """Who wrote reads it, also where the time was used before."""
        foo = face.experiment()
        other = face.client().open_experiment("foo")
        for count in range(1, 30):
            foo.add_scalar_value("x", 1.0, wall_time=5)
            assert count == len(other.get_scalar_values("x"))


class TestNames:
    @pytest.mark.parametrize("verb", ["add_scalar_value", "get_scalar_values"])
    def test_empty_name_is_a_value_error(self, face: Face, verb: str) -> None:
        """A series has a name."""
        foo = face.experiment()
        arguments = (1.0,) if verb.startswith("add") else ()

        with pytest.raises(ValueError, match="xp and name arguments are required"):
            getattr(foo, verb)("", *arguments)

    def test_number_is_taken_for_its_digits(self, face: Face) -> None:
        """A name that is an integer becomes text."""
        foo = face.experiment()
        foo.add_scalar_value(5, 1.0, wall_time=1)

        assert (["5"], [[1.0, 0, 1.0]]) == (foo.get_scalar_names(), foo.get_scalar_values("5"))

    @pytest.mark.parametrize(
        "name", ["a b", "train/loss", "/x", "x/", "//", "a=b?", "ä€😀", "%41"]
    )
    def test_names_are_data(self, face: Face, name: str) -> None:
        """Any text names a series, and comes back as it was."""
        foo = face.experiment()
        foo.add_scalar_value(name, 1.0, wall_time=1)

        if name != "%41" or face.name != "real":  # the client sends it unquoted
            assert [name] == foo.get_scalar_names()
        assert [[1.0, 0, 1.0]] == foo.get_scalar_values(name)

    @pytest.mark.parametrize("name", ["a+b", "a&b", "#", "100%", "%2B", " ", "\n", "\0", "%_"])
    def test_names_that_the_original_breaks(self, documented: Face, name: str) -> None:
        """Ours sends them as they are, and different names stay apart."""
        foo = documented.experiment()
        for value, each in enumerate((name, f"{name}x", "x")):
            foo.add_scalar_value(each, value, wall_time=1)

        assert [[1.0, 0, 0.0]] == foo.get_scalar_values(name)
        assert sorted([name, f"{name}x", "x"]) == sorted(foo.get_scalar_names())

    def test_name_that_is_too_long_is_a_value_error(self, face: Face) -> None:
        """A series has at most 250 characters, and a longer name changes nothing."""
        foo = face.experiment()

        with pytest.raises(ValueError, match="the name cannot be kept"):
            foo.add_scalar_value("x" * 251, 1.0)
        with pytest.raises(ValueError, match="does not exist"):
            foo.get_scalar_values("x" * 251)
        assert [] == foo.get_scalar_names()

    def test_series_without_data_is_a_value_error(self, face: Face) -> None:
        """A getter of a series never gives an empty list."""
        foo = face.experiment()

        with pytest.raises(
            ValueError, match="Combination of experiment 'foo' and name 'x' does not exist"
        ):
            foo.get_scalar_values("x")

    def test_names_of_both_kinds_stay_apart(self, face: Face) -> None:
        """A series of points and one of histograms may have one name."""
        foo = face.experiment()
        foo.add_scalar_value("x", 1.0)
        foo.add_histogram_value("y", [1.0], tobuild=True)
        foo.add_histogram_value("x", [1.0], tobuild=True)

        assert (["x"], ["x", "y"]) == (foo.get_scalar_names(), sorted(foo.get_histogram_names()))


class TestDictionaries:
    def test_each_item_is_a_point(self, face: Face) -> None:
        """Each has its own counter; time and step are those that were given."""
        foo = face.experiment()
        assert None is foo.add_scalar_dict({"fizz": 3, "buzz": 5}, wall_time=0, step=5)
        foo.add_scalar_dict({"fizz": 6, "buzz": 10}, wall_time=1)
        foo.add_scalar_dict({})

        assert [[0.0, 5, 3.0], [1.0, 6, 6.0]] == foo.get_scalar_values("fizz")
        assert [[0.0, 5, 5.0], [1.0, 6, 10.0]] == foo.get_scalar_values("buzz")

    @pytest.mark.parametrize("bad", [{3: 6}, {"bad": "lol"}])
    def test_items_before_a_bad_one_are_kept(self, face: Face, bad: dict[Any, Any]) -> None:
        """It is sent item by item, until one is refused."""
        foo = face.experiment()
        with pytest.raises(ValueError, match=r"Something went wrong|should be a string"):
            foo.add_scalar_dict({"good": 1, **bad, "late": 2})

        assert ["good"] == foo.get_scalar_names()

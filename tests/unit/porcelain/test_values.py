"""The border: what is taken from users, and what is refused in which words."""

from __future__ import annotations

import enum
import math
import struct
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats.slots import BOOL, FLOAT, FLOAT32, INT, UINT, Single
from vcs_track.porcelain.values import (
    check_color,
    check_epoch,
    check_histogram,
    check_label,
    check_mapping,
    check_name,
    check_note,
    check_run_id,
    check_scalars,
    check_status,
    check_step,
    check_tag,
    check_tags,
    check_walltime,
    flatten,
    number,
)


class Level(enum.IntEnum):
    """An integer of a user."""

    HIGH = 3


class Word(str, enum.Enum):  # noqa: UP042 -- as users have it
    """A text of a user."""

    LOSS = "loss"


class Tensor:
    """Behaves as a tensor of torch does, as far as it is looked at."""

    def __init__(self, values: Any, dtype: str) -> None:
        self._array = np.asarray(values)
        self.dtype = dtype
        self.shape = self._array.shape

    def item(self) -> Any:
        """Return the only element."""
        return self._array.item()


class Eager:
    """Behaves as a tensor of tensorflow, which has no item()."""

    dtype = "<dtype: 'float32'>"
    shape = ()

    def numpy(self) -> Any:
        """Return the value as numpy's."""
        return np.float32(0.5)


class Meter:
    """Behaves as a running average that knows item() only."""

    def item(self) -> float:
        """Return the average."""
        return 2.5


class Broken:
    """Fails when it is asked for its number."""

    def __float__(self) -> float:
        raise RuntimeError("device lost")


class TestNumber:
    """The values of scalars."""

    @pytest.mark.parametrize(
        ("value", "kind", "found"),
        [
            (0.1, FLOAT, 0.1),
            (np.float64(0.1), FLOAT, 0.1),
            (np.longdouble(1.5), FLOAT, 1.5),
            (np.float32(0.1), FLOAT32, 0.10000000149011612),
            (Single(0.5), FLOAT32, 0.5),
            (np.float16(0.5), FLOAT32, 0.5),
            (Tensor(0.5, "torch.bfloat16"), FLOAT32, 0.5),
            (Tensor(0.5, "torch.float32"), FLOAT32, 0.5),
            (Tensor([[0.1]], "torch.float64"), FLOAT, 0.1),
            (Tensor(7, "torch.int64"), INT, 7),
            (Eager(), FLOAT32, 0.5),
            (Meter(), FLOAT, 2.5),
            (3, INT, 3),
            (Level.HIGH, INT, 3),
            (np.int8(-3), INT, -3),
            (2**63 - 1, INT, 2**63 - 1),
            (-(2**63), INT, -(2**63)),
            (2**63, UINT, 2**63),
            (np.uint64(2**64 - 1), UINT, 2**64 - 1),
            (True, BOOL, True),
            (np.bool_(False), BOOL, False),
            (np.array(True), BOOL, True),
            (np.array([1.5]), FLOAT, 1.5),
            (np.array([[2]]), INT, 2),
            (np.array(2.5, dtype=object), FLOAT, 2.5),
            (Decimal("1.5"), FLOAT, 1.5),
            (Decimal("-Infinity"), FLOAT, -math.inf),
            (Fraction(1, 4), FLOAT, 0.25),
        ],
    )
    def test_numbers_of_all_kinds_are_plain(self, value: Any, kind: int, found: Any) -> None:
        """Any one number becomes a plain Python number and its kind, exactly."""
        got = number(value, "t")

        assert (kind, found) == got
        assert type(found) is type(got[1])

    @given(st.floats())
    def test_floats_keep_their_bits(self, value: float) -> None:
        """NaN, infinities and -0.0 pass as they are, from numpy too."""
        packed = struct.pack("<d", value)

        assert packed == struct.pack("<d", number(value, "t")[1])
        assert packed == struct.pack("<d", number(np.float64(value), "t")[1])

    @given(st.integers(-(2**63), 2**64 - 1))
    def test_integers_are_exact(self, value: int) -> None:
        """64 bits are kept; the kind says whether the sign bit is one."""
        assert (UINT if value >= 2**63 else INT, value) == number(value, "t")

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (np.array([1, 2, 3]), "scalar 'val/loss' got 3 numbers, expected one number"),
            (np.array([]), "got 0 numbers"),
            ([1.0, 2.0], "got a list of 2 numbers"),
            ((1,), "got a tuple of 1 numbers"),
            (2**64, "beyond 64 bits"),
            (-(2**63) - 1, "beyond 64 bits"),
            (Decimal("1e400"), "too large for a float"),
            (Fraction(10**400), "gives no number"),
            (Decimal("sNaN"), "gives no number"),
            (Broken(), "got a Broken that gives no number: device lost"),
        ],
    )
    def test_values_that_are_not_one_number(self, value: Any, message: str) -> None:
        """The message names the series and what came; the hint a way out."""
        with pytest.raises(InvalidValueError, match=message) as caught:
            number(value, "val/loss")

        assert caught.value.message.startswith("scalar 'val/loss' ")
        assert caught.value.hint

    @pytest.mark.parametrize(
        "value",
        [
            *("1.5", b"1", None, 1j, np.complex64(1j), {}, {"a": 1}, object(), datetime.now(UTC)),
            *(np.str_("1"), np.array(["a"]), np.array([None])),
            *(np.datetime64(1, "ns"), np.timedelta64(1, "ns")),
        ],
    )
    def test_types_that_are_no_number(self, value: Any) -> None:
        """Text that looks like a number, dates and complex numbers are refused by type."""
        with pytest.raises(InvalidTypeError, match=r"^scalar 'val/loss' got .*expected a number"):
            number(value, "val/loss")

    def test_text_is_told_to_be_converted(self) -> None:
        """The usual slip has the usual way out."""
        with pytest.raises(InvalidTypeError) as caught:
            number("0.5", "t")

        assert "convert it with float()" == caught.value.hint


class TestScalars:
    """Several values at once."""

    def test_each_value_has_its_kind(self) -> None:
        """Tags and values are checked one by one."""
        assert {"a": (FLOAT, 0.5), "b/c": (INT, 2)} == check_scalars({"a": 0.5, "b/c": 2})

    @pytest.mark.parametrize("bad", [[("a", 1)], None, 3, {1: 2}, {"a": "x"}, {"a": 1, "b": None}])
    def test_others_are_refused(self, bad: Any) -> None:
        """A bad tag or value refuses the whole call."""
        with pytest.raises(InvalidTypeError):
            check_scalars(bad)


class TestStep:
    """Steps are signed 64-bit integers."""

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            (3, 3),
            (-1, -1),
            (3.0, 3),
            (np.int64(3), 3),
            (np.uint8(3), 3),
            (np.float32(3), 3),
            (np.array(3), 3),
            (np.array([3]), 3),
            (Tensor(3, "torch.int64"), 3),
            (Level.HIGH, 3),
            (2**63 - 1, 2**63 - 1),
            (-(2**63), -(2**63)),
        ],
    )
    def test_whole_numbers_are_taken(self, value: Any, found: int) -> None:
        """Whole numbers of any library become plain integers."""
        got = check_step(value)

        assert (int, found) == (type(got), got)

    @pytest.mark.parametrize("value", [3.5, math.nan, math.inf, 2**63, 2**64, np.array([1, 2])])
    def test_other_numbers_are_refused(self, value: Any) -> None:
        """A step is never rounded or wrapped."""
        with pytest.raises(InvalidValueError, match=r"^step "):
            check_step(value)

    @pytest.mark.parametrize("value", ["3", b"3", None, True, np.bool_(True), 1j, object()])
    def test_other_types_are_refused(self, value: Any) -> None:
        """A truth value is no step."""
        with pytest.raises(InvalidTypeError, match=r"^step must be an integer, not "):
            check_step(value)


class TestEpoch:
    """Epochs are whole or broken."""

    @pytest.mark.parametrize(
        ("value", "found"), [(3, 3), (1.5, 1.5), (np.float32(0.5), 0.5), (np.int8(3), 3), (-1, -1)]
    )
    def test_finite_numbers_are_taken(self, value: Any, found: float) -> None:
        """1 and 1.0 stay different."""
        got = check_epoch(value)

        assert (type(found), found) == (type(got), got)

    @pytest.mark.parametrize("value", [math.nan, -math.inf, 2**70, np.array([1.0, 2.0])])
    def test_other_numbers_are_refused(self, value: Any) -> None:
        """Infinity is no epoch."""
        with pytest.raises(InvalidValueError, match=r"^epoch "):
            check_epoch(value)

    @pytest.mark.parametrize("value", ["1", True, np.bool_(True), None, 1j])
    def test_other_types_are_refused(self, value: Any) -> None:
        """The message speaks of the epoch."""
        with pytest.raises(InvalidTypeError, match=r"^epoch must be a number, not "):
            check_epoch(value)


class TestWalltime:
    """Wall times become microseconds since 1970 UTC."""

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            (0, 0),
            (5, 5_000_000),
            (1.5, 1_500_000),
            (1700000000.123456, 1700000000123456),
            (np.float64(1.5), 1_500_000),
            (np.int64(5), 5_000_000),
            (datetime(2024, 1, 1, tzinfo=UTC), 1704067200000000),
            (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
            (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 253402300799999999),
        ],
    )
    def test_seconds_and_datetimes_are_taken(self, value: Any, found: int) -> None:
        """Whole, broken and dated times are exact to the microsecond."""
        assert found == check_walltime(value)

    def test_a_datetime_without_zone_is_local(self) -> None:
        """It means what its timestamp() means."""
        moment = datetime(2024, 7, 1, 12)  # noqa: DTZ001 -- the case in question

        assert round(moment.timestamp() * 1e6) == check_walltime(moment)

    @pytest.mark.parametrize(
        "value",
        [
            *(-1, -0.001, math.nan, math.inf, 1e12, 253402300800, 10**400),
            datetime(1960, 1, 1, tzinfo=UTC),
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            np.array([1.0, 2.0]),
        ],
    )
    def test_times_out_of_reach_are_refused(self, value: Any) -> None:
        """Before 1970, after 9999 (milliseconds taken for seconds), and no time at all."""
        with pytest.raises(InvalidValueError, match=r"^walltime "):
            check_walltime(value)

    @pytest.mark.parametrize("value", ["0", None, True, date(2024, 1, 1), timedelta(1)])
    def test_other_types_are_refused(self, value: Any) -> None:
        """A date without time is no wall time."""
        with pytest.raises(InvalidTypeError, match=r"^walltime must be seconds since 1970, not "):
            check_walltime(value)


class TestTag:
    """Names of series."""

    @pytest.mark.parametrize(
        "tag",
        [
            *("loss", "train/loss", "a/b/c", "x" * 250, "a b", "lr [1e-3] %", "Verlust/größe"),
            *("\U0001f600", "\U0001f469\u200d\U0001f52c", "..", "-", '"', "\\", "a.b~2"),
        ],
    )
    def test_printable_text_is_taken(self, tag: str) -> None:
        """Any printable text names a series, unchanged."""
        assert tag == check_tag(tag)

    @pytest.mark.parametrize("tag", [np.str_("loss"), Word.LOSS])
    def test_text_of_other_types_becomes_plain(self, tag: str) -> None:
        """Text of numpy or an enumeration is stored as plain text."""
        assert (str, "loss") == (type(check_tag(tag)), check_tag(tag))

    @pytest.mark.parametrize(
        ("tag", "message"),
        [
            ("", "tag is empty"),
            ("   ", "tag is empty"),
            ("x" * 251, "tag has 251 characters"),
            (" a", "begins or ends with a blank"),
            ("a\u00a0", "begins or ends with a blank"),
            ("/a", "has an empty part"),
            ("a/", "has an empty part"),
            ("a//b", "has an empty part"),
            ("/", "has an empty part"),
            ("a\nb", "control character"),
            ("a\x00", "control character"),
            ("a\x7fb", "control character"),
            ("a\u2028b", "control character"),
            ("\u202ea", "control character"),
            ("a\ud800b", "control character"),
        ],
    )
    def test_odd_text_is_refused_with_a_hint(self, tag: str, message: str) -> None:
        """The message can be printed whatever is in the tag, and the hint helps."""
        with pytest.raises(InvalidValueError, match=message) as caught:
            check_tag(tag)

        assert caught.value.message.isprintable()
        assert caught.value.hint

    @pytest.mark.parametrize("tag", [None, 1, b"loss", ["loss"]])
    def test_other_types_are_refused(self, tag: Any) -> None:
        """Only text names a series."""
        with pytest.raises(InvalidTypeError, match=r"^tag must be text, not "):
            check_tag(tag)


class TestTexts:
    """Ids, names, labels, notes, colours, statuses."""

    @pytest.mark.parametrize("text", ["a", "0", "a-b_C", "x" * 64])
    def test_run_ids(self, text: str) -> None:
        """Letters, digits, dash and underscore, up to 64."""
        assert text == check_run_id(text)

    @pytest.mark.parametrize("text", ["", "-a", "_a", "a/b", "a.b", "ü", "x" * 65, "a\n", ".."])
    def test_bad_run_ids(self, text: str) -> None:
        """A run id becomes the name of files, so everything else is refused."""
        with pytest.raises(InvalidValueError, match="run id"):
            check_run_id(text)

    @pytest.mark.parametrize("text", ["base", "my run", "sweep/3", "ü"])
    def test_names(self, text: str) -> None:
        """A display name is any printable text."""
        assert text == check_name(text)
        assert text == check_label(text, "group")

    @pytest.mark.parametrize("text", ["", " ", "a\nb", "x" * 251, "\udc80"])
    def test_bad_names(self, text: str) -> None:
        """Empty, endless and unprintable names are refused, by what they are."""
        with pytest.raises(InvalidValueError, match=r"^name "):
            check_name(text)
        with pytest.raises(InvalidValueError, match=r"^group "):
            check_label(text, "group")

    def test_no_label_is_none(self) -> None:
        """None stays None."""
        assert check_label(None, "group") is None
        assert check_note(None) is None

    def test_notes_are_any_text(self) -> None:
        """A note has lines; what has no UTF-8 form is replaced."""
        assert "a\nb\ufffd" == check_note("a\nb\ud800")

    @pytest.mark.parametrize(
        ("given_color", "found"),
        [("ff0000", "ff0000"), ("#ABCDEF", "abcdef"), ("F80", "ff8800"), ("#f80", "ff8800")],
    )
    def test_colors(self, given_color: str, found: str) -> None:
        """Six lower-case digits, from the usual ways to write them."""
        assert found == check_color(given_color)

    @pytest.mark.parametrize("color", ["", "red", "#ff00", "ff0000\n", "0xff0000", "gggggg"])
    def test_bad_colors(self, color: str) -> None:
        """The hint shows one."""
        with pytest.raises(InvalidValueError, match="color") as caught:
            check_color(color)

        assert "ff8800" in caught.value.hint

    @pytest.mark.parametrize("status", ["running", "finished", "failed", "killed", "crashed"])
    def test_statuses(self, status: str) -> None:
        """The five words of the format."""
        assert status == check_status(status)

    def test_a_near_status_is_offered(self) -> None:
        """A slip is answered with the word that was meant."""
        with pytest.raises(InvalidValueError, match="unknown status 'Finished'") as caught:
            check_status("Finished")

        assert "'finished'" in caught.value.hint

    @pytest.mark.parametrize(
        "check", [check_run_id, check_name, check_color, check_status, check_note]
    )
    def test_other_types_are_refused(self, check: Any) -> None:
        """Numbers are not turned into text."""
        with pytest.raises(InvalidTypeError, match="must be text"):
            check(3)


class TestTags:
    """Labels of a run."""

    def test_each_is_kept_once(self) -> None:
        """Twice the same label is one."""
        assert ["a", "b"] == sorted(check_tags(["b", "a", "b"]))
        assert ("x",) == tuple(check_tags(iter(["x"])))

    def test_one_text_is_one_label(self) -> None:
        """A text is not taken letter by letter."""
        assert ("abc",) == tuple(check_tags("abc"))

    def test_none_is_no_label(self) -> None:
        """None means none."""
        assert () == tuple(check_tags(None))

    @pytest.mark.parametrize("bad", [5, [1], [None], [b"a"]])
    def test_other_types_are_refused(self, bad: Any) -> None:
        """Labels are texts."""
        with pytest.raises(InvalidTypeError):
            check_tags(bad)

    @pytest.mark.parametrize("bad", [[""], ["a\nb"], ["x" * 251]])
    def test_odd_labels_are_refused(self, bad: Any) -> None:
        """A label is printed in tables."""
        with pytest.raises(InvalidValueError):
            check_tags(bad)


class TestHistogram:
    """Counts and edges."""

    @pytest.mark.parametrize("make", [list, tuple, np.asarray])
    def test_lists_and_arrays_are_taken(self, make: Any) -> None:
        """Both come out as lists of plain numbers."""
        found = check_histogram(make([1, 2]), make([0.0, 0.5, 1.0]))

        assert {"counts": [1, 2], "edges": [0.0, 0.5, 1.0]} == found
        assert {int} == set(map(type, found["counts"]))

    @pytest.mark.parametrize(
        ("counts", "edges"),
        [
            ([1], [0]),
            ([], [0]),
            ([], []),
            ([-1], [0, 1]),
            ([math.nan], [0, 1]),
            ([math.inf], [0, 1]),
            ([1, 1], [0, 0, 1]),
            ([1], [1, 0]),
            ([1], [0, math.inf]),
            ([1], [math.nan, 1]),
            ([[1]], [0, 1]),
        ],
    )
    def test_shapes_and_values_must_fit(self, counts: Any, edges: Any) -> None:
        """One edge more than counts, counts not negative, edges rising."""
        with pytest.raises(InvalidValueError):
            check_histogram(counts, edges)

    @pytest.mark.parametrize(("counts", "edges"), [("ab", [1, 2, 3]), (3, 4), ([None], [0, 1])])
    def test_other_types_are_refused(self, counts: Any, edges: Any) -> None:
        """Text is no list of numbers."""
        with pytest.raises(InvalidTypeError):
            check_histogram(counts, edges)


class TestMapping:
    """Hyperparameters."""

    def test_mappings_and_records_are_taken(self) -> None:
        """None is empty; an object is taken by its fields."""

        class Options:
            """As argparse makes them."""

            def __init__(self) -> None:
                self.lr = 0.1

        assert {} == check_mapping(None, "hparams")
        assert {"a": 1} == check_mapping({"a": 1}, "hparams")
        assert {"lr": 0.1} == check_mapping(Options(), "hparams")

    @pytest.mark.parametrize("bad", [5, "x", [("a", 1)], {1: 2}, dict, print])
    def test_others_are_refused(self, bad: Any) -> None:
        """The message says which argument it was."""
        with pytest.raises(InvalidTypeError, match=r"^hparams "):
            check_mapping(bad, "hparams")


class TestFlatten:
    """Dotted names."""

    def test_nested_names_are_joined_and_lists_stay(self) -> None:
        """Only dictionaries are opened; empty ones are values."""
        nested = {"a": {"b": {"c": 1}, "d": {}}, "e": [{"f": 1}], "g": None}

        assert {"a.b.c": 1, "a.d": {}, "e": [{"f": 1}], "g": None} == flatten(nested)

    def test_a_prefix_comes_first(self) -> None:
        """Names can be put below another."""
        assert {"hparams.a.b": 1} == flatten({"a": {"b": 1}}, "hparams.")

    @given(
        st.recursive(
            st.dictionaries(st.sampled_from(["a", "a.b", "b", "1", 1, "~2"]), st.integers()),
            lambda inner: st.dictionaries(st.sampled_from(["a", "a.b", "b", 1]), inner),
            max_leaves=8,
        )
    )
    def test_no_value_is_lost(self, nested: dict[Any, Any]) -> None:
        """However names collide, every value keeps one of its own."""

        def leaves(value: Any) -> int:
            return sum(map(leaves, value.values())) if isinstance(value, dict) and value else 1

        assert (leaves(nested) if nested else 0) == len(flatten(nested))

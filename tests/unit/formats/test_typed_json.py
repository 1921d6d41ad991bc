"""Typed values: kept without loss, or labelled; never changed in silence."""

from __future__ import annotations

import argparse
import collections
import enum
import math
import os
import struct
import types
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical
from vcs_track.formats.typed_json import PathText, Repr, freeze, thaw


class Colour(enum.Enum):
    """An enumeration of a user."""

    RED = 1


class Mode(str, enum.Enum):  # noqa: UP042 -- as users have it
    """An enumeration whose members are text too."""

    FAST = "fast"


@dataclass(frozen=True)
class Config:
    """A dataclass of a user, with names that arrays have too."""

    shape: tuple[int, ...] = (3, 4)
    dtype: str = "float32"
    more: dict[str, int] = field(default_factory=dict, hash=False)


class Point(NamedTuple):
    """A named tuple of a user."""

    x: int
    y: int


class Attributes(dict[str, Any]):
    """A dictionary whose keys are attributes, absent ones None, as configurations have it."""

    __getattr__ = dict.get


class Tensor:
    """Behaves as a tensor of torch does, as far as it is looked at."""

    dtype = "torch.float32"

    def __init__(self, values: Any) -> None:
        self._array = np.asarray(values, dtype="float32")

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each dimension."""
        return self._array.shape

    def item(self) -> Any:
        """Return the only element."""
        return self._array.item()

    def tolist(self) -> Any:
        """Return nested lists."""
        return self._array.tolist()

    def detach(self) -> Tensor:
        """Return itself."""
        return self

    def cpu(self) -> Tensor:
        """Return itself."""
        return self

    def numpy(self) -> np.ndarray[Any, Any]:
        """Return the array."""
        return self._array


class Hostile:
    """Fails at whatever it is asked."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError("no repr")


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
HASHABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=8)
    | st.dates()
    | st.timedeltas()
    | st.datetimes(timezones=st.none() | OFFSETS)
    | st.decimals(allow_nan=False)
    | st.fractions(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
VALUES = st.recursive(
    HASHABLE
    | st.times()
    | st.complex_numbers(allow_nan=False)
    | st.binary(max_size=8).map(bytearray)
    | st.sampled_from(["a/b", "/", "ü"]).map(PathText)
    | st.sampled_from([Repr("a.B", "<B>"), math.inf, -math.inf])
    | st.sets(HASHABLE, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(TEXT | st.just("$"), inner, max_size=3)
        | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=12,
)


def written(value: object) -> Any:
    """Return what a reader finds after *value* was written."""
    return thaw(canonical.check(canonical.dumps(freeze(value))))


def exact(value: Any) -> Any:
    """Return something that tells 1 from 1.0, True from 1 and 0.0 from -0.0, at any depth."""
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, complex):
        return ("complex", exact(value.real), exact(value.imag))
    if isinstance(value, (list, tuple)):
        return (type(value), tuple(exact(item) for item in value))
    if isinstance(value, (set, frozenset)):
        return (type(value), frozenset(exact(item) for item in value))
    if isinstance(value, dict):
        return (dict, frozenset((exact(key), exact(item)) for key, item in value.items()))
    if isinstance(value, (datetime, Decimal)):
        return (type(value), str(value))
    return (type(value), bytes(value) if isinstance(value, bytearray) else value)


class TestRoundTrip:
    """Values that come back as they were."""

    @settings(max_examples=300)
    @given(VALUES)
    def test_generated_values_come_back(self, value: Any) -> None:
        """Any nesting of known types comes back with its types and bits."""
        assert exact(value) == exact(written(value))

    @given(VALUES)
    def test_frozen_values_are_frozen_alike_when_they_return(self, value: Any) -> None:
        """Writing what was read gives the same bytes."""
        first = canonical.dumps(freeze(value))

        assert first == canonical.dumps(freeze(thaw(canonical.loads(first))))

    def test_nan_comes_back(self) -> None:
        """NaN is a NaN again, in a complex number too."""
        one, two = written([math.nan, complex(math.nan, -0.0)])

        assert math.isnan(one)
        assert math.isnan(two.real)
        assert -1.0 == math.copysign(1.0, two.imag)

    @pytest.mark.parametrize("bits", [0, 63, 64, 100, 12_999, 13_000, 40_000])
    def test_integers_of_any_size_come_back(self, bits: int) -> None:
        """Integers are exact inside the range, outside, and beyond the decimal limit."""
        number = (1 << bits) - 1

        assert number == written(number)
        assert -number - 1 == written(-number - 1)

    @pytest.mark.parametrize(
        ("value", "plain"),
        [
            (math.nan, {"$": "f", "v": "NaN"}),
            (-math.inf, {"$": "f", "v": "-Infinity"}),
            (10**20, {"$": "i", "v": "100000000000000000000"}),
            (b"\x00\xff", {"$": "bytes", "v": "AP8="}),
            ((1, "a"), {"$": "tuple", "v": [1, "a"]}),
            ({3, 1, 2}, {"$": "set", "v": [1, 2, 3]}),
            (frozenset(), {"$": "frozenset", "v": []}),
            (date(2024, 2, 29), {"$": "date", "v": "2024-02-29"}),
            (time(1, 2, 3, 4), {"$": "time", "v": "01:02:03.000004"}),
            (
                datetime(2024, 1, 1, tzinfo=UTC),
                {"$": "datetime", "v": "2024-01-01T00:00:00+00:00"},
            ),
            (timedelta(days=-1, microseconds=1), {"$": "timedelta", "v": [-1, 0, 1]}),
            (1 - 2j, {"$": "complex", "v": [1.0, -2.0]}),
            (Decimal("1.10"), {"$": "decimal", "v": "1.10"}),
            (Fraction(-1, 3), {"$": "fraction", "v": [-1, 3]}),
            (PurePosixPath("a/b"), {"$": "path", "v": "a/b"}),
            ({1: "a"}, {"$": "map", "v": [[1, "a"]]}),
            ({"$": 1}, {"$": "map", "v": [["$", 1]]}),
        ],
    )
    def test_labels_are_those_of_the_format(self, value: object, plain: object) -> None:
        """Each kind is written as the page of the format says."""
        assert plain == freeze(value)

    @given(st.dictionaries(HASHABLE, st.integers(), max_size=5))
    def test_order_of_a_mapping_makes_no_difference(self, value: dict[Any, int]) -> None:
        """Equal dictionaries have equal bytes, and so equal ids."""
        again = dict(reversed(list(value.items())))

        assert canonical.dumps(freeze(value)) == canonical.dumps(freeze(again))


class TestPaths:
    """Paths are kept as text that works as a path."""

    def test_a_path_comes_back_as_text_that_opens(self, tmp_path: Path) -> None:
        """The text can be given to whatever takes a path, and equals it."""
        found = written(tmp_path)

        assert isinstance(found, PathText)
        assert str(tmp_path) == found
        assert Path(found) == tmp_path
        assert os.path.isdir(found)  # noqa: PTH112 -- takes it without a conversion

    def test_a_windows_path_has_slashes(self) -> None:
        """The text does not depend on the system that wrote it."""
        assert "c:/data/x" == written(PureWindowsPath("c:\\data\\x"))


class TestNumbers:
    """Numbers of other libraries become plain numbers, so that queries compare them."""

    @pytest.mark.parametrize(
        ("value", "plain"),
        [
            (np.float64(0.1), 0.1),
            (np.float32(0.1), 0.10000000149011612),
            (np.float16(0.5), 0.5),
            (np.longdouble(1.5), 1.5),
            (np.int8(-3), -3),
            (np.uint64(2**64 - 1), 2**64 - 1),
            (np.bool_(True), True),
            (np.str_("a"), "a"),
            (np.array(7), 7),
            (np.array(2.5), 2.5),
            (Tensor(0.5), 0.5),
        ],
    )
    def test_a_single_number_is_plain(self, value: object, plain: object) -> None:
        """A number of numpy, or a tensor without dimensions, is kept as a plain one."""
        found = freeze(value)

        assert (type(plain), plain) == (type(found), found)

    def test_a_nan_of_numpy_is_labelled(self) -> None:
        """NaN is labelled wherever it comes from."""
        assert {"$": "f", "v": "NaN"} == freeze(np.float32("nan"))

    @pytest.mark.parametrize("value", [np.datetime64(1, "ns"), np.timedelta64(1, "ns")])
    def test_times_of_numpy_are_no_numbers(self, value: object) -> None:
        """Nanoseconds do not become a bare integer."""
        assert "repr" == freeze(value)["$"]

    def test_small_arrays_are_kept_with_their_type(self) -> None:
        """Up to 64 elements are nested lists with type and shape."""
        plain = freeze(np.array([[1.0, math.inf]], dtype="float32"))

        assert {
            "$": "array",
            "dtype": "float32",
            "shape": [1, 2],
            "v": [[1.0, {"$": "f", "v": "Infinity"}]],
        } == plain
        assert [[1.0, math.inf]] == thaw(plain)
        assert [0.5, 1.0] == written(Tensor([0.5, 1.0]))

    @pytest.mark.parametrize("make", [np.asarray, Tensor])
    def test_large_arrays_are_told_apart_by_their_hash(self, make: Any) -> None:
        """More elements become a text with shape and hash: other elements, other text."""
        first, second = np.zeros((5, 20), "float32"), np.ones((5, 20), "float32")

        assert freeze(make(first)) == freeze(make(first.copy()))
        assert freeze(make(first)) != freeze(make(second))
        assert "array(5, 20) of" in written(make(first)).text

    def test_arrays_of_objects_are_no_numbers(self) -> None:
        """An array of anything is printed."""
        assert "repr" == freeze(np.array([object(), None]))["$"]


class TestContainers:
    """Containers of other kinds."""

    @pytest.mark.parametrize(
        ("value", "plain"),
        [
            (collections.OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
            (collections.Counter("aab"), {"a": 2, "b": 1}),
            (types.MappingProxyType({"a": 1}), {"a": 1}),
            (types.SimpleNamespace(a=1), {"a": 1}),
            (argparse.Namespace(shape=1, dtype="x"), {"shape": 1, "dtype": "x"}),
            (Attributes(shape=1, dtype="x"), {"shape": 1, "dtype": "x"}),
            (Attributes(a=1), {"a": 1}),
            (Point(1, 2), {"x": 1, "y": 2}),
            (Config(), {"shape": (3, 4), "dtype": "float32", "more": {}}),
            (collections.deque([1, 2]), [1, 2]),
            (collections.UserString("ab"), "ab"),
        ],
    )
    def test_records_and_mappings_are_objects(self, value: object, plain: object) -> None:
        """Named fields become keys, whatever they are called; sequences become lists."""
        assert plain == written(value)

    def test_records_in_sets_and_keys_are_readable(self) -> None:
        """What cannot be hashed when it returns is printed, so that the whole can be read."""
        found = written({"set": {Config()}, "keys": {Point(1, 2): "p", (Config(), 1): "c"}})

        assert {"Config(shape=(3, 4), dtype='float32', more={})"} == {
            member.text for member in found["set"]
        }
        assert {"p", "c"} == set(found["keys"].values())

    def test_a_cycle_is_printed(self) -> None:
        """A list inside itself costs one label at each place, not one for each level."""
        cycle: list[Any] = [1]
        cycle += [cycle, cycle, {"again": cycle}]
        found = written(cycle)

        assert 1 == found[0]
        assert isinstance(found[1], Repr)
        assert isinstance(found[3]["again"], Repr)

    def test_a_shared_list_is_kept_at_both_places(self) -> None:
        """Two places with one list are no cycle."""
        shared = [1]

        assert [[1], {"b": [1]}] == written([shared, {"b": shared}])

    @pytest.mark.parametrize("depth", [20, 40, 70, 5000])
    @pytest.mark.parametrize(
        "wrap",
        [
            lambda v: [v],
            lambda v: (v,),
            lambda v: {"k": v},
            lambda v: {1: v},
            lambda v: [np.float64("nan"), v],
        ],
    )
    def test_any_depth_can_be_written(self, wrap: Any, depth: int) -> None:
        """Deep nesting ends in a printed value, and what is around it is kept."""
        value: Any = complex(math.nan, 1)
        for _ in range(depth):
            value = wrap(value)
        body = {"@": "x", "v": [{"k": freeze(value)}]}

        assert body == canonical.check(canonical.dumps(body))


class TestText:
    """Text without a UTF-8 form."""

    def test_lone_surrogates_are_replaced_and_noted(self) -> None:
        """The text stays readable and the caller learns of it."""
        notes: list[str] = []

        assert {"k\ufffd": "a\ufffdb"} == freeze({"k\udc80": "a\ud800b"}, notes)
        assert 2 == len(notes)
        assert "not valid Unicode" in notes[0]

    def test_keys_that_become_alike_stay_apart(self) -> None:
        """Replacing parts of keys loses no value."""
        value = {chr(point): point for point in (0xD800, 0xD801, 0xFFFD)}

        assert sorted(value.values()) == sorted(written(value).values())

    def test_good_text_is_not_noted(self) -> None:
        """Astral characters are fine."""
        notes: list[str] = []

        assert ["\U0001f600"] == freeze(["\U0001f600"], notes)
        assert not notes


class TestPrinted:
    """Values that cannot be kept."""

    @pytest.mark.parametrize(
        ("value", "found"),
        [
            (range(3), Repr("builtins.range", "range(0, 3)")),
            (object(), Repr("builtins.object", "<object object>")),
            (len, Repr("builtins.builtin_function_or_method", "builtins.len")),
            (Colour.RED, Repr(f"{__name__}.Colour", "<Colour.RED: 1>")),
            (Mode.FAST, Repr(f"{__name__}.Mode", "<Mode.FAST: 'fast'>")),
            (dict, Repr("builtins.type", "builtins.dict")),
        ],
    )
    def test_the_label_names_type_and_text(self, value: object, found: Repr) -> None:
        """A value that cannot be kept is labelled, without memory addresses."""
        assert found == written(value)
        assert found.text == str(found)

    def test_a_value_that_fails_at_everything_is_labelled(self) -> None:
        """Code of the user that raises does not stop anything."""
        assert Repr(f"{__name__}.Hostile", "<unprintable Hostile>") == written([Hostile()])[0]

    def test_long_texts_are_cut(self) -> None:
        """A printed value has at most 4096 characters."""
        assert 4096 == len(written(slice("x" * 9999)).text)

    def test_keys_of_an_enumeration_are_printed(self) -> None:
        """A member that is text too does not become a bare key."""
        assert {Repr(f"{__name__}.Mode", "<Mode.FAST: 'fast'>"): 1} == written({Mode.FAST: 1})


class TestThaw:
    """What is read."""

    def test_a_kind_of_a_later_version_is_kept_as_text(self) -> None:
        """A reader shows what it does not know instead of failing."""
        found = thaw([{"$": "quaternion", "v": [1, 2]}])[0]

        assert isinstance(found, Repr)
        assert "quaternion" in found.type + found.text

    @pytest.mark.parametrize(
        "plain",
        [
            {"$": "f", "v": "nan"},
            {"$": "f"},
            {"$": "i", "v": "abc"},
            {"$": "i", "v": "9" * 10_000},
            {"$": "i", "v": 5},
            {"$": "bytes", "v": "*"},
            {"$": "tuple", "v": 1},
            {"$": "set", "v": [[1]]},
            {"$": "date", "v": "2024-13-01"},
            {"$": "timedelta", "v": [10**12, 0, 0]},
            {"$": "timedelta", "v": [1]},
            {"$": "complex", "v": [1.0]},
            {"$": "decimal", "v": "x"},
            {"$": "fraction", "v": [1, 0]},
            {"$": "map", "v": [[{"a": 1}, 1]]},
            {"$": "map", "v": [1]},
            {"$": "repr", "v": "no type"},
        ],
    )
    def test_malformed_values_are_damage(self, plain: object) -> None:
        """A label that does not fit is an error of ours, at any depth."""
        with pytest.raises(CorruptError, match="does not fit"):
            thaw({"a": [plain]})

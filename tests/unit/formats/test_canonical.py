"""The canonical form against golden vectors, a second formatter and random values."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

from vcs_track.errors import CorruptError, InvalidTypeError, InvalidValueError
from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = json.loads((Path(__file__).parents[2] / "golden" / "cj1.json").read_bytes())
FLOATS = [(struct.unpack(">d", bytes.fromhex(bits))[0], text) for bits, text in GOLDEN["floats"]]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(canonical.MIN_INT, canonical.MAX_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
NUMBERS = st.lists(
    st.none() | st.booleans() | st.integers(canonical.MIN_INT, canonical.MAX_INT) | st.floats(),
    max_size=20,
)


def exact(value: Any) -> Any:
    """Return something that is equal for values that are the same to the bit and the type."""
    if type(value) is float:
        return ("float", "nan" if math.isnan(value) else struct.pack(">d", value))
    if type(value) is list:
        return [exact(item) for item in value]
    if type(value) is dict:
        return {key: exact(item) for key, item in value.items()}
    return (type(value).__name__, value)


def nested(depth: int) -> Any:
    """Return *depth* lists in each other."""
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.fixture(params=["library", "own"])
def _either_formatter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with the library's digits, and as if they had been found to differ."""
    monkeypatch.setattr(canonical, "_LIBRARY_AGREES", request.param == "library")


@pytest.mark.usefixtures("_either_formatter")
class TestGolden:
    """The bytes that every version must write."""

    @pytest.mark.parametrize(("x", "text"), FLOATS)
    def test_a_float_has_its_text(self, x: float, text: str) -> None:
        """A double is written as the vectors say, alone, in a list, and among texts."""
        written = [
            canonical.format_float(x).encode(),
            canonical.dumps(x),
            canonical.dumps([x])[1:-1],
            canonical.dumps(["", x])[4:-1],
            canonical.dumps_numbers([x])[1:-1],
        ]

        assert [text.encode()] * 5 == written

    @pytest.mark.parametrize(("loose", "text"), GOLDEN["values"])
    def test_a_value_has_its_bytes(self, loose: str, text: str) -> None:
        """A value is written as the vectors say, and these bytes pass the check."""
        data = canonical.dumps(json.loads(loose))

        assert text.encode() == data
        assert exact(json.loads(loose)) == exact(canonical.check(data))


class TestLibrary:
    """When the library is trusted with digits."""

    def test_it_agrees_today(self) -> None:
        """The installed library writes the digits of this form."""
        assert canonical._library_agrees()

    def test_other_digits_are_noticed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A library that writes one probe differently is not trusted."""
        real: Callable[[Any], bytes] = canonical.__dict__["orjson"].dumps

        class Odd:
            """A library that writes 1e-5 in exponent form."""

            @staticmethod
            def dumps(value: Any) -> bytes:
                return real(value).replace(b"0.00001,", b"1e-5,")

        monkeypatch.setattr(canonical, "orjson", Odd)

        assert not canonical._library_agrees()

    @settings(max_examples=400)
    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_both_formatters_agree(self, x: float) -> None:
        """Any double has the same text from the library and from plain Python."""
        text = canonical.format_float(x)

        assert f"[{text}]".encode() == canonical.dumps_numbers([x])
        assert exact(x) == exact(float(text))


class TestDumps:
    """What is written and what is refused."""

    @given(PLAIN)
    def test_round_trip_is_exact(self, value: Any) -> None:
        """What is written is read back to the bit, and written again to the same bytes."""
        data = canonical.dumps(value)

        assert exact(value) == exact(canonical.check(data))
        assert data == canonical.dumps(canonical.loads(data))

    @given(st.dictionaries(TEXT, st.integers(0, 9), max_size=8))
    def test_keys_are_in_order_of_code_points(self, value: dict[str, int]) -> None:
        """Keys are sorted as Python sorts text, however they were put in."""
        again = dict(reversed(list(value.items())))

        assert canonical.dumps(value) == canonical.dumps(again)
        assert sorted(value) == list(canonical.loads(canonical.dumps(value)))

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_non_finite_floats_are_refused_with_their_place(self, bad: float) -> None:
        """NaN and infinities have no JSON; the message leads to them."""
        with pytest.raises(InvalidValueError, match=r"at 'a\.b\[1\]\.c': -?(nan|inf) is not"):
            canonical.dumps({"a": {"b": [0.5, {"c": bad}]}})

    @pytest.mark.parametrize("bad", [[2**64], [-(2**63) - 1], {"n": 10**30}, [1.5, 2**64]])
    def test_integers_beyond_the_range_are_refused(self, bad: Any) -> None:
        """An integer that does not fit is never rounded."""
        with pytest.raises(InvalidValueError, match="outside"):
            canonical.dumps(bad)

    @pytest.mark.parametrize("bad", ["\ud800", {"\udfff": 1}, ["ok", "é\udc00"]])
    def test_lone_surrogates_are_refused(self, bad: Any) -> None:
        """Text without a UTF-8 form is refused in values and keys."""
        with pytest.raises(InvalidValueError, match="not valid Unicode"):
            canonical.dumps(bad)

    @pytest.mark.parametrize("bad", [{1: 2}, {None: 1}, {("a",): 1}])
    def test_keys_that_are_no_text_are_refused(self, bad: Any) -> None:
        """A key is never turned into text in silence."""
        with pytest.raises(InvalidTypeError, match="key"):
            canonical.dumps(bad)

    @pytest.mark.parametrize("bad", [(1,), {1}, b"x", object(), 1j, Path()])
    def test_other_types_are_refused(self, bad: Any) -> None:
        """Only the types of JSON have a canonical form, inside others too."""
        with pytest.raises(InvalidTypeError, match="is not a JSON type"):
            canonical.dumps({"deep": [bad]})

    def test_the_deepest_nesting_passes_and_one_more_does_not(self) -> None:
        """64 open brackets are written, 65 are refused."""
        assert b"[" * 64 + b"]" * 64 == canonical.dumps(nested(64))

        with pytest.raises(InvalidValueError, match="more than 64"):
            canonical.dumps(nested(65))

    def test_a_cycle_is_refused(self) -> None:
        """A list inside itself is an error, not a crash."""
        cycle: list[Any] = []
        cycle.append(cycle)

        with pytest.raises(InvalidValueError, match="more than 64"):
            canonical.dumps(cycle)


class TestNumbers:
    """Columns of numbers."""

    @pytest.mark.usefixtures("_either_formatter")
    def test_non_finite_values_are_spelled(self) -> None:
        """NaN and infinities are strings between ordinary numbers."""
        text = canonical.dumps_numbers([math.nan, 1, math.inf, 1e300, -math.inf, None, True])

        assert b'["NaN",1,"Infinity",1e300,"-Infinity",null,true]' == text

    @given(NUMBERS)
    def test_round_trip_is_exact(self, values: list[Any]) -> None:
        """Every number comes back with its type and its bits."""
        text = canonical.dumps_numbers(values)

        assert exact(values) == exact(canonical.load_numbers(canonical.loads(text)))
        assert text == canonical.dumps(canonical.check(text))

    @given(NUMBERS)
    def test_the_slow_way_writes_the_same(self, values: list[Any]) -> None:
        """Value by value and all at once give the same bytes."""
        assert canonical._number_text(values) == canonical.dumps_numbers(values)

    def test_a_tuple_is_a_column_too(self) -> None:
        """Any sequence can be written."""
        assert b"[1,2.0]" == canonical.dumps_numbers((1, 2.0))

    @pytest.mark.parametrize("bad", ["1", [1], {"a": 1}, (1,), 1j, b"1"])
    def test_other_values_are_refused(self, bad: Any) -> None:
        """A text that looks like a number is none."""
        with pytest.raises(InvalidTypeError, match="number 1 of a column"):
            canonical.dumps_numbers([1.0, bad])

    def test_large_integers_are_refused(self) -> None:
        """An integer that does not fit is never rounded."""
        with pytest.raises(InvalidValueError, match="outside"):
            canonical.dumps_numbers([1.0, 2**64])

    def test_numbers_are_not_copied(self) -> None:
        """A column without spelled values is handed back as it is."""
        values: list[Any] = [1.0, 2, None]

        assert canonical.load_numbers(values) is values

    @pytest.mark.parametrize("bad", ["nan", "inf", "", "1"])
    def test_other_texts_are_damage(self, bad: str) -> None:
        """Only the three spellings are numbers."""
        with pytest.raises(CorruptError, match="holds the text"):
            canonical.load_numbers([1.0, bad])

    def test_nested_values_are_damage(self) -> None:
        """A list in a column is named."""
        with pytest.raises(CorruptError, match="holds list"):
            canonical.load_numbers([1.0, []])


class TestCheck:
    """Bytes of strangers."""

    @pytest.mark.parametrize(
        "data",
        [
            b"[1, 2]",
            b'{"b":1,"a":2}',
            b'{"a":1,"a":1}',
            b"[1e+16]",
            b"[10000000000000000.0]",
            b"[1E5]",
            b"[1.50]",
            b"[0.000001]",
            b"[-0]",
            b"[18446744073709551616]",
            b'["\\u0041"]',
            b'["\\/"]',
            b'["\\u001F"]',
            b'"\\u00e9"',
            b"[1]\n",
        ],
    )
    def test_another_form_is_refused(self, data: bytes) -> None:
        """JSON that is not canonical is named as such, with the byte."""
        with pytest.raises(CorruptError, match="not canonical at byte"):
            canonical.check(data)

    @pytest.mark.parametrize(
        "data",
        [b"", b"[1", b"[NaN]", b"[1e400]", b"\xff", b"\xef\xbb\xbf[]", b'["\\ud800"]', b"01"],
    )
    def test_what_is_no_json_is_refused(self, data: bytes) -> None:
        """Damaged text is an error of ours, whatever the library raises."""
        with pytest.raises(CorruptError, match="not JSON"):
            canonical.check(data)

    def test_size_is_bounded_before_parsing(self) -> None:
        """More bytes than allowed are refused whatever they are."""
        with pytest.raises(CorruptError, match="11 bytes is too large, the limit is 10"):
            canonical.check(b"x" * 11, max_bytes=10)

    @pytest.mark.parametrize("data", [b"[" * 65 + b"]" * 65, b"[" * 200_000, b'{"a":' * 65])
    def test_depth_is_bounded_before_parsing(self, data: bytes) -> None:
        """Too many open brackets are refused whether or not they are closed."""
        with pytest.raises(CorruptError, match="is nested"):
            canonical.check(data)

    @pytest.mark.parametrize("text", ["[" * 100, '"' + "{" * 100, "\\" + "[" * 100, '\\"[' * 100])
    def test_brackets_in_texts_do_not_count(self, text: str) -> None:
        """Texts may hold any number of brackets, behind quotes and backslashes too."""
        value = [text, {text: 1}]

        assert value == canonical.check(canonical.dumps(value))

    def test_wide_is_not_deep(self) -> None:
        """Many small lists beside each other are fine."""
        value: list[Any] = [[]] * 1000

        assert value == canonical.check(canonical.dumps(value))

    @given(PLAIN, st.data())
    def test_a_changed_byte_is_refused_or_another_value(
        self, value: Any, data: st.DataObject
    ) -> None:
        """Damage never gives the old value from other bytes."""
        good = canonical.dumps(value)
        at = data.draw(st.integers(0, len(good) - 1))
        bad = bytearray(good)
        bad[at] ^= data.draw(st.integers(1, 255))

        try:
            found = canonical.check(bytes(bad))
        except CorruptError:
            return
        assert exact(value) != exact(found)


class TestLoose:
    @pytest.mark.parametrize(
        ("text", "value"),
        [(b"[1, 2.5]", [1, 2.5]), (b"18446744073709551616", 1 << 64), (b"Infinity", math.inf),
         (b'"\xc3\xa4"', "ä"), (b" null ", None)],
    )  # fmt: skip
    def test_what_programs_in_python_write(self, text: bytes, value: Any) -> None:
        """Large integers and numbers that are not finite are numbers."""
        assert value == canonical.loads_loose(text)
        assert value == canonical.loads_loose(canonical.dumps_loose(value))

    def test_nan(self) -> None:
        """NaN is one, too."""
        assert math.isnan(canonical.loads_loose(b"NaN"))

    @pytest.mark.parametrize(
        "text", [b"", b"{", b"[1,]", b"\xff", b"[" * 100_000, b"9" * 5000, b"nul"]
    )
    def test_what_is_no_json(self, text: bytes) -> None:
        """Anything else is refused with our own error, however deep or long."""
        with pytest.raises(CorruptError, match="not JSON"):
            canonical.loads_loose(text)


class TestRows:
    def test_rows_of_columns(self) -> None:
        """Columns become rows; a number that JSON has not got becomes a text."""
        found = canonical.dumps_rows([[1.0, 2.0], [0, -1], [math.nan, 1e300]])

        assert b'[[1.0,0,"NaN"],[2.0,-1,1e300]]' == found.replace(b"e+", b"e")
        assert b"[]" == canonical.dumps_rows([[], []])

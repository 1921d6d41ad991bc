"""Tests of ``vcs_track.formats.event_file`` and of the values in it."""

from __future__ import annotations

import io
import math
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptError
from vcs_track.formats import event_file
from vcs_track.formats.event_file import (
    Event,
    EventFile,
    Histogram,
    Images,
    Other,
    Scalar,
    SessionEnd,
    SessionStart,
    Texts,
    pack_event,
    pack_session,
    pack_start,
    unpack_event,
)
from vcs_track.formats.event_record import pack_record
from vcs_track.formats.tensor_proto import decode_tensor, doubles_to, strings_to
from vcs_track.formats.wire import double_to, length_to, varint_to

if TYPE_CHECKING:
    from vcs_track.formats.event_file import Value

__all__: list[str] = []

FLOATS = st.floats(allow_nan=False)
SMALL = st.floats(allow_nan=False, width=32)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.builds(Scalar, TEXT, SMALL),
    st.builds(
        lambda tag, pairs, rest: Histogram(
            tag, tuple(limit for limit, _ in pairs), tuple(count for _, count in pairs), *rest
        ),
        TEXT, st.lists(st.tuples(FLOATS, FLOATS)), st.tuples(*[FLOATS] * 5),
    ),
    st.builds(
        Images, TEXT, st.lists(st.binary(max_size=9), min_size=1, max_size=3).map(tuple),
        st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1),
    ),
    st.builds(lambda tag, texts: Texts(tag, tuple(texts), (len(texts),)), TEXT,
              st.lists(TEXT, min_size=1)),
    st.builds(
        SessionStart,
        st.dictionaries(TEXT, st.recursive(
            st.one_of(FLOATS, TEXT, st.booleans(), st.none()),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)
            ),
            max_leaves=5,
        ), max_size=4),
        TEXT, st.floats(0, 1e12),
    ),
    st.builds(SessionEnd, st.sampled_from(["finished", "failed", "running", ""]), FLOATS),
)  # fmt: skip


def of_tensor(plugin: str, tensor: bytes, *, tag: bytes = b"t") -> bytes:
    """Return an event with a tensor of *plugin*, or of nobody knows which."""
    said = length_to(9, length_to(1, length_to(1, plugin.encode()))) if plugin else b""
    return length_to(5, length_to(1, length_to(1, tag), length_to(8, tensor), said))


def value_of(event: bytes, plugins: dict[str, str] | None = None) -> Any:
    """Return the one value of an event."""
    (value,) = unpack_event(event, plugins).values
    return value


class TestRoundTrip:
    @given(
        st.lists(
            st.tuples(
                FLOATS, st.integers(-(2**63), 2**63 - 1), st.lists(VALUES, max_size=4).map(tuple)
            ).map(lambda parts: Event(*parts)),
            max_size=4,
        )
    )  # fmt: skip
    def test_events_come_back(self, events: list[Event]) -> None:
        """Whatever is written is read the same."""
        data = pack_start(1e9) + b"".join(pack_event(*event[:3]) for event in events)
        file = EventFile(io.BytesIO(data).read)
        first, *found = list(file)

        assert (1e9, event_file.VERSION) == (first.wall_time, first.version)
        assert events == found
        assert (len(data), 0) == (file.records.end, file.broken)

    def test_five_thousand_points_come_back(self) -> None:
        """None of 5,000 points is lost, and each is the nearest number of 32 bits."""
        data = pack_start(1e9) + b"".join(
            pack_event(1e9 + i / 10, i, [Scalar("loss", i / 7)]) for i in range(5000)
        )
        found = [event for event in EventFile(io.BytesIO(data).read) if event.values]
        small = [struct.unpack("<f", struct.pack("<f", i / 7))[0] for i in range(5000)]

        assert [1e9 + i / 10 for i in range(5000)] == [event.wall_time for event in found]
        assert [Scalar("loss", value) for value in small] == [event.values[0] for event in found]

    def test_special_numbers(self) -> None:
        """NaN, the infinities and a negative zero come back."""
        numbers = [math.nan, math.inf, -math.inf, -0.0]
        data = pack_event(0.0, 0, [Scalar("x", number) for number in numbers])
        (event,) = EventFile(io.BytesIO(data).read)

        assert list(map(repr, numbers)) == [repr(v.value) for v in event.values]  # type: ignore[union-attr]

    def test_a_session_comes_back(self) -> None:
        """The beginning of a session is told with its step."""
        (event,) = EventFile(io.BytesIO(pack_session(1e9, 40)).read)

        assert Event(1e9, 40, session=event_file.START) == event


class TestTensors:
    @pytest.mark.parametrize(
        ("dtype", "number", "code"),
        [(1, 0.5, "f"), (2, 0.1, "d"), (3, -7, "i"), (9, -(1 << 40), "q"), (19, 0.5, "e"),
         (22, 7, "I"), (23, 1 << 63, "Q"), (4, 200, "B"), (5, -3, "h"), (6, -3, "b"), (17, 9, "H"),
         (10, True, "?")],
    )  # fmt: skip
    def test_a_scalar_of_each_type(self, dtype: int, number: float, code: str) -> None:
        """A tensor of one number is a scalar, whatever its type."""
        content = varint_to(1, dtype) + length_to(4, struct.pack(f"<{code}", number))

        assert Scalar("t", float(number)) == value_of(of_tensor("scalars", content))

    @pytest.mark.parametrize(
        ("dtype", "field", "number"),
        [(1, b"\x2d" + struct.pack("<f", 0.5), 0.5), (1, b"\x2a\x04" + struct.pack("<f", 2), 2.0),
         (2, b"\x31" + struct.pack("<d", 0.1), 0.1), (3, varint_to(7, -5), -5.0),
         (9, varint_to(10, -5), -5.0), (10, varint_to(11, 1), 1.0),
         (19, varint_to(13, 0x3800), 0.5), (14, varint_to(13, 0x3F00), 0.5),
         (23, varint_to(17, 1 << 63), float(1 << 63)), (22, varint_to(16, 9), 9.0)],
    )  # fmt: skip
    def test_a_scalar_in_a_field(self, dtype: int, field: bytes, number: float) -> None:
        """Numbers that lie one by one, packed or not, are read as well."""
        assert Scalar("t", number) == value_of(of_tensor("scalars", varint_to(1, dtype) + field))

    def test_a_histogram(self) -> None:
        """Rows of left limit, right limit and count are a histogram."""
        tensor = doubles_to([0.0, 1.0, 2.0, 1.0, 4.0, 3.0], (2, 3))

        assert Histogram("t", (1.0, 4.0), (2.0, 3.0), 0.0, 4.0, 5.0) == value_of(
            of_tensor("histograms", tensor)
        )

    def test_the_plugin_is_told_once(self) -> None:
        """A later tensor of a tag belongs to the plugin that the first one named.

        Seen to fail with the names forgotten between files.
        """
        plugins: dict[str, str] = {}
        first = value_of(of_tensor("text", strings_to([b"a"])), plugins)
        second = value_of(of_tensor("", strings_to([b"b"])), plugins)

        assert [Texts("t", ("a",), (1,)), Texts("t", ("b",), (1,))] == [first, second]
        assert Other("t") == value_of(of_tensor("", strings_to([b"b"])))

    def test_one_element_fills_its_shape(self) -> None:
        """The last element stands for all behind it, as TensorFlow has it."""
        shape = length_to(2, length_to(2, varint_to(1, 3)))
        message = varint_to(1, 2) + shape + double_to(6, [1.0, 2.0])

        assert (1.0, 2.0, 2.0) == decode_tensor(message).values

    def test_strings_do_not_fill_a_shape(self) -> None:
        """A long text cannot stand for a million, and a table of millions is not read."""
        with pytest.raises(CorruptError, match="1 elements, its shape 1000"):
            decode_tensor(strings_to([b"x" * 1000], (1000,)))

        assert Other("t", "text") == value_of(of_tensor("text", strings_to([b""] * 10_001)))

    @pytest.mark.parametrize("sides", [(1 << 40,), (1 << 30, 1 << 30), (-1,)])
    def test_a_shape_that_lies_is_refused(self, sides: tuple[int, ...]) -> None:
        """A tensor that claims more than can be there fills no memory."""
        with pytest.raises(CorruptError, match="shape"):
            decode_tensor(doubles_to([1.0], sides))

    def test_what_is_not_read_is_named(self) -> None:
        """Other plugins, and tensors of another form than theirs, are told by name."""
        curve = value_of(of_tensor("pr_curves", doubles_to([1.0])))
        two = value_of(of_tensor("scalars", doubles_to([1.0, 2.0], (2,))))

        assert [Other("t", "pr_curves"), Other("t", "scalars")] == [curve, two]


class TestDamage:
    def test_a_record_that_is_no_event_is_left_out(self) -> None:
        """A sound record with nonsense is counted, and the others are read."""
        data = pack_start(1.0) + pack_record(b"\x0c") + pack_event(2.0, 1, [Scalar("a", 1.0)])
        file = EventFile(io.BytesIO(data).read)

        assert [1.0, 2.0] == [event.wall_time for event in file]
        assert file.broken == 1

    def test_a_histogram_of_two_lengths_is_refused(self) -> None:
        """A histogram with more limits than buckets is damaged."""
        broken = length_to(1, b"h") + length_to(5, double_to(6, [1.0, 2.0]), double_to(7, [1.0]))
        with pytest.raises(CorruptError, match="2 limits and 1 buckets"):
            unpack_event(length_to(5, length_to(1, broken)))

    def test_lists_too_deep_are_refused(self) -> None:
        """A hyperparameter of lists in lists does not end the program."""
        value = double_to(2, 1.0)
        for _ in range(5000):
            value = length_to(6, length_to(1, value))
        start = length_to(3, length_to(1, length_to(1, b"x"), length_to(2, value)))
        said = length_to(9, length_to(1, length_to(1, b"hparams"), length_to(2, start)))
        with pytest.raises(CorruptError, match="deep"):
            unpack_event(length_to(5, length_to(1, said)))


class TestNames:
    def test_a_name_is_one(self) -> None:
        """Whatever the host is called, the name has no folder in it, and is found."""
        name = event_file.file_name(1.7e9, "../a b\0/c")

        assert name == "events.out.tfevents.1700000000...-a-b-c"
        assert event_file.is_event_file(name)

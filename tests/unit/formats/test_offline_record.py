from __future__ import annotations

import math

import pytest
from compat.wandb import offline

from vcs_track.errors import CorruptError
from vcs_track.formats.offline_record import (
    Artifact,
    Ended,
    Item,
    Metric,
    Output,
    Row,
    RunFacts,
    Update,
    decode_record,
)
from vcs_track.formats.wire import double_to, length_to, varint_to

__all__: list[str] = []


def value(*fields: bytes) -> object:
    """Return the value of an item with these fields."""
    told = decode_record(length_to(2, length_to(1, length_to(1, b"k"), *fields)))
    assert isinstance(told, Row)
    return told.items[0].value


class TestItems:
    def test_keys(self) -> None:
        """A key is one text or several parts; an empty one is a key as well."""
        items = [length_to(1, length_to(2, b"a"), length_to(2, b"b.c")), length_to(1)]

        assert Row((Item(("a", "b.c")), Item(("",)))) == decode_record(length_to(2, *items))

    def test_typed_values(self) -> None:
        """A value without JSON text is told by its type; the text comes first."""
        assert value(varint_to(3, 1)) is None
        assert value(varint_to(4, 1)) is True
        assert -2 == value(varint_to(5, 3))
        assert 0.5 == value(double_to(6, 0.5))
        assert "t" == value(length_to(7, b"t"))
        assert [1] == value(length_to(8, b"[1]"))
        assert 1.5 == value(double_to(6, 0.5), length_to(16, b"1.5"))
        assert 1.5 == value(length_to(16, b"1.5"), double_to(6, 0.5))

    def test_what_is_no_json(self) -> None:
        """NaN and infinities are values, and anything that is no text of JSON an error."""
        assert [math.inf, -math.inf] == value(length_to(16, b"[Infinity, -Infinity]"))
        assert 1 << 70 == value(length_to(16, str(1 << 70).encode()))
        for wrong in (b"", b"{", b"nan", b"[" * 100_000, b"1" * 5000):
            with pytest.raises(CorruptError):
                value(length_to(16, wrong))


class TestRecords:
    def test_each_kind(self) -> None:
        """Records come back as what they were made of."""
        run = decode_record(offline.run("id", name="n", tags=("a",), config={"lr": 1}))

        assert isinstance(run, RunFacts)
        assert ("id", "n", ("a",), (Item(("lr",), 1),), offline.BEGIN) == (
            run.id, run.name, run.tags, run.config, run.started,
        )  # fmt: skip
        assert Update("config", (Item(("a",), 1),)) == decode_record(offline.config(a=1))
        assert Update("summary", (Item(("a",), 1),)) == decode_record(offline.summary(a=1))
        assert Ended(255, 9) == decode_record(offline.ended(255))
        assert Output(1, "x") == decode_record(offline.output(1, "x"))
        assert Metric("v/*", "ep", step_sync=True, summary=("min", "max")) == decode_record(
            offline.metric("v/*", "ep", 1, 2)
        )
        artifact = decode_record(offline.artifact("n", ("p", "d", "/l")))
        assert isinstance(artifact, Artifact)
        assert ("p", "d", 3, "/l") == (
            artifact.entries[0].path, artifact.entries[0].digest, artifact.entries[0].size,
            artifact.entries[0].local_path,
        )  # fmt: skip

    def test_others_are_none(self) -> None:
        """A record of another kind tells nothing, and neither does an empty one."""
        assert decode_record(b"") is None
        assert decode_record(length_to(99, b"x")) is None

    def test_half_of_them(self) -> None:
        """Rows are not looked at where what they belong to is asked for, and the other way."""
        assert decode_record(offline.row(0, a=1), events=False) is None
        assert decode_record(offline.config(a=1), events=True) is None
        assert decode_record(offline.config(a=1), events=False) is not None

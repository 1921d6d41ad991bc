"""``--json`` is JSON for any reader, whatever users logged."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given, strategies as st

from vcs_track.cli.json_lines import encode

__all__: list[str] = []

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary()
    | st.text(st.characters(exclude_categories=())) | st.datetimes()
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


class TestEncode:
    @given(st.dictionaries(st.text(), VALUES))
    def test_is_one_line_of_strict_json(self, row: dict[str, object]) -> None:
        """Every value comes out as one line that a strict reader takes."""
        line = encode(row)

        assert "\n" not in line
        assert isinstance(json.loads(line, parse_constant=refuse), dict)

    @given(st.dictionaries(st.text(), st.integers(-(2**63), 2**64 - 1) | st.text()))
    def test_plain_values_come_back(self, row: dict[str, object]) -> None:
        """Texts and integers of 64 bits are the same on the other side."""
        assert row == json.loads(encode(row))

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (math.nan, '"NaN"'),
            (math.inf, '"Infinity"'),
            (-math.inf, '"-Infinity"'),
            (2**70, f'"{2**70}"'),
            (1.0, "1.0"),
            (True, "true"),
            (b"\x00\xff", '"00ff"'),
            ((1, 2), "[1,2]"),
            (datetime(2026, 1, 2, tzinfo=UTC), '"2026-01-02T00:00:00+00:00"'),
            (PurePosixPath("a/b"), '"a/b"'),
            ("\udc80", '"\ufffd"'),
        ],
    )
    def test_special_values(self, value: object, text: str) -> None:
        """What JSON has no words for becomes text."""
        assert f'{{"x":{text}}}' == encode({"x": value})

    def test_very_long_integer(self) -> None:
        """An integer that the interpreter refuses to write in decimal comes out too."""
        assert hex(10**9000) == json.loads(encode({"x": 10**9000}))["x"]

    def test_deep_nesting(self) -> None:
        """What is nested too deep is cut to text, not refused."""
        value: object = 1
        for _ in range(200):
            value = [value]

        assert json.loads(encode({"x": value}))

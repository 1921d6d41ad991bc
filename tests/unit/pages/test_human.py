"""Numbers in the words of people."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from vcs_track.pages import human

__all__: list[str] = []

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class TestNumber:
    @given(st.floats())
    def test_six_digits(self, x: float) -> None:
        """Any double is short, and right to six digits."""
        text = human.number(x)

        assert len(text) <= len("-1.23457e-308")
        assert math.isnan(x) or math.isclose(float(text), x, rel_tol=1e-5, abs_tol=1e-320)

    @given(st.integers())
    def test_integers_are_whole(self, x: int) -> None:
        """Integers are exact up to 24 digits, and short beyond."""
        text = human.number(x)

        assert int(text) == x if abs(x) < 10**24 else len(text) < 30

    def test_kinds_are_told_apart(self) -> None:
        """1, 1.0 and True look different."""
        assert ["1", "1.0", "True"] == [human.number(x) for x in (1, 1.0, True)]

    def test_very_long_integer(self) -> None:
        """An integer that the interpreter refuses to write out has a form too."""
        assert "-2**100000" == human.number(-(2**100000))


class TestDuration:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "0.00s"), (9.99, "10.0s"), (59, "59s"), (60, "1m 00s"), (3600, "1h 00m"),
         (86400, "1d 00h"), (-1, "?"), (math.inf, "?")],
    )  # fmt: skip
    def test_two_units(self, seconds: float, text: str) -> None:
        """A span has its two largest units; nonsense is a question mark."""
        assert text == human.duration(seconds)


class TestAgo:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0, "just now"), (59, "59 s ago"), (60, "1 min ago"), (3600, "1 h ago"),
         (47 * 3600, "47 h ago"), (48 * 3600, "2 days ago"), (21 * 86400, "3 weeks ago"),
         (90 * 86400, "3 months ago"), (800 * 86400, "2 years ago"), (-7200, "in 2 h")],
    )  # fmt: skip
    def test_one_unit(self, seconds: int, text: str) -> None:
        """An age has one unit; a clock that is ahead shows."""
        assert text == human.ago(NOW - timedelta(seconds=seconds), NOW)


class TestSize:
    @pytest.mark.parametrize(
        ("octets", "text"),
        [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"),
         (1024**3, "1.0 GiB"), (1024**6, "1048576.0 TiB")],
    )  # fmt: skip
    def test_units(self, octets: int, text: str) -> None:
        """Bytes have the largest unit that fits."""
        assert text == human.size(octets)


class TestValue:
    @given(st.text())
    def test_text_never_looks_like_a_number(self, text: str) -> None:
        """A text that looks like a value of another type is quoted."""
        shown = human.value(text)

        assert shown.startswith("'") or not shown[:1].isdigit()
        assert shown not in {"None", "True", "False", "NaN", "inf", ""}

    def test_control_characters_are_spelled_out(self) -> None:
        """Names and values in nested settings too."""
        assert "\x1b" not in human.value({"a\x1b": ["\x1b", {"b": "\x1b"}]})


class TestChange:
    @given(st.floats(), st.floats())
    def test_any_numbers(self, old: float, new: float) -> None:
        """Any two numbers have a short change, or none."""
        assert len(human.change(old, new)) < 12

    @pytest.mark.parametrize(
        ("old", "new", "text"),
        [(1, 2, "+100 %"), (2, 1, "-50 %"), (1, 1.00001, "+0.00 %"), (1, 5000, "x5,000"),
         (0, 1, ""), (True, 2, ""), ("1", 2, ""), (1, 10**400, ""), (math.nan, 1, "")],
    )  # fmt: skip
    def test_forms(self, old: object, new: object, text: str) -> None:
        """Per cent, a factor when it is large, nothing where it makes no sense."""
        assert text == human.change(old, new)


class TestPair:
    @given(st.floats(), st.floats())
    def test_different_numbers_look_different(self, old: float, new: float) -> None:
        """Two numbers that differ never look the same."""
        shown = human.pair(old, new)

        assert (shown[0] != shown[1]) or old == new or (old != old and new != new)

"""Tests of ``vcs_track.porcelain.diff.tolerance``."""

from __future__ import annotations

import math
from typing import Any

import pytest

from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.porcelain.diff.tolerance import parse


class TestParse:
    @pytest.mark.parametrize(
        ("tol", "old", "new", "close"),
        [
            (0.1, 1.0, 1.1, False), (0.11, 1.0, 1.1, True), ("1e-3", 1.0, 1.0009, True),
            ("10%", 200, 219, True), ("10%", 200, 221, False), ("10%", -200, -219, True),
            ("10%", 0.0, 1e-9, False), (1, 1, 1.0, True), (1, True, 1, False), (5, "1", "2", False),
            (9, math.nan, 1.0, False), (9, math.nan, math.nan, True), (9, math.inf, 1.0, False),
            (1e300, math.inf, -math.inf, False), (9, math.inf, math.inf, True),
            (0, 1.0, 1.0, True), (0, 1, 1.0, False), (1, None, 0, False), (1, 10**400, 1, False),
        ],
    )  # fmt: skip
    def test_numbers(self, tol: Any, old: Any, new: Any, close: bool) -> None:
        """A distance, or a share of the old value; NaN and infinity are near themselves only."""
        assert close is parse(tol).of("x").close(old, new)

    def test_a_name_goes_before_a_pattern(self) -> None:
        """The nearest rule counts: the name, a pattern, then all."""
        found = parse({"*": 1, "val/*": 2, "val/acc": "3%"})

        assert [(0.0, 0.03), (2.0, 0.0), (1.0, 0.0)] == [
            tuple(found.of(name)) for name in ("val/acc", "val/loss", "x")
        ]

    @pytest.mark.parametrize(
        "tol", [-1, "-1%", "x", "", "%", math.nan, math.inf, "1 2", {"a": ""}]
    )
    def test_what_is_no_tolerance(self, tol: Any) -> None:
        """A negative, missing or endless number is refused, and the hint says how to write one."""
        with pytest.raises(InvalidValueError, match="is no number from 0 on") as caught:
            parse(tol)

        assert "0.5%" in (caught.value.hint or "")

    @pytest.mark.parametrize("tol", [True, [1], b"1", {"a": None}])
    def test_another_type(self, tol: Any) -> None:
        """What is neither number nor text is refused by its type."""
        with pytest.raises(InvalidTypeError, match="tol"):
            parse(tol)

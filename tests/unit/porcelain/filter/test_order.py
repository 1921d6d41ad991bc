"""The order of runs."""

from __future__ import annotations

import pytest

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter import order_by

KNOWN = {"hparams.x", "summary.val-acc"}
NAN = float("nan")
#: Rising; NaN and what is missing stay at the end either way.
VALUES = [False, True, -1, 2.5, 3, "a", "b", (1, 2), ("a",)]


def ordered(text: str, values: list[object]) -> list[object]:
    """Return *values* of one hparam in the order of *text*."""
    rows = [{"hparams.x": value} for value in values]
    return [row["hparams.x"] for row in sorted(rows, key=order_by(text, KNOWN).key)]


class TestKey:
    def test_rising(self) -> None:
        """Truth values, numbers, texts, lists, NaN, nothing."""
        given = [NAN, None, *reversed(VALUES)]

        assert repr([*VALUES, NAN, None]) == repr(ordered("x", given))

    def test_falling_turns_each_type_and_leaves_the_rest(self) -> None:
        """Types stay in their order, NaN and missing values stay last."""
        falling = [True, False, 3, 2.5, -1, "b", "a", ("a",), (1, 2), NAN, None]

        assert repr(falling) == repr(ordered("-x", [None, NAN, *VALUES]))

    def test_second_name_breaks_ties(self) -> None:
        """The first name decides, then the next, then the order that was there."""
        rows: list[dict[str, object]] = [
            {"hparams.x": 1, "name": "a"},
            {"hparams.x": 1, "name": "b"},
            {"hparams.x": 0},
        ]
        key = order_by("-x, name desc", KNOWN).key

        assert [rows[1], rows[0], rows[2]] == sorted(rows, key=key)


class TestOrderBy:
    @pytest.mark.parametrize(
        ("text", "terms"),
        [
            ("-summary.val-acc, created", [("summary.val-acc", True), ("created", False)]),
            ("val-acc DESC", [("summary.val-acc", True)]),
            ("+x asc", [("hparams.x", False)]),
            (["-x", "name"], [("hparams.x", True), ("name", False)]),
            ('-summary["val-acc"]', [("summary.val-acc", True)]),
        ],
    )
    def test_spelling(self, text: str | list[str], terms: list[tuple[str, bool]]) -> None:
        """A minus or 'desc' turns the order round."""
        found = order_by(text, KNOWN).terms

        assert terms == [(term.name.path, term.descending) for term in found]

    @pytest.mark.parametrize(
        ("text", "position"),
        [("", 0), ("x,", 2), ("x y", 2), ("-", 1), ("x > 1", 2), ("xx, x", 0)],
    )
    def test_error_has_its_position(self, text: str, position: int) -> None:
        """What is no list of known names is pointed at."""
        with pytest.raises(ExpressionError) as caught:
            order_by(text, KNOWN)

        assert position == caught.value.position

    @pytest.mark.parametrize("text", [None, 5, [1]])
    def test_other_types_are_refused(self, text: object) -> None:
        """An order is a text or texts."""
        with pytest.raises(InvalidTypeError, match="expected a text"):
            order_by(text, KNOWN)  # type: ignore[arg-type]

"""Whether a run matches."""

from __future__ import annotations

import pytest

from vcs_track.porcelain.filter import parse, resolve

NAN = float("nan")
INF = float("inf")
KNOWN = {"hparams.x", "hparams.y", "hparams.z"}


class StrictRow:
    """A row that raises for what it does not have."""

    def get(self, name: str, /) -> object:
        """Return the only value there is."""
        return {"hparams.y": 1}[name]


def matches(text: str, **values: object) -> bool:
    """Return whether a run with these hparams and attributes matches."""
    row = {f"hparams.{k}" if k in "xyz" else k: v for k, v in values.items()}
    return resolve(parse(text), KNOWN).matches(row)


class TestTypes:
    @pytest.mark.parametrize(
        ("text", "x", "expected"),
        [
            ("x = 1", 1.0, True),
            ("x = 1", True, False),
            ("x = true", True, True),
            ("x = true", 1, False),
            ("x = 1", "1", False),
            ("x != 1", "a", True),
            ("x < 1", "a", False),
            ("not x < 1", "a", True),
            ("x < 'b'", "a", True),
            ("x < 1", False, False),
            ("x > 9007199254740992", 9007199254740993, True),
            ("x < inf", INF, False),
            ("x = '0.1'", 0.1, True),
            ("x = '0.1'", "0.1", True),
            ("x", 0, False),
            ("x", "text", True),
            ("x = 2", [1, 2], True),
            ("x != 2", [1, 2], False),
            ("x < 2", [1], False),
            ("x in (5, 2)", (1, 2), True),
            ("x contains 2", [1, 2], True),
            ("x contains 'b'", "abc", True),
            ("x contains 'b'", 5, False),
            ("x like 'a%'", 5, False),
            ("x glob 'a*'", ["b", "ab"], True),
            ("x ~ '^a'", "ba", False),
            ("x is true", True, True),
            ("x is true", 1, False),
        ],
    )
    def test_values_compare_within_their_type(self, text: str, x: object, expected: bool) -> None:
        """Numbers, texts, truth values and lists are never mixed up."""
        assert expected == matches(text, x=x)

    def test_truth_values_have_no_order(self) -> None:
        """False is not less than true."""
        assert [False, True] == [matches(f"{no}x < y", x=False, y=True) for no in ("", "not ")]


class TestMissing:
    @pytest.mark.parametrize(
        "test",
        ["x = 1", "x != 1", "x < 1", "x in (1)", "x in ()", "x contains 'a'", "x like 'a'",
         "x", "x + 1 > 0", "-x < 0", "x = y", "1 in (x)", "x = z"],
    )  # fmt: skip
    @pytest.mark.parametrize("value", [None, NAN])
    def test_neither_a_test_nor_its_opposite_matches(self, test: str, value: object) -> None:
        """What is not there is not different either, and NaN is no number."""
        assert [False, False] == [matches(test, x=value), matches(f"not ({test})", x=value)]

    def test_unknown_is_settled_by_the_other_side(self) -> None:
        """Or needs one true side, and one false side decides and."""
        assert [True, True] == [
            matches("x = 1 or y = 1", y=1),
            matches("not (x = 1 and y = 2)", y=1),
        ]

    @pytest.mark.parametrize(
        ("text", "value", "expected"),
        [
            ("x is null", None, True),
            ("x is null", NAN, False),
            ("x is not null", 0, True),
            ("x is nan", NAN, True),
            ("x is not nan", None, True),
            ("x = none", None, True),
            ("x in (1, null)", None, True),
            ("x not in (1, null)", 2, True),
        ],
    )
    def test_is_always_answers(self, text: str, value: object, expected: bool) -> None:
        """Null and NaN can be asked for."""
        assert expected == matches(text, x=value)

    def test_row_may_raise_key_error(self) -> None:
        """A row without a value may say so in either way."""
        found = resolve(parse("x is null and y = 1"), KNOWN)

        assert found.matches(StrictRow())

    def test_list_has_missing_item(self) -> None:
        """No match in a list with an unknown item is unknown."""
        assert [False, False] == [matches("y in (x, 2)", y=1), matches("y not in (x, 2)", y=1)]


class TestArithmetic:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("x + 2 * y = 12", True),
            ("x / y = 0.4", True),
            ("-x % 3 = 1", True),
            ("x - -y = 7", True),
            ("x / 0 > 0 or x / 0 <= 0", False),
            ("x % 0 is null", True),
            ("1/2 = 0.5", True),
            ("0 < x < y", True),
            ("y between 2 and 5", True),
        ],
    )
    def test_numbers_are_calculated(self, text: str, expected: bool) -> None:
        """Division is exact, modulo has the sign of the divisor, x / 0 is missing."""
        assert expected == matches(text, x=2, y=5)

    def test_overflow_is_missing(self) -> None:
        """Numbers beyond a float give no value instead of an error."""
        assert matches("x / y is null", x=10**400, y=3)

    def test_truth_value_is_no_number(self) -> None:
        """Nobody calculates with true."""
        assert matches("x + 1 is null", x=True)


class TestTags:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("'best' in tags", True),
            ("tags = best", True),
            ("tags != best", False),
            ("tags contains worst", False),
            ("tags != worst", True),
            ("worst not in tags", True),
            ("tags in (worst, best)", True),
            ("tags like 'b%'", True),
        ],
    )
    def test_tags_are_a_list(self, text: str, expected: bool) -> None:
        """A run equals each of its tags."""
        assert expected == matches(text, tags=("paper", "best"))

    def test_run_without_tags_has_none_of_them(self) -> None:
        """An empty list is a value."""
        assert matches("tags != best and not tags", tags=())

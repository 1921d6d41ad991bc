"""From text to syntax tree."""

from __future__ import annotations

import pytest

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter.nodes import (
    And,
    Arithmetic,
    Compare,
    Condition,
    Constant,
    Contains,
    In,
    Is,
    Literal,
    Match,
    Name,
    Negative,
    Not,
    Or,
    Truth,
)
from vcs_track.porcelain.filter.parser import parse_tree

A, B, C = Name(("a",)), Name(("b",)), Name(("c",))
ONE, TWO = Literal(1), Literal(2)


class TestOperators:
    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            ("a = 1", Compare("=", A, ONE)),
            ("a == 1", Compare("=", A, ONE)),
            ("a <> 1", Compare("!=", A, ONE)),
            ("a", Truth(A)),
            ("TRUE", Constant(True)),
            ("a in (1, 2)", In(A, (ONE, TWO))),
            ("a IN [1, 2,]", In(A, (ONE, TWO))),
            ("a not in (1)", Not(In(A, (ONE,)))),
            ("a in b", Contains(B, A)),
            ("'x' in b", Contains(B, Literal("x"))),
            ("a contains 'x'", Contains(A, Literal("x"))),
            ("a like 'x%'", Match("like", A, "x%")),
            ("a not ilike 'x%'", Not(Match("ilike", A, "x%"))),
            ("a glob x", Match("glob", A, "x")),
            ("a =~ 'x'", Match("regex", A, "x")),
            ("a !~ 'x'", Not(Match("regex", A, "x"))),
            ("a is null", Is(A, "null")),
            ("a is not None", Not(Is(A, "null"))),
            ("a is nan", Is(A, "nan")),
            ("a is undefined", Is(A, "null")),
            ("a is not UNDEFINED", Not(Is(A, "null"))),
            ("a = null", Is(A, "null")),
            ("null != a", Not(Is(A, "null"))),
            ("a in (1, null)", Or((In(A, (ONE,)), Is(A, "null")))),
            ("a between 1 and 2", And((Compare(">=", A, ONE), Compare("<=", A, TWO)))),
            ("1 < a < 2", And((Compare("<", ONE, A), Compare("<", A, TWO)))),
            ("-a > -1", Compare(">", Negative(A), Literal(-1))),
            ("a > inf", Compare(">", A, Literal(float("inf")))),
        ],
    )
    def test_form(self, text: str, tree: Condition) -> None:
        """Every spelling has one form in the tree."""
        assert tree == parse_tree(text)

    @pytest.mark.parametrize(
        ("text", "same"),
        [
            ("a or b and c", "a or (b and c)"),
            ("not a = 1 and b", "(not (a = 1)) and b"),
            ("a || b && !c", "a or (b and (not c))"),
            ("a + 1 * 2 > 1", "(a + (1 * 2)) > 1"),
            ("a - 1 - 2 > 1", "((a - 1) - 2) > 1"),
            ("a / 2 % 2 > 1", "((a / 2) % 2) > 1"),
            ("-a * 2 > 1", "((-a) * 2) > 1"),
            ("a between 1 and 2 and b", "(a between 1 and 2) and b"),
        ],
    )
    def test_precedence(self, text: str, same: str) -> None:
        """Operators bind as in Python and SQL."""
        assert parse_tree(same) == parse_tree(text)

    def test_long_chain_of_conditions_is_flat(self) -> None:
        """A thousand terms are one node, not a thousand levels."""
        tree = parse_tree(" and ".join(["a"] * 1000))

        assert And((Truth(A),) * 1000) == tree

    def test_arithmetic_of_names_needs_blanks(self) -> None:
        """Without blanks the slash belongs to the name."""
        assert [
            Compare(">", Arithmetic("/", A, B), ONE),
            Compare(">", Name(("a/b",)), ONE),
        ] == [parse_tree("a / b > 1"), parse_tree("a/b > 1")]


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "position", "message"),
        [
            ("", 0, "filter is empty"),
            ("  ", 0, "filter is empty"),
            ("a >", 3, "expected a name or a value, the filter ends"),
            ("a > and", 4, "expected a name or a value, found 'and'"),
            ("(a", 2, "expected '\\)' to close the parenthesis"),
            ("a b", 2, "expected 'and', 'or' or the end, found 'b'"),
            ("a and 1", 6, "expected a condition, found a value"),
            ("a + 1", 0, "expected a condition, found a value"),
            ("(a = 1) = b", 0, "expected a value, found a condition"),
            ("a = (b or c)", 4, "expected a value, found a condition"),
            ("a < null", 2, "null has no order"),
            ("a + null > 1", 4, "null is no value"),
            ("a = nan", 4, "nan equals nothing"),
            ("a like 5", 7, "expected a text in quotes after 'like'"),
            ("a ~ '('", 4, "pattern is not a regular expression"),
            ("a is 5", 5, "expected null, nan, true or false"),
            ("a not 5", 6, "expected 'in', 'like'"),
            ("a in (1 2)", 8, "expected ',' or '\\)' in the list"),
            ("a between 1 or 2", 12, "expected 'and' between the two limits"),
        ],
    )
    def test_message_and_position(self, text: str, position: int, message: str) -> None:
        """The error says what was expected, and where."""
        with pytest.raises(ExpressionError, match=message) as caught:
            parse_tree(text)

        assert position == caught.value.position

    @pytest.mark.parametrize(
        "text",
        [
            "(" * 5000,
            "not " * 2000 + "a",
            "a = " + "-" * 5000 + "b",
            "1 + " * 2000 + "1 > 0",
            "a = 1 or (" * 900,
            "a in (" * 1500,
        ],
    )
    def test_deep_text_is_refused(self, text: str) -> None:
        """Nesting past the limit is an error, never an overflow of the stack."""
        with pytest.raises(ExpressionError, match=r"nested more than 100|expected"):
            parse_tree(text)

    def test_depth_within_the_limit_is_read(self) -> None:
        """Ninety parentheses are still fine."""
        assert Compare("=", A, ONE) == parse_tree("(" * 90 + "a = 1" + ")" * 90)

    def test_dictionary_is_a_type_error(self) -> None:
        """What is no text is refused with the way to Mongo dictionaries."""
        with pytest.raises(InvalidTypeError) as caught:
            parse_tree({"a": 1})  # type: ignore[arg-type]

        assert "from_mongo" in caught.value.hint

"""Words, numbers, quotes and signs of the filter language."""

from __future__ import annotations

import pytest

from vcs_track.errors import ExpressionError
from vcs_track.porcelain.filter.lexer import MAX_TEXT, is_word, tokenize


def kinds(text: str) -> list[str]:
    """Return kind and word of every token but the end."""
    return [f"{token.kind} {token.word}" for token in tokenize(text)[:-1]]


class TestNames:
    @pytest.mark.parametrize(
        "text", ["lr", "val/acc", "batch-size", "top@5", "hparams.a.b", "größe", "3fold", "3.11.7"]
    )
    def test_word_with_inner_signs_is_one_name(self, text: str) -> None:
        """Signs between letters belong to the word, a digit may begin one."""
        assert [f"name {text}"] == kinds(text)

    @pytest.mark.parametrize(
        ("text", "pieces"),
        [
            ('summary["val acc"]', ("summary", "val acc")),
            ("metrics.`val/acc`.max", ("metrics", "val/acc", "max")),
            ('metrics["a.b"].max', ("metrics", "a.b", "max")),
            ("hparams['model']['depth']", ("hparams", "model", "depth")),
            ("`a\\`b`", ("a`b",)),
            ('params."x"', ("params", "x")),
        ],
    )
    def test_quoted_pieces_hold_any_sign(self, text: str, pieces: tuple[str, ...]) -> None:
        """Brackets and quotes after a dot give one piece, dots and all."""
        token, end = tokenize(text)

        assert (pieces, False, "end") == (token.pieces, token.bare, end.kind)

    def test_keyword_in_any_case_is_no_name(self) -> None:
        """Keywords have no case, and are names only behind a dot."""
        assert ["keyword and", "keyword in", "name hparams.in"] == kinds("AND In hparams.in")

    def test_is_word_says_what_needs_no_quotes(self) -> None:
        """Exactly the texts that are read back as one bare name are words."""
        found = [
            text for text in ("lr", "a b", "or", "1", "2026-01-31", "a/b", "a-") if is_word(text)
        ]

        assert ["lr", "a/b"] == found


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"), [("1_000", 1000), ("1e-3", 0.001), (".5", 0.5), ("2.50", 2.5), ("7", 7)]
    )
    def test_number_has_its_python_value(self, text: str, value: float) -> None:
        """Integers stay integers, everything else is a float."""
        token = tokenize(text)[0]

        assert (value, type(value)) == (token.value, type(token.value))

    def test_division_between_numbers_needs_no_blanks(self) -> None:
        """After a number a sign is an operator."""
        assert ["number 1", "operator /", "number 2"] == kinds("1/2")

    def test_sign_with_a_blank_behind_is_an_operator(self) -> None:
        """A word does not end in a sign."""
        assert ["name a", "operator -", "name b", "operator /", "name c"] == kinds("a- b / c")

    def test_date_is_a_text(self) -> None:
        """A day is never a subtraction."""
        assert ["text 2026-01-31"] == kinds("2026-01-31")

    def test_date_ends_where_a_word_would(self) -> None:
        """What only begins like a date is none."""
        assert "text 2026-01-31" not in kinds("2026-01-31x")

    @pytest.mark.parametrize("text", ["1e999", "9" * 101])
    def test_number_out_of_bounds_is_refused(self, text: str) -> None:
        """Numbers that no float holds, or too long ones, are errors."""
        with pytest.raises(ExpressionError, match="number"):
            tokenize(text)


class TestTexts:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("'it\\'s'", "it's"),
            ('"a\\nb"', "a\nb"),
            ('"\\d+\\."', "\\d+\\."),
            ("'\\\\'", "\\"),
            ("''", ""),
        ],
    )
    def test_escapes(self, text: str, value: str) -> None:
        """Known escapes are replaced, other backslashes are kept."""
        assert value == tokenize(text)[0].value


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "position"),
        [("lr = 'a", 5), ("a ; b", 2), ("x[1]", 1), ("x['a'", 5), ("a.``", 2), ("5.", 1)],
    )
    def test_position_is_where_it_went_wrong(self, text: str, position: int) -> None:
        """The error points at the sign or the quote that is wrong."""
        with pytest.raises(ExpressionError) as caught:
            tokenize(text)

        assert (text, position) == (caught.value.text, caught.value.position)

    def test_long_text_is_refused(self) -> None:
        """More than 10,000 characters are not read."""
        with pytest.raises(ExpressionError, match="10001 characters"):
            tokenize("x" * (MAX_TEXT + 1))

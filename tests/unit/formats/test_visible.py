"""Text from elsewhere cannot command a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from vcs_track.formats.visible import visible

__all__: list[str] = []

ANY_TEXT = st.text(st.characters(exclude_categories=()))


class TestVisible:
    @given(ANY_TEXT)
    def test_no_control_character_is_left(self, text: str) -> None:
        """Whatever goes in, nothing that a terminal obeys comes out."""
        shown = visible(text)

        assert not any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in shown)

    @given(st.text(st.characters(categories=["L", "N", "P", "S"])))
    def test_letters_stay(self, text: str) -> None:
        """Letters of any language stay as they are."""
        assert text == visible(text)

    @pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200f", "\x9b", "\x7f", "\udc80"])
    def test_tricks_are_spelled_out(self, sign: str) -> None:
        """What turns the reading direction or begins a sequence is spelled out."""
        assert visible(f"a{sign}b").startswith("a\\")

    def test_lines_can_stay(self) -> None:
        """Line ends and tabs stay where lines are wanted, nothing else."""
        assert "a\n\tb\\r\\x1b" == visible("a\n\tb\r\x1b", lines=True)

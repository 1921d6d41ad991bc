"""Regular expressions that cannot explode."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from vcs_track.porcelain.filter import automaton
from vcs_track.porcelain.filter.automaton import Automaton, PatternError

ATOMS = ["a", "b", ".", "[ab]", "[^a]", "\\w", "\\d", "\\b", "\\B", "^", "$", "\\n", "\\.", ""]
REPEATS = ["*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "*?"]


def repeated(pattern: str, repeat: str) -> str:
    """Return the pattern in a group, repeated."""
    return f"(?:{pattern}){repeat}"


PATTERNS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds(str.__add__, inner, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds(repeated, inner, st.sampled_from(REPEATS)),
    ),
    max_leaves=6,
)


class TestSearch:
    @given(PATTERNS, st.text("ab1 \n.", max_size=8), st.sampled_from(["", "(?i)", "(?s)"]))
    def test_equals_the_standard_library(self, pattern: str, text: str, flags: str) -> None:
        """Whatever both can read, both answer the same."""
        expected = re.search(flags + pattern, text) is not None

        assert expected == Automaton(flags + pattern).search(text)

    @pytest.mark.parametrize(
        "pattern",
        ["(a+)+$", "^(a|a)*$", "(a|aa)+$", "a*a*a*a*a*a*a*b", "(a?){50}b", "(a|a)" * 35 + "b"],
    )
    def test_no_pattern_takes_exponential_time(self, pattern: str) -> None:
        """Patterns that would run for ages elsewhere answer at once."""
        assert not Automaton(pattern).search("a" * 500 + "c")

    def test_long_text_leaves_the_quick_way(self) -> None:
        """A pattern that is quadratic in the library is not on a long text."""
        found = Automaton("a*b").search("a" * (automaton._SHORT * 20) + "c")

        assert not found

    def test_named_group_and_classes(self) -> None:
        """Groups may have names, classes hold brackets and escapes."""
        assert Automaton(r"(?P<size>\d+)[\]x-]$").search("resnet50]")


class TestErrors:
    @pytest.mark.parametrize(
        "pattern",
        ["(", "a**", "[", "*a", "\\", "(?P<x>a)(?P=x)", r"(a)\1", "(?=a)", "(?<!a)b", "a++",
         "(?>a)", "(?x)a", "a{2000}", "((a{40}){40})", "(" * 150, "[[a]", "(?i:a)", r"\012"],
    )  # fmt: skip
    def test_pattern_is_refused(self, pattern: str) -> None:
        """Wrong, unsupported and oversized patterns are errors before any text is read."""
        with pytest.raises(PatternError, match="pattern"):
            Automaton(pattern)

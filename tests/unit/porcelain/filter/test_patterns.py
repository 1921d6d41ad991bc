"""LIKE, glob and regular expression patterns."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from vcs_track.porcelain.filter.nodes import MatchKind
from vcs_track.porcelain.filter.patterns import MAX_PATTERN, PatternError, matcher


def like(pattern: str, text: str) -> bool:
    """Say what LIKE means, as slowly as one likes."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like(pattern[1:], text[cut:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and like(pattern[1:], text[1:])


class TestLike:
    @given(st.text("ab%_", max_size=7), st.text("ab\n", max_size=7))
    def test_equals_its_definition(self, pattern: str, text: str) -> None:
        """Percent is any text, underscore any sign, the rest itself."""
        assert like(pattern, text) == matcher("like", pattern)(text)

    def test_only_ilike_ignores_case(self) -> None:
        """LIKE tells capitals from small letters, ILIKE does not."""
        assert [False, True] == [matcher(kind, "AD%")("adam") for kind in ("like", "ilike")]

    def test_backslash_takes_the_next_sign_as_it_is(self) -> None:
        """A percent behind a backslash is a percent."""
        fits = matcher("like", "50\\%")

        assert [True, False] == [fits("50%"), fits("500")]

    def test_hostile_pattern_answers_at_once(self) -> None:
        """Many wildcards cost no more than the text is long."""
        assert not matcher("like", "%a" * 90 + "b")("a" * 5000)


class TestGlob:
    @pytest.mark.parametrize(
        ("pattern", "text", "expected"),
        [
            ("res*", "resnet", True),
            ("res", "resnet", False),
            ("r?s", "res", True),
            ("[ab]*", "bnn", True),
            ("[!ab]*", "bnn", False),
            ("R*", "resnet", False),
        ],
    )
    def test_whole_text_by_shell_rules(self, pattern: str, text: str, expected: bool) -> None:
        """A glob covers the whole text and keeps case."""
        assert expected == matcher("glob", pattern)(text)


class TestBounds:
    @pytest.mark.parametrize("kind", ["like", "ilike", "glob", "regex"])
    def test_long_pattern_is_refused(self, kind: MatchKind) -> None:
        """No pattern has more than 200 characters."""
        with pytest.raises(PatternError, match="201 characters"):
            matcher(kind, "a" * (MAX_PATTERN + 1))

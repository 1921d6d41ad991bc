"""Trees as text."""

from __future__ import annotations

import pytest

from vcs_track.porcelain.filter import parse, spell, to_text


class TestToText:
    @pytest.mark.parametrize(
        "text",
        [
            "a = 1 and (b or not c)",
            "a - (b - c) > (a + b) * 2",
            "a * (b / c) > a / b * c",
            "x.`a b` like 'it\\'s \\\\ 5%\\n'",
            "not a in (1, 'b') and `and` is nan",
            "-(a + 1) < -5",
        ],
    )
    def test_canonical_text_stays(self, text: str) -> None:
        """What is written as we write it comes back letter for letter."""
        assert text == to_text(parse(text).tree)


class TestSpell:
    @pytest.mark.parametrize(
        "path", ["status", "hparams.a.b", "summary.val acc", "summary.a.", "x y"]
    )
    def test_is_read_back_as_the_same_name(self, path: str) -> None:
        """Suggestions can be pasted."""
        assert path == parse(f"{spell(path)} = 1").names()[0].path

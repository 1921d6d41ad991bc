"""Tests of ``vcs_track.pages.markdown``."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, strategies as st

from vcs_track.formats.visible import visible
from vcs_track.pages.markdown import Document, code, fence, row, summary

__all__: list[str] = []

EVIL = st.text("ab|`<>@#*_[](){}!~\\&;:/. \n$-+=", max_size=40)
# A cell of a table ends at each bar that no backslash precedes.
BAR = re.compile(r"(?<!\\)\|")


def read_code(text: str) -> str | None:
    """Return what a reader of Markdown sees in one span of code; None where it is more."""
    if match := re.fullmatch(r"<code>([^<>]*)</code>", text):
        return html.unescape(match[1]).replace("\N{NO-BREAK SPACE}", " ")
    if match := re.fullmatch(r"`([^`]+)`", text):
        inner = match[1]
        padded = inner[0] == inner[-1] == " " and inner.strip(" ")
        return inner[1:-1] if padded else inner
    return None


class TestCode:
    @given(EVIL)
    def test_is_one_span_of_code(self, text: str) -> None:
        """Whatever is in it, it is code from end to end, and reads as it was."""
        made = code(text)

        assert read_code(made) == visible(text) if text else made == ""

    @given(EVIL, EVIL)
    def test_ends_no_cell(self, one: str, two: str) -> None:
        """A row has as many cells as it was given, and one line."""
        made = row([code(one), code(two)])

        assert 3 == len(BAR.findall(made))
        assert 1 == made.count("\n")

    @pytest.mark.parametrize(
        "text", ["@all", "#1", "a@b.example", "https://x.example", "|@all|", "`#1`"]
    )
    def test_mentions_nobody_and_links_nowhere(self, text: str) -> None:
        """In text, each of these would call somebody or be a link; all of it is in code."""
        made = code(text)

        assert made.startswith(("`", "<code>"))
        assert made.endswith(("`", "</code>"))

    def test_long_text_is_cut(self) -> None:
        """A cell has at most a hundred characters of a text."""
        assert len(code("x" * 1000)) == 102


class TestFence:
    @given(st.lists(EVIL, max_size=5))
    def test_nothing_ends_it_but_its_end(self, lines: list[str]) -> None:
        """The marks are longer than any in the text."""
        first, *inner, last, empty = fence(lines, "diff").split("\n")
        marks = first.removesuffix("diff")

        assert (marks, "") == (last, empty)
        assert not any(marks in line for line in inner)
        assert len(lines) == len(inner)


def test_summary_is_html() -> None:
    """The line of a fold is HTML, where Markdown is not read."""
    assert "text <code>&lt;/summary&gt;`|`</code>" == summary("text ", "</summary>`|`")


class TestDocument:
    def test_what_has_no_room_is_said(self) -> None:
        """It is never longer than it may be, and tells how much is missing."""
        document = Document(most=5000)
        document.section("### one\n\n")
        for number in range(1000):
            document.add(f"| {number:04} |\n", "row")
        document.section("### two\n\n")
        document.add("x" * 4000, "text", rank=1)
        text = document.text()

        assert len(text) <= 5000
        shown = text.count("| 0")
        assert f"Left out, for it would be too long: {1000 - shown:,} rows, 1 text.\n" in text
        assert "### two" not in text

    def test_the_lowest_rank_gets_in_first(self) -> None:
        """A later part that tells more is kept before an earlier one that tells less."""
        document = Document(most=1600)
        document.add("a" * 90, "fold", rank=1)
        document.section("")
        document.add("b" * 90, "row")
        text = document.text()

        assert "b" * 90 in text
        assert "1 fold" in text

    def test_an_end_closes_only_what_was_opened(self) -> None:
        """No fold is left open, and none is closed that is not there."""
        document = Document(most=1600)
        document.section("<details>\n")
        document.end("</details>\n")
        document.add("x" * 200, "row")

        assert "details" not in document.text()

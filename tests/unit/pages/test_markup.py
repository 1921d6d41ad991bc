"""Tests of ``vcs_track.pages.markup``."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given, strategies as st

from vcs_track.pages.markup import Html, joined, safe, tag

__all__: list[str] = []


class Reader(HTMLParser):
    """Collects what a parser of HTML makes of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


class TestSafe:
    @given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Cf", "Zl", "Zp"])))
    def test_text_is_never_markup(self, text: str) -> None:
        """Any text is read back as it was, and opens no element."""
        read = Reader(tag("p", text, title=text))

        assert [("p", {"title": text})] == read.tags
        assert text == read.text

    def test_control_characters_are_spelled_out(self) -> None:
        """What a reader cannot see is written out; lines stay lines."""
        assert "a\\x00\\u202e\n\tb" == safe("a\x00\u202e\n\tb")

    def test_a_lone_surrogate_can_be_written(self) -> None:
        """Names of files need not be text; the page is, in any case."""
        assert b"\\udcff" == safe("\udcff").encode()


class TestTag:
    def test_markup_made_here_is_not_escaped_again(self) -> None:
        """Elements nest; lists of them are joined."""
        assert "<p><b>x</b><i>&lt;</i></p>" == tag("p", [tag("b", "x"), [tag("i", "<")]])

    def test_attributes(self) -> None:
        """None and False are left out, True stands alone, underscores are hyphens."""
        made = tag("a", class_="x", aria_label="<", hidden=True, open=False, id=None)

        assert '<a class="x" aria-label="&lt;" hidden></a>' == made

    def test_elements_of_a_drawing_are_closed(self) -> None:
        """In a drawing an element without an end would hold all that follows."""
        assert ("<br>", '<path d="M0 0"/>') == (tag("br"), tag("path", d="M0 0"))

    def test_joined(self) -> None:
        """Pieces are escaped where they are not markup."""
        assert "<br>, &lt;, 1" == joined([Html("<br>"), "<", 1], ", ")

"""Markdown as GitHub reads it, in which text from elsewhere is never markup."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.formats.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["LONGEST", "MOST", "Document", "code", "fence", "row", "summary"]

# GitHub takes 65,536 characters for a comment.
MOST: Final = 65_000

LONGEST: Final = 100
_NOTE: Final = 1500  # kept free for saying what was left out
_SIGNS: Final = re.compile(r"[\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]")
_RUN: Final = re.compile("`+")


def code(text: object, longest: int = LONGEST) -> str:
    """Return *text* as code on one line, for paragraphs and tables alike.

    In code no mention, no issue, no link and no markup is seen.

    Args:
        text: What to show; control characters are spelled out.
        longest: At most so many characters of it.

    Example:
        >>> from vcs_track.pages.markdown import code
        >>> print(code("@all <b> #1"), code("a|b"), code("`"))
        `@all <b> #1` <code>a&#124;b</code> <code>&#96;</code>
    """
    shown = visible(text)
    if len(shown) > longest:
        shown = shown[: longest - 1] + "\N{HORIZONTAL ELLIPSIS}"
    if not shown:
        return ""
    if "|" in shown or "`" in shown or not shown.strip():
        # A mark of code would end there, and a bar ends a cell of a table.
        return f"<code>{_coded(shown)}</code>"
    pad = " " if shown[0] == shown[-1] == " " else ""
    return f"`{pad}{shown}{pad}`"


def _coded(text: str) -> str:
    spaced = text.replace(" ", "\N{NO-BREAK SPACE}") if not text.strip() else text
    return _SIGNS.sub(lambda match: f"&#{ord(match[0])};", spaced)


def summary(*parts: str) -> str:
    """Return the line that a fold shows, its texts as code in HTML.

    Args:
        parts: Texts, every second one (the 2nd, 4th ...) from elsewhere.

    Example:
        >>> from vcs_track.pages.markdown import summary
        >>> summary("text ", "a<b")
        'text <code>a&lt;b</code>'
    """
    shown = [f"<code>{_coded_html(text)}</code>" if place % 2 else escape(text)
             for place, text in enumerate(parts)]  # fmt: skip
    return "".join(shown)


def _coded_html(text: str) -> str:
    return escape(visible(text)[:LONGEST], quote=True)


def row(cells: Iterable[str]) -> str:
    """Return one row of a table of cells that are safe already."""
    return f"| {' | '.join(cells)} |\n"


def fence(lines: Sequence[str], language: str = "") -> str:
    """Return lines as a block of code, whatever is in them.

    Args:
        lines: What to show; control characters are spelled out.
        language: How to colour it, for example ``diff``.
    """
    shown = [visible(line, lines=True).replace("\n", "\\n") for line in lines]
    longest = max((len(run) for line in shown for run in _RUN.findall(line)), default=0)
    marks = "`" * max(3, longest + 1)
    return "\n".join([f"{marks}{language}", *shown, f"{marks}\n"])


class _Piece(NamedTuple):
    """A part that is taken whole or not at all."""

    rank: int
    text: str
    noun: str


@dataclass(slots=True)
class _Section:
    """A heading, and what stands below it while there is room."""

    head: str
    pieces: list[_Piece] = field(default_factory=list)
    end: str = ""


@dataclass(slots=True)
class Document:
    r"""Markdown of at most some length, the most telling parts first to get in.

    Args:
        most: At most so many characters.

    Example:
        >>> from vcs_track.pages.markdown import Document
        >>> document = Document(most=1600)
        >>> document.section("### numbers\n\n")
        >>> for number in range(100):
        ...     document.add(f"- {number:06}\n", "number")
        >>> print(document.text()[-59:])
        - 000008
        <BLANKLINE>
        Left out, for it would be too long: 91 numbers.
        <BLANKLINE>
    """

    most: int = MOST
    _sections: list[_Section] = field(default_factory=list)

    def section(self, head: str) -> None:
        """Begin a part that is opened by *head*, if anything gets in below it."""
        self._sections.append(_Section(head))

    def add(self, text: str, noun: str = "", *, rank: int = 0) -> None:
        """Add text to the part that was begun last.

        Args:
            text: Markdown.
            noun: What it is, for saying that it was left out.
            rank: The lowest ranks get in first.
        """
        if not self._sections:
            self.section("")
        self._sections[-1].pieces.append(_Piece(rank, text, noun))

    def end(self, text: str) -> None:
        """Close the part that was begun last with *text*, if it was opened."""
        self._sections[-1].end = text

    def text(self) -> str:
        """Return what there was room for, and say what was left out."""
        room = self.most - _NOTE
        places = [
            (piece.rank, place, at)
            for place, part in enumerate(self._sections)
            for at, piece in enumerate(part.pieces)
        ]
        taken: set[tuple[int, int]] = set()
        opened: set[int] = set()
        for _, place, at in sorted(places):
            part = self._sections[place]
            cost = len(part.pieces[at].text)
            # A blank line ends each part.
            cost += 0 if place in opened else len(part.head) + len(part.end) + 1
            if cost <= room:
                room -= cost
                taken.add((place, at))
                opened.add(place)
        return self._assembled(taken, opened)

    def _assembled(self, taken: set[tuple[int, int]], opened: set[int]) -> str:
        parts = []
        missing: dict[str, int] = {}
        for place, part in enumerate(self._sections):
            kept = []
            for at, piece in enumerate(part.pieces):
                if (place, at) in taken:
                    kept.append(piece.text)
                else:
                    missing[piece.noun] = missing.get(piece.noun, 0) + 1
            if place in opened:
                parts.append(part.head + "".join(kept) + part.end)
        if missing:
            told = ", ".join(_counted(count, noun) for noun, count in missing.items())
            parts.append(f"Left out, for it would be too long: {told}.\n")
        return "\n".join(parts)


def _counted(count: int, noun: str) -> str:
    first, _, rest = noun.partition(" ")
    if count > 1 and not first.endswith(("s", "media")):
        first += "s"
    return f"{count:,} {first} {rest}".rstrip()

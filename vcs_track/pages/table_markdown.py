"""Tables of many runs as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.pages.human import count
from vcs_track.pages.markdown import MOST, Document, code, row
from vcs_track.pages.rows import TITLES, noun_of
from vcs_track.pages.tables import group_sections, matrix_sections, run_titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.pages.tables import Entry, Section
    from vcs_track.porcelain.diff import GroupDiff, Matrix

__all__ = ["groups_markdown", "matrix_markdown"]

_VERDICTS: Final = ("better", "worse")


def groups_markdown(diff: GroupDiff, *, most: int = MOST) -> str:
    """Return what differs between two sets of runs as Markdown.

    Args:
        diff: What differs.
        most: At most so many characters; what is left out is said.
    """
    document = Document(most)
    old, new = (
        f"{code(name)} ({count(len(runs), 'run')})"
        for name, runs in zip(diff.names, (diff.old, diff.new), strict=True)
    )
    document.section(f"### {old} → {new}\n\n")
    document.add(
        "Numbers are means ± standard deviations.\n" if len(diff) else "No differences.\n"
    )
    _add(document, group_sections(diff), ["old", "new", "change"])
    for note in diff.notes:
        document.section("")
        document.add(f"- {code(note, 300)}\n", "note")
    return document.text()


def matrix_markdown(matrix: Matrix, *, most: int = MOST) -> str:
    """Return what varies between runs as Markdown.

    The best of each outcome is in bold.

    Args:
        matrix: What varies.
        most: At most so many characters; what is left out is said.
    """
    document = Document(most)
    document.section(f"### {len(matrix.runs):,} runs\n")
    document.add("" if len(matrix) else "\nNo differences.\n")
    _add(document, matrix_sections(matrix), [code(title, 40) for title in run_titles(matrix)])
    return document.text()


def _add(document: Document, sections: Sequence[Section], titles: Sequence[str]) -> None:
    for section in sections:
        head = row(["name", *titles]) + "|" + "---|" * (len(titles) + 1) + "\n"
        document.section(f"#### {TITLES[section.kind].capitalize()}\n\n{head}")
        for line in section.lines:
            cells = [_cell(entry) for entry in line.cells]
            document.add(row([code(line.name), *cells]), noun_of(section.kind))


def _cell(entry: Entry) -> str:
    if entry.verdict in _VERDICTS:  # a note of ours
        return entry.text.replace(entry.verdict, f"**{entry.verdict}**")
    text = code(entry.text, 60)
    return f"**{text}**" if entry.verdict == "best" else text

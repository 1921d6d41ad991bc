"""What differs between two runs as Markdown, for a comment on a pull request."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from vcs_track.formats.visible import visible
from vcs_track.pages.human import parted
from vcs_track.pages.markdown import LONGEST, MOST, Document, code as coded, fence, row, summary
from vcs_track.pages.rows import (
    TITLES,
    Row,
    noun_of,
    patches,
    rows_of,
    tell_ways,
    telling,
)
from vcs_track.porcelain.diff.changes import TextChange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.diff import Change, Diff

__all__ = ["add_changes", "diff_markdown"]

_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
# Seen at a glance where there is no colour; GitHub shows none in tables.
_VERDICTS: Final = {"better": "**better**", "worse": "**worse**"}
_SHOWN: Final = 20  # changes of a kind above the fold
_LINES: Final = 200  # of a text
_HEAD: Final = row(["", "name", "old", "new", "change"]) + "|---|---|---|---|---|\n"
_HEADS: Final = {
    "series": row(["", "name", "", "old", "new", "change"]) + "|---|---|---|---|---|---|\n",
    "code": row(["", "name", "lines"]) + "|---|---|---|\n",
}
# Told in the order in which they are missed most.
_FIRST, _SECOND, _LAST = range(3)


def diff_markdown(diff: Diff, *, most: int = MOST, code: Sequence[str] = ()) -> str:
    """Return what differs as Markdown that GitHub and others show.

    Every name and value of the runs is code: it mentions nobody, links to nothing and is no
    markup.

    Args:
        diff: What differs.
        most: At most so many characters; what is left out is said.
        code: Lines of ``git diff`` of their code.
    """
    document = Document(most)
    old, new = (f"{coded(run.name)} ({coded(run.id)})" for run in (diff.old, diff.new))
    document.section(f"### {old} → {new}\n")
    document.add("" if len(diff) else "\nNo differences.\n")
    add_changes(document, diff.changes)
    if diff.notes:
        document.section("#### Not compared\n\n")
        for note in diff.notes:
            document.add(f"- {coded(note, 300)}\n", "note", rank=_SECOND)
    for lines in patches(code):
        _folded(document, "code ", lines[0].removeprefix("diff --git "), lines, "file of code")
    return document.text()


def add_changes(document: Document, changes: Sequence[Change]) -> None:
    """Add a table for each kind of change, long ones folded.

    Args:
        document: What to add them to.
        changes: By kind.
    """
    for kind, group in groupby(changes, key=lambda change: change.kind):
        some = list(group)
        shown, folded = some, []
        if len(some) > _SHOWN:
            # The first of a long list are those that tell most; the rest keeps its order.
            shown = telling(some)[:_SHOWN]
            kept = set(map(id, shown))
            folded = [change for change in some if id(change) not in kept]
        head, noun = _HEADS.get(kind, _HEAD), noun_of(kind)
        document.section(f"#### {TITLES[kind].capitalize()}: {tell_ways(some)}\n\n{head}")
        for change in shown:
            document.add(_rows(change), noun, rank=_FIRST)
        if folded:
            document.section(_fold(f"{len(folded):,} more {noun_of(kind, len(folded))}") + head)
            for change in folded:
                document.add(_rows(change, look=False), noun, rank=_SECOND)
            document.end("\n</details>\n")
        for change in shown:
            if isinstance(change, TextChange):
                _text(document, change)


def _fold(text: str) -> str:
    return f"<details><summary>{text}</summary>\n\n"


def _rows(change: Change, *, look: bool = True) -> str:
    return "".join(_row(each, change.kind) for each in rows_of(change, look=look))


def _row(each: Row, kind: str) -> str:
    sign = coded(_SIGNS[each.way]) if each.name else ""
    if kind == "code":
        return row([sign, coded(each.name), coded(each.note)])
    # Words of ours need no code, but a tag of a run is in the note of the labels.
    note = coded(each.note) if kind == "label" else each.note
    remark = f"{note} {_VERDICTS.get(each.verdict, '')}".strip()
    if kind == "series" and each.way == "changed" and not each.new:
        # Words and numbers that are of both runs.
        return row([sign, coded(each.name), each.detail, "", "", each.old])
    detail = [each.detail] if kind == "series" else []
    old, new = parted(visible(each.old), visible(each.new), LONGEST)
    return row([sign, coded(each.name), *detail, coded(old), coded(new), remark])


def _text(document: Document, change: TextChange) -> None:
    lines = change.lines()
    if lines:
        _folded(document, "text ", change.name, lines, "text")


def _folded(document: Document, word: str, name: str, lines: Sequence[str], noun: str) -> None:
    more = len(lines) - _LINES
    if more > 0:
        lines = [*lines[:_LINES], f"... {more:,} more lines"]
    title = f"<details><summary>{summary(word, name)}</summary>\n\n"
    document.section("")
    document.add(f"{title}{fence(lines, 'diff')}\n</details>\n", noun, rank=_LAST)

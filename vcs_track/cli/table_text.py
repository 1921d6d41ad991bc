"""Tables of many runs, on a terminal or in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.cli import one_screen, render
from vcs_track.cli.render import Cell, Column
from vcs_track.pages.rows import TITLES
from vcs_track.pages.tables import group_sections, matrix_sections, run_titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.pages.tables import Entry, Line, Section
    from vcs_track.porcelain.diff import GroupChange, GroupDiff, Matrix, MatrixRow

__all__ = ["draw_groups", "draw_matrix", "draw_stat"]

_STYLES: Final = {"better": "green", "best": "bold green", "worse": "red"}
# A number is not cut: the rest of it would be another one.
_A_NUMBER: Final = 11
_A_SPREAD: Final = 14
# One long text would push the other columns far away; --json has it whole.
_WIDEST: Final = 48


def draw_groups(diff: GroupDiff, *, everything: bool = False) -> None:
    """Write what differs between two sets of runs to stdout.

    Args:
        diff: What differs.
        everything: Leave nothing out on a terminal.
    """
    for sign, style, name, runs in (
        ("---", "red", diff.names[0], diff.old), ("+++", "green", diff.names[1], diff.new),
    ):  # fmt: skip
        many = f"  {render.count(len(runs), 'run')}"
        render.line(Cell(f"{sign} ", style), Cell(name, "bold"), Cell(many, "dim"))
    columns = [
        Column("", least=6), Column("OLD", least=_A_SPREAD), Column("NEW", least=_A_SPREAD),
        Column("CHANGE", rank=1),
    ]  # fmt: skip
    _draw(group_sections(diff), columns, everything=everything)


def draw_matrix(matrix: Matrix, *, everything: bool = False) -> list[str]:
    """Write what varies between runs to stdout.

    Args:
        matrix: What varies.
        everything: Leave nothing out on a terminal.

    Returns:
        The runs there was no room for.
    """
    columns = [Column("", least=6)]
    columns += [
        Column(title, least=_A_NUMBER, rank=place)
        for place, title in enumerate(run_titles(matrix))
    ]
    return _draw(matrix_sections(matrix), columns, everything=everything)


def draw_stat(rows: Sequence[GroupChange | MatrixRow]) -> None:
    """Write how many names of each kind differ to stdout, a line a kind.

    Args:
        rows: What differs, or what varies.
    """
    kinds = [row.kind for row in rows]
    told = [(TITLES[kind], f"{kinds.count(kind):,} differ") for kind in dict.fromkeys(kinds)]
    columns = [Column("", least=6), Column("", least=8)]
    render.table(columns, told, indent="  ", heading=False, fit=render.has_edge())


def _draw(
    sections: Sequence[Section], columns: Sequence[Column], *, everything: bool
) -> list[str]:
    lines = None if everything else render.height()
    quotas = None
    if lines is not None:
        quotas = one_screen.quotas({each.kind: len(each.lines) for each in sections}, lines)
    shown = {each.kind: _shown(each, quotas) for each in sections}
    # One table, so that its columns stand below each other whatever the kind.
    rows: list[list[Cell | str]] = [
        [line.name, *map(_cell, line.cells)] for each in sections for line in shown[each.kind]
    ]
    drawn, dropped = render.table_lines(columns, rows, fit=render.has_edge())
    head, *rest = drawn
    render.write(head)
    for each in sections:
        some = shown[each.kind]
        if some:
            render.line()
            render.line(Cell(TITLES[each.kind], "bold"))
            for text in rest[: len(some)]:
                render.write(text)
            del rest[: len(some)]
            one_screen.tell_more(each.kind, len(each.lines) - len(some))
    one_screen.tell_rest({each.kind: len(each.lines) for each in sections if not shown[each.kind]})
    return dropped


def _shown(section: Section, quotas: dict[str, int] | None) -> Sequence[Line]:
    if quotas is None:
        return section.lines
    quota = quotas.get(section.kind, 0)
    # A line tells of those that are left out.
    return section.lines if len(section.lines) <= quota else section.lines[: max(0, quota - 1)]


def _cell(entry: Entry) -> Cell:
    text = entry.text.replace("±", "+-") if render.plain() else entry.text
    text = render.cut(render.visible(text), _WIDEST)
    if entry.verdict == "best":
        text += " *"  # for those without colours
    return Cell(text, _STYLES.get(entry.verdict, ""))

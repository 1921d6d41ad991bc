"""Tables of many runs, on a terminal or in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.cli import render
from vcs_track.cli.render import Cell, Column
from vcs_track.pages.rows import TITLES
from vcs_track.pages.tables import group_sections, matrix_sections, run_titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.pages.tables import Entry, Section
    from vcs_track.porcelain.diff import GroupDiff, Matrix

__all__ = ["draw_groups", "draw_matrix"]

_STYLES: Final = {"better": "green", "best": "bold green", "worse": "red"}
# A number is not cut: the rest of it would be another one.
_A_NUMBER: Final = 11
_A_SPREAD: Final = 14
# One long text would push the other columns far away; --json has it whole.
_WIDEST: Final = 48


def draw_groups(diff: GroupDiff) -> None:
    """Write what differs between two sets of runs to stdout."""
    for sign, style, name, runs in (
        ("---", "red", diff.names[0], diff.old), ("+++", "green", diff.names[1], diff.new),
    ):  # fmt: skip
        many = f"  {render.count(len(runs), 'run')}"
        render.line(Cell(f"{sign} ", style), Cell(name, "bold"), Cell(many, "dim"))
    columns = [
        Column("", least=6), Column("OLD", least=_A_SPREAD), Column("NEW", least=_A_SPREAD),
        Column("CHANGE", rank=1),
    ]  # fmt: skip
    _draw(group_sections(diff), columns)


def draw_matrix(matrix: Matrix) -> list[str]:
    """Write what varies between runs to stdout.

    Returns:
        The runs there was no room for.
    """
    columns = [Column("", least=6)]
    columns += [
        Column(title, least=_A_NUMBER, rank=place)
        for place, title in enumerate(run_titles(matrix))
    ]
    return _draw(matrix_sections(matrix), columns)


def _draw(sections: Sequence[Section], columns: Sequence[Column]) -> list[str]:
    # One table, so that its columns stand below each other whatever the kind.
    rows: list[list[Cell | str]] = []
    titles = {}
    for section in sections:
        titles[len(rows)] = TITLES[section.kind]
        rows += [[line.name, *map(_cell, line.cells)] for line in section.lines]
    drawn, dropped = render.table_lines(columns, rows, fit=render.has_edge())
    head, *lines = drawn
    render.write(head)
    for place, line in enumerate(lines):
        if place in titles:
            render.line()
            render.line(Cell(titles[place], "bold"))
        render.write(line)
    return dropped


def _cell(entry: Entry) -> Cell:
    text = entry.text.replace("±", "+-") if render.plain() else entry.text
    text = render.cut(render.visible(text), _WIDEST)
    if entry.verdict == "best":
        text += " *"  # for those without colours
    return Cell(text, _STYLES.get(entry.verdict, ""))

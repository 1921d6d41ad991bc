"""What differs between groups of runs, or varies between many, in a terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from vcs_track.cli import render
from vcs_track.cli.render import Cell, Column
from vcs_track.porcelain.diff.changes import Blob, CodeFile, Course

if TYPE_CHECKING:
    from vcs_track.porcelain.diff import GroupChange, GroupDiff, Matrix, Spread

__all__ = ["cell", "draw_groups", "draw_matrix"]

_SHOWN = 3
_SIDES = 2


def cell(value: Any) -> str:
    """Return what a change has on one side, on one line; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, Course):
        return f"{render.count(value.count, 'point')}, last {render.value(value.last)}"
    if isinstance(value, Blob):
        return f"{value.oid.removeprefix('x1-')[:8]} {render.size(value.size)}"
    if isinstance(value, CodeFile):
        return value.blob[:8]
    if isinstance(value, tuple) and value and isinstance(value[0], Blob):
        return cell(value[0]) if len(value) == 1 else render.count(len(value), "item")
    return render.value(value)


def draw_matrix(matrix: Matrix) -> None:
    """Write a table of what varies to stdout, a column a run."""
    titles = [run.name for run in matrix.runs]
    columns = [
        Column("", least=6),
        *[Column(title, least=6, rank=n if n > 1 else 0) for n, title in enumerate(titles)],
    ]
    rows: list[list[Cell | str]] = []
    for kind, group in groupby(matrix, key=lambda row: row.kind):
        rows.append([Cell(kind, "bold"), *[""] * len(titles)])
        for row in group:
            found = zip(row.values, row.there, strict=True)
            texts = (
                (render.value(v) if v is None else cell(v)) if has else "-" for v, has in found
            )
            rows.append([f"  {row.name}", *texts])
    render.table(columns, rows)


def draw_groups(diff: GroupDiff) -> None:
    """Write what differs between two groups to stdout."""
    sides = zip(("---", "+++"), ("red", "green"), diff.names, (diff.old, diff.new), strict=True)
    for sign, style, name, runs in sides:
        render.line(Cell(f"{sign} {name} ", style), Cell(render.count(len(runs), "run"), "dim"))
    for kind, group in groupby(diff, key=lambda change: change.kind):
        render.line()
        render.line(Cell(kind, "bold"))
        columns = [Column("", least=6), Column("", least=6), Column("", rank=1),
                   Column("", least=6), Column("", right=True, rank=2)]  # fmt: skip
        render.table(columns, [_row(change) for change in group], heading=False)


def _row(change: GroupChange) -> list[Cell | str]:
    old, new = _spread(change.old), _spread(change.new)
    relative = render.change(change.old.mean, change.new.mean)
    style = {True: "green", False: "red", None: ""}[change.better]
    return [change.name, Cell(old, "red"), "->", Cell(new, "green"), Cell(relative, style)]


def _spread(spread: Spread) -> str:
    if not spread.n:
        return "-"
    if spread.mean is not None and len(spread.counts) > 1:
        text = render.plus_minus(spread.mean, spread.std)
    else:
        shown = [cell(value) + (f" x{n}" if n > 1 else "") for value, n in spread.counts[:_SHOWN]]
        text = ", ".join(shown) + (", ..." if len(spread.counts) > _SHOWN else "")
        if len(spread.counts) == 1:
            text = cell(spread.counts[0][0])
    return text if spread.n == spread.runs else f"{text} (n {spread.n})"

"""Sets of runs side by side, as the cells of tables."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.pages.human import change as relative, spread, value
from vcs_track.pages.rows import name_of, text_of
from vcs_track.porcelain.interest import better_way

if TYPE_CHECKING:
    from vcs_track.porcelain.diff import GroupChange, GroupDiff, Matrix, MatrixRow
    from vcs_track.porcelain.diff.groups import Spread

__all__ = ["Entry", "Line", "Section", "group_sections", "matrix_sections", "run_titles"]

_NONE: Final = "-"
_VALUES: Final = 3  # of a name that is no number
_OUTCOMES: Final = ("summary", "result")


class Entry(NamedTuple):
    """A cell of a table.

    Attributes:
        text: What it says.
        verdict: ``better``, ``worse``, ``best``, or nothing.
    """

    text: str
    verdict: str = ""


class Line(NamedTuple):
    """A row of a table.

    Attributes:
        name: What it is of.
        cells: What each column has.
    """

    name: str
    cells: list[Entry]


class Section(NamedTuple):
    """The rows of one kind.

    Attributes:
        kind: One of the kinds of change.
        lines: Its rows.
    """

    kind: str
    lines: list[Line]


def run_titles(matrix: Matrix) -> list[str]:
    """Return what to call each run: its name, and its id where names repeat."""
    names = [run.name for run in matrix.runs]
    return [
        run.name if run.name and names.count(run.name) == 1 else f"{run.name} {run.id}".strip()
        for run in matrix.runs
    ]


def matrix_sections(matrix: Matrix) -> list[Section]:
    """Return what varies, a cell a run, and which is the best."""
    return [
        Section(kind, [_line(row) for row in rows])
        for kind, rows in groupby(matrix, key=lambda row: row.kind)
    ]


def _line(row: MatrixRow) -> Line:
    best = _best(row)
    brief = row.kind == "series" and len({repr(x.last) for x in row.values if x is not None}) > 1
    cells = []
    for x, there in zip(row.values, row.there, strict=True):
        if not there:
            cells.append(Entry(_NONE))
        elif brief:
            cells.append(Entry(f"last {value(x.last)}"))
        else:
            text = text_of(row.kind, row.name, x)
            cells.append(Entry(text, "best" if x is not None and x == best else ""))
    return Line(name_of(row.kind, row.name), cells)


def _best(row: MatrixRow) -> Any:
    way = better_way(row.name) if row.kind in _OUTCOMES else None
    numbers = [
        x for x in row.values if isinstance(x, int | float) and not isinstance(x, bool) and x == x
    ]
    if way is None or not numbers:
        return _NO_VALUE
    return min(numbers) if way == "lower" else max(numbers)


_NO_VALUE: Final = object()


def group_sections(diff: GroupDiff) -> list[Section]:
    """Return what differs between two sets: old, new and the change."""
    return [
        Section(kind, [_group_line(change) for change in changes])
        for kind, changes in groupby(diff, key=lambda change: change.kind)
    ]


def _group_line(change: GroupChange) -> Line:
    verdict = "" if change.better is None else "better" if change.better else "worse"
    old, new = (_spread(side, change) for side in (change.old, change.new))
    note = f"{relative(change.old.mean, change.new.mean)} {verdict}".strip()
    name = name_of(change.kind, change.name)
    return Line(name, [Entry(old), Entry(new), Entry(note, verdict)])


def _spread(side: Spread, change: GroupChange) -> str:
    if not side.n:
        return _NONE
    if side.mean is not None and len(side.counts) == 1:
        # All have the same: it is no mean, and an integer stays one.
        told = text_of(change.kind, change.name, side.counts[0][0])
    elif side.mean is not None:
        told = spread(side.mean, side.std)
    else:
        told = ", ".join(
            text_of(change.kind, change.name, x) + (f" x{times}" if times > 1 else "")
            for x, times in side.counts[:_VALUES]
        )
        if len(side.counts) > _VALUES:
            told += f", {len(side.counts) - _VALUES} more"
    # Those that have not got it are not missing by chance.
    return told if side.n == side.runs else f"{told} ({side.n} of {side.runs})"

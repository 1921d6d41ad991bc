"""What differs between two runs, on a terminal or in a pipe."""

from __future__ import annotations

import math
import re
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.cli import one_screen, render
from vcs_track.cli.render import Cell, Column
from vcs_track.pages.human import parted
from vcs_track.pages.rows import TITLES, Row, rows_of, tell_ways, telling
from vcs_track.porcelain.diff.changes import MediaChange, SeriesChange, TextChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.porcelain.diff import Change, Diff
    from vcs_track.porcelain.run_view import RunView

__all__ = ["draw", "draw_stat"]

_MARKS: Final = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_VERDICTS: Final = {"better": "green", "worse": "red"}
_LINES: Final = {"+": "green", "-": "red", "@": "cyan"}
_NARROW: Final = 60  # below it a change has lines of its own
_WIDEST: Final = 24  # of a curve
_VALUE: Final = 28  # a value that is longer is set below the name
_INDENT: Final = "    "
_ARROW: Final = " -> "
_ARROWS: Final = ("↑", "↓")
_OF_A_TEXT: Final = 6
_REPLACED: Final = re.compile(r"(?<!-)-\+(?!\+)")  # one line by another


class _Screen(NamedTuple):
    """Where it is drawn: columns, None for no edge, and whether nothing is left out."""

    width: int | None
    everything: bool

    @property
    def narrow(self) -> bool:
        return self.width is not None and self.width < _NARROW

    @property
    def spark(self) -> int:
        if self.width is None:
            return _WIDEST
        # Beside the curves stand a name, a word, and how far the last values are apart.
        return 12 if self.narrow else max(8, min(_WIDEST, (self.width - 48) // 2))

    def letters(self, text: str) -> int:
        """How many letters of *text* fit below a name."""
        columns = max(0, (self.width or 0) - len(_INDENT))
        # Letters that are not ASCII may take two columns.
        return columns if text.isascii() else columns // 2

    def fits(self, columns: int) -> bool:
        return self.width is None or columns <= self.width


def draw(diff: Diff, *, everything: bool = False) -> None:
    """Write what differs to stdout; on a terminal no more than it shows.

    Args:
        diff: What differs.
        everything: Leave nothing out on a terminal.
    """
    lines = None if everything else render.height()
    screen = _Screen(render.room() if render.has_edge() else None, lines is None)
    _heads(diff, screen)
    groups = {kind: list(some) for kind, some in groupby(diff, key=lambda change: change.kind)}
    quotas = None
    if lines is not None:
        needs = {kind: _need(some, screen, lines) for kind, some in groups.items()}
        quotas = one_screen.quotas(needs, lines)
    for kind, changes in groups.items():
        if quotas is not None and kind not in quotas:
            continue
        shown = changes if quotas is None else _shown(changes, quotas[kind], screen)
        render.line()
        render.line(Cell(TITLES[kind], "bold"), width=screen.width)
        _section(shown, diff, screen)
        one_screen.tell_more(kind, len(changes) - len(shown))
    if quotas is not None:
        one_screen.tell_rest({k: len(some) for k, some in groups.items() if k not in quotas})


def draw_stat(diff: Diff) -> None:
    """Write one line for each kind of change to stdout."""
    screen = _Screen(render.room() if render.has_edge() else None, everything=True)
    _heads(diff, screen)
    rows = [
        (TITLES[kind], tell_ways(list(some)))
        for kind, some in groupby(diff, key=lambda change: change.kind)
    ]
    columns = [Column("", least=6), Column("", least=8)]
    render.table(columns, rows, indent="  ", heading=False, fit=render.has_edge())


def _heads(diff: Diff, screen: _Screen) -> None:
    for sign, style, run in (("---", "red", diff.old), ("+++", "green", diff.new)):
        render.line(Cell(f"{sign} {run.id} ", style), Cell(run.name, "bold"), width=screen.width)


# ---- one screen ------------------------------------------------------------------------


def _cost(change: Change, screen: _Screen) -> int:
    """Return about how many lines a change takes; told without reading what it names."""
    if isinstance(change, TextChange):
        return _OF_A_TEXT + (3 if screen.narrow else 1)
    if isinstance(change, MediaChange):
        return 3 if screen.narrow else 1
    rows = rows_of(change)
    spark = isinstance(change, SeriesChange) and change.way == "changed"
    return spark + sum(_height(row, screen) for row in rows)


def _height(row: Row, screen: _Screen) -> int:
    length = len("".join(row)) + len(_ARROW) + len(_INDENT)
    if screen.fits(length):
        return 1
    return 2 if screen.fits(length - len(row.name)) else 3


def _need(changes: Sequence[Change], screen: _Screen, most: int) -> int:
    """Return about how many lines changes take, where it is no more than *most*."""
    lines = 0
    for change in changes:
        lines += _cost(change, screen)
        if lines > most:
            break
    return lines


def _shown(changes: Sequence[Change], quota: int, screen: _Screen) -> Sequence[Change]:
    if _need(changes, screen, quota) <= quota:
        return changes
    shown: list[Change] = []
    for change in telling(changes):
        quota -= _cost(change, screen)
        # One stands there whatever it takes, and a line tells of those that do not.
        if shown and quota < 1:
            break
        shown.append(change)
    return shown


# ---- rows ------------------------------------------------------------------------------


class _Widths(NamedTuple):
    """Columns of a section."""

    name: int
    detail: int
    old: int
    new: int


def _section(changes: Sequence[Change], diff: Diff, screen: _Screen) -> None:
    blocks = [(change, _block(change, diff, screen)) for change in changes]
    widths = _widths([row for _, rows in blocks for row in rows], screen)
    for change, rows in blocks:
        for row in rows:
            _row(row, widths, screen)
        if isinstance(change, TextChange):
            _text(change, screen)


def _block(change: Change, diff: Diff, screen: _Screen) -> list[Row]:
    first, *rest = rows_of(change)
    sparks = list(_sparks(change, diff, screen))
    if not sparks:
        return [first, *rest]
    spark = sparks[0]._replace(name=first.name)
    if change.way != "changed":
        return [spark._replace(note=(first.old or first.new).partition(",")[0])]
    return [spark, first._replace(name=""), *rest]


def _sparks(change: Change, diff: Diff, screen: _Screen) -> Iterator[Row]:
    if not isinstance(change, SeriesChange):
        return
    ends = [
        bound
        for side in (change.old, change.new) if side is not None
        for bound in (side.min, side.max) if bound is not None and math.isfinite(bound)
    ]  # fmt: skip
    # One scale for both, or a curve that lies higher would look the same.
    span = (min(ends), max(ends)) if ends else None
    old = _spark(diff.old, change, change.old is not None, span, screen)
    new = _spark(diff.new, change, change.new is not None, span, screen)
    if old or new:
        yield Row(change.way, "", "", old, new)


def _spark(
    run: RunView, change: Change, there: bool, span: tuple[float, float] | None, screen: _Screen
) -> str:
    from vcs_track.errors import VcsTrackError

    if not there:
        return ""
    try:
        shape = render.shape_of(run.series(change.name), screen.spark)
    except VcsTrackError:  # the notes of the diff tell that it cannot be read
        return ""
    return render.sparkline(shape, screen.spark, ascii=render.plain(), span=span)


def _widths(rows: Sequence[Row], screen: _Screen) -> _Widths:
    longest = 40 if screen.width is None else max(12, screen.width // 3)
    sizes = [
        [render.width_of(render.visible(text)) for text in (row[1:3] if _spans(row) else row[1:5])]
        for row in rows
    ]
    caps = (longest, 12, _VALUE, _VALUE)
    found = [
        max((size[place] for size in sizes if place < len(size) and size[place] <= cap), default=0)
        for place, cap in enumerate(caps)
    ]
    return _Widths(*found)


def _spans(row: Row) -> bool:
    """Tell whether the one value of a row is of both runs, and has all the room there is."""
    return row.way == "changed" and not row.new and not row.note


def _row(row: Row, widths: _Widths, screen: _Screen) -> None:
    line = None if screen.narrow else _aligned(row, widths)
    if line is None or not screen.fits(_columns(line)):
        _below(row, screen)
        return
    render.line(*line)


def _columns(line: Sequence[Cell | str]) -> int:
    texts = [cell.text if isinstance(cell, Cell) else cell for cell in line]
    return render.width_of(render.visible("".join(texts).rstrip(" ")))


def _padded(text: str, style: str, width: int) -> list[Cell | str]:
    return [Cell(text, style), " " * (width - render.width_of(render.visible(text)))]


def _aligned(row: Row, widths: _Widths) -> list[Cell | str] | None:
    """Return a row in the columns of its section, None where a text is too long for its own."""
    texts = row[1:3] if _spans(row) else row[1:5]
    if any(
        render.width_of(render.visible(text)) > width
        for text, width in zip(texts, widths, strict=False)
    ):
        return None
    mark, style = _MARKS[row.way]
    name_style = style if row.way != "changed" else ""
    line: list[Cell | str] = [Cell(mark if row.name else " ", style), " "]
    line += _padded(row.name, name_style, widths.name)
    if widths.detail:
        line += ["  ", *_padded(row.detail, "dim", widths.detail)]
    if _spans(row):
        return [*line, "  ", row.old]
    if widths.old or widths.new:
        line += ["  ", *_padded(row.old, _old_style(row), widths.old)]
        line.append(_ARROW if row.old and row.new else " " * len(_ARROW))
        line += _padded(row.new, "green", widths.new)
    return [*line, "  ", *_remark(row)]


def _old_style(row: Row) -> str:
    return "" if _spans(row) else "red"


def _remark(row: Row) -> list[Cell | str]:
    """Return the note; what is better or worse is a word too, for those without colours."""
    style = _VERDICTS.get(row.verdict)
    if row.note[:1] in _ARROWS and render.plain():
        return [Cell(row.note[2:], "dim")]
    if style:
        return [Cell(row.remark, style)]
    lost_or_gained = row.note.startswith(("+", "-")) and row.note.endswith(("line", "lines"))
    if not lost_or_gained:
        return [Cell(row.note, "dim")]
    gained, _, rest = row.note.partition(" ")
    lost, _, rest = rest.partition(" ")
    return [Cell(gained, "green"), " ", Cell(lost, "red"), Cell(f" {rest}", "dim")]


def _below(row: Row, screen: _Screen) -> None:
    """Write a row in lines of its own, nothing left out but what is too long for a line."""
    mark, style = _MARKS[row.way]
    head: list[Cell | str] = []
    if row.name:
        head = [Cell(f"{mark} ", style), Cell(row.name, style if row.way != "changed" else "")]
    detail: list[Cell | str] = [Cell(f"{row.detail} ", "dim")] if row.detail else []
    values = _values(row)
    remark: list[Cell | str] = [" ", *_remark(row)] if row.remark else []
    if head:
        whole = [*head, "  ", *detail, *values, *(remark if values else remark[1:])]
        if screen.fits(_columns(whole)):
            render.line(*whole)
            return
        render.line(*head, width=screen.width)
    if screen.fits(_columns([_INDENT, *detail, *values, *remark])):
        if values or remark:
            render.line(_INDENT, *detail, *values, *remark)
        return
    _lines_below(row, detail, values, screen)
    if remark:
        render.line(_INDENT, *remark[1:], width=screen.width)


def _lines_below(
    row: Row, detail: Sequence[Cell | str], values: Sequence[Cell | str], screen: _Screen
) -> None:
    if screen.fits(_columns([_INDENT, *detail, *values])):
        render.line(_INDENT, *detail, *values)
        return
    if _spans(row) and row.detail:
        first, *rest = row.old.split(", ")
        render.line(_INDENT, *detail, first, width=screen.width)
        for part in rest:
            render.line(_INDENT, " " * (len(row.detail) + 1), part, width=screen.width)
        return
    if detail:
        render.line(_INDENT, *detail)
    old, new = row.old, row.new
    if screen.width is not None:
        old, new = _parted(old, new, screen)
    for sign, text, colour in (("- ", old, _old_style(row)), ("+ ", new, "green")):
        if text:
            render.line(_INDENT, Cell(sign + text, colour), width=screen.width)


def _values(row: Row) -> list[Cell | str]:
    cells: list[Cell | str] = []
    if row.old:
        cells.append(Cell(row.old, _old_style(row)))
    if row.old and row.new:
        cells.append(_ARROW)
    if row.new:
        cells.append(Cell(row.new, "green"))
    return cells


def _text(change: TextChange, screen: _Screen) -> None:
    lines = [line.expandtabs(4) for line in change.lines(context=1)]
    shown = _told_apart(lines if screen.everything else lines[:_OF_A_TEXT], screen)
    for line in shown:
        render.line(_INDENT, Cell(line, _LINES.get(line[:1], "dim")), width=screen.width)
    if len(shown) < len(lines):
        more = f"... {len(lines) - len(shown):,} more lines (--all)"
        render.line(_INDENT, Cell(more, "dim"), width=screen.width)


def _told_apart(lines: Sequence[str], screen: _Screen) -> list[str]:
    """Return lines of which a long one that replaces another is cut where they part."""
    found = list(lines)
    signs = "".join(line[:1] or " " for line in lines)
    for match in _REPLACED.finditer(signs) if screen.width is not None else ():
        place = slice(match.start(), match.end())
        gone, come = found[place]
        old, new = _parted(gone[1:], come[1:], screen)
        found[place] = [f"-{old}", f"+{new}"]
    return found


def _parted(old: str, new: str, screen: _Screen) -> tuple[str, str]:
    sides = render.visible(old), render.visible(new)
    cut = parted(*sides, screen.letters("".join(sides)) - 2)
    if cut == sides or not render.plain():
        return cut
    return "~" + cut[0][1:], "~" + cut[1][1:]

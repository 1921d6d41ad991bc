"""Curves as letters and dots: pure functions from numbers to lines of text."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.pages.axis import Axis
from vcs_track.pages.curves import Curve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.pages.curves import Line

__all__ = ["LETTERS", "Curve", "Piece", "draw"]

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"

_BRAILLE: Final = 0x2800
# The bit of each dot of a cell, by column and row.
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_FRAME: Final = (("│", "┤", "└", "─", "┬"), ("|", "+", "+", "-", "+"))
_NARROWEST: Final = 10
_A_NUMBER: Final = 8  # columns for a number below the axis
_APART: Final = 12  # columns between two letters of a curve


class Piece(NamedTuple):
    """Text of one colour: the number of its curve, or None."""

    text: str
    curve: int | None = None


def draw(
    curves: Sequence[Curve],
    *,
    width: int,
    height: int,
    log: bool = False,
    whole: bool = True,
    title: str = "",
    plain: bool = False,
    letters: bool = False,
) -> list[list[Piece]]:
    """Return the lines of a picture, none where no point can be drawn.

    Args:
        curves: What to draw; later ones are drawn over earlier ones.
        width: Columns in all.
        height: Rows between the top and the axis.
        log: Whether the values are logarithms to the base of ten.
        whole: Whether only integers stand below the axis.
        title: What the axis below is.
        plain: Draw with ASCII letters.
        letters: Write letters along the curves, for there are no colours to tell them apart.

    Example:
        >>> from vcs_track.cli.plot import Curve, draw
        >>> line = [(x, x * x) for x in range(11)]
        >>> for row in draw([Curve("square", [line])], width=24, height=4):
        ...     print("".join(piece.text for piece in row).rstrip())
        100 ┤                ⢀⠔⠊
         50 ┤             ⢀⠤⠊⠁
            │         ⣀⡠⠤⠊⠁
          0 ┤⣀⣀⣀⠤⠤⠤⠤⠒⠉
            └┬────────┬────────┬
             0        5       10
    """
    points = [point for curve in curves for line in curve.lines for point in line]
    drawn = [(x, y) for x, y in points if math.isfinite(x) and not math.isnan(y)]
    across = Axis.over((x for x, _ in drawn), whole=whole)
    up = Axis.over((y for _, y in drawn), log=log)
    if across is None:
        return []
    # Nothing but infinities still has a top and a bottom.
    up = up or Axis(0.0, 0.0, log)
    marks = _beside(up, height, 1 if plain else 4)
    room = max(map(len, marks.values()))
    if width - room - 2 < _NARROWEST:
        room, marks = 0, dict.fromkeys(marks, "")
    columns = max(1, width - room - (2 if room else 1))
    canvas = _Canvas(columns, height, across, up, plain=plain)
    for number, curve in enumerate(curves):
        for line in curve.lines:
            canvas.draw(line, number)
    if len(curves) > 1:
        canvas.write_letters(along=letters)
    return [
        *_rows(canvas, marks, room, plain),
        *([Piece(line)] for line in _below(across, columns, room, title, plain)),
    ]


# ---- dots ------------------------------------------------------------------------------


class _Canvas:
    """A grid of cells, each with some dots of a braille letter, or one letter."""

    def __init__(self, columns: int, rows: int, across: Axis, up: Axis, *, plain: bool) -> None:
        self.columns = columns
        self.rows = rows
        self._across = across
        self._up = up
        self._plain = plain
        self._fine = (1, 1) if plain else (2, 4)  # dots of a cell
        self._cells: dict[tuple[int, int], tuple[int, int]] = {}  # dots and curve
        self._letters: dict[tuple[int, int], int] = {}
        self._touched: dict[int, dict[int, set[int]]] = {}  # rows by curve and column
        self._ends: dict[int, tuple[int, int]] = {}

    def draw(self, line: Line, curve: int) -> None:
        """Draw a line."""
        before: tuple[int, int] | None = None
        last = -math.inf
        for x, y in line:
            if not math.isfinite(x) or math.isnan(y):
                before = None
                continue
            dot = self._dot(x, y)
            if before is None or x < last or math.isinf(y):
                before = dot
            for there in _between(before, dot):
                self._set(there, curve)
            before = None if math.isinf(y) else dot
            last = x
            self._ends[curve] = dot

    def _dot(self, x: float, y: float) -> tuple[int, int]:
        wide, high = self.columns * self._fine[0] - 1, self.rows * self._fine[1] - 1
        up = (1.0 if y > 0 else 0.0) if math.isinf(y) else self._up.place(y)
        return round(self._across.place(x) * wide), high - round(up * high)

    def _set(self, dot: tuple[int, int], curve: int) -> None:
        (column, right), (row, down) = (divmod(a, b) for a, b in zip(dot, self._fine, strict=True))
        bits = self._cells.get((row, column), (0, 0))[0] | _DOTS[right][down]
        self._cells[row, column] = (bits, curve)
        self._touched.setdefault(curve, {}).setdefault(column, set()).add(row)

    def write_letters(self, *, along: bool) -> None:
        """Write the letter of each curve at its end, and *along* it."""
        for curve, columns in self._touched.items():
            # Each curve has columns of its own for its letters, so that none hides another's.
            shift = curve * _APART // max(3, len(self._touched))
            for column, rows in columns.items():
                if self._plain:
                    self._letters.update(dict.fromkeys(((row, column) for row in rows), curve))
                elif along and (column - shift) % _APART == _APART // 2:
                    self._letters[sorted(rows)[len(rows) // 2], column] = curve
        for curve, (x, y) in self._ends.items():
            self._letters[y // self._fine[1], x // self._fine[0]] = curve

    def row(self, row: int) -> Iterator[tuple[str, int | None]]:
        """Return the cells of a row, each with its curve."""
        for column in range(self.columns):
            bits, curve = self._cells.get((row, column), (0, None))
            letter = self._letters.get((row, column))
            if letter is not None:
                yield LETTERS[letter % len(LETTERS)], letter
            elif curve is None:
                yield " ", None
            else:
                yield "*" if self._plain else chr(_BRAILLE + bits), curve


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Return the dots of a straight line."""
    across, up = end[0] - start[0], end[1] - start[1]
    length = max(abs(across), abs(up))
    for i in range(length + 1):
        part = i / length if length else 0
        yield start[0] + round(across * part), start[1] + round(up * part)


# ---- around them -----------------------------------------------------------------------


def _beside(up: Axis, height: int, fine: int) -> dict[int, str]:
    """Return the numbers beside the rows, each where its dot would be."""
    marks: dict[int, str] = {}
    for number, text in up.marks(max(2, height // 3)):
        high = height * fine - 1
        marks.setdefault((high - round(up.place(number) * high)) // fine, text)
    return marks


def _rows(canvas: _Canvas, marks: dict[int, str], room: int, plain: bool) -> Iterator[list[Piece]]:
    bar, tick, *_ = _FRAME[plain]
    for row in range(canvas.rows):
        beside = f"{marks.get(row, ''):>{room}} " if room else ""
        parts = [Piece(beside + (tick if row in marks else bar))]
        for curve, cells in groupby(canvas.row(row), key=lambda cell: cell[1]):
            parts.append(Piece("".join(text for text, _ in cells), curve))
        yield parts


def _below(across: Axis, columns: int, room: int, title: str, plain: bool) -> Iterator[str]:
    _, _, corner, dash, tick = _FRAME[plain]
    left = " " * (room + 1 if room else 0)
    frame, numbers = [dash] * columns, ""
    for number, text in across.marks(max(1, columns // _A_NUMBER)):
        at = round(across.place(number) * (columns - 1))
        # Centred, within the picture, and apart from the number before.
        start = max(0, min(columns - len(text), at - (len(text) - 1) // 2))
        if len(text) > columns or (numbers and start < len(numbers) + 2):
            continue
        frame[at] = tick
        numbers = f"{numbers:<{start}}{text}"
    yield f"{left}{corner}{''.join(frame)}"
    yield f"{left} {numbers}"
    if title:
        yield f"{left} {title[:columns]:^{columns}}".rstrip()

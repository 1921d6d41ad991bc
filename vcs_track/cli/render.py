"""What is drawn: tables, colours and progress bars; the owner of rich.

rich is loaded when something needs it: colour, a bar, or letters wider than one column.
"""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TextIO

from vcs_track import environ
from vcs_track.cli.human import (
    ago,
    change,
    count,
    duration,
    number,
    pair,
    settings,
    size,
    spread,
    value,
)
from vcs_track.cli.text import visible
from vcs_track.pages.sparkline import shape_of, sparkline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.style import Style

    from vcs_track.porcelain.series import Series

__all__ = [
    "Cell", "Column", "ago", "change", "colours", "count", "cut", "duration", "has_edge", "height", "line",
    "lines", "live", "number", "paint", "pair", "plain", "plus_minus", "progress", "room",
    "settings", "shape_of", "size", "spark", "sparkline", "status", "table", "table_lines",
    "value", "visible", "width_of", "wrapped", "write",
]  # fmt: skip

_GAP: Final = "  "
_DEFAULT_WIDTH: Final = 80
_STATUS: Final = {
    "running": ("●", "*", "cyan"),
    "finished": ("✔", "+", "green"),
    "failed": ("✘", "x", "red"),
    "killed": ("■", "x", "yellow"),
    "crashed": ("!", "!", "magenta"),
}


class Cell(NamedTuple):
    """Text and how it is painted: words of rich, as ``bold red``."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        title: Its heading.
        right: Whether it is set to the right, as numbers are.
        style: How its cells are painted.
        least: It may shrink to this many columns; 0 never.
        rank: Where there is no room the highest rank goes first; 0 stays always.
    """

    title: str
    right: bool = False
    style: str = ""
    least: int = 0
    rank: int = 0


# ---- the terminal ----------------------------------------------------------------------


def room(stream: TextIO | None = None) -> int:
    """Return the width of *stream*: ``COLUMNS``, the terminal's, or 80."""
    stream = stream or sys.stdout
    wanted = environ.columns()
    if wanted is not None:
        return wanted
    if stream.isatty():
        return shutil.get_terminal_size((_DEFAULT_WIDTH, 24)).columns
    return _DEFAULT_WIDTH


def height() -> int | None:
    """Return how many lines stdout shows, None where it is no terminal."""
    return shutil.get_terminal_size().lines if sys.stdout.isatty() else None


def has_edge(stream: TextIO | None = None) -> bool:
    """Tell whether *stream* has a width; a pipe has none."""
    return environ.columns() is not None or (stream or sys.stdout).isatty()


def _colour(stream: TextIO) -> bool:
    if environ.no_color():
        return False
    return environ.force_color() or stream.isatty()


def _plain(stream: TextIO) -> bool:
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return not encoding.replace("-", "").startswith("utf")


def colours() -> bool:
    """Tell whether stdout shows colours."""
    return _colour(sys.stdout)


def plain() -> bool:
    """Tell whether stdout has ASCII letters only."""
    return _plain(sys.stdout)


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """Return *text* in colour, where *stream* (stdout) shows colours.

    Control characters in it are spelled out.
    """
    return _paint(visible(text), style, stream or sys.stdout)


def _paint(text: str, style: str, stream: TextIO) -> str:
    if not style or not text or not _colour(stream):
        return text
    from rich.color import ColorSystem

    return _style(style).render(text, color_system=ColorSystem.STANDARD)


@lru_cache(maxsize=64)
def _style(text: str) -> Style:
    from rich.style import Style

    return Style.parse(text)


def width_of(text: str) -> int:
    """Return how many columns *text* takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int) -> str:
    """Return *text* in at most *width* columns, an ellipsis where cut.

    Example:
        >>> from vcs_track.cli.render import cut
        >>> cut("abcdef", 4), cut("abc", 4)
        ('abc…', 'abc')
    """
    if width_of(text) <= width:
        return text
    mark = "~" if _plain(sys.stdout) else "…"
    if width <= 1:
        return mark[:width]
    if text.isascii():
        return text[: width - 1] + mark
    from rich.cells import set_cell_size

    return set_cell_size(text, width - 1).rstrip() + mark


# ---- lines -----------------------------------------------------------------------------


def lines(text: str, *, indent: str = "", style: str = "") -> None:
    """Write text of several lines to stdout, each below *indent*."""
    for part in text.splitlines():
        line(indent, Cell(part.expandtabs(4), style))


def line(*cells: Cell | str, width: int | None = None) -> None:
    """Write one line of *cells* to stdout, cut at *width* when it is given."""
    parts = []
    left = width
    for cell in cells:
        text, style = cell if isinstance(cell, Cell) else (cell, "")
        text = visible(text)
        if left is not None:
            text = cut(text, max(0, left))
            left -= width_of(text)
        parts.append(_paint(text, style, sys.stdout))
    sys.stdout.write("".join(parts).rstrip(" ") + "\n")


def write(drawn: str) -> None:
    """Write a line that was drawn here to stdout, as it is."""
    sys.stdout.write(f"{drawn}\n")


def wrapped(text: str, style: str = "") -> None:
    """Write a sentence to stdout, in lines that fit where there is an edge."""
    text = visible(text)
    parts = wrap(text, max(20, room()), break_long_words=False) if has_edge() else [text]
    sys.stdout.writelines(f"{_paint(part, style, sys.stdout)}\n" for part in parts)


def plus_minus(mean: float, half: float | None) -> str:
    """Return a mean and how sure it is, with as many digits as that is worth."""
    text = spread(mean, half)
    return text.replace("±", "+-") if _plain(sys.stdout) else text


def status(name: str) -> Cell:
    """Return the status of a run with its mark and colour."""
    sign, letter, colour = _STATUS.get(name, ("?", "?", ""))
    return Cell(f"{letter if _plain(sys.stdout) else sign} {name}", colour)


def spark(series: Series, width: int = 20) -> str:
    """Return a sparkline of *series*."""
    return sparkline(shape_of(series, width), width, ascii=_plain(sys.stdout))


# ---- tables ----------------------------------------------------------------------------


def table(
    columns: Sequence[Column | str], rows: Sequence[Sequence[Cell | str]], **how: Any
) -> list[str]:
    """Write a table to stdout, one line a row, never wrapped.

    Args:
        columns: The columns, or their headings.
        rows: One cell a column.
        how: As :func:`table_lines` takes it.

    Returns:
        The headings of the columns that were left out.
    """
    drawn, dropped = table_lines(columns, rows, **how)
    sys.stdout.writelines(f"{text}\n" for text in drawn)
    return dropped


def table_lines(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[Cell | str]],
    *,
    width: int | None = None,
    fit: bool = True,
    indent: str = "",
    heading: bool = True,
) -> tuple[list[str], list[str]]:
    """Return a table for stdout, one line a row, never wrapped.

    Args:
        columns: The columns, or their headings.
        rows: One cell a column.
        width: Columns of the screen. Default: :func:`room`.
        fit: Leave columns out and shorten others until a row fits.
        indent: What each line begins with.
        heading: Write the headings.

    Returns:
        The lines, and the headings of the columns that were left out.
    """
    known = [Column(c) if isinstance(c, str) else c for c in columns]
    cells = [[_cell(cell, c) for cell, c in zip(row, known, strict=True)] for row in rows]
    titles = [Cell(visible(c.title) if heading else "", "bold") for c in known]
    widths = [
        max(width_of(title.text), *(width_of(row[i].text) for row in cells), 0)
        for i, title in enumerate(titles)
    ]
    kept = list(range(len(known)))
    if fit:
        limit = max(1, (room() if width is None else width) - len(indent))
        kept = _keep(known, widths, limit)
        _shrink(known, widths, kept, limit)
    drawn = [
        _row(indent, [(row[i], widths[i], known[i].right) for i in kept])
        for row in [titles] * heading + cells
    ]
    return drawn, [visible(c.title) for i, c in enumerate(known) if i not in kept]


def _cell(cell: Cell | str, column: Column) -> Cell:
    text, style = cell if isinstance(cell, Cell) else (cell, column.style)
    return Cell(visible(text), style)


def _floor(column: Column, width: int) -> int:
    return min(width, column.least) if column.least else width


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _keep(columns: Sequence[Column], widths: list[int], limit: int) -> list[int]:
    kept = list(range(len(columns)))
    while _total([_floor(columns[i], widths[i]) for i in kept]) > limit:
        # The last of equal rank goes first.
        worst = max(kept, key=lambda i: (columns[i].rank, i))
        if columns[worst].rank == 0:
            break
        kept.remove(worst)
    return kept


def _shrink(columns: Sequence[Column], widths: list[int], kept: list[int], limit: int) -> None:
    """Take from the widest column that may shrink, until the row fits."""
    excess = _total([widths[i] for i in kept]) - limit
    while excess > 0:
        soft = [i for i in kept if widths[i] > _floor(columns[i], widths[i])]
        if not soft:
            return
        widest = max(soft, key=lambda i: widths[i])
        widths[widest] -= 1
        excess -= 1


def _row(indent: str, cells: list[tuple[Cell, int, bool]]) -> str:
    parts = []
    for place, (cell, width, right) in enumerate(cells):
        text = cut(cell.text, width)
        pad = " " * (width - width_of(text))
        if place == len(cells) - 1 and not right:
            pad = ""
        painted = _paint(text, cell.style, sys.stdout)
        parts.append(pad + painted if right else painted + pad)
    return (indent + _GAP.join(parts)).rstrip(" ")


# ---- progress --------------------------------------------------------------------------


@contextmanager
def progress(label: str, unit: str = "") -> Iterator[Callable[[int, int], None]]:
    """Draw a bar on stderr while the work lasts; give its callback.

    Args:
        label: What is done.
        unit: ``bytes`` adds the rate and the time left. Default: things are counted.
    """
    from rich import progress as bars
    from rich.console import Console

    console = Console(file=sys.stderr, no_color=not _colour(sys.stderr), width=room(sys.stderr))
    shown: list[bars.ProgressColumn] = [bars.MofNCompleteColumn()]
    if unit == "bytes":
        shown = [
            bars.DownloadColumn(), bars.TransferSpeedColumn(),
            bars.TimeRemainingColumn(elapsed_when_finished=True),
        ]  # fmt: skip
    bar = bars.Progress(
        bars.TextColumn("{task.description}", markup=False), bars.BarColumn(), *shown,
        console=console, transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(visible(label), total=None)

        def callback(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield callback


# ---- what changes on the screen --------------------------------------------------------


@contextmanager
def live() -> Iterator[Callable[[Sequence[str]], None]]:
    """Give a function that shows lines on stdout.

    On a terminal each call draws over what the one before it showed. Elsewhere lines are
    appended.
    """
    if not sys.stdout.isatty():
        yield _append
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(file=sys.stdout, no_color=not _colour(sys.stdout), width=environ.columns())
    if console.is_dumb_terminal:
        yield _append
        return
    # Cut, not wrapped: a line that wraps, or a table that scrolls, could not be drawn over.
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as screen:

        def draw(drawn: Sequence[str]) -> None:
            text = Text.from_ansi("\n".join(drawn), no_wrap=True, overflow="crop")
            screen.update(text, refresh=True)

        yield draw


def _append(drawn: Sequence[str]) -> None:
    # In one piece: whoever reads the pipe never sees half a table.
    sys.stdout.write("".join(f"{text}\n" for text in drawn))
    sys.stdout.flush()

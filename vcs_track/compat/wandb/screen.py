"""What a terminal would still show of a text: progress bars draw over themselves."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Screen"]

_MOVES: Final = re.compile("(\n|\r|\x1b\\[[0-9]{0,4}[AK])")
_HELD: Final = 16  # lines that a program that moves up may still draw over
_LONGEST: Final = 1 << 16  # characters of a line; a longer one is given out in parts


class Screen:
    r"""Folds the output of a program to the last state of each line.

    A carriage return goes back to the beginning of the line, and what follows is drawn over
    what is there; so is what follows a move up, as several progress bars make it. What clears a
    line does so. Anything else stays as it is, colours too.

    Example:
        >>> from vcs_track.compat.wandb.screen import Screen
        >>> screen = Screen()
        >>> screen.feed("begin\n 10 %\r 90 %")
        'begin\n'
        >>> screen.feed("\r100 %\n"), screen.rest()
        ('100 %\n', '')
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._lines = [""]
        self._row = self._column = self._held = self._quiet = 0

    def feed(self, text: str) -> str:
        """Take more output; return the lines that nothing can change any more."""
        if self._is_plain(text):
            whole, end, rest = (self._lines[0] + text).rpartition("\n")
            if len(rest) <= _LONGEST:
                self._lines[0] = rest
                self._column = len(rest)
                return whole + end
        for part in _MOVES.split(text):
            self._take(part)
        return self._done()

    def rest(self) -> str:
        """Return what is not given out yet, and forget it."""
        text = "\n".join(self._lines)
        self._clear()
        return text

    def _is_plain(self, text: str) -> bool:
        return (
            not self._held
            and len(self._lines) == 1
            and self._column == len(self._lines[0])
            and "\r" not in text
            and "\x1b[" not in text
        )

    def _take(self, part: str) -> None:
        if part == "\n":
            self._row += 1
            self._column = 0
            self._quiet += 1
            if self._row == len(self._lines):
                self._lines.append("")
        elif part == "\r":
            self._column = 0
        elif part.startswith("\x1b[") and _MOVES.fullmatch(part):
            self._order(part[-1], part[2:-1])
        elif part:
            self._draw(part)

    def _order(self, what: str, number: str) -> None:
        if what == "A":
            self._held = _HELD
            self._quiet = 0
            self._row = max(0, self._row - int(number or 1))
        else:
            line = self._lines[self._row]
            self._lines[self._row] = "" if number == "2" else line[: self._column]

    def _draw(self, part: str) -> None:
        line = self._lines[self._row].ljust(self._column)
        self._lines[self._row] = line[: self._column] + part + line[self._column + len(part) :]
        self._column += len(part)

    def _done(self) -> str:
        if self._quiet > 2 * _HELD:
            self._held = 0  # nobody moves up any more
        many = max(0, min(self._row, len(self._lines) - 1 - self._held))
        done = "".join(f"{line}\n" for line in self._lines[:many])
        del self._lines[:many]
        self._row -= many
        if len(self._lines[-1]) > _LONGEST and len(self._lines) == 1:
            done += self._lines[0]
            self._lines, self._column = [""], 0
        return done

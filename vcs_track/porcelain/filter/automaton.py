r"""Regular expressions without backtracking: alternatives side by side.

The syntax is that of ``re`` without what needs backtracking: back references, look
around, atomic and possessive forms are refused. A single sign (a letter, ``.``, ``\d``,
``[a-z]``) is still matched by ``re``, so classes and case mean what they mean there.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Automaton", "PatternError"]

_MAX_SIZE = 1_000
_SHORT = 1_000

_FLAGS = re.compile(r"\(\?([is]+)\)")
_ITEM = re.compile(
    r"(?P<group>\((?:\?:|\?P<\w+>)?(?!\?))"
    r"|(?P<close>\))"
    r"|(?P<bar>\|)"
    r"|(?P<edge>\^|\$|\\[bBAZ])"
    r"|(?P<class>\[\^?\]?(?:[^\]\\]|\\.)*\])"
    r"|(?P<code>\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\[^0-9xuUNbBAZ])"
    r"|(?P<sign>[^\\()*+?])",
    re.DOTALL,
)
_REPEAT = re.compile(r"(?:([*+?])|\{(\d*)(?:(,)(\d*))?\})(\??)(\+?)")
_COUNTS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class PatternError(Exception):
    """A pattern is wrong or not supported."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Sign:
    source: str


@dataclass(frozen=True, slots=True)
class _Edge:
    kind: str


@dataclass(frozen=True, slots=True)
class _Row:
    items: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    items: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    item: _Part
    low: int
    high: int | None


_Part = _Sign | _Edge | _Row | _Choice | _Repeat


@dataclass(slots=True)
class _Step:
    """One instruction: eat a sign, pass an edge, or fork to one or two places."""

    kind: Literal["sign", "edge", "fork", "end"]
    fits: Callable[[str], object] | None = None
    edge: str = ""
    to: tuple[int, ...] = ()


class Automaton:
    r"""A compiled pattern.

    Raises:
        PatternError: If the pattern is wrong, not supported, or too large.

    Example:
        >>> from vcs_track.porcelain.filter.automaton import Automaton
        >>> Automaton(r"^(a+)+$").search("a" * 5000 + "b")
        False
    """

    def __init__(self, pattern: str) -> None:
        compiled = _checked(pattern)
        self._steps: list[_Step] = []
        reader = _Reader(pattern)
        part = reader.whole()
        self._flags = compiled.flags & (re.IGNORECASE | re.DOTALL)
        self._emit(part)
        self._steps.append(_Step("end"))
        self._quick = compiled if reader.is_plain else None

    def search(self, text: str) -> bool:
        """Return whether any part of *text* fits."""
        # With one repeated sign 're' is at worst quadratic, and far faster on short texts.
        if self._quick is not None and len(text) <= _SHORT:
            return self._quick.search(text) is not None
        alive: list[int] = []
        for at in range(len(text) + 1):
            eaters = self._reachable([0, *alive], text, at)
            if eaters is None:
                return True
            if at < len(text):
                sign = text[at]
                alive = [place + 1 for place in eaters if self._fits(place, sign)]
        return False

    def _fits(self, place: int, sign: str) -> bool:
        fits = self._steps[place].fits
        return fits is not None and fits(sign) is not None

    def _reachable(self, stack: list[int], text: str, at: int) -> list[int] | None:
        """Return the places that wait for a sign, None when the end is reached."""
        seen: set[int] = set()
        eaters = []
        while stack:
            place = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            step = self._steps[place]
            if step.kind == "end":
                return None
            if step.kind == "sign":
                eaters.append(place)
            elif step.kind == "fork":
                stack.extend(step.to)
            elif _at_edge(step.edge, text, at):
                stack.append(place + 1)
        return eaters

    # Compilation

    def _emit(self, part: _Part) -> None:
        match part:
            case _Sign(source):
                self._steps.append(_Step("sign", fits=re.compile(source, self._flags).match))
            case _Edge(kind):
                self._steps.append(_Step("edge", edge=kind))
            case _Row(items):
                for item in items:
                    self._emit(item)
            case _Choice(items):
                self._emit_choice(items)
            case _Repeat(item, low, high):
                self._emit_repeat(item, low, high)

    def _emit_choice(self, items: tuple[_Part, ...]) -> None:
        exits = []
        for item in items[:-1]:
            fork = self._fork()
            start = len(self._steps)
            self._emit(item)
            exits.append(self._fork())
            fork.to = (start, len(self._steps))
        self._emit(items[-1])
        for leave in exits:
            leave.to = (len(self._steps),)

    def _emit_repeat(self, item: _Part, low: int, high: int | None) -> None:
        for _ in range(low):
            self._emit(item)
        if high is None:
            fork = self._fork()
            start = len(self._steps)
            self._emit(item)
            self._fork().to = (start - 1,)
            fork.to = (start, len(self._steps))
            return
        forks = []
        for _ in range(high - low):
            forks.append((self._fork(), len(self._steps)))
            self._emit(item)
        for fork, start in forks:
            fork.to = (start, len(self._steps))

    def _fork(self) -> _Step:
        self._steps.append(_Step("fork"))
        return self._steps[-1]


def _checked(pattern: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            # Signs that 're' plans to read otherwise are refused, not read both ways.
            warnings.simplefilter("error")
            return re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        raise PatternError(f"pattern is not a regular expression: {error}") from None


def _at_edge(kind: str, text: str, at: int) -> bool:
    if kind in ("^", "\\A"):
        return at == 0
    if kind == "\\Z":
        return at == len(text)
    if kind == "$":
        return at == len(text) or (at == len(text) - 1 and text[at] == "\n")
    before = at > 0 and _is_word_sign(text[at - 1])
    after = at < len(text) and _is_word_sign(text[at])
    if kind == "\\B":
        return bool(text) and before == after
    return before != after


def _is_word_sign(sign: str) -> bool:
    return sign == "_" or sign.isalnum()


class _Reader:
    """Reads a pattern that ``re`` has accepted into parts."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        flags = _FLAGS.match(pattern)
        self._at = flags.end() if flags else 0
        self._groups = 0
        self._repeats = 0
        self._forks = False

    @property
    def is_plain(self) -> bool:
        """Nothing can be tried in more than one way but one repetition's length."""
        return self._repeats <= 1 and not self._forks

    def whole(self) -> _Part:
        part, _ = self._choice()
        return part

    def _choice(self) -> tuple[_Part, int]:
        """Read up to a closing parenthesis or the end; return part and size."""
        rows: list[_Part] = []
        row: list[_Part] = []
        total = 1
        while self._at < len(self._pattern):
            item = self._item()
            if item.lastgroup == "close":
                break
            if item.lastgroup == "bar":
                self._forks |= self._groups > 0
                rows.append(_Row(tuple(row)))
                row = []
                total += 2
                continue
            part, size = self._repeated(*self._part(item))
            row.append(part)
            total += size
            if total > _MAX_SIZE:
                raise PatternError("pattern is too large", hint="use smaller counts in '{}'")
        rows.append(_Row(tuple(row)))
        return (rows[0] if len(rows) == 1 else _Choice(tuple(rows))), total

    def _item(self) -> re.Match[str]:
        item = _ITEM.match(self._pattern, self._at)
        if item is None:
            raise self._unsupported(self._pattern[self._at : self._at + 3])
        self._at = item.end()
        return item

    def _part(self, item: re.Match[str]) -> tuple[_Part, int]:
        if item.lastgroup == "group":
            self._groups += 1
            part, size = self._choice()
            self._groups -= 1
            return part, size
        if item.lastgroup == "edge":
            return _Edge(item.group()), 1
        source = item.group()
        return _Sign(
            re.escape(source) if item.lastgroup == "sign" and source != "." else source
        ), 1

    def _repeated(self, part: _Part, size: int) -> tuple[_Part, int]:
        found = _REPEAT.match(self._pattern, self._at)
        if found is None or found.group().startswith("{}"):
            return part, size
        if found[6]:
            raise self._unsupported(found.group())
        self._at = found.end()
        low, high = _COUNTS[found[1]] if found[1] else _counts(found)
        self._repeats += low != high
        self._forks |= not isinstance(part, _Sign)
        size = (size + 1) * max(low, high or 0, 1) + 2
        if size > _MAX_SIZE:
            raise PatternError("pattern is too large", hint="use smaller counts in '{}'")
        return _Repeat(part, low, high), size

    def _unsupported(self, what: str) -> PatternError:
        return PatternError(
            f"pattern has '{what}', which is not supported",
            hint="back references, look around and possessive forms are left out",
        )


def _counts(found: re.Match[str]) -> tuple[int, int | None]:
    low = int(found[2] or 0)
    if found[3] is None:
        return low, low
    return low, int(found[4]) if found[4] else None

"""How the lines of two texts differ, in bounded time."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Data = Callable[[int], tuple[bytes | None, bytes | None]]

__all__ = ["counts", "is_text", "tally", "unified"]

# The work of difflib grows with the product: beyond that, all lines between the equal ends
# are said to differ.
_MOST_PAIRS: Final = 4_000_000
_LOOKED_AT: Final = 8000


class _Block(NamedTuple):
    """Lines ``a[i:j]`` that became lines ``b[k:m]``."""

    i: int
    j: int
    k: int
    m: int


def is_text(data: bytes) -> bool:
    """Return whether *data* is text: no zero byte near its start, as for git."""
    return b"\0" not in data[:_LOOKED_AT]


def _lines(data: bytes | None) -> list[str]:
    # Only real line ends part lines: a form feed is no reason for another diff than git's.
    text = (data or b"").decode("utf-8", "replace").replace("\r\n", "\n")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def _blocks(a: list[str], b: list[str]) -> list[_Block]:
    start, most = 0, min(len(a), len(b))
    while start < most and a[start] == b[start]:
        start += 1
    end = 0
    while end < most - start and a[-1 - end] == b[-1 - end]:
        end += 1
    i, j, k, m = start, len(a) - end, start, len(b) - end
    if i == j and k == m:
        return []
    if i == j or k == m or (j - i) * (m - k) > _MOST_PAIRS:
        return [_Block(i, j, k, m)]
    codes = SequenceMatcher(None, a[i:j], b[k:m], autojunk=False).get_opcodes()
    return [
        _Block(i + i1, i + i2, k + j1, k + j2) for tag, i1, i2, j1, j2 in codes if tag != "equal"
    ]


def tally(old: bytes, new: bytes) -> tuple[int, int] | None:
    """Return how many lines *new* adds and removes; None for what is no text."""
    if not (is_text(old) and is_text(new)):
        return None
    blocks = _blocks(_lines(old), _lines(new))
    return sum(b.m - b.k for b in blocks), sum(b.j - b.i for b in blocks)


def _both(data: Data, place: int) -> tuple[bytes, bytes] | None:
    try:
        old, new = data(place)
    except VcsTrackError:
        return None
    if old is None and new is None:
        return None
    sides = old or b"", new or b""
    return sides if all(map(is_text, sides)) else None


def counts(data: Data, place: int) -> tuple[int, int] | None:
    """Return how many lines were added and removed; None for what is no text."""
    sides = _both(data, place)
    return None if sides is None else tally(*sides)


def unified(data: Data, place: int, context: int) -> list[str]:
    """Return the hunks of a unified diff; none for what is no text."""
    sides = _both(data, place)
    if sides is None:
        return []
    a, b = map(_lines, sides)
    return [line for hunk in _hunks(_blocks(a, b), context) for line in _hunk(a, b, hunk, context)]


def _hunks(blocks: list[_Block], context: int) -> Iterator[list[_Block]]:
    hunk: list[_Block] = []
    for block in blocks:
        if hunk and block.i - hunk[-1].j > 2 * context:
            yield hunk
            hunk = []
        hunk.append(block)
    if hunk:
        yield hunk


def _hunk(a: list[str], b: list[str], blocks: list[_Block], context: int) -> Iterator[str]:
    before = min(context, blocks[0].i)
    after = min(context, len(a) - blocks[-1].j)
    i, k = blocks[0].i - before, blocks[0].k - before
    yield f"@@ -{_span(i, blocks[-1].j + after)} +{_span(k, blocks[-1].m + after)} @@"
    at = i
    for block in blocks:
        yield from (f" {line}" for line in a[at : block.i])
        yield from (f"-{line}" for line in a[block.i : block.j])
        yield from (f"+{line}" for line in b[block.k : block.m])
        at = block.j
    yield from (f" {line}" for line in a[at : at + after])


def _span(start: int, end: int) -> str:
    # Counted from 1, but an empty stretch is named by the line before it.
    count = end - start
    return f"{start + 1 if count else start}" + (f",{count}" if count != 1 else "")

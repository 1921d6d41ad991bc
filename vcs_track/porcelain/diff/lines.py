"""How the lines of two texts differ, in bounded time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import VcsTrackError
from vcs_track.porcelain.diff.edits import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Data = Callable[[int], tuple[bytes | None, bytes | None]]

__all__ = ["counts", "is_text", "tally", "unified"]

_LOOKED_AT: Final = 8000
_NO_END: Final = "\\ No newline at end of file"


class _Block(NamedTuple):
    """Lines ``a[i:j]`` that became lines ``b[k:m]``."""

    i: int
    j: int
    k: int
    m: int


def is_text(data: bytes) -> bool:
    """Return whether *data* is text: no zero byte near its start, as for git."""
    return b"\0" not in data[:_LOOKED_AT]


def _lines(data: bytes) -> list[str]:
    """Return the lines with their ends; as in git, a form feed ends none."""
    parts = data.decode("utf-8", "backslashreplace").split("\n")
    last = parts.pop()
    return [f"{part}\n" for part in parts] + [last] * bool(last)


def _sides(old: bytes, new: bytes) -> list[list[str]]:
    """Return the lines of both; the end of the last one counts where one side alone has it."""
    sides = [_lines(data) for data in (old, new)]
    filled = [side for side in sides if side]
    if filled and not any(side[-1].endswith("\n") for side in filled):
        for side in filled:
            side[-1] += "\n"
    return sides


def _blocks(a: list[str], b: list[str]) -> list[_Block]:
    # Small integers are compared faster than lines are.
    numbers: dict[str, int] = {}
    one, two = ([numbers.setdefault(line, len(numbers)) for line in side] for side in (a, b))
    i = k = 0
    found = []
    for x, y in (*matches(one, two), (len(a), len(b))):
        if x > i or y > k:
            found.append(_Block(i, x, k, y))
        i, k = x + 1, y + 1
    return found


def tally(old: bytes, new: bytes) -> tuple[int, int] | None:
    """Return how many lines *new* adds and removes; None for what is no text."""
    if not (is_text(old) and is_text(new)):
        return None
    blocks = _blocks(*_sides(old, new))
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
    a, b = _sides(*sides)
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
        yield from _marked(" ", a[at : block.i])
        yield from _marked("-", a[block.i : block.j])
        yield from _marked("+", b[block.k : block.m])
        at = block.j
    yield from _marked(" ", a[at : at + after])


def _marked(sign: str, lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield sign + line.removesuffix("\n")
        if not line.endswith("\n"):
            yield _NO_END


def _span(start: int, end: int) -> str:
    # Counted from 1, but an empty stretch is named by the line before it.
    count = end - start
    return f"{start + 1 if count else start}" + (f",{count}" if count != 1 else "")

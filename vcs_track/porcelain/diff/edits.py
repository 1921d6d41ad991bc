"""Which items of a sequence stay in another: a shortest edit script, in bounded time."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Match = tuple[int, int]

__all__ = ["matches"]

_STEPS: Final = 1_000_000  # a step is one place in both; about half a second in all


def matches(a: Sequence[int], b: Sequence[int]) -> list[Match]:
    """Return the places in *a* and *b* of items that stay, in order.

    They are those of a shortest edit script. Where that takes too long, items that each side
    has once are matched first, and what lies between them by itself; what still takes too long
    has no match.

    Args:
        a: Numbers that stand for items.
        b: Others.

    Example:
        >>> from vcs_track.porcelain.diff.edits import matches
        >>> matches([1, 2, 3, 4], [0, 1, 3, 4, 4])
        [(0, 1), (2, 2), (3, 4)]
    """
    start, end, short = 0, 0, min(len(a), len(b))
    while start < short and a[start] == b[start]:
        start += 1
    while end < short - start and a[-1 - end] == b[-1 - end]:
        end += 1
    inner = [side[start : len(side) - end] for side in (a, b)]
    found = [(n, n) for n in range(start)]
    found += ((start + m, start + n) for m, n in _bounded(inner[0], inner[1]))
    found += ((len(a) - n, len(b) - n) for n in range(end, 0, -1))
    return found


def _bounded(a: Sequence[int], b: Sequence[int]) -> Iterator[Match]:
    whole, left = _shortest(a, b, _STEPS)
    if whole is not None:
        yield from whole
        return
    i = k = 0
    left = _STEPS
    for x, y in (*_anchors(a, b), (len(a), len(b))):
        part, left = _shortest(a[i:x], b[k:y], left)
        yield from ((i + m, k + n) for m, n in part or ())
        if x < len(a):
            yield x, y
        i, k = x + 1, y + 1


def _anchors(a: Sequence[int], b: Sequence[int]) -> list[Match]:
    """Return the longest rising matches of items that each side has once."""
    once = [{item for item, n in Counter(side).items() if n == 1} for side in (a, b)]
    places = {item: n for n, item in enumerate(b) if item in once[0] and item in once[1]}
    tops: list[int] = []  # the lowest end in b of a rising sequence of each length
    ends: list[int] = []  # its place in a
    before: dict[int, int | None] = {}
    for x, item in enumerate(a):
        y = places.get(item)
        if y is not None:
            n = bisect_left(tops, y)
            tops[n : n + 1], ends[n : n + 1] = [y], [x]
            before[x] = ends[n - 1] if n else None
    found: list[Match] = []
    at: int | None = ends[-1] if ends else None
    while at is not None:
        found.append((at, places[a[at]]))
        at = before[at]
    return found[::-1]


def _shortest(a: Sequence[int], b: Sequence[int], most: int) -> tuple[list[Match] | None, int]:
    """Return the matches of a shortest edit script, and the steps that are left.

    By the greedy way of Myers: how far each diagonal is reached with 0, 1, 2 ... edits. None
    where *most* steps do not do.
    """
    common = (Counter(a) & Counter(b)).total()
    edits = len(a) + len(b) - 2 * common  # at least
    if not common or edits * edits > 2 * most:
        return None if common else [], most
    reached = [0]
    trace: list[list[int]] = []
    while most > 0:
        trace.append(reached)
        reached, steps = _one_more(a, b, reached, len(trace) - 1)
        most -= steps
        last = len(a) - len(b) + len(trace) - 1
        if last % 2 == 0 and 0 <= last // 2 < len(reached) and reached[last // 2] >= len(a):
            return _walked_back(trace, len(a), len(b)), most
    return None, most


def _one_more(
    a: Sequence[int], b: Sequence[int], before: list[int], edits: int
) -> tuple[list[int], int]:
    """Return how far each diagonal is reached with one more edit, and the steps it took."""
    reached, steps = [], 0
    for n in range(edits + 1):
        down = _is_down(before, n, edits)
        start = x = before[n] if down else before[n - 1] + 1
        y = x - (2 * n - edits)
        while x < len(a) and y < len(b) and a[x] == b[y]:
            x += 1
            y += 1
        reached.append(x)
        steps += x - start + 1
    return reached, steps


def _is_down(before: list[int], n: int, edits: int) -> bool:
    """Return whether the diagonal *n* is reached from above: by an item of the second."""
    return n == 0 or (n != edits and before[n - 1] < before[n])


def _walked_back(trace: list[list[int]], x: int, y: int) -> list[Match]:
    found: list[Match] = []
    for edits in range(len(trace) - 1, -1, -1):
        before = trace[edits]
        n = (x - y + edits) // 2
        down = _is_down(before, n, edits)
        start = before[n] if down else before[n - 1] + 1
        found += ((at, at - x + y) for at in range(x - 1, start - 1, -1))
        y += start - x - (down and edits > 0)
        x = start - (not down)
    return found[::-1]

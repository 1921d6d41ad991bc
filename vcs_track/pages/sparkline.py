"""A series as a line of blocks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.series import Series

__all__ = ["shape_of", "sparkline"]

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_ASCII: Final = "_.,-~=*#"


def sparkline(
    values: Sequence[float | None],
    width: int = 20,
    *,
    ascii: bool = False,  # noqa: A002 -- the built-in's word
    span: tuple[float, float] | None = None,
) -> str:
    """Draw numbers as blocks, low to high.

    More numbers than columns are drawn as the smallest and largest of each stretch, in
    their order, so that no peak gets lost. NaN and None leave a gap; infinities are drawn
    at the edge.

    Args:
        values: Numbers in order.
        width: At most this many columns, 2 or more.
        ascii: Draw with plain characters.
        span: What the lowest and the highest sign stand for. Default: the smallest and the
            largest number.

    Example:
        >>> from vcs_track.pages.sparkline import sparkline
        >>> sparkline([1, 2, 3, float("nan"), 8])
        '▁▂▃ █'
    """
    signs = _ASCII if ascii else _BLOCKS
    known = [None if v is None or math.isnan(v) else float(v) for v in values]
    drawn = _thinned(known, max(2, width))
    finite = [v for v in drawn if v is not None and math.isfinite(v)]
    low, high = span or ((min(finite), max(finite)) if finite else (0.0, 0.0))
    return "".join(" " if v is None else signs[_level(v, low, high)] for v in drawn)


def _level(value: float, low: float, high: float) -> int:
    top = len(_BLOCKS) - 1
    if math.isinf(value):
        return top if value > 0 else 0
    # Halved first: the distance between the largest doubles is infinite.
    span = high / 2 - low / 2
    if span == 0:
        return top // 2 if low == high else 0
    return max(0, min(top, int((value / 2 - low / 2) / span * len(_BLOCKS))))


def _thinned(values: list[float | None], width: int) -> list[float | None]:
    if len(values) <= width:
        return values
    parts = width // 2
    drawn: list[float | None] = []
    for part in range(parts):
        stretch = values[part * len(values) // parts : (part + 1) * len(values) // parts]
        places = [(v, i) for i, v in enumerate(stretch) if v is not None]
        if not places:
            drawn += [None, None]
            continue
        low, high = min(places), max(places, key=lambda place: (place[0], -place[1]))
        first, second = sorted((low, high), key=lambda place: place[1])
        drawn += [first[0], second[0]]
    return drawn


def shape_of(series: Series, width: int = 20) -> list[float | None]:
    """Return numbers that look like *series* when drawn at *width*.

    Reads as little as possible: a long series has enough in the statistics of its chunks.
    """
    chunks = series.chunks
    if 2 * len(chunks) < width:
        return list(series.value)
    shape: list[float | None] = []
    for chunk in chunks:
        low, high = chunk["min"], chunk["max"]
        falls = _falls(chunk["first"], chunk["last"])
        shape += [high, low] if falls else [low, high]
    return shape


def _falls(first: float | None, last: float | None) -> bool:
    return first is not None and last is not None and last < first

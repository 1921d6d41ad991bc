"""Histograms: buckets as TensorBoard has them, and bins as the store has them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.event_file import Histogram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["bins_of", "histogram_of", "meta_of"]

_EXACT: Final = 1 << 53
_FACTS: Final = ("low", "high", "num", "total", "squares")


def bins_of(value: Histogram) -> tuple[list[float], list[float]] | None:
    """Return the counts and the edges of *value*; None where it has none.

    The first bin begins at the smallest value, the last one ends at the largest. What lies in
    buckets without a width goes to the bin beside them.

    Example:
        >>> from vcs_track.compat.tensorboard.buckets import bins_of
        >>> from vcs_track.formats.event_file import Histogram
        >>> bins_of(Histogram("w", (0.0, 1.0, 2.0, 1e308), (0, 2, 1, 0), 0.5, 1.5, 3))
        ([2, 1], [0.5, 1.0, 1.5])
    """
    low, high, counts = value.low, value.high, value.counts
    # The sum: a bucket may have 1e308, and two of them are too many.
    if not counts or not (math.isfinite(low) and math.isfinite(high) and _sound(counts)):
        return None
    if low >= high:
        return [_plain(sum(counts))], _around(low)
    edges, found, carried = [low], [0.0], 0.0
    for limit, count in zip((*value.limits[:-1], high), counts, strict=True):
        edge = min(limit, high)
        if edge > edges[-1]:
            edges.append(edge)
            found.append(count + carried)
            carried = 0.0
        elif len(found) > 1:
            found[-1] += count
        else:
            carried += count
    return [_plain(count) for count in found[1:]], edges


def _sound(counts: Sequence[float]) -> bool:
    return all(count >= 0 for count in counts) and math.isfinite(sum(counts))


def _plain(count: float) -> float:
    return int(count) if count < _EXACT and count == int(count) else count


def _around(value: float) -> list[float]:
    """Return the edges of a bin for one value, of width 1 as TensorBoard has it."""
    low, high = value - 0.5, value + 0.5
    if low < high:
        return [low, high]
    return [math.nextafter(value, -math.inf), math.nextafter(value, math.inf)]


def meta_of(value: Histogram) -> dict[str, Any]:
    """Return what the bins do not tell of *value*."""
    facts = {name: getattr(value, name) for name in _FACTS}
    return {"tensorboard": {name: fact for name, fact in facts.items() if math.isfinite(fact)}}


def histogram_of(tag: str, body: Mapping[str, Any], meta: Mapping[str, Any]) -> Histogram:
    """Return the histogram *tag*, written with its facts if they are known.

    Args:
        tag: As TensorBoard has it.
        body: ``counts`` and ``edges``.
        meta: What :func:`meta_of` told.
    """
    counts, edges = body["counts"], body["edges"]
    known = meta.get("tensorboard")
    facts = known if isinstance(known, dict) else {}
    told = [facts.get(name) for name in _FACTS]
    guess = (edges[0], edges[-1], sum(counts), 0.0, 0.0)
    numbers = [
        float(fact) if isinstance(fact, int | float) else float(other)
        for fact, other in zip(told, guess, strict=True)
    ]
    return Histogram(tag, tuple(map(float, edges[1:])), tuple(map(float, counts)), *numbers)

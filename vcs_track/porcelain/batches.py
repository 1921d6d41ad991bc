"""Points of several series in one batch, and those of each."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vcs_track.formats.scan import Points

    _Columns = tuple[array[float], array[int], array[int]]

__all__ = ["split"]


def split(
    points: Points, tags: Mapping[int, tuple[object, ...]]
) -> Iterator[tuple[int, _Columns]]:
    """Yield a tag number and its values, steps and walls.

    They are in order within each series.

    Args:
        points: The batch.
        tags: What the numbers stand for; the builder of the series comes first.
    """
    words = points.words.tolist()
    period = words.index(words[0], 1) if words[0] in words[1:] else len(words)
    turn = words[:period]
    builders = {id(tags[word >> 8][0]) for word in turn if word >> 8 in tags}
    if len(builders) == period and words[period:] == words[:-period]:
        # One tag, or a loop that logs its tags in turn: each one's points are a slice.
        for place, word in enumerate(turn):
            yield word >> 8, _columns(points, slice(place, None, period))
        return
    places: dict[int, list[int]] = {}
    for place, word in enumerate(words):
        places.setdefault(word, []).append(place)
    if len({id(tags[w >> 8][0]) for w in places if w >> 8 in tags}) < len(places):
        # Two epochs of one series, say: their points must not change places.
        for place, word in enumerate(words):
            yield word >> 8, _columns(points, slice(place, place + 1))
        return
    _, steps, values, walls = points
    for word, at in places.items():
        yield (
            word >> 8,
            (
                array("d", map(values.__getitem__, at)),
                array("q", map(steps.__getitem__, at)),
                array("q", map(walls.__getitem__, at)),
            ),
        )


def _columns(points: Points, part: slice) -> _Columns:
    return (
        array("d", points.values[part].tobytes()),
        array("q", points.steps[part].tobytes()),
        array("q", points.walls[part].tobytes()),
    )

"""What differs between the series of two runs.

Chunks with equal ids are equal and not read; of what is left one pair is in memory at a time.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import compress
from math import isfinite
from operator import is_not, ne
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.errors import VcsTrackError
from vcs_track.formats.series import combine
from vcs_track.porcelain.diff.between import Between
from vcs_track.porcelain.diff.changes import Course, SeriesChange, way_of
from vcs_track.porcelain.diff.columns import Columns, Stream, identity
from vcs_track.porcelain.diff.tolerance import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vcs_track.formats.oid import ObjectId
    from vcs_track.formats.series import Chunk
    from vcs_track.porcelain.diff.columns import Group
    from vcs_track.porcelain.diff.tolerance import Tolerance, Within
    from vcs_track.porcelain.run_view import RunView

    Sides = tuple[Stream, Stream]

__all__ = ["course_of", "ids_of", "series"]


class _Found(NamedTuple):
    """How two series differ."""

    parts_at: int | None
    gap: float | None
    gap_at: int | None
    area: float | None


def ids_of(run: RunView, tag: str) -> list[tuple[str, ...]]:
    """Return what is equal for equal series that are chunked alike."""
    return [identity(chunk) for chunk in run.series(tag).chunks]


def course_of(chunks: Sequence[Chunk]) -> Course:
    """Return a series in a few numbers, of what is known of its chunks."""
    found = combine(chunks)
    names = ("count", "last", "min", "max", "mean", "lo", "hi")
    return Course(*(found[name] for name in names))


def series(
    old: RunView, new: RunView, tolerance: Tolerance, notes: list[str], globs: Sequence[str] = ()
) -> Iterator[SeriesChange]:
    """Yield the series that differ.

    Args:
        old: The first run.
        new: The second run.
        tolerance: How far values may be apart at one place of both series.
        notes: Takes what cannot be read, and why.
        globs: Only these tags.
    """
    if old.manifest.scalars == new.manifest.scalars:
        return
    tags = set(old.series_tags), set(new.series_tags)
    for tag in sorted(tags[0] | tags[1]):
        if globs and not any(fnmatchcase(tag, glob) for glob in globs):
            continue
        runs = [run if tag in has else None for run, has in zip((old, new), tags, strict=True)]
        change = _one(tag, runs, tolerance.of(tag), notes)
        if change is not None:
            yield change


def _one(
    tag: str, runs: Sequence[RunView | None], within: Within, notes: list[str]
) -> SeriesChange | None:
    old, new = ([] if run is None else run.series(tag).chunks for run in runs)
    if not old or not new:
        one, two = (course_of(chunks) if chunks else None for chunks in (old, new))
        return SeriesChange(tag, way_of(one, two), one, two)
    if list(map(identity, old)) == list(map(identity, new)):
        return None
    found: _Found | None = _Found(None, None, None, None)
    try:
        kept: dict[ObjectId, list[int]] = {}
        columns = [Columns(run.objects.read, kept) for run in runs if run is not None]
        found = _compare(old, new, columns, within)
    except VcsTrackError as error:
        notes.append(f"series '{tag}' was not compared point by point: {error.message}")
    if found is None:
        return None
    return SeriesChange(tag, "changed", course_of(old), course_of(new), *found)


def _compare(
    old: Sequence[Chunk], new: Sequence[Chunk], columns: Sequence[Columns], within: Within
) -> _Found | None:
    parts: list[int] = []
    between = Between()
    area = None
    for group, (before, after) in _groups((old, new), columns):
        between.restart()
        sides = Stream(before, columns[0], group), Stream(after, columns[1], group)
        at = _Walk(sides, within, between, partly=group is not None).parts()
        if at is not None:
            parts.append(at)
        if between.area is not None:
            area = (area or 0) + between.area
    if not parts:
        return None
    return _Found(min(parts), between.gap, between.gap_at if between.gap else None, area)


def _groups(
    sides: tuple[Sequence[Chunk], Sequence[Chunk]], columns: Sequence[Columns]
) -> list[tuple[Group | None, tuple[Sequence[Chunk], Sequence[Chunk]]]]:
    """Return each repetition and rank with the chunks of both sides that have points of it."""
    if not any("rep" in chunk or "rank" in chunk for chunks in sides for chunk in chunks):
        return [(None, sides)]
    found: dict[Group, tuple[list[Chunk], list[Chunk]]] = {}
    for place, (chunks, side) in enumerate(zip(sides, columns, strict=True)):
        for chunk in chunks:
            for group in side.groups(chunk):
                found.setdefault(group, ([], []))[place].append(chunk)
    ordered = sorted(found, key=lambda group: (group[0], group[1] is None, group[1] or 0))
    return [(group, found[group]) for group in ordered]


class _Walk:
    """Two streams of one group, side by side.

    Args:
        sides: The streams.
        within: How far values may be apart.
        between: Takes in the points.
        partly: Whether chunks have points of other groups too.
    """

    def __init__(self, sides: Sides, within: Within, between: Between, *, partly: bool) -> None:
        self._sides = sides
        self._within = within
        self._between = between
        self._partly = partly
        self._at: int | None = None
        self._equal: list[Chunk] = []

    def parts(self) -> int | None:
        """Go to the end; return the first step at which the sides part."""
        one, two = self._sides
        while True:
            if self._skip():
                continue
            if not all([one.fill(), two.fill()]):
                break
            n = min(len(one.steps), len(two.steps))
            same = _common(one.steps, two.steps, n)
            self._catch_up(exact=same < n)
            self._values(same)
            if same < n:
                self._part(min(one.steps[0], two.steps[0]))
                self._between.merge(one, two)
                return self._at
        self._catch_up()
        for side in self._sides:
            if side.fill():
                self._part(side.steps[0])
        return self._at

    def _part(self, step: int) -> None:
        if self._at is None:
            self._at = step

    def _skip(self) -> bool:
        """Leave out a pair of chunks that are equal; return whether there was one."""
        ahead = [side.ahead for side in self._sides]
        if ahead[0] is None or ahead[1] is None or identity(ahead[0]) != identity(ahead[1]):
            return False
        for side in self._sides:
            side.skip()
        self._equal.append(ahead[0])
        return True

    def _catch_up(self, *, exact: bool = False) -> None:
        """Take in the chunks that were left out, by what is known of them where that will do.

        Args:
            exact: Whether the last points of the last one count.
        """
        skipped, self._equal = self._equal, []
        between = self._between
        for chunk in skipped:
            lo, hi, first, last = (chunk[name] for name in ("lo", "hi", "first", "last"))
            read = between.inside(lo, hi) or not isfinite(first + last)
            if self._partly:  # what is known of a chunk is of other groups too
                read = read or exact or between.apart or not between.begun
            if read or (hi >= skipped[-1]["hi"] and (exact or self._partly)):
                self._read_one(chunk)
            elif not self._partly:
                between.anchor(lo, first)
                between.anchor(hi, last)

    def _read_one(self, chunk: Chunk) -> None:
        points = self._sides[0].only(chunk)
        points.fill()
        self._between.same_grid(points.steps, points.values, points.values)

    def _values(self, n: int) -> None:
        """Take in the next *n* points, whose steps are equal."""
        one, two = self._sides
        whole = n == len(one.steps) == len(two.steps)
        sides = [(side.values, side.epochs) if whole else (side.values[:n], side.epochs[:n])
                 for side in self._sides]  # fmt: skip
        if self._at is None:
            place = _first(sides[0], sides[1], self._within)
            if place is not None:
                self._part(one.steps[place])
        steps = one.steps if whole else one.steps[:n]
        self._between.same_grid(steps, sides[0][0], sides[1][0])
        for side in self._sides:
            side.drop(n)


def _common(one: Sequence[int], two: Sequence[int], n: int) -> int:
    """Return how many of the first *n* steps are equal, from the first on."""
    if one[:n] == two[:n]:
        return n
    return list(map(ne, one, two)).index(True)


def _first(
    one: tuple[Sequence[Any], Sequence[Any]], two: tuple[Sequence[Any], Sequence[Any]],
    within: Within,
) -> int | None:  # fmt: skip
    """Return the first place at which values or epochs differ."""
    (old, epochs), (new, others) = one, two
    places = [place for place in (_first_value(old, new, within),) if place is not None]
    if epochs != others:
        places += [next(_places(epochs, others), len(old))]
    return min((place for place in places if place < len(old)), default=None)


def _places(old: Sequence[Any], new: Sequence[Any]) -> Iterator[int]:
    return (n for n in compress(range(len(old)), map(ne, old, new)) if _differ(old[n], new[n]))


def _differ(old: Any, new: Any) -> bool:
    return not NOTHING.close(old, new)


def _first_value(old: Sequence[Any], new: Sequence[Any], within: Within) -> int | None:
    unequal: Iterable[bool] = map(ne, old, new)
    if len({*map(type, old), *map(type, new)}) > 1:  # 1, 1.0 and True are equal, and are not
        kinds = map(is_not, map(type, old), map(type, new))
        unequal = (one or two for one, two in zip(unequal, kinds, strict=True))
    close = within.close
    for place in compress(range(len(old)), unequal):
        if not close(old[place], new[place]):
            return place
    return None

"""Two sets of runs: what differs between them, with its spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, overload

from vcs_track.porcelain.diff import numbers
from vcs_track.porcelain.diff.changes import KINDS, plain
from vcs_track.porcelain.diff.facts import facts_of, in_order
from vcs_track.porcelain.diff.kinds import kinds_of
from vcs_track.porcelain.diff.tolerance import parse
from vcs_track.porcelain.sample import describe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.porcelain.diff.facts import Fact, Key
    from vcs_track.porcelain.diff.tolerance import Tol
    from vcs_track.porcelain.run_view import RunView

__all__ = ["GroupChange", "GroupDiff", "Spread", "compare_groups"]

# What differs between any two runs, and says nothing of many.
_LEFT_OUT: Final = frozenset(["series", "media", "text", "file"])


@dataclass(frozen=True, slots=True)
class Spread:
    """One name in one set of runs.

    Attributes:
        runs: How many runs the set has.
        n: How many of them have it.
        mean: The mean, without NaN. None where the values are no numbers.
        std: The standard deviation with n - 1, None for fewer than two numbers.
        min: The smallest number.
        max: The largest.
        counts: Each value, and how many runs have it; the most frequent first.
    """

    runs: int
    n: int
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    counts: tuple[tuple[Any, int], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        counts = [[plain(value), n] for value, n in self.counts]
        return {**plain(replace(self, counts=())), "counts": counts}


@dataclass(frozen=True, slots=True)
class GroupChange:
    """One name that differs between two sets of runs.

    Attributes:
        kind: One of the kinds of change.
        name: What it is called.
        old: How it is spread in the first set.
        new: How it is spread in the second set.
    """

    kind: str
    name: str
    old: Spread
    new: Spread

    @property
    def delta(self) -> float | None:
        """New mean less old mean, None where there is no number."""
        return numbers.delta(self.old.mean, self.new.mean)

    @property
    def relative(self) -> float | None:
        """The delta as a share of the old mean, None where there is none."""
        return numbers.relative(self.old.mean, self.new.mean)

    @property
    def better(self) -> bool | None:
        """Whether the mean got better, None where nobody knows; of outcomes only."""
        if self.kind not in ("summary", "result"):
            return None
        return numbers.better(self.name, self.old.mean, self.new.mean)

    def mirrored(self) -> GroupChange:
        """Return the change from the second set to the first."""
        return replace(self, old=self.new, new=self.old)

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain data, as ``--json`` prints it."""
        return {
            "kind": self.kind, "name": self.name, "old": self.old.to_dict(),
            "new": self.new.to_dict(), "delta": self.delta, "relative": self.relative, "better": self.better,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupDiff(Sequence[GroupChange]):
    """What differs between two sets of runs.

    Attributes:
        names: How each set was named.
        old: The runs of the first.
        new: Those of the second.
        changes: What differs, by kind and name.
        notes: What else is to be known.
    """

    names: tuple[str, str]
    old: tuple[RunView, ...]
    new: tuple[RunView, ...]
    changes: tuple[GroupChange, ...]
    notes: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[GroupChange, ...]:
        """Return the changes of one kind.

        Raises:
            InvalidValueError: If there is no such kind.
        """
        (wanted,) = kinds_of(kind, KINDS)
        return tuple(change for change in self.changes if change.kind == wanted)

    def to_dict(self) -> dict[str, Any]:
        """Return the diff as plain data."""
        sides = [
            {"name": name, "runs": [run.id for run in runs]}
            for name, runs in zip(self.names, (self.old, self.new), strict=True)
        ]
        return {
            "old": sides[0], "new": sides[1], "notes": list(self.notes),
            "changes": [change.to_dict() for change in self.changes],
        }  # fmt: skip

    def __len__(self) -> int:
        return len(self.changes)

    @overload
    def __getitem__(self, place: int) -> GroupChange: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[GroupChange]: ...
    def __getitem__(self, place: int | slice) -> GroupChange | Sequence[GroupChange]:
        return self.changes[place]


def compare_groups(
    names: tuple[str, str], old: Sequence[RunView], new: Sequence[RunView], *,
    only: str | Iterable[str] | None = None, tags: str | Iterable[str] | None = None,
    tol: Tol | None = None, everything: bool = False,
) -> GroupDiff:  # fmt: skip
    """Return what differs between two sets of runs.

    A name differs where the values of the sets do, however often each occurs. What varies
    within both sets alike, as a seed, does not.

    Args:
        names: How each set was named.
        old: The first set.
        new: The second set.
        only: Only these kinds. Default: all but series, media, texts and files.
        tags: Of the summary only these names, or patterns.
        tol: Means that are no further apart are the same.
        everything: Whether what no two runs share counts too: id, name and times.

    Raises:
        InvalidValueError: If there is no such kind, or a tolerance is no number.
    """
    tolerance = parse(tol)
    kinds = kinds_of(only, KINDS)
    kinds = kinds if only is not None else kinds - _LEFT_OUT
    globs = (tags,) if isinstance(tags, str) else tuple(tags or ())
    sides = [
        [facts_of(run, kinds, globs, everything=everything) for run in runs] for runs in (old, new)
    ]
    changes = []
    for key in in_order({key for side in sides for facts in side for key in facts}):
        one, two = (_found(side, key) for side in sides)
        numeric = all(numbers.is_number(fact.value) for fact in (*one, *two))
        spreads = [
            _spread(facts, len(side), numeric=numeric)
            for facts, side in zip((one, two), sides, strict=True)
        ]
        same = _tally(one) == _tally(two) and len(old) == len(new)
        same = same or _alike(one, two, sides)
        within = tolerance.of(key[1])
        if numeric and one and two and any(within):
            same = same or within.close(spreads[0].mean, spreads[1].mean)
        if not same:
            changes.append(GroupChange(*key, spreads[0], spreads[1]))
    both = sorted({run.id for run in old} & {run.id for run in new})
    notes = tuple(f"run '{run}' is on both sides" for run in both)
    return GroupDiff(names, tuple(old), tuple(new), tuple(changes), notes)


def _found(side: Sequence[dict[Key, Fact]], key: Key) -> list[Fact]:
    return [facts[key] for facts in side if key in facts]


def _word(value: Any) -> tuple[str, str]:
    return type(value).__name__, repr(_leveled(value))


def _leveled(value: Any) -> Any:
    """Return *value* so that what is the same looks the same: -0.0 and 0.0, keys in any order."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, list | tuple):
        return type(value).__name__, [_leveled(item) for item in value]
    if isinstance(value, dict):
        return sorted((repr(key), _leveled(item)) for key, item in value.items())
    return value


def _tally(facts: Sequence[Fact]) -> Counter[tuple[str, str]]:
    return Counter(_word(fact.same_as) for fact in facts)


def _alike(one: Sequence[Fact], two: Sequence[Fact], sides: Sequence[Sequence[Any]]) -> bool:
    """Return whether all runs of both sides have one and the same value."""
    whole = len(one) == len(sides[0]) and len(two) == len(sides[1])
    return whole and len({*_tally(one), *_tally(two)}) == 1


def _spread(facts: Sequence[Fact], runs: int, *, numeric: bool) -> Spread:
    kept: dict[tuple[str, str], Any] = {}
    for fact in facts:
        kept.setdefault(_word(fact.same_as), fact.value)
    ordered = sorted(_tally(facts).items(), key=lambda pair: (-pair[1], pair[0]))
    counts = tuple((kept[word], count) for word, count in ordered)
    if not numeric or not facts:
        return Spread(runs, len(facts), None, None, None, None, counts)
    found = describe([fact.value for fact in facts])
    low, high = (found.min, found.max) if found.n else (None, None)
    return Spread(runs, len(facts), found.mean, found.std, low, high, counts)

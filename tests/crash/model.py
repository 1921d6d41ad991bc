"""What repositories must hold: plain values, and the rules of the pages.

No rule here asks the program. The ids of states are told from outside, because they are
hashes that a model cannot know; it compares them and no more. The end of the module reads a
run from a repository, in the words of the model.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.formats.manifest import decode_media
from vcs_track.formats.series import decode_scalars
from vcs_track.porcelain.heads import history
from vcs_track.porcelain.points import Media
from vcs_track.porcelain.run_view import RunView
from vcs_track.porcelain.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Handle", "Journal", "Place", "State", "World", "by_the_rule", "exact", "seen"]

Value = dict[str, Any]

_LABELS = ("name", "project", "group", "job_type", "notes", "color")
# ``docs/format/objects.md``, several heads: these are found field by field ...
_FIELDS = (*_LABELS, "status", "created_us", "hparams", "scalars", "media")
# ... these name by name, and tags by what each side added and removed.
_BY_NAME = ("summary", "summary_set", "results")
_NOTHING: Value = {
    **dict.fromkeys(_FIELDS), "tags": frozenset(), "gaps": frozenset(),
    **{name: {} for name in (*_BY_NAME, "hparams", "scalars", "media")},
}  # fmt: skip
_GRAVITY = ("finished", "killed", "failed", "crashed")


class Point(NamedTuple):
    """One point of a series."""

    step: int
    value: float
    wall_us: int
    epoch: float | None
    rep: int
    rank: int | None


class Item(NamedTuple):
    """One text, image, histogram or file."""

    kind: str
    tag: str | None
    name: str | None
    step: int | None
    epoch: float | None
    rep: int
    wall_us: int
    data: bytes


class State(NamedTuple):
    """The state of a run at one moment."""

    parents: frozenset[str]
    time_us: int
    value: Value


def exact(value: Any) -> str:
    """Return a text that is equal for equal values only: 1, 1.0 and True differ.

    NaN is equal to itself, and the order of names does not count.
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {exact(value[key])}' for key in sorted(value))}}}"
    if isinstance(value, list | tuple):
        return f"{'[' if isinstance(value, list) else '('}{', '.join(map(exact, value))})"
    if isinstance(value, frozenset):
        return f"<{', '.join(sorted(map(exact, value)))}>"
    return repr(value)


@dataclass(eq=False)
class Journal:
    """What one writer has logged and nobody has sealed.

    Attributes:
        primary: Whether the run's first writer wrote it.
        records: Each a kind and what it says.
        alive: Whether it can still grow.
        word: How the writer ended; empty when another journal goes on for it.
    """

    primary: bool
    records: list[tuple[str, Any]] = field(default_factory=list)
    alive: bool = True
    word: str = ""

    def end(self, word: str) -> None:
        """Close it."""
        self.alive, self.word = False, word


@dataclass
class Place:
    """One repository.

    Attributes:
        heads: Ids of the newest states of each run in the store.
        shelf: Those of the shelf, which only grow.
        live: Journals of each live run, in the order in which they were begun.
        led: The live runs that have, or had, a first writer.
    """

    heads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    shelf: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    live: dict[str, list[Journal]] = field(default_factory=dict)
    led: set[str] = field(default_factory=set)

    @property
    def sealed(self) -> list[str]:
        """The runs that have a state."""
        return sorted(run for run, heads in self.heads.items() if heads)

    @property
    def runs(self) -> list[str]:
        """All runs."""
        return sorted({*self.sealed, *self.live})

    @property
    def dead(self) -> list[str]:
        """The live runs whose writers have all ended."""
        return sorted(run for run, found in self.live.items() if not any(j.alive for j in found))


@dataclass(eq=False)
class Handle:
    """What a program that logs to a run has at hand.

    Attributes:
        journal: Where its records go.
        rank: Its rank.
        rep: Its repetition.
        last: Last step of each tag in this repetition.
        step: Step of the point that was logged last.
    """

    journal: Journal
    rank: int | None = None
    rep: int = 0
    last: dict[str, int] = field(default_factory=dict)
    step: int | None = None

    def resume(self, value: Value) -> None:
        """Take up repetition and steps where the run ended."""
        ends = {tag: points[-1] for tag, points in value["scalars"].items()}
        self.rep = max((point.rep for point in ends.values()), default=0)
        self.last = {tag: point.step for tag, point in ends.items() if point.rep == self.rep}
        self.step = max(self.last.values(), default=None)

    def repeat(self) -> None:
        """Begin the next repetition."""
        self.rep += 1
        self.last.clear()

    def log(
        self, values: Mapping[str, float], step: int | None, epoch: float | None, wall_us: int
    ) -> None:
        """Log one point of each tag at one step."""
        if step is None:
            step = max(self.last.get(tag, -1) for tag in values) + 1
        for tag, value in values.items():
            point = Point(step, value, wall_us, epoch, self.rep, self.rank)
            self.journal.records.append(("point", (tag, point)))
            self.last[tag] = step
        self.step = step

    def add(
        self, kind: str, tag: str | None, name: str | None, step: int | None,
        epoch: float | None, wall_us: int, data: bytes,
    ) -> None:  # fmt: skip
        """Log one item."""
        at = self.step if step is None else step
        item = Item(kind, tag, name, at, epoch, self.rep, wall_us, data)
        self.journal.records.append(("item", item))


class World:
    """Every state that was ever made, in whatever repository."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}

    # ---- reading -----------------------------------------------------------------------

    def past(self, heads: Iterable[str]) -> set[str]:
        """Return the states that *heads* replace, themselves left out."""
        found: set[str] = set()
        todo = list(heads)
        while todo:
            fresh = self.states[todo.pop()].parents - found
            found |= fresh
            todo += fresh
        return found

    def newest(self, heads: Iterable[str]) -> set[str]:
        """Return those of *heads* that no other replaces."""
        heads = set(heads)
        return heads - self.past(heads)

    def order(self, oid: str) -> tuple[int, str]:
        """Return what says which of two states is the later one."""
        return self.states[oid].time_us, oid

    def sealed(self, heads: Iterable[str]) -> Value | None:
        """Return the value of a run with these heads."""
        tips = sorted(self.newest(heads), key=self.order)
        if not tips:
            return None
        *others, last = tips
        mine, theirs = self.states[last].value, self.sealed(others)
        if theirs is None:
            return mine
        return _merge([theirs, mine], self.sealed(self.past(others) & self.past([last])))

    def shown(self, place: Place, run: str) -> Value:
        """Return what a reader must see of a run."""
        base = self.sealed(place.heads[run])
        if run in place.live:
            return _replay(base, place.live[run], "running")
        assert base is not None
        # Nobody is left to end it.
        return {**base, "status": "crashed"} if base["status"] == "running" else base

    # ---- changing ----------------------------------------------------------------------

    def seal(self, place: Place, run: str, oid: str, now_us: int) -> None:
        """Make a state of what the writers that ended have logged."""
        base, journals = self.sealed(place.heads[run]), place.live[run]
        ended = [journal for journal in journals if not journal.alive]
        left = [journal for journal in journals if journal.alive]
        self._put(place, run, oid, now_us, _replay(base, ended, _status(base, ended, bool(left))))
        place.live[run] = left
        if not left:
            del place.live[run]
            place.led.discard(run)

    def edited(
        self, place: Place, run: str, changes: Mapping[str, Any], listed: int
    ) -> Value | None:
        """Return the value with *changes*, or None where they change nothing.

        *listed* is the number of heads that are listed: where there are more than one the
        edit makes one of them, whatever it changes.
        """
        old = self.sealed(place.heads[run])
        assert old is not None
        new = dict(old)
        for name, value in changes.items():
            new[name] = {**old[name], **value} if name in _BY_NAME else value
        new["summary"] = {**old["summary"], **new["results"], **new["summary_set"]}
        return None if listed == 1 and exact(new) == exact(old) else new

    def edit(self, place: Place, run: str, oid: str, now_us: int, value: Value) -> None:
        """Make *value* the state of the run."""
        self._put(place, run, oid, now_us, value)

    def _put(self, place: Place, run: str, oid: str, now_us: int, value: Value) -> None:
        heads = frozenset(place.heads[run])
        # A clock that went back makes no edit look older than what it replaces, and ends no run
        # before it began.
        before = [self.states[head].time_us + 1 for head in heads]
        newest = max([value["created_us"] or 0, *before])
        time_us = max(now_us, newest)
        if value["created_us"] is None:  # who began it has not been sealed yet
            value = {**value, "created_us": time_us, "name": value["name"] or run}
        state = State(heads, time_us, value)
        # The same change of the same states in the same microsecond is the same state.
        assert exact(self.states.setdefault(oid, state).value) == exact(value)
        place.heads[run] = {oid}

    def take(self, place: Place, run: str, heads: Iterable[str]) -> str:
        """Take in heads that came from elsewhere; say whether they were new."""
        mine = place.heads[run]
        both = self.newest({*mine, *heads})
        kind = "known" if both == mine else "updated" if mine else "new"
        place.heads[run] = both
        return kind


def _merge(tips: Sequence[Value], base: Value | None) -> Value:
    """Return the value of several heads; *tips* has the oldest first."""
    before = base or _NOTHING
    merged = dict(before)
    for tip in tips:
        for name in _FIELDS:
            if base is None or exact(tip[name]) != exact(base[name]):
                merged[name] = tip[name]
    for group in _BY_NAME:
        merged[group] = dict(before[group])
        for tip in tips:
            for name, value in tip[group].items():
                if name not in before[group] or exact(value) != exact(before[group][name]):
                    merged[group][name] = value
    merged["summary"].update({**merged["results"], **merged["summary_set"]})
    added = frozenset().union(*(tip["tags"] - before["tags"] for tip in tips))
    removed = frozenset().union(*(before["tags"] - tip["tags"] for tip in tips))
    merged["tags"] = (before["tags"] - removed) | added
    merged["gaps"] = frozenset().union(*(tip["gaps"] for tip in tips))
    for name in ("scalars", "media"):
        lost = {exact(tip[name]) for tip in tips if tip[name]}
        merged["gaps"] |= {
            (name, text) for text in lost - {exact(before[name]), exact(merged[name])}
        }
    return merged


def _status(base: Value | None, ended: Sequence[Journal], live: bool) -> str:
    # The first writer's word counts, else the gravest of the others.
    words = [journal.word for journal in ended if journal.primary and journal.word]
    if words:
        return words[-1]
    if base is not None and base["status"] != "running":
        return str(base["status"])
    if live:
        return "running"
    return max((j.word for j in ended if j.word), key=_GRAVITY.index, default="crashed")


def _replay(base: Value | None, journals: Sequence[Journal], status: str) -> Value:
    """Return what *journals* make of *base*."""
    value = dict(base or _NOTHING)
    for name in ("scalars", "media", "hparams", "summary_set", "results"):
        value[name] = dict(value[name])
    set_at: dict[str, int] = {}  # when each label was set
    for journal in journals:
        latest = 0  # a program's clock stands still where the machine's goes back
        for kind, content in journal.records:
            if kind == "point":
                tag, point = content
                value["scalars"][tag] = (*value["scalars"].get(tag, ()), point)
            elif kind == "item":
                key = content.tag or content.name
                value["media"][key] = (*value["media"].get(key, ()), content)
            elif kind == "info":
                value.update((name, v) for name, v in content.items() if name not in set_at)
                set_at = {**dict.fromkeys(content, 0), **set_at}
            elif kind == "set":
                name, label, at_us = content
                latest = max(latest, at_us)
                if latest >= set_at.get(name, 0):
                    value[name], set_at[name] = label, latest
            else:
                value[kind].update(content)
    last = {tag: points[-1].value for tag, points in value["scalars"].items()}
    value["summary"] = {**last, **value["results"], **value["summary_set"]}
    value["status"] = status
    return value


# ---- what a reader sees ---------------------------------------------------------------------


def points(series: Series) -> tuple[Point, ...]:
    """Return a series as the model has it."""
    walls = [round(seconds * 1e6) for seconds in series.walltime]
    columns = (series.step, series.value, walls, series.epoch, series.repetition, series.rank)
    return tuple(Point(*row) for row in zip(*columns, strict=True))


def items(found: list[Media]) -> dict[str, tuple[Item, ...]]:
    """Return media by tag or name, as the model has them."""
    grouped: dict[str, tuple[Item, ...]] = {}
    for m in found:
        wall = round(m.walltime * 1e6)
        item = Item(m.kind, m.tag, m.name, m.step, m.epoch, m.repetition, wall, m.data)
        key = m.tag or m.name or ""
        grouped[key] = (*grouped.get(key, ()), item)
    return grouped


def _gap(view: RunView, gap: dict[str, Any]) -> tuple[str, str]:
    name = next(iter(gap.keys() & {"scalars", "media"}), "")
    if not name:
        return "lost", repr(gap)
    data = view.objects.read(gap[name])
    if name == "media":
        return name, exact(items([Media(item, view.objects) for item in decode_media(data)]))
    chunks = decode_scalars(data)
    return name, exact({tag: points(Series(tag, c, view.objects)) for tag, c in chunks.items()})


def seen(view: RunView) -> dict[str, Any]:
    """Return a run as the model has it."""
    m = view.manifest
    return {
        **{name: getattr(m, name) for name in (*_LABELS, "created_us")},
        "status": view.status, "tags": frozenset(view.tags), "hparams": view.hparams,
        "summary": view.summary, "summary_set": m.summary_set, "results": view.results,
        "scalars": {tag: points(view.series(tag)) for tag in view.series_tags},
        "media": items(view.media()), "gaps": frozenset(_gap(view, gap) for gap in m.gaps),
    }  # fmt: skip


def by_the_rule(view: RunView) -> Value | None:
    """Return the value that the rule finds for the heads of a run."""
    world = World()
    for oid, state in history(view.heads, view.objects).items():
        value = seen(RunView(state, view.objects))
        world.states[oid] = State(frozenset(state.parents), state.time_us, value)
    return world.sealed(view.heads)

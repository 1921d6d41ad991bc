"""The state machine: two users with a repository each, who do anything in any order."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

from crash.cleaning import DAY, garbage
from crash.model import exact, seen
from crash.programs import CHANGES, LARGE, NTH, RUN, SIDE, Programs, Side, heads
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import shelf
from vcs_track.porcelain.gc import gc
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Machine"]

REAL_NOW = time.time_ns
YEAR = 365 * DAY


def same(found: dict[str, Any], expected: dict[str, Any], where: str) -> None:
    """Fail with the first name that differs."""
    assert expected.keys() == found.keys(), where
    for name, value in expected.items():
        assert exact(value) == exact(found[name]), (where, name)


def some_run(machine: Machine) -> bool:
    """Return whether there is anything to do something to."""
    return any(side.place.runs for side in machine.sides.values())


def differ(machine: Machine) -> bool:
    """Return whether one side has a state that the other has not."""
    a, b = (side.place for side in machine.sides.values())
    return any(a.heads[run] != b.heads[run] for run in {*a.sealed, *b.sealed})


class Machine(Programs):
    """What people do, beside the programs that log; and what must hold all the time."""

    # ---- people ------------------------------------------------------------------------

    @precondition(some_run)
    @rule(name=SIDE, what=st.sampled_from(["recover", "reopen", "waste"]))
    def keep(self, name: str, what: str) -> None:
        """Recover; or open anew; or leave an old pack with bytes that a run may log next."""
        side = self._side(name)
        if what == "reopen":
            side.repo = Repository.find(side.repo.root, side.repo.defaults)
        elif what == "waste":
            garbage(side.repo, LARGE)
        else:
            sealed = side.repo.recover()

            assert self._recover(side) == sealed
            live = [path.name for path in (side.repo.path / "local" / "live").iterdir()]
            assert sorted(side.place.live) == sorted(live)

    @precondition(some_run)
    @rule(name=SIDE, days=st.sampled_from([-4000, 0, 15, 4000]), times=st.integers(1, 3))
    def clean_up(self, name: str, days: int, times: int) -> None:
        """Clean up some times, a grace apart, by a clock of any time."""
        side = self._side(name)
        for n in range(times):
            now = REAL_NOW() // 1000 + (days + 15 * n) * DAY

            assert not gc(side.repo.store, now_us=now).busy

    @precondition(some_run)
    @rule(us=st.sampled_from([-20 * YEAR, -DAY, -1, DAY, 30 * YEAR]))
    def set_clock(self, us: int) -> None:
        """Set the clock, forward or backward."""
        self.clock.now_us = min(max(self.clock.now_us + us, DAY), 130 * YEAR)

    @precondition(some_run)
    @rule(name=SIDE, nth=NTH, changes=CHANGES)
    def edit(self, name: str, nth: int, changes: dict[str, Any]) -> None:
        """Edit a run; one that was never sealed cannot be."""
        side = self._side(name)
        if not side.place.runs:
            return
        run = side.place.runs[nth % len(side.place.runs)]
        listed = len(heads(side, run))
        try:
            side.repo.edit(run, **changes)
        except InvalidValueError:
            assert run not in side.place.sealed
        else:
            self._edited(side, run, changes, listed)

    @precondition(some_run)
    @rule(run=RUN, left=CHANGES, right=CHANGES, back=st.booleans())
    def quarrel(self, run: str, left: Any, right: Any, back: bool) -> None:
        """Edit one run on both sides, the second time by a clock that is behind."""
        for name, changes in ("a", left), ("b", right):
            if run in self.sides[name].place.sealed:
                self.edit(name, self.sides[name].place.runs.index(run), changes)
            self.clock.now_us += -5 if back else 1

    @precondition(some_run)
    @rule(name=SIDE, nth=NTH, everything=st.booleans())
    def export(self, name: str, nth: int, everything: bool) -> None:
        """Write a bundle."""
        side = self._side(name)
        runs = side.place.sealed
        if runs:
            self.zips.append(self._export(side, runs if everything else [runs[nth % len(runs)]]))

    def _export(self, side: Side, runs: list[str]) -> tuple[Path, dict[str, set[str]]]:
        self.files += 1
        path = side.repo.export(runs, self.root / f"{self.files}.zip")
        return path, {run: side.place.heads[run] for run in runs}

    @precondition(lambda self: self.zips)
    @rule(name=SIDE, nth=NTH)
    def import_(self, name: str, nth: int) -> None:
        """Take in a bundle, of whatever age and from whomever."""
        self._import(self._side(name), *self.zips[-1 - nth % min(4, len(self.zips))])

    def _import(self, side: Side, path: Path, runs: dict[str, set[str]]) -> set[str]:
        result = side.repo.import_(path)
        expected: dict[str, list[str]] = {"new": [], "updated": [], "known": []}
        for run in sorted(runs):
            expected[self.world.take(side.place, run, runs[run])].append(run)
        assert expected == {kind: getattr(result, kind) for kind in expected}
        return {*result.new, *result.updated}

    @precondition(differ)
    @rule(order=st.permutations("ab"))
    def exchange(self, order: list[str]) -> None:
        """Both repositories give each other all they have, and hold the same then."""
        moved: set[str] = set()
        for _ in range(2):
            moved = set()
            for one, other in zip(order, reversed(order), strict=True):
                giver = self._side(one)
                if giver.place.sealed:
                    moved |= self._import(
                        self._side(other), *self._export(giver, giver.place.sealed)
                    )
        assert not moved, "the second time changed something"
        a, b = self.sides.values()
        assert a.place.sealed == b.place.sealed
        for run in set(a.place.sealed) - a.place.live.keys() - b.place.live.keys():
            both = [side.repo.run(run).to_dict() for side in (a, b)]
            # A head that was replaced may be left beside its successor.
            assert all(found.pop("head") for found in both)
            assert exact(both[0]) == exact(both[1])

    @precondition(some_run)
    @rule(name=SIDE, commits=st.booleans())
    def pull(self, name: str, commits: bool) -> None:
        """Merge the other's branch: what is on its shelf comes to this one."""
        side = self._side(name)
        other = self._side("a" if name == "b" else "b")
        if commits:
            shelf.shelve(other.repo.store, other.place.sealed)
            for run in other.place.sealed:
                other.place.shelf[run] |= other.place.heads[run]
        for file in [*other.repo.path.glob("packs/*"), *other.repo.path.glob("heads/*/*")]:
            target = side.repo.path / file.relative_to(other.repo.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy(file, target)
        side.repo.store.refresh()
        for run, found in other.place.shelf.items():
            side.place.shelf[run] |= found
        for run, found in side.place.shelf.items():
            self.world.take(side.place, run, found)

    # ---- what must hold ----------------------------------------------------------------

    @invariant()
    def as_the_model_says(self) -> None:
        """Every run is there with all it must have, nothing else is, and nothing is damaged."""
        for name in sorted(self.touched):
            side = self.sides[name]
            expected = {run: self.world.shown(side.place, run) for run in side.place.runs}
            views = list(side.repo.runs())

            newest_first = sorted(expected, key=lambda run: (-expected[run]["created_us"], run))
            assert newest_first == [view.id for view in views]
            for view in views:
                same(seen(view), expected[view.id], f"{name} {view.id}")
                times = [state.time_us for state in view.history]
                past = self.world.past(side.place.heads[view.id]) | side.place.heads[view.id]
                assert sorted(times) == sorted(self.world.states[oid].time_us for oid in past)
                assert self.world.newest(heads(side, view.id)) == side.place.heads[view.id]
            report = side.repo.fsck()
            assert report.ok, report.problems
            assert not report.absent
            assert not side.repo.store.skipped
        self.touched.clear()
        self.clock.now_us += 1

"""Whatever two users do in whatever order, the store holds what a plain model says."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from crash.machine import Machine
from crash.model import by_the_rule, exact, seen
from crash.programs import CHANGES, MEMORY, QUIET, die
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import run_state_machine_as_test

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import shelf, writer
from vcs_track.porcelain.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable

    Two = tuple[Repository, Repository]


class TestMachine:
    @pytest.mark.timeout(600)  # what fails is made small first
    def test_holds_what_the_model_says(self) -> None:
        """Runs are what the rules make of all that was done to them, in both repositories.

        Seen to fail when the older of two edits won, when tags that one side removed stayed,
        when of two nearest ancestors one was taken, when an old bundle was news, when an import
        replaced heads of this side, when an edit dropped results or a resumed run its steps or
        its repetition, when the time of an edit or of a seal went back, when a crash counted as
        a finish, when a point lost its rank, an image its repetition or a large integer its
        sign, when results stood over what was set by hand, when a merge told of no gap, when a
        seal forgot what was sealed or who began the run, and when a bundle had one head of two.
        """
        run_state_machine_as_test(
            Machine, settings=settings(max_examples=50, stateful_step_count=40)
        )

    @pytest.mark.slow
    @pytest.mark.timeout(3600)
    def test_holds_for_long(self) -> None:
        """The same, twenty times as often."""
        run_state_machine_as_test(
            Machine, settings=settings(max_examples=1000, stateful_step_count=40)
        )


# ---- two repositories -----------------------------------------------------------------------


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return Repository.init(tmp_path / "repo", defaults=QUIET)


@pytest.fixture
def two(tmp_path: Path) -> Two:
    """Return two repositories that have the run ``r``."""
    return make_two(tmp_path)


def make_two(folder: Path) -> Two:
    """Make two repositories that have the run ``r``."""
    a, b = (Repository.init(folder / name, defaults=QUIET) for name in "ab")
    with a.start_run("both", id="r", tags=["x"]) as run:
        run.add_scalar("loss", 1.0, 0)
    give(a, b)
    return a, b


def give(giver: Repository, taker: Repository) -> list[str]:
    """Give all runs in a bundle; return those that were news."""
    path = giver.export([run.id for run in giver.runs()], giver.root / "all.zip", force=True)
    result = taker.import_(path)
    return [*result.new, *result.updated]


def pull(giver: Repository, taker: Repository) -> None:
    """Give all runs by way of the shelf, as a merge of branches does."""
    shelf.shelve(giver.store, [run.id for run in giver.runs()])
    for file in [*giver.path.glob("packs/*"), *giver.path.glob("heads/*/*")]:
        target = taker.path / file.relative_to(giver.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(file, target)
    taker.store.refresh()


def there_and_back(a: Repository, b: Repository) -> None:
    """Give all runs from the first to the second, then the other way."""
    give(a, b)
    give(b, a)


def pull_both(a: Repository, b: Repository) -> None:
    """Give all runs both ways by the shelf."""
    pull(a, b)
    pull(b, a)


def pull_and_give(a: Repository, b: Repository) -> None:
    """Give all runs one way by the shelf, and the other way in a bundle."""
    pull(b, a)
    give(a, b)


ORDERS: list[Callable[[Repository, Repository], object]] = [
    there_and_back,
    lambda a, b: there_and_back(b, a),
    pull_both,
    pull_and_give,
]


class TestExchange:
    @given(st.lists(CHANGES, min_size=1, max_size=3), st.lists(CHANGES, min_size=1, max_size=3))
    @settings(max_examples=12)
    def test_any_order_gives_the_value_of_the_rule(
        self, left: list[dict[str, Any]], right: list[dict[str, Any]]
    ) -> None:
        """Edits on both sides merge by the rule, however the two exchange what they have."""
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as top:
            folder = Path(top)
            for side, edits in zip(make_two(folder), (left, right), strict=True):
                for changes in edits:
                    side.edit("r", **changes)
            found = []
            for n, exchange in enumerate(ORDERS):
                for name in "ab":
                    shutil.copytree(folder / name, folder / str(n) / name)
                a, b = (Repository.find(folder / str(n) / name, QUIET) for name in "ab")
                exchange(a, b)
                found += [a.run("r"), b.run("r")]

                assert [] == give(a, b) + give(b, a)
            expected = exact(by_the_rule(found[0]))
            assert {expected} == {exact(seen(view)) for view in found}
            assert 1 == len({exact({**view.to_dict(), "head": None}) for view in found})

    def test_the_head_is_the_newest_state(self, two: Two) -> None:
        """What a run names as its head is the newest state, also behind a pull.

        Seen to fail when it was the first of all heads, by name.
        """
        a, b = two
        for n in range(16):
            with a.start_run(id=f"r{n}") as run:
                run.add_scalar("loss", 1.0, n)
        pull(a, b)
        for n in range(16):
            a.edit(f"r{n}", notes="later")
        pull(a, b)

        assert [run.to_dict()["head"] for run in a.runs()] == [
            run.to_dict()["head"] for run in b.runs()
        ]

    @pytest.mark.parametrize(
        ("before", "after"),
        [({"color": "000000"}, {"color": "ffffff"}), ({"tags": ["x", "y"]}, {"tags": ["x"]})],
        ids=["a color", "a tag that goes"],
    )
    def test_an_edit_behind_an_exchange_stands(
        self, two: Two, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        """A label that only one side changed since they met has the value of that side.

        Seen to fail when of two nearest ancestors only the later one counted.
        """
        a, b = two
        a.edit("r", **before)
        b.edit("r", notes="one")
        there_and_back(a, b)
        a.edit("r", **after)
        b.edit("r", notes="two")
        there_and_back(a, b)
        m = a.run("r").manifest

        assert {"notes": "two", **after} == {
            "notes": m.notes, **{name: type(after[name])(getattr(m, name)) for name in after},
        }  # fmt: skip

    def test_points_behind_an_exchange_stand(self, two: Two) -> None:
        """A run that only one side went on with has all points, whatever the other edited.

        Seen to fail as the test before.
        """
        a, b = two
        for n, notes in ((1, "one"), (2, "two")):
            with a.start_run(id="r", resume="must") as run:
                run.add_scalar("loss", 1.0, n)
            b.edit("r", notes=notes)
            there_and_back(a, b)

        assert [0, 1, 2] == b.run("r").series("loss").step


# ---- one repository -------------------------------------------------------------------------


class TestRules:
    """What the machine goes around until it holds."""

    def test_an_epoch_keeps_its_type(self, repo: Repository) -> None:
        """Epoch 1 and epoch 1.0 come back as they were logged.

        Seen to fail when both had one tag number.
        """
        with repo.start_run(id="r") as run:
            run.add_scalar("loss", 0.5, epoch=1)
            run.add_scalar("loss", 0.5, epoch=1.0)

        assert exact([1, 1.0]) == exact(repo.run("r").series("loss").epoch)

    def test_steps_come_to_an_end(self, repo: Repository) -> None:
        """The step behind the last one is refused as any other that is too large.

        Seen to fail when automatic steps were not checked.
        """
        with repo.start_run(id="r") as run:
            run.add_scalar("loss", 0.5, 2**63 - 1)
            with pytest.raises(InvalidValueError):
                run.add_scalar("loss", 0.5)

    @pytest.mark.parametrize("dies", [False, True])
    def test_a_clock_that_goes_back_changes_no_order(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch, dies: bool
    ) -> None:
        """Points and notes of two journals of one program keep their order.

        Seen to fail when journals were sorted by the clock alone.
        """
        run = repo.start_run(id="r")
        run.add_scalar("loss", 1.0, 0)
        run.set_note("first")
        held = run._series["loss"]  # as a call that goes on in another thread
        past = time.time_ns() - 3600 * 10**9
        monkeypatch.setattr(time, "time_ns", lambda: past)
        monkeypatch.setattr(writer, "_LONG", 1)
        run._relay.sync()
        run.add_scalar("loss", 2.0, 1)
        run.set_note("second")
        if dies:
            for old in run._relay._left:
                old.abandon()
            die(run)
            repo.recover()
        view = repo.run("r")
        found = view.series("loss").value, view.manifest.notes, view.summary["loss"]
        del held
        if not dies:
            run.finish()

        assert ([1.0, 2.0], "second", 2.0) == found

    def test_a_run_was_created_when_it_was_started(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """That another rank's journal is sealed first does not change when the run began.

        Seen to fail when the first seal said when that was.
        """
        monkeypatch.setattr(writer, "_LONG", 1)
        first = repo.start_run(id="r", rank=0)
        created = repo.run("r").created
        second = repo.start_run(id="r", rank=1)
        second._relay.sync()
        assert second._relay._sealer is not None
        second._relay._sealer.join()
        second.finish()
        first.finish()

        assert created == repo.run("r").created

    def test_the_last_word_on_a_label_stands(self, repo: Repository) -> None:
        """A note of the first writer replaces one that another rank set before.

        Seen to fail when the label of the journal that was begun later stood.
        """
        first, second = repo.start_run(id="r", rank=0), repo.start_run(id="r", rank=1)
        second.set_note("before")
        first.set_note("after")
        second.finish()
        first.finish()

        assert "after" == repo.run("r").manifest.notes

"""Two processes on one run, one interrupted by the other at each of its file calls."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from crash.actors import all_end, meeting, process
from crash.programs import MEMORY, QUIET, die

from vcs_track.errors import InvalidValueError
from vcs_track.porcelain import shelf, writer
from vcs_track.porcelain.repository import Repository
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crash.actors import Actor

    from vcs_track import Run

# ---- scenes ---------------------------------------------------------------------------------


def opened(root: Path) -> Repository:
    """Open the repository as a new process does, and leave dead runs as they are."""
    return Repository.find(root, QUIET)


def begin(root: Path, **options: Any) -> Run:
    """Start the run and log a point and a file."""
    run: Run = opened(root).start_run("name", id="r", **options)
    run.add_scalar("loss", 0.5)
    (root / "file").write_bytes(b"content")
    run.add_file(root / "file")
    return run


def empty(root: Path) -> None:
    """Make a repository."""
    Repository.init(root)


def sealed(root: Path) -> None:
    """Make a repository with a run."""
    empty(root)
    begin(root).finish()


def dying(root: Path, **options: Any) -> None:
    """Log to the run, and die."""

    def die() -> None:
        begin(root, **options)
        os._exit(0)

    all_end(process(die))


def dead(root: Path) -> None:
    """Make a repository with a run whose writer has died."""
    empty(root)
    dying(root)


def resumed(root: Path) -> None:
    """Make a repository with a run that was sealed, and whose next writer has died."""
    sealed(root)
    dying(root, resume="must")


def bundled(root: Path, begin: Callable[[Path], None] = sealed) -> None:
    """Make a repository, and beside it a bundle of its run, edited elsewhere."""
    sealed(root)
    shutil.copytree(root / ".runs", root / "other" / ".runs")
    other = opened(root / "other")
    other.edit("r", color="ff0000")
    other.export("r", root / "r.zip")
    if begin is resumed:
        dying(root, resume="must")


def fetched(root: Path) -> None:
    """Make what a clone has: a shelf, and nothing of its own."""
    sealed(root)
    shelf.shelve(opened(root).store, ["r"])
    shutil.rmtree(root / ".runs" / "local")


# ---- actors ---------------------------------------------------------------------------------


def recover(root: Path) -> Callable[[], object]:
    """Seal what the dead have left."""
    return opened(root).recover


def edit(root: Path) -> Callable[[], object]:
    """Set the note."""
    return partial(opened(root).edit, "r", notes="edited")


def rename(root: Path) -> Callable[[], object]:
    """Set the name."""
    return partial(opened(root).edit, "r", name="renamed")


def import_(root: Path) -> Callable[[], object]:
    """Take in the bundle."""
    return partial(opened(root).import_, root / "r.zip")


def end(root: Path) -> Callable[[], object]:
    """End the run, which this process has logged to."""
    return begin(root, rank=0).finish


def joins(tag: str) -> Actor:
    """Start a process of the run that logs one point and ends; begin the run where it is new."""

    def actor(root: Path) -> Callable[[], object]:
        repo = opened(root)

        def work() -> None:
            run = repo.start_run(id="r", rank=1)
            run.add_scalar(tag, 0.5, 0)
            run.finish()

        return work

    return actor


go_on, start = joins("late"), joins("loss")


def change_journals(root: Path) -> Callable[[], object]:
    """Hand over to the next journal, and seal the one before."""
    run = begin(root)
    writer._LONG = 1

    def work() -> None:
        run._relay.sync()
        assert run._relay._sealer is not None
        run._relay._sealer.join()
        die(run)

    return work


def list_(root: Path) -> Callable[[], object]:
    """List the runs: the one that is there has its point."""
    repo = opened(root)

    def work() -> None:
        (view,) = repo.runs()
        assert view.series("loss").value[0] == 0.5
        assert view.history or view.status == "running"
        assert not repo.store.skipped

    return work


def read(root: Path) -> Callable[[], object]:
    """Read one run: it has its point."""
    repo = opened(root)

    def work() -> None:
        assert repo.run("r").series("loss").value[0] == 0.5

    return work


def look(root: Path) -> Callable[[], object]:
    """Read the file of a run."""
    repo = opened(root)

    def work() -> None:
        (item,) = repo.run("r").get_files()
        assert item.data == b"content"

    return work


def check(root: Path) -> Callable[[], object]:
    """Check everything."""
    repo = opened(root)

    def work() -> None:
        assert repo.fsck().ok

    return work


def adopt(root: Path) -> Callable[[], object]:
    """Open a clone, and find its run."""

    def work() -> None:
        assert [0.5] == opened(root).run("r").series("loss").value

    return work


def export(root: Path) -> Callable[[], object]:
    """Write a bundle."""
    repo = opened(root)
    return lambda: repo.export("r", root / f"{os.getpid()}.zip")


def shelve(root: Path) -> Callable[[], object]:
    """Put the run on the shelf."""
    return partial(shelf.shelve, opened(root).store, ["r"])


# ---- who meets whom -------------------------------------------------------------------------


@dataclass(frozen=True)
class Meeting:
    """Two actors, where they meet, and what the run must be then.

    Attributes:
        scene: Makes the folder.
        first: Who is interrupted.
        second: Who comes in between.
        points: Number of points of each series.
        labels: Labels that somebody set.
        states: Number of states in the history, or what else it may be.
    """

    scene: Callable[[Path], object]
    first: Actor
    second: Actor
    points: dict[str, int] = field(default_factory=lambda: {"loss": 1})
    labels: dict[str, Any] = field(default_factory=dict)
    states: tuple[int, ...] = (1,)


EDITED, RED, RENAMED = {"notes": "edited"}, {"color": "ff0000"}, {"name": "renamed"}
resumed_and_bundled = partial(bundled, begin=resumed)
MEETINGS = {
    "recover, recover": Meeting(dead, recover, recover),
    "recover, end": Meeting(empty, recover, end),
    "end, recover": Meeting(empty, end, recover),
    "end, end": Meeting(empty, end, end, {"loss": 2}, states=(1, 2)),
    "recover, go on": Meeting(dead, recover, go_on, {"loss": 1, "late": 1}, states=(1, 2)),
    "go on, recover": Meeting(dead, go_on, recover, {"loss": 1, "late": 1}, states=(1, 2)),
    "recover, edit": Meeting(resumed, recover, edit, {"loss": 2}, EDITED, (3,)),
    "edit, recover": Meeting(resumed, edit, recover, {"loss": 2}, EDITED, (3,)),
    "recover, import": Meeting(resumed_and_bundled, recover, import_, {"loss": 2}, RED, (3,)),
    "import, recover": Meeting(resumed_and_bundled, import_, recover, {"loss": 2}, RED, (3,)),
    "recover, check": Meeting(dead, recover, check),
    "check, recover": Meeting(dead, check, recover),
    "read, recover": Meeting(dead, read, recover),
    "recover, list": Meeting(dead, recover, list_),
    "read, change journals": Meeting(empty, read, change_journals, states=(2,)),
    "change journals, go on": Meeting(
        empty, change_journals, go_on, {"loss": 1, "late": 1}, states=(2, 3)
    ),
    "go on, change journals": Meeting(
        empty, go_on, change_journals, {"loss": 1, "late": 1}, states=(2, 3)
    ),
    "edit, edit": Meeting(sealed, edit, rename, labels={**EDITED, **RENAMED}, states=(3,)),
    "edit, import": Meeting(bundled, edit, import_, labels={**EDITED, **RED}, states=(3,)),
    "import, edit": Meeting(bundled, import_, edit, labels={**EDITED, **RED}, states=(3,)),
    "import, import": Meeting(bundled, import_, import_, labels=RED, states=(2,)),
    "shelve, edit": Meeting(sealed, shelve, edit, labels=EDITED, states=(2,)),
    "export, edit": Meeting(sealed, export, edit, labels=EDITED, states=(2,)),
    "adopt, adopt": Meeting(fetched, adopt, adopt),
    "list, recover": Meeting(dead, list_, recover),
    "look, recover": Meeting(dead, look, recover),
    "start, start": Meeting(empty, start, start, {"loss": 2}, states=(1, 2)),
}


def first_start(fmt: str) -> Actor:
    """Make a repository, or be told that it has another object format."""

    def actor(root: Path) -> Callable[[], object]:
        def work() -> None:
            said = ""
            try:
                made = Repository.init(root, fmt).object_format
            except InvalidValueError as error:
                made, said = "", str(error)
            assert fmt == made or "has object format" in said

        return work

    return actor


def after(root: Path, meeting: Meeting) -> None:
    """Fail unless everything is there that either of two actors has made."""
    repo = opened(root)
    repo.recover()
    view = repo.run("r")

    assert meeting.points == {tag: len(view.series(tag)) for tag in view.series_tags}
    assert len(view.history) in meeting.states
    for name, value in meeting.labels.items():
        assert value == getattr(view.manifest, name)
    assert {b"content"} >= {item.data for item in view.get_files()}
    assert () == view.manifest.gaps
    assert repo.fsck().ok
    assert not live_runs(repo.store)
    assert not repo.store.skipped


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Meeting], Path]]:
    """Return a function that copies the scene of a meeting; each is made once."""
    top = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    made: dict[object, Path] = {}

    def copy(meeting: Meeting) -> Path:
        root = made.get(meeting.scene)
        if root is None:
            root = made[meeting.scene] = top / str(len(made))
            root.mkdir()
            meeting.scene(root)
        shutil.rmtree(top / "copy", ignore_errors=True)
        return Path(shutil.copytree(root, top / "copy"))

    yield copy
    shutil.rmtree(top)


def sweep(name: str, scenes: Callable[[Meeting], Path], more: int) -> None:
    """Let the second do all it does in front of each call of the first.

    Then let them interrupt each other, so many times more.
    """
    who, chance = MEETINGS[name], random.Random()
    with meeting(who.first, who.second) as meet:
        calls, interrupted = 0, True
        while interrupted:
            root = scenes(who)
            interrupted = meet(root, [calls])
            after(root, who)
            calls += 1
        for _ in range(more):
            turns = [chance.randrange(1, 1 + calls), chance.randrange(1, 50)]
            root = scenes(who)
            try:
                meet(root, turns)
                after(root, who)
            except AssertionError as error:
                raise AssertionError(f"{turns}: {error}") from error


class TestMeetings:
    @pytest.mark.parametrize("name", MEETINGS)
    def test_nothing_is_lost(self, name: str, scenes: Callable[[Meeting], Path]) -> None:
        """Whoever comes in between, at whatever call, all that both have made is there.

        Seen to fail when journals went before the head came, when runs were listed before live
        ones, when a spool had to be where it was a moment ago, when the lock of a dead writer was
        not asked for, and when an import replaced heads that it does not know.
        """
        sweep(name, scenes, 5)

    @pytest.mark.slow
    @pytest.mark.parametrize("name", MEETINGS)
    def test_nothing_is_lost_for_long(self, name: str, scenes: Callable[[Meeting], Path]) -> None:
        """The same, with many more samples of two who interrupt each other."""
        sweep(name, scenes, 500)


class TestFirstStarts:
    @pytest.mark.parametrize("second", ["sha256", "xxh128"])
    def test_two_at_once_make_one_repository(self, tmp_path: Path, second: str) -> None:
        """Of two first starts one makes the repository; who asked for another format is told.

        Seen to fail when only who found it there looked at its format.
        """
        with meeting(first_start("sha256"), first_start(second)) as meet:
            calls, interrupted = 0, True
            while interrupted:
                root = tmp_path / str(calls)
                root.mkdir()
                interrupted = meet(root, [calls])
                formats = [root / ".runs" / "FORMAT", root / ".runs" / "local" / "FORMAT"]

                assert 1 == len({path.read_bytes() for path in formats})
                calls += 1

    def test_both_copies_of_the_format_are_of_one(self, tmp_path: Path) -> None:
        """When both find nothing and go on in turn the repository has one object format.

        Seen to fail when each copy of ``FORMAT`` was made for itself.
        """
        with meeting(first_start("sha256"), first_start("xxh128")) as meet:
            for first in range(8):
                for second in range(1, 40):
                    root = tmp_path / f"{first}-{second}"
                    root.mkdir()
                    meet(root, [first, second])
                    formats = [root / ".runs" / "FORMAT", root / ".runs" / "local" / "FORMAT"]

                    assert 1 == len({path.read_bytes() for path in formats}), (first, second)

"""The clean-up against kills, writers, itself and the clock: nothing in use is ever lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from crash.cleaning import (
    LONG_AGO,
    PICTURES,
    Clean,
    Edit,
    Freshen,
    Import,
    Log,
    LogAndSeal,
    Restore,
    age,
    clean,
    garbage,
    keep_cleaning,
    keep_importing,
    keep_logging,
    lose,
    pack_of,
    picture,
    png,
    whole,
)
from crash.tap import CHANGING, Call, tapped

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository where the next clean-up has something of every kind to do.

    Runs ``kept`` and ``lost``; a pack of ``kept`` twice; ``png(1)`` in a pack that is due to
    be moved; packs that are due to be deleted; left-overs of crashes.
    """
    root = tmp_path_factory.mktemp("scene")
    repo = vcs_track.init(root).with_defaults(capture_git=False)
    for name in ("kept", "lost"):
        with repo.start_run(name, id=name) as run:
            run.add_scalar("a", 1.5, 0)
            run.add_image(png(PICTURES[name]), step=0)
    repo.edit("kept", notes="later")
    garbage(repo, png(PICTURES["kept"]), b"a second copy")
    garbage(repo, png(1))
    garbage(repo, b"gone already")
    layout = repo.store.layout
    layout.live_run("left").mkdir()
    (layout.live_run("left") / "a.lock").touch()
    (layout.tmp / "left.zip~").write_bytes(b"x")
    for path in (layout.live_run("left"), layout.tmp / "left.zip~"):
        age(path, -1000)
    clean(root, -31)
    for path in (layout.store.packs).glob("b-*"):
        if b"gone already" in path.read_bytes():
            (layout.trash / str(LONG_AGO)).mkdir(parents=True)
            path.rename(layout.trash / str(LONG_AGO) / path.name)
    return root


@pytest.fixture
def copy(scene: Path, tmp_path: Path) -> Callable[[], Path]:
    """Return a function that copies the scene, times included."""
    made = 0

    def call() -> Path:
        nonlocal made
        made += 1
        return Path(shutil.copytree(scene, tmp_path / f"copy{made}"))

    return call


# ---- killed -------------------------------------------------------------------------------


def changes(call: Call) -> bool:
    """Return whether a call can change the disk."""
    reads = call.name == "open" and not call.args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    return call.name in CHANGING and not reads


def killed_at(n: int, work: Callable[[], object]) -> bool:
    """Do *work* in a child that is killed in front of a call; return whether it was.

    It is the *n*-th that can change the disk: death between two of them is death in front of
    the second. A write is done by half first.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests left threads
        pid = os.fork()
    if not pid:
        left = n

        def react(call: Call) -> object:
            nonlocal left
            left -= changes(call)
            if left < 0:
                if call.name == "write":
                    call.function(call.args[0], call.args[1][: len(call.args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return call.perform()

        try:
            with tapped(react):
                work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


class TestKilled:
    @pytest.mark.parametrize("missing", [False, True], ids=["sound", "a run in the trash"])
    def test_at_every_call(self, copy: Callable[[], Path], missing: bool) -> None:
        """Wherever it is killed no run is harmed, and later ones end as if nothing had been.

        Seen to fail when a pack was put back by a copy of it, and when a record that was
        written by half stopped the next clean-up.
        """
        root = copy()
        if missing:
            lose(root)
        for days in (0, 20, 40):
            clean(root, days)
        wanted, n, died = picture(root), 0, True
        while died:
            root = copy()
            if missing:
                lose(root)
            died = killed_at(n, lambda root=root: clean(root, 0))  # type: ignore[misc]

            assert missing or whole(root), n
            clean(root, 0)

            assert whole(root), n
            for days in (20, 40, 60):
                clean(root, days)

            assert wanted == picture(root), n
            shutil.rmtree(root)
            n += 1

        assert n > 15


# ---- somebody in the midst of it ------------------------------------------------------------


# Where it matters what happened before: names and times. What is in a pack never changes.
NAMES = frozenset(["listdir", "stat", "rename", "unlink", "utime", "rmdir", "mkdir", "lockf"])


class Between:
    """A reaction of the tap that acts in front of the *n*-th call of this thread, once.

    What it does then is not watched. Nothing is synced: no power is cut here.

    Attributes:
        acted: Whether it came to that.
        done: Whether the act ended without an error, which others might hide.
    """

    def __init__(self, n: int, act: Callable[[], object]) -> None:
        self.acted = self.done = False
        self._left = n
        self._act = act
        self._thread = threading.get_ident()

    def __call__(self, call: Call) -> object:
        """Let the call through."""
        mine = threading.get_ident() == self._thread
        if mine and not self.acted and call.name in NAMES:
            self.acted = self._left == 0
            self._left -= 1
            if self.acted:
                self._act()
                self.done = True
        return None if call.name in ("fsync", "fdatasync") else call.perform()


@pytest.fixture(scope="module")
def busy_scene(scene: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the scene with a bundle whose objects are all in a pack that is due to go."""
    root = Path(shutil.copytree(scene, tmp_path_factory.mktemp("busy") / "scene"))
    other = vcs_track.init(tmp_path_factory.mktemp("other")).with_defaults(capture_git=False)
    with other.start_run("imported", id="imported") as run:
        run.add_scalar("a", 1.5, 0)
        run.add_image(png(2), step=0)
    other.export("imported", root / "bundle.zip")
    objects = other.store.home.objects
    garbage(vcs_track.open(root), *(objects.read(oid) for oid in objects))
    clean(root, -32)
    return root


def no_sync(call: Call) -> object:
    """Sync nothing: no power is cut here."""
    return None if call.name in ("fsync", "fdatasync") else call.perform()


def at_each_call(
    scene: Path, folder: Path, slow: Callable[[Path], object], quick: Callable[[Path], Any]
) -> int:
    """Let somebody act in front of each call of *slow*; return how many calls there were.

    Args:
        scene: The repository to copy for each trial.
        folder: Where the copies go.
        slow: What is interrupted, given the copy.
        quick: Makes somebody, given the copy, who can ``begin`` and ``end``.
    """
    n = 0
    while True:
        root = Path(shutil.copytree(scene, folder / "copy"))
        somebody = quick(root)
        act = Between(n, somebody.begin)
        with tapped(act):
            slow(root)
        if not act.acted:
            return n
        assert act.done, n
        with tapped(no_sync):
            somebody.end()
            clean(root, 20)  # what went to the trash is deleted now

            assert whole(root), n
        shutil.rmtree(root)
        n += 1


def clean_now(root: Path) -> None:
    """Clean up."""
    clean(root, 0)


def log_and_seal(root: Path) -> None:
    """Log an image that is in a pack which is due to go, and seal."""
    LogAndSeal(root).begin()


def edit(root: Path) -> None:
    """Edit a run."""
    Edit(root).begin()


def import_(root: Path) -> None:
    """Import what is in packs that are due to go."""
    Import(root).begin()


class TestInTheMidst:
    @pytest.mark.parametrize(
        "quick",
        [Freshen, Log, Restore, *(pytest.param(who, marks=pytest.mark.slow) for who in (
            LogAndSeal, Import, Edit, Clean))],
    )  # fmt: skip
    def test_of_a_clean_up(self, busy_scene: Path, tmp_path: Path, quick: Any) -> None:
        """Whoever comes at whichever call: what they need is there, then and for ever.

        Seen to fail without the look at the mark behind the move (``Freshen``), when the packs
        were not asked again behind the trash (``Restore``), and, with writers that do not mark
        what they reuse, without the last look at heads and journals (``Log``, ``Import``).
        """
        calls = at_each_call(busy_scene, tmp_path, clean_now, quick)

        assert calls > 50

    @pytest.mark.parametrize(
        "slow", [log_and_seal, import_, pytest.param(edit, marks=pytest.mark.slow)]
    )
    def test_of_somebody_else(
        self, busy_scene: Path, tmp_path: Path, slow: Callable[[Path], None]
    ) -> None:
        """A clean-up at whichever call of a writer takes nothing that the writer relies on.

        Seen to fail when what is reused was not marked, and not looked for at the end.
        """
        calls = at_each_call(busy_scene, tmp_path, slow, Clean)

        assert calls > 15


def test_a_seal_right_behind_the_move(busy_scene: Path, tmp_path: Path) -> None:
    """A blob that is in the trash for the blink of an eye is no gap of the run.

    It is reused just before its pack is moved, and sealed just behind that, before the
    clean-up has looked at the mark again.
    """
    root = Path(shutil.copytree(busy_scene, tmp_path / "copy"))
    somebody = Log(root)
    pack = pack_of(root, png(1))
    ended = False

    def react(call: Call) -> object:
        nonlocal ended
        path = Path(str(call.args[0]))
        if path.name == pack and call.name == "rename" and somebody.run is None:
            somebody.begin()
        if path.name == pack and call.name == "stat" and "trash" in path.parts and not ended:
            ended = True
            somebody.end()
        return call.perform()

    with tapped(react):
        clean(root, 0)

    assert ended
    assert whole(root)


# ---- real processes -------------------------------------------------------------------------

TESTS = Path(__file__).resolve().parents[1]


def start(work: Callable[[str, str, str], None], *args: object) -> subprocess.Popen[str]:
    """Start a process that does one of these."""
    program = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from crash.cleaning import {work.__name__} as work
work(*sys.argv[1:])
"""
    command = [sys.executable, "-c", program, *map(str, args)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def race(root: Path, seconds: float) -> int:
    """Let writers and clean-ups loose on one repository; return how many runs there are."""
    repo = vcs_track.init(root)
    works = [keep_logging, keep_logging, keep_importing, keep_cleaning, keep_cleaning]
    processes = [start(work, root, n, seconds) for n, work in enumerate(works, 1)]
    for process in processes:
        _, told = process.communicate(timeout=100)

        assert (0, "") == (process.returncode, told)
    for hours in (0, 2, 4):
        clean(root, hours / 24)
    runs = list(vcs_track.open(root).runs())
    for run in runs:
        seed, _, n = run.id.partition("-")
        (item,) = run.get_images()

        assert png(int(seed) * 100_000 + int(n)) == item.data
        assert ("finished", [float(n)]) == (run.status, run.series("a").value)
    assert whole(root)
    assert repo.store.layout.gc_record.exists()
    return len(runs)


class TestRealProcesses:
    def test_writers_and_clean_ups(self, tmp_path: Path) -> None:
        """Two loggers, an importer and two clean-ups for some seconds: every run is whole."""
        assert race(tmp_path, 3) > 3

    @pytest.mark.slow
    def test_for_longer(self, tmp_path: Path) -> None:
        """The same for a minute."""
        assert race(tmp_path, 60) > 50

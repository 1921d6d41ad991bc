"""Everybody who may write to a journal at once: growth, threads, forks, signals, the end."""

from __future__ import annotations

import os
import random
import signal
import struct
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from crash.killing import KINDS
from crash.tap import Call, tapped

import vcs_track
from vcs_track.formats import canonical, slots
from vcs_track.formats.slots import HEADER_SIZE, SLOT_SIZE
from vcs_track.plumbing.journal import JournalReader, JournalWriter
from vcs_track.plumbing.lock import Lock
from vcs_track.porcelain import writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vcs_track import Repository, Run, RunView

ENGINES = ["mmap", "pwrite"]
LONG = 60.0  # far above what a loaded machine needs


# ---- growth ----------------------------------------------------------------------------

BOUNDARIES = [*(64 << 10 + n for n in range(7)), 8 << 20]  # where a window ends, a next begins
SHAPE, MEMBERS = 3, 5


def frame(slot_count: int) -> dict[str, str]:
    """Return a frame that takes that many slots."""
    content = {"k": "x", "text": ""}
    length = (slot_count - 1) * SLOT_SIZE - len(canonical.dumps(content))
    return {**content, "text": "x" * length}


# Slots that each takes, how it is appended, and what is read then.
RECORDS: dict[str, tuple[int, Callable[[JournalWriter, int], Any]]] = {
    "point": (1, lambda journal, n: journal.point(1 << 8 | slots.FLOAT, n, n / 2)),
    "slot": (1, lambda journal, n: journal.slot(slots.INT, 2, n, n, 0)),
    "row": (3, lambda journal, n: journal.row(SHAPE, MEMBERS)(n, [n / 3] * MEMBERS, 0)),
    "frame": (5, lambda journal, _: journal.frame(frame(5))),
}


@pytest.mark.parametrize("mapped", [True, False], ids=ENGINES)
@pytest.mark.parametrize("kind", RECORDS)
class TestGrowth:
    def test_each_boundary(self, tmp_path: Path, kind: str, *, mapped: bool) -> None:
        """A record is whole wherever the end of the mapped window falls in it.

        Seen to fail when a record was stored in the window if its first slot was in it.
        """
        size, append = RECORDS[kind]
        for room in range(size + 1):  # slots in front of the boundary
            path = tmp_path / f"{room}.j"
            journal = JournalWriter(path, run="r", writer="w", mapped=mapped)
            at = HEADER_SIZE
            for n, boundary in enumerate(BOUNDARIES):
                filler = (boundary - at) // SLOT_SIZE - room
                journal.frame(frame(filler))
                append(journal, n)
                at += (filler + size) * SLOT_SIZE
            journal.close()
            reader = JournalReader(path)
            reader.row_sizes[SHAPE] = MEMBERS
            records = [*reader.records()]

            assert [slots.FRAME] * len(BOUNDARIES) == [record.kind for record in records[::2]]
            assert 0 == reader.damage.slots
            assert self.expected(kind) == [
                record.payload or (record.step, record.value) for record in records[1::2]
            ]
            path.unlink()

    def expected(self, kind: str) -> list[Any]:
        """Return payload, or step and value, of the records at the boundaries."""
        numbers = range(len(BOUNDARIES))
        if kind == "row":
            return [struct.pack("<5d", *[n / 3] * MEMBERS) for n in numbers]
        if kind == "frame":
            return [canonical.dumps(frame(5))] * len(BOUNDARIES)
        return [(n, n / 2 if kind == "point" else n) for n in numbers]


# ---- a run -----------------------------------------------------------------------------


@pytest.fixture
def memory() -> Iterator[Path]:
    """Return a folder in memory, so that who waits for a sync does not wait long."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


@pytest.fixture(params=ENGINES)
def repo(
    memory: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Repository:
    """Return a repository in which journals change all the time."""
    monkeypatch.setattr(writer, "_LONG", 64 << 10)
    return vcs_track.init(memory).with_defaults(
        capture_git=False, sync_interval=0.003, journal_engine=request.param
    )


@pytest.fixture
def impatient() -> Iterator[None]:
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(before)


class Log:
    """Logs records of several kinds in turn, and counts the calls that returned."""

    def __init__(self, run: Run, who: str, *kinds: str) -> None:
        weights = [KINDS[kind].weight for kind in kinds]
        self._turns = cycle(random.Random(who).choices(kinds, weights, k=997))
        self._run = run
        self._who = who
        self.counts = Counter[str]()

    def next(self) -> None:
        """Log one record."""
        kind = next(self._turns)
        KINDS[kind].log(self._run, self._who, self.counts[kind])
        self.counts[kind] += 1

    def lost(self, view: RunView, order: Callable[[Any], Any] = list) -> list[str]:
        """Return the kinds of records of which a run has not just what was logged."""
        return [
            f"{self._who}: {kind}"
            for kind, n in self.counts.items()
            if order(KINDS[kind].found(view, self._who))
            != order(KINDS[kind].item(i) for i in range(n))
        ]

    def count(self, n: int) -> None:
        """Count the next *n* records as if they had been logged here."""
        self.counts.update(islice(self._turns, n))


def fork(work: Callable[[], None]) -> int:
    """Do *work* in a forked child; return how that ended."""
    with warnings.catch_warnings():
        # What newer versions of Python say of a fork beside threads is why this is tested.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if not pid:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(LONG))  # one that hangs dies of it
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


class TestForks:
    @pytest.mark.usefixtures("impatient")
    def test_in_a_storm(self, repo: Repository) -> None:
        """Children forked while threads log and journals change log beside their parent.

        Seen to fail when a child went on with what its parent knew of the journal.
        """
        run = repo.start_run("r", id="r")
        stop = threading.Event()
        logs = [Log(run, f"t{n}", "point", "row", "text", "image") for n in range(3)]

        def go_on(log: Log) -> None:
            while not stop.is_set():
                log.next()

        def work(child: Log) -> None:
            for _ in range(500):
                child.next()

        threads = [threading.Thread(target=go_on, args=[log]) for log in logs]
        children = [Log(run, f"c{n}", "point", "row", "text", "image") for n in range(6)]
        ends: list[int] = []
        for thread in threads:
            thread.start()
        try:
            for child in children:
                for _ in range(20):  # what the parent knows of these tags is no use to the child
                    child.next()
                ends.append(fork(partial(work, child)))
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        run.finish()
        view = vcs_track.open(repo.root).run("r")
        for child in children:
            child.count(500)

        assert [0] * len(children) == ends
        assert [] == [lost for log in logs for lost in log.lost(view)]
        # What two processes log to one series comes in any order.
        assert [] == [lost for child in children for lost in child.lost(view, sorted)]


@contextmanager
def interrupted(handler: Callable[[], None]) -> Iterator[None]:
    """Let a signal that *handler* handles come a thousand times a second."""
    handling = False

    def handle(*_: object) -> None:
        nonlocal handling
        if not handling:  # it may take longer than the time to the next
            handling = True
            handler()
            handling = False

    before = signal.signal(signal.SIGALRM, handle)
    timer = signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)  # pytest's own, if it has one
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


class TestSignals:
    def test_a_handler_that_logs(self, repo: Repository) -> None:
        """A handler may log at any moment of a call, also while journals change.

        Seen to fail when the slots of a record were taken one by one.
        """
        run = repo.start_run("r", id="r")
        main, handled = (Log(run, who, *KINDS) for who in "mh")
        changes: set[Path] = set()
        until = time.monotonic() + LONG
        with interrupted(handled.next):
            while len(changes) < 5 or handled.counts.total() < 300:
                main.next()
                changes.add(run._relay.writer.journal.path)
                assert time.monotonic() < until
        run.finish()
        view = vcs_track.open(repo.root).run("r")

        assert [] == main.lost(view) + handled.lost(view)
        assert () == view.manifest.gaps


class TestMedia:
    @pytest.mark.parametrize("kind", ["image", "file", "photo", "film"])
    def test_a_handler_that_logs_an_image(self, memory: Path, kind: str) -> None:
        """An image that a handler logs in the middle of another item harms neither.

        Seen to fail when it went to the same file.
        """
        image = KINDS["image"].item
        data = image(1) + bytes(3 << 20 if kind in ("photo", "film") else 0)
        (memory / "file").write_bytes(data)
        run = vcs_track.init(memory).with_defaults(sync_interval=0).start_run("r", id="r")
        before = signal.signal(signal.SIGUSR1, lambda *_: run.add_image(image(2), tag="handler"))
        writes = 0

        def react(call: Call) -> Any:
            nonlocal writes
            done = call.perform()
            writes += call.name == "write"
            if call.name == "write" and writes == 1:
                signal.raise_signal(signal.SIGUSR1)
            return done

        run.add_image(image(0), tag="before")
        with tapped(react):
            if kind in ("file", "film"):
                run.add_file(memory / "file", name="item")
            else:
                run.add_image(data, tag="item")
        signal.signal(signal.SIGUSR1, before)
        run.add_image(image(3), tag="after")
        run.finish()
        found = {m.tag or m.name: m.data for m in vcs_track.open(memory).run("r").media()}

        assert found == {
            "before": image(0), "handler": image(2), "item": data, "after": image(3),
        }  # fmt: skip

    def test_a_handler_that_comes_before_the_file(self, memory: Path) -> None:
        """An image that a handler logs just before the file is made for another harms neither.

        Seen to fail when both files had one number.
        """
        image = KINDS["image"].item
        run = (
            vcs_track.init(memory)
            .with_defaults(capture_git=False, sync_interval=0)
            .start_run("r", id="r")
        )
        before = signal.signal(signal.SIGUSR1, lambda *_: run.add_image(image(2), tag="handler"))
        made = 0

        def react(call: Call) -> Any:
            nonlocal made
            if call.name == "open" and str(call.args[0]).endswith(".zip~"):
                made += 1
                if made == 1:
                    signal.raise_signal(signal.SIGUSR1)
            return call.perform()

        with tapped(react):
            run.add_image(image(1), tag="item")
        signal.signal(signal.SIGUSR1, before)
        run.finish()
        found = {m.tag: m.data for m in vcs_track.open(memory).run("r").media()}

        assert 2 == made
        assert {"handler": image(2), "item": image(1)} == found


class TestTheEnd:
    @pytest.mark.parametrize("moment", [1, 3])
    def test_a_round_of_the_background(self, memory: Path, moment: int) -> None:
        """The background thread may do its round while the run ends: neither fails of it.

        Seen to fail when both closed the same journals.
        """
        repo = vcs_track.init(memory).with_defaults(capture_git=False, sync_interval=0)
        run = repo.start_run("r", id="r")
        for part in range(3):
            run.add_scalar("loss", float(part))
            if part < 2:
                run._relay.hand_over()
        errors: list[Exception] = []
        syncs = 0

        def do_a_round() -> None:
            try:
                run._relay.sync()
            except Exception as error:  # noqa: BLE001 -- that is what is looked for
                errors.append(error)

        background = threading.Thread(target=do_a_round)

        def react(call: Call) -> Any:
            nonlocal syncs
            if call.name == "fdatasync" and threading.current_thread() is not background:
                syncs += 1
                if syncs == moment:
                    background.start()
                    background.join(1.0)  # it may have to wait until the end is through
            return call.perform()

        with tapped(react):
            run.finish()
            background.join()
        view = repo.run("r")

        assert [] == errors
        assert ("finished", [0.0, 1.0, 2.0]) == (view.status, view.series("loss").value)

    def test_somebody_else_seals(self, memory: Path) -> None:
        """That another process seals the run just now is nothing to warn of.

        Seen to fail when it was warned of.
        """
        repo = vcs_track.init(memory).with_defaults(capture_git=False, sync_interval=0)
        run = repo.start_run("r", id="r")
        run.add_scalar("loss", 0.5)
        run._relay.hand_over()
        lock = Lock.take(run.path / "seal.lock")
        assert lock is not None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run._relay.sync()
            assert run._relay._sealer is not None
            run._relay._sealer.join()
        lock.release()
        run.finish()

        assert [0.5] == repo.run("r").series("loss").value
        assert [] == caught

"""Many processes on one run and on one store: nobody loses a point, nobody waits for long."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from crash.actors import FORK, LONG, all_end, process, wait
from crash.model import by_the_rule, exact, seen
from crash.tap import tapped

import vcs_track
from vcs_track.plumbing.lock import Lock
from vcs_track.porcelain import endings, shelf, writer
from vcs_track.porcelain.gc import gc
from vcs_track.porcelain.seal import live_runs, seal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crash.tap import Call

    from vcs_track import Repository, Run

POINTS = 5000  # enough to change the journal twice


def opened(root: Path) -> Repository:
    """Open the repository as a new process does."""
    return vcs_track.open(root).with_defaults(capture_git=False, sync_interval=0)


def log(run: Run, rank: int, points: int = POINTS) -> None:
    """Log points that tell who logged them, and a text now and then."""
    for n in range(points):
        run.add_scalar("loss", rank + n / 8192, n)
        if n % 1000 == 0:
            run.add_text(f"{rank} {n}", tag=f"rank {rank}")
            run._relay.sync()  # as the thread does that looks after journals


def finish(run: Run, status: str = "finished") -> None:
    """End a run, and what its process does in the background."""
    run.finish(status)
    # It would die with the process; see test_sealed_but_not_removed.
    if run._relay._sealer is not None:
        run._relay._sealer.join()


def by_rank(repo: Repository) -> dict[int | None, list[tuple[int, float]]]:
    """Return steps and values of the shared series, by rank."""
    found: dict[int | None, list[tuple[int, float]]] = {}
    for point in repo.run("r").series("loss"):
        found.setdefault(point.rank, []).append((point.step, point.value))
    return found


def logged(rank: int, points: int = POINTS) -> list[tuple[int, float]]:
    """Return steps and values that :func:`log` logs."""
    return [(n, rank + n / 8192) for n in range(points)]


def whole(repo: Repository) -> bool:
    """Return whether nothing is damaged, left over or left out."""
    report = repo.fsck()
    return report.ok and not report.absent and not live_runs(repo.store) and not repo.store.skipped


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository in which journals change all the time.

    The first writer of a run does not wait for the others when it ends.
    """
    monkeypatch.setattr(writer, "_LONG", (64 << 10) + 1)
    vcs_track.init(tmp_path)
    return tmp_path


# ---- one run ------------------------------------------------------------------------------------


class TestRanks:
    @pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2)])
    def test_every_rank_has_its_points(self, root: Path, order: tuple[int, ...]) -> None:
        """Four ranks of one run keep all points, in order, whoever ends first.

        The first writer's word is the status, what the others say is not. Seen to fail when
        everybody's word was, and when two sealed one run at once.
        """
        started, turns = FORK.Event(), [FORK.Event() for _ in range(5)]

        def rank(own: int) -> None:
            if own:
                assert started.wait(LONG)
            if own % 2:
                os.environ.update(RANK=str(own), WORLD_SIZE="4")
            run = opened(root).start_run(id="r", rank=None if own % 2 else own)
            started.set()
            log(run, own)
            assert turns[order.index(own)].wait(LONG)
            finish(run, "failed" if own else "finished")
            turns[order.index(own) + 1].set()

        turns[0].set()
        all_end(*(process(rank, own) for own in range(4)))
        repo = opened(root)

        assert {own: logged(own) for own in range(4)} == by_rank(repo)
        assert 4 * 5 == len(repo.run("r").get_text())
        assert ("finished", ()) == (repo.run("r").status, repo.run("r").manifest.gaps)
        assert whole(repo)

    def test_late_ranks_go_on_with_it(self, root: Path) -> None:
        """Ranks that start when the others have ended add their points.

        Seen to fail when a rank had to be told to go on with a run that has ended.
        """

        def rank(own: int) -> None:
            run = opened(root).start_run(id="r", rank=own)
            log(run, own)
            finish(run)

        all_end(process(rank, 0))
        all_end(*(process(rank, own) for own in (1, 2, 3)))
        repo = opened(root)

        assert {own: logged(own) for own in range(4)} == by_rank(repo)
        assert "finished" == repo.run("r").status
        assert whole(repo)

    def test_sealed_but_not_removed(self, root: Path) -> None:
        """A sealer that dies between the head and the journals makes no crash of an end.

        Seen to fail when a journal without anything new was taken for that of a dead writer.
        """
        started, joined = FORK.Event(), FORK.Event()

        def die(call: Call) -> object:
            if call.name == "unlink" and str(call.args[0]).endswith(".j"):
                os._exit(0)
            return call.perform()

        def first() -> None:
            run = opened(root).start_run(id="r", rank=0)
            log(run, 0, 1)
            started.set()
            assert joined.wait(LONG)
            with tapped(die):
                run.finish()

        child = process(first)
        assert started.wait(LONG)
        second = opened(root).start_run(id="r", rank=1)
        joined.set()
        all_end(child)
        finish(second)

        assert "finished" == opened(root).run("r").status

    def test_a_look_at_a_lock_changes_no_order(self, root: Path) -> None:
        """Somebody who asks whether a writer lives, while its run is sealed, disturbs nobody.

        Seen to fail when its journal was left for later, and came behind the next one.
        """
        run = opened(root).start_run(id="r")
        (first,) = run.path.glob("*.lock")
        run.add_scalar("loss", 0.0, 0)
        run._relay.hand_over()
        run.add_scalar("loss", 1.0, 1)
        looking = FORK.Event()

        def look() -> None:
            lock = Lock.take(first)
            assert lock is not None
            looking.set()
            time.sleep(0.2)
            lock.release()

        run._relay.end("finished", {})
        somebody = process(look)
        assert looking.wait(LONG)
        seal(run._store, "r")
        all_end(somebody)
        endings.forget(run)
        opened(root).recover()

        assert [0, 1] == opened(root).run("r").series("loss").step

    def test_a_late_rank_changes_no_status(self, root: Path) -> None:
        """A rank that starts when the run has failed does not make it finished.

        Seen to fail when it was taken for the first writer.
        """
        for rank, status in ((0, "failed"), (1, "finished")):
            run = opened(root).start_run(id="r", rank=rank)
            log(run, rank, 1)
            finish(run, status)

        assert "failed" == opened(root).run("r").status

    @pytest.mark.parametrize(("victim", "status"), [(0, "crashed"), (2, "finished")])
    def test_a_killed_rank(self, root: Path, victim: int, status: str) -> None:
        """When one rank is killed every point that was accepted stays, of all ranks.

        Seen to fail when the ranks were forgotten.
        """
        started, killed = FORK.Event(), FORK.Event()
        accepted = FORK.Value("i", 0, lock=False)

        def rank(own: int) -> None:
            if own:
                assert started.wait(LONG)
            run = opened(root).start_run(id="r", rank=own)
            started.set()
            n = 0
            while own == victim:
                run.add_scalar("loss", own + n / 8192, n)
                accepted.value = n = n + 1
            log(run, own)
            assert killed.wait(LONG)
            log(run, own)
            finish(run)

        children = [process(rank, own) for own in range(4)]
        wait(lambda: accepted.value > POINTS)
        children[victim].kill()
        children[victim].join()
        known = accepted.value
        killed.set()
        all_end(*(child for own, child in enumerate(children) if own != victim))
        repo = opened(root)
        found = by_rank(repo)
        kept = len(found[victim])

        assert known <= kept <= known + 1
        assert {
            own: logged(own, kept) if own == victim else logged(own) * 2 for own in range(4)
        } == found
        assert status == repo.run("r").status
        assert whole(repo)


# ---- one store ----------------------------------------------------------------------------------


def move(repo: Repository, bundle: Path) -> None:
    """Bring runs in and out, and change one."""
    repo.import_(bundle)
    repo.edit("guest", notes=str(time.time_ns()))
    repo.export(sorted(repo.store.home.heads()), bundle.with_name("out.zip"), force=True)


def commit(repo: Repository, bundle: Path) -> None:
    """Commit what is new."""
    del bundle
    if shelf.unshelved(repo.store):
        repo.commit()


def keep(repo: Repository, bundle: Path) -> None:
    """Clean up, check and recover."""
    del bundle
    gc(repo.store)
    assert repo.fsck().ok
    repo.recover()


def ask(repo: Repository, bundle: Path) -> None:
    """Ask for runs, and read their points."""
    del bundle
    for view in repo.runs(where="id like '?-?'", order_by="created"):
        found = view.series("loss").value
        assert found == [value for _, value in logged(int(view.id[0]))][: len(found)]
    assert not repo.store.skipped


class TestOneStore:
    def test_everybody_has_own_runs(self, root: Path) -> None:
        """Four processes make ten runs each in one store; each run is as it was logged.

        Seen to fail when packs on their way in had one name.
        """

        def make(own: int) -> None:
            repo = opened(root)
            for n in range(10):
                with repo.start_run(id=f"{own}-{n}", tags=[str(own)]) as run:
                    log(run, own, 20 + n)

        all_end(*(process(make, own) for own in range(4)))
        repo = opened(root)

        assert {
            f"{own}-{n}": ([str(own)], [value for _, value in logged(own, 20 + n)])
            for own in range(4) for n in range(10)
        } == {view.id: (view.tags, view.series("loss").value) for view in repo.runs()}  # fmt: skip
        assert whole(repo)

    @pytest.mark.parametrize("git", [False, True])
    def test_first_starts_at_once(self, tmp_path: Path, git: bool) -> None:
        """Processes that start at once where nothing is make one repository; all runs are in it.

        Seen to fail when ``FORMAT`` was written in place.
        """
        place = tmp_path / "code"
        place.mkdir()
        if git:
            subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
        gate = FORK.Barrier(8)

        def start() -> None:
            os.chdir(place)
            gate.wait(LONG)
            with vcs_track.start_run() as run:
                run.add_scalar("loss", 0.5, 0)

        all_end(*(process(start) for _ in range(8)))
        repo = opened(tmp_path if git else place)

        assert 8 == len(repo.runs(where="status = finished"))
        assert (tmp_path / ".runs").exists() == git != (place / ".runs").exists()
        assert whole(repo)

    @pytest.mark.parametrize("people", [2, 4])
    def test_recovered_at_once(self, root: Path, people: int) -> None:
        """Many that recover the same dead runs seal each of them exactly once.

        Seen to fail when nobody took the locks of run and writer; either of them is enough.
        """

        def die() -> None:
            repo = opened(root)
            for n in range(20):
                log(repo.start_run(id=f"r{n}"), n, 10)
            os._exit(0)

        all_end(process(die))
        gate, answers = FORK.Barrier(people), FORK.SimpleQueue()

        def recover() -> None:
            repo = vcs_track.open(root, recover=False)
            gate.wait(LONG)
            answers.put((repo.recover(), repo.store.skipped))

        children = [process(recover) for _ in range(people)]
        found = [answers.get() for _ in range(people)]
        all_end(*children)
        repo = opened(root)

        assert sorted(f"r{n}" for n in range(20)) == sorted(
            run for runs, _ in found for run in runs
        )
        assert [{}] * people == [skipped for _, skipped in found]
        assert {("crashed", 10, 1)} == {
            (view.status, len(view.series("loss")), len(view.history)) for view in repo.runs()
        }
        assert whole(repo)

    def test_edited_at_once(self, root: Path) -> None:
        """Of many edits of one run each is in the history, and its value is what the rule says.

        Seen to fail when an edit removed all other heads, not only those that it replaces.
        """
        with opened(root).start_run(id="r") as run:
            run.add_scalar("loss", 0.5, 0)
        gate = FORK.Barrier(4)

        def edit(own: int) -> None:
            repo = opened(root)
            gate.wait(LONG)
            for n in range(8):
                repo.edit("r", notes=f"{own} {n}", results={f"{own} {n}": n, "last": n})

        all_end(*(process(edit, own) for own in range(4)))
        repo = opened(root)
        view = repo.run("r")
        names = {f"{own} {n}": n for own in range(4) for n in range(8)}

        assert {None, *names} == {state.notes for state in view.history}
        assert {**names, "last": view.results["last"]} == view.results
        assert exact(by_the_rule(view)) == exact(seen(view))
        assert whole(repo)

    def test_everything_at_once(
        self, root: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Whatever people do beside programs that log, nobody is disturbed and nothing is lost.

        Seen to fail when a recovery sealed the journals of the living.
        """
        other = vcs_track.init(tmp_path_factory.mktemp("other")).with_defaults(capture_git=False)
        with other.start_run(id="guest") as run:
            log(run, 9, 20)
        bundle = other.export("guest", other.root / "guest.zip")
        subprocess.run(["git", "init", "-q", str(root)], check=True)
        done = FORK.Event()

        def make(own: int) -> None:
            repo = opened(root)
            for n in range(6):
                with repo.start_run(id=f"{own}-{n}") as run:
                    log(run, own, POINTS)

        def over_and_over(work: Callable[[Repository, Path], None]) -> None:
            while not done.is_set():
                work(opened(root), bundle)

        people = [process(over_and_over, work) for work in (move, commit, keep, ask)]
        all_end(process(make, 0), process(make, 1))
        done.set()
        all_end(*people)
        repo = opened(root)

        assert {"guest", *(f"{own}-{n}" for own in (0, 1) for n in range(6))} == {
            view.id for view in repo.runs(where="status = finished")
        }
        for view in repo.runs():
            rank, points = (9, 20) if view.id == "guest" else (int(view.id[0]), POINTS)
            assert [value for _, value in logged(rank, points)] == view.series("loss").value
        assert repo.run("guest").manifest.notes
        assert whole(repo)


# ---- readers, and writers that stand still ------------------------------------------------------


class TestReaders:
    def test_never_see_less_than_before(self, root: Path) -> None:
        """While journals change and runs are sealed a reader sees each point from then on.

        Seen to fail when journals of living writers were sealed.
        """
        done, busy = FORK.Event(), FORK.Event()

        def rank(own: int) -> None:
            repo = opened(root)
            run = repo.start_run(id="r", rank=own)
            busy.set()
            for n in range(3):
                log(run, own, POINTS)
                with repo.start_run(id=f"{own}-{n}") as short:
                    log(short, own, 10)
            finish(run)

        def read() -> None:
            assert busy.wait(LONG)
            repo, most, last = opened(root), {"r": 0}, False
            while not last:
                last = done.is_set()
                for view in [*repo.runs(), *(repo.run(run) for run in most)]:
                    points = len(view.series("loss")) if "loss" in view.series_tags else 0
                    assert points >= most.get(view.id, 0), (view.id, view.status)
                    most[view.id] = points
            assert not repo.store.skipped
            assert 1 + 3 * 3 == len(most)

        readers = [process(read) for _ in range(2)]
        all_end(*(process(rank, own) for own in range(3)))
        done.set()
        all_end(*readers)
        repo = opened(root)

        assert len(repo.run("r").history) > 1  # it was sealed in parts
        assert whole(repo)


class TestStopped:
    def test_a_writer_that_stands_still_holds_up_nobody(self, root: Path) -> None:
        """While one process is stopped others log, end, and are recovered; then it goes on.

        Seen to fail when an end waited for all other writers.
        """
        logging, accepted = FORK.Event(), FORK.Value("i", 0, lock=False)
        stop = FORK.Event()

        def stopped() -> None:
            run = opened(root).start_run(id="r", rank=0)
            n = 0
            while not stop.is_set():
                run.add_scalar("loss", n / 8192, n)
                accepted.value = n = n + 1
                logging.set()
            finish(run)

        def beside(own: int) -> None:
            repo = opened(root)
            joined = repo.start_run(id="r", rank=own)
            with repo.start_run(id=f"own {own}".replace(" ", "-")) as run:
                log(run, own)
            log(joined, own)
            finish(joined)

        def die() -> None:
            log(opened(root).start_run(id="dead"), 7, 10)
            os._exit(0)

        child = process(stopped)
        assert logging.wait(LONG)
        wait(lambda: accepted.value > POINTS)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGSTOP)
        try:
            all_end(*(process(beside, own) for own in (1, 2)), process(die))
            repo = opened(root)

            assert {
                "dead": "crashed",
                "own-1": "finished",
                "own-2": "finished",
                "r": "running",
            } == {view.id: view.status for view in repo.runs()}
            assert (logged(1), logged(2)) == (by_rank(repo)[1], by_rank(repo)[2])
        finally:
            os.kill(child.pid, signal.SIGCONT)
        stop.set()
        all_end(child)
        repo = opened(root)

        assert {0: logged(0, accepted.value), 1: logged(1), 2: logged(2)} == by_rank(repo)
        assert "finished" == repo.run("r").status
        assert whole(repo)

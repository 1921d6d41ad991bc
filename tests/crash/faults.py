"""The fault sweep: each write operation meets each fault at each file call.

A trial copies a prepared folder and forks. The child performs the steps of an operation
while the tap strikes at call *n*. After an error the same process goes on and repeats the
operation, after a kill a new one does. What they find is compared with what the same steps
leave undisturbed. By hand: ``PYTHONPATH=tests python -m crash.faults OPERATION [--full]``.
"""

from __future__ import annotations

import errno
import gc
import json
import mmap
import os
import pickle
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import warnings
from contextlib import suppress
from functools import partial
from importlib import import_module
from itertools import chain, combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from crash.operations import OPERATIONS, Scene, difference, picture, start
from crash.tap import CHANGING, WATCHED, Call, tapped

from vcs_track.errors import RepositoryNotFoundError, VcsTrackError
from vcs_track.plumbing import lock, pack_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crash.operations import Picture

__all__ = ["FAULTS", "Fault", "sweep"]


# ---- faults ----------------------------------------------------------------------------


class Fault(NamedTuple):
    """What happens at a call, in the place of the call.

    Attributes:
        strike: Does it.
        on: The kinds of calls that it can happen to.
        kills: Whether the process is gone then.
        stays: Whether all later calls meet it too.
    """

    strike: Callable[[Call], Any]
    on: frozenset[str]
    kills: bool = False
    stays: bool = False


_ALL = WATCHED | {"open to read"}
_WRITES = frozenset(["write", "pwrite"])
_PATHS = ("mkdir", "rmdir", "open", "open to read", "link", "rename", "unlink", "chmod",
          "listdir", "stat", "access")  # fmt: skip
_ROOM = ("write", "pwrite", "mkdir", "open", "link", "rename", "ftruncate", "posix_fallocate")


def kind_of(call: Call) -> str:
    """Return the name of *call*, and of an open what for."""
    if call.name == "open" and not call.args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return "open to read"
    return call.name


def _die(_: Call | None = None) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _kill_after(call: Call) -> NoReturn:
    with suppress(OSError):  # that something is missing is an answer too
        call.perform()
    _die()


def _size(call: Call) -> int:
    fd, what = call.args[:2]
    return min(what, os.fstat(fd).st_size) if isinstance(what, int) else len(what)


def _part(call: Call, length: int) -> Any:
    """Read or write only *length* bytes, as the system may."""
    fd, what, *rest = call.args
    return call.function(fd, length if isinstance(what, int) else what[:length], *rest)


def _torn(call: Call, at: Callable[[int], int]) -> NoReturn:
    _part(call, at(_size(call)))
    _die()


def _short(call: Call) -> Any:
    return _part(call, (_size(call) + 1) // 2)


def _fills_up(call: Call) -> NoReturn:
    _short(call)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _refuse(call: Call, code: int) -> Any:
    if call.name == "access":  # it answers, and never raises
        return False
    if call.name == "close":  # the descriptor is gone, whatever is said of it
        call.perform()
    raise OSError(code, os.strerror(code))


def _error(code: int, on: Iterable[str], *, stays: bool = False) -> Fault:
    return Fault(partial(_refuse, code=code), frozenset(on), stays=stays)


FAULTS = {
    "kill before": Fault(_die, _ALL, kills=True),
    "kill after": Fault(_kill_after, _ALL, kills=True),
    # Torn at 0 is the kill before.
    "torn at 1": Fault(partial(_torn, at=lambda size: min(1, size)), _WRITES, kills=True),
    "torn at half": Fault(partial(_torn, at=lambda size: size // 2), _WRITES, kills=True),
    "torn at last": Fault(partial(_torn, at=lambda size: size - 1), _WRITES, kills=True),
    # Is no fault: the system may always do less than it was asked for.
    "short": Fault(_short, _WRITES | {"read", "pread"}, stays=True),
    "fills up half way": Fault(_fills_up, _WRITES),
    "ENOSPC": _error(errno.ENOSPC, CHANGING),
    "EIO": _error(errno.EIO, _ALL),
    "EROFS": _error(errno.EROFS, CHANGING),
    "EACCES": _error(errno.EACCES, _PATHS),
    "EMFILE": _error(errno.EMFILE, ["open", "open to read", "listdir", "mmap"]),
    "EINTR": _error(errno.EINTR, _ALL),
    "full from here": _error(errno.ENOSPC, _ROOM, stays=True),
    "read-only from here": _error(errno.EROFS, CHANGING - {"mmap"}, stays=True),
}


class Striker:
    """The reaction of the tap: counts calls, and strikes at one of them.

    Args:
        fault: What happens.
        n: At which call, from 0.

    Attributes:
        calls: The kind of each call, and what it is about.
    """

    def __init__(self, fault: Fault | None = None, n: int = 0) -> None:
        self._fault, self._n = fault, n
        self.calls: list[tuple[str, str]] = []

    def __call__(self, call: Call) -> Any:
        """Let *call* pass, or not."""
        n, kind, fault = len(self.calls), kind_of(call), self._fault
        self.calls.append((kind, _about(call) if fault is None else ""))
        if fault is None or kind not in fault.on:
            return call.perform()
        if n == self._n or (fault.stays and n > self._n):
            return fault.strike(call)
        return call.perform()


def _about(call: Call) -> str:
    what = call.args[0]
    path = Path(f"/proc/self/fd/{what}").readlink() if isinstance(what, int) else Path(what)
    return str(path).partition("/.runs/")[2] or path.name


# ---- processes -------------------------------------------------------------------------


def in_child(work: Callable[[], Any]) -> Any:
    """Return what *work* returns in a forked child, or None when it was killed.

    This process imports what the child had to, so that the next child need not.

    Raises:
        RuntimeError: If *work* raises, with its traceback; or if the child died otherwise.
    """
    out, back = os.pipe()
    pid = os.fork()
    if not pid:
        signal.alarm(90)  # one that hangs dies of it
        try:
            reply = (True, work(), [name for name in sys.modules if name.startswith("vcs_track.")])
        except BaseException:  # noqa: BLE001 -- nothing may escape into the parent's code
            reply = (False, traceback.format_exc(), [])
        with os.fdopen(back, "wb") as file:
            pickle.dump(reply, file)
        os._exit(0)
    os.close(back)
    with os.fdopen(out, "rb") as file:
        data = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == -signal.SIGKILL:
        return None
    if code:
        raise RuntimeError(f"a child died of {-code}")
    worked, result, modules = pickle.loads(data)
    for name in modules:
        import_module(name)
    if not worked:
        raise RuntimeError(result)
    return result


class Board:
    """How each step went; shared between processes, so it outlives a kill."""

    TRIED, RETURNED, REFUSED, LOST = 1, 2, 3, 4

    def __init__(self) -> None:
        self._cells = mmap.mmap(-1, mmap.PAGESIZE)

    def note(self, step: int, how: int) -> None:
        """Note how *step* went."""
        self._cells[step] = how

    def steps(self, *how: int) -> set[int]:
        """Return the steps that went one of these ways."""
        return {step for step, cell in enumerate(self._cells[:]) if cell in how}


# ---- trials ----------------------------------------------------------------------------

_RAW = "an error that is not ours reached the user:"


class Bench:
    """Where the trials of one operation are made.

    Args:
        name: The operation.
        room: An empty folder.
    """

    def __init__(self, name: str, room: Path) -> None:
        self._operation = OPERATIONS[name]
        self._all = range(len(self._operation.steps))
        self._room = room
        self._template = room / "template"
        self._template.mkdir()
        self._operation.prepare(self._template)

    def _scene(self, name: str = "trial") -> Scene:
        """Return a new copy of the prepared folder."""
        folder = self._room / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._template, folder)
        return Scene(folder, self._operation.defaults)

    def calls(self) -> list[tuple[str, str]]:
        """Return the calls that the operation makes undisturbed."""
        striker = Striker()

        def perform() -> list[tuple[str, str]]:
            scene = self._scene()
            self._operation.begin(scene)
            with tapped(striker):
                for step in self._operation.steps:
                    step(scene)
            return striker.calls

        found: list[tuple[str, str]] = in_child(perform)
        return found

    def reference(self, done: Iterable[int], *, ended: bool) -> Picture:
        """Return the picture that the steps *done* leave undisturbed.

        Args:
            done: Numbers of the steps.
            ended: Whether the process ends in order. Else it is killed after the last one.
        """
        known = self._room / f"{sorted(done)} {ended}"
        if not known.exists():
            scene = self._scene("reference")

            def perform() -> None:
                self._operation.begin(scene)
                for n in sorted(done):
                    self._operation.steps[n](scene)
                if not ended:
                    _die()
                if scene.run is not None:
                    scene.run.finish()

            in_child(perform)
            known.write_bytes(pickle.dumps(in_child(lambda: found_in(scene))))
        picture: Picture = pickle.loads(known.read_bytes())
        return picture

    def undisturbed(self) -> list[str]:
        """Return what is wrong with the references themselves."""
        ended, killed = (self.reference(self._all, ended=ended) for ended in (True, False))
        lost = difference(ended, killed, {"status"})
        return [f"killed after the last step: {lost}"] if lost else []

    def trial(self, fault: Fault, n: int, kind: str) -> list[str]:
        """Let *fault* happen at call *n*, of this *kind*; return what is wrong afterwards."""
        scene, board = self._scene(), Board()
        wrong = in_child(lambda: self._meet(scene, fault, n, board))
        if (wrong is None) != fault.kills:
            return ["it was not killed" if fault.kills else "it died"]
        if fault.kills:
            return list(in_child(lambda: _all_of(self._go_on(scene, board, killed=True))))
        wrong += in_child(lambda: _all_of(chain(self._look(scene, board), unsound(scene))))
        if not fault.stays and kind not in ("unlink", "rmdir"):  # what cannot be removed stays
            local = scene.folder / ".runs" / "local"
            wrong += leftovers(local / "tmp", "*") + leftovers(scene.folder, "*~")
        return list(wrong)

    def _meet(self, scene: Scene, fault: Fault, n: int, board: Board) -> list[str]:
        """Perform the operation while the fault happens, and go on."""
        wrong: list[str] = []
        striker = Striker(fault, n)
        threading.excepthook = lambda failed: wrong.append(f"{_RAW} {failed.exc_value!r}")
        self._operation.begin(scene)
        with warnings.catch_warnings(record=True) as caught, tapped(striker):
            warnings.simplefilter("always")
            for i, step in enumerate(self._operation.steps):
                board.note(i, board.TRIED)
                caught.clear()
                try:
                    step(scene)
                except VcsTrackError as error:
                    board.note(i, board.REFUSED)
                    if fault.strike is _short:
                        wrong.append(f"nothing failed, but: {error}")
                    break
                except Exception as error:  # noqa: BLE001 -- that is what is looked for
                    board.note(i, board.REFUSED)
                    wrong.append(f"{_RAW} {error!r}")
                    break
                lost = any("lost" in str(one.message) for one in caught)
                board.note(i, board.LOST if lost else board.RETURNED)
        if len(striker.calls) <= n:
            wrong.append(f"there were only {len(striker.calls)} calls")
        return wrong + _all_of(self._go_on(scene, board, killed=False))

    def _go_on(self, scene: Scene, board: Board, *, killed: bool) -> Iterator[str]:
        """Do what a user does next; yield what is wrong."""
        if scene.run is not None:
            scene.run.finish()
        found = found_in(scene)
        done = board.steps(board.RETURNED)
        unsure = board.steps(board.TRIED, board.REFUSED, board.LOST)
        # A step that was refused may have left what the death of the process would leave.
        endings = [not killed, False] if board.steps(board.REFUSED) else [not killed]
        for some, ended in product(_subsets(unsure), endings):
            if not self._unlike(done.union(some), found, board, ended=ended):
                done.update(some)
                break
        else:
            yield f"damage: {self._unlike(done, found, board, ended=not killed)}"
        yield from unsound(scene)
        if self._operation.resumes:
            start(scene)
            for i in sorted(set(self._all) - done):
                self._operation.steps[i](scene)
            scene.live.finish()
        else:
            for step in self._operation.steps:
                step(scene)
        yield from self._look(scene, board)
        yield from leftovers(scene.folder / ".runs" / "local" / "live", "*")
        yield from unsound(scene) if killed else held(scene.folder)

    def _look(self, scene: Scene, board: Board) -> Iterator[str]:
        """Compare what is there with the whole operation, undisturbed."""
        unlike = self._unlike(self._all, found_in(scene), board, ended=True)
        if unlike:
            yield f"repeated: {unlike}"

    def _unlike(self, done: Iterable[int], found: Picture, board: Board, *, ended: bool) -> str:
        """Say where *found* differs from what the steps *done* leave; empty if nowhere."""
        # Whoever was told that a record is refused may find the place named where it is not.
        ignored = {"gaps"} if board.steps(board.REFUSED) else set()
        return difference(self.reference(done, ended=ended), found, ignored)


def _all_of(problems: Iterator[str]) -> list[str]:
    found: list[str] = []
    try:
        found.extend(problems)
    except Exception:  # noqa: BLE001 -- nothing is disturbed any more, so nothing may fail
        found.append(f"stuck: {traceback.format_exc(limit=-2)}")
    return found


def _subsets(steps: set[int]) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(sorted(steps), k) for k in range(len(steps) + 1))


def found_in(scene: Scene) -> Picture:
    """Return the picture of what a user finds, after recovery."""
    try:
        scene.reopen()
        scene.repo.recover()
    except RepositoryNotFoundError:
        return None
    return picture(scene)


def unsound(scene: Scene) -> Iterator[str]:
    """Yield what fsck says."""
    with suppress(RepositoryNotFoundError):
        yield from (f"fsck: {problem}" for problem in scene.repo.fsck().problems)


def leftovers(folder: Path, pattern: str) -> list[str]:
    """Return the files that should be gone when all is done."""
    return [f"left over: {path}" for path in sorted(folder.rglob(pattern)) if path.is_file()]


def held(folder: Path) -> list[str]:
    """Return what this process still has open or locked in *folder*."""
    pack_file._maps.clear()
    pack_file._copies.clear()  # packs stay mapped for a while
    gc.collect()
    found = [f"locked: {key}" for key in lock._held]
    for fd in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            found += [f"still open: {path}" for path in [fd.readlink()] if folder in path.parents]
    return found


# ---- the sweep -------------------------------------------------------------------------


def plan(kinds: list[str], *, full: bool) -> Iterator[tuple[str, int]]:
    """Yield the faults and the numbers of the calls that they happen at.

    Without *full* each call that changes something and the last one meet the kill before it:
    one before a call that only looks leaves what the kill before the next change leaves. Every
    third call meets one error, the next kind each time; so do all calls of a short operation
    that change something. Every third call that writes is torn.
    """
    few = len(kinds) < 100
    if not full:
        yield "short", 0
    errors = torn = 0
    for n, kind in enumerate(kinds):
        able = [name for name, fault in FAULTS.items() if kind in fault.on]
        if full:
            yield from ((name, n) for name in able)
            continue
        if kind in CHANGING or n == len(kinds) - 1:
            yield "kill before", n
        if n % 3 == 0 or (few and kind in CHANGING):
            errors += 1
            yield _turn([x for x in able if not FAULTS[x].kills and x != "short"], errors), n
        if kind in _WRITES and n % 3 == 0:
            torn += 1
            yield _turn([x for x in able if x.startswith("torn")], torn), n


def _turn(names: list[str], n: int) -> str:
    return names[n % len(names)]


def sweep(name: str, *, full: bool) -> dict[str, Any]:
    """Go through the faults of one operation; return how many they were and what is wrong."""
    begun = time.monotonic()
    # A trial is a thousand small calls: memory is quicker than a disk.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as room:
        bench = Bench(name, Path(room))
        calls = bench.calls()
        chosen = list(plan([kind for kind, _ in calls], full=full))
        wrong = bench.undisturbed() + [
            f"{fault} at call {n} ({' '.join(calls[n])}): {problem}"
            for fault, n in chosen
            for problem in bench.trial(FAULTS[fault], n, calls[n][0])
        ]
    return {
        "calls": len(calls),
        "trials": len(chosen),
        "seconds": round(time.monotonic() - begun, 1),
        "raw": [each for each in wrong if _RAW in each],
        "wrong": [each for each in wrong if _RAW not in each],
    }


if __name__ == "__main__":
    json.dump(sweep(sys.argv[1], full="--full" in sys.argv), sys.stdout, indent=1)

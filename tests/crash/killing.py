"""``kill -9`` at random moments, as often as you like.

A trial forks this process, which is warm and has no threads. The child starts a run and logs
records of every kind; behind each call that returned it raises a count in shared memory. It
is killed, and the run that the next open recovers is compared with the counts.
By hand: ``PYTHONPATH=tests python -m crash.killing FOLDER TRIALS [SEED]``.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import struct
import sys
import time
import traceback
import zlib
from collections import Counter
from itertools import cycle, product, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import vcs_track
from vcs_track.errors import RunNotFoundError, VcsTrackError
from vcs_track.porcelain import writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Run, RunView

__all__ = ["KINDS", "sweep"]

_PATIENCE = 100  # seconds; a process that hangs dies of it
_LONGEST = 0.06  # seconds that a process logs before it is killed


# ---- what is logged --------------------------------------------------------------------


class Kind(NamedTuple):
    """One kind of record.

    Attributes:
        log: Logs number *n* of a writer.
        found: Returns what a run has of a writer, in order.
        item: Returns what number *n* should look like there.
        weight: How often it is logged.
        most: How many of them a writer logs at the most.
    """

    log: Callable[[Run, str, int], object]
    found: Callable[[RunView, str], list[Any]]
    item: Callable[[int], Any]
    weight: int
    most: int = 1 << 40


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


_PNG = (
    b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
    _chunk(b"IDAT", zlib.compress(bytes(2))) + _chunk(b"IEND", b""),
)


def _png(n: int) -> bytes:
    # Some are larger than what a writer looks up before it stores it.
    return _chunk(b"tEXt", b"n\0%d " % n + b"x" * (n % 3 * 3000)).join(_PNG)


def _text(n: int) -> str:
    return f"{n} " + "é" * (n % 7 * 500)  # also longer than a slot, than a page


def _content(n: int, size: int) -> bytes:
    return b"%d " % n + bytes([n % 251]) * size


def _log_file(run: Run, who: str, n: int, size: int) -> None:
    path = run._store.layout.root.parent / f"{run.id}-{who}.bin"
    path.write_bytes(_content(n, size))
    run.add_file(path, name=f"{who}-{size}-{n}")


def _series(run: RunView, *tags: str) -> list[Any]:
    """Return the steps and values of series that have the same points."""
    columns = [run.series(tag) for tag in tags if tag in run.series_tags]
    steps = [column.step for column in columns[:1]]
    return list(zip_longest(*steps, *(column.value for column in columns)))


def _files(run: RunView, prefix: str) -> list[Any]:
    return [m.data for m in run.get_files() if str(m.name).startswith(prefix)]


_LARGE = 1 << 20  # such a file is stored block by block

KINDS = {
    "point": Kind(
        lambda run, who, n: run.add_scalar(f"{who}/loss", n / 2, n),
        lambda run, who: _series(run, f"{who}/loss"),
        lambda n: (n, n / 2), 400,
    ),
    "integer": Kind(
        lambda run, who, n: run.add_scalar(f"{who}/int", n << 40, n),
        lambda run, who: _series(run, f"{who}/int"),
        lambda n: (n, n << 40), 40,
    ),
    "row": Kind(
        lambda run, who, n: run.add_scalars({f"{who}/{tag}": n / 4 for tag in "abcde"}, n),
        lambda run, who: _series(run, *(f"{who}/{tag}" for tag in "abcde")),
        lambda n: (n, *[n / 4] * 5), 80,
    ),
    "text": Kind(
        lambda run, who, n: run.add_text(_text(n), step=n, tag=f"{who}/text"),
        lambda run, who: [m.text for m in run.get_text(tag=f"{who}/text")],
        _text, 8, 1000,
    ),
    "hparams": Kind(
        lambda run, who, n: run.add_hparams({f"{who}-{n:09}": n}),
        lambda run, who: [v for k, v in sorted(run.hparams.items()) if k.startswith(who)],
        lambda n: n, 4, 1000,
    ),
    "image": Kind(
        lambda run, who, n: run.add_image(_png(n), step=n, tag=f"{who}/im"),
        lambda run, who: [m.data for m in run.get_images(tag=f"{who}/im")],
        _png, 4, 300,
    ),
    "file": Kind(
        lambda run, who, n: _log_file(run, who, n, 3000),
        lambda run, who: _files(run, f"{who}-3000-"),
        lambda n: _content(n, 3000), 2, 300,
    ),
    "large file": Kind(
        lambda run, who, n: _log_file(run, who, n, _LARGE),
        lambda run, who: _files(run, f"{who}-{_LARGE}-"),
        lambda n: _content(n, _LARGE), 1, 5,
    ),
}  # fmt: skip
_NAMES = list(KINDS)
_WRITERS = ("m", "w0", "w1", "w2")  # the first is the process that started the run


class Board:
    """What outlives a kill: numbers in memory that all processes of a trial share.

    Args:
        path: A file that holds them.
    """

    STARTED, ENDING, ENDED, STOP, PIDS = range(400, 405)

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR)
        # One whole word is stored at a time: a kill cannot tear it.
        self.words = memoryview(mmap.mmap(fd, mmap.PAGESIZE)).cast("Q")
        os.close(fd)

    def clear(self) -> None:
        """Set everything to 0."""
        self.words[:] = memoryview(bytes(mmap.PAGESIZE)).cast("Q")

    def wait(self, word: int) -> bool:
        """Wait until a word is set; return False when its process has died before."""
        while not self.words[word]:
            time.sleep(0.0005)
            if os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return bool(self.words[word])
        return True

    def accepted(self, who: str, kind: str) -> int:
        """Return how many calls of a writer returned."""
        return self.words[_at(who, kind)]


def _at(who: str, kind: str) -> int:
    return _WRITERS.index(who) * len(_NAMES) + _NAMES.index(kind)


# ---- those who are killed --------------------------------------------------------------


def log(
    run: Run, board: Board, who: str, chance: random.Random, going: Callable[[], bool]
) -> None:
    """Log records of every kind, most of them of one kind, while *going*."""
    weights = [KINDS[kind].weight for kind in _NAMES]
    weights[chance.randrange(len(_NAMES))] += 2000
    counts = dict.fromkeys(_NAMES, 0)
    for kind in cycle(chance.choices(_NAMES, weights, k=4999)):
        if not going():
            return
        if counts[kind] == KINDS[kind].most:
            kind = "point"  # nobody is killed while doing nothing
        KINDS[kind].log(run, who, counts[kind])
        counts[kind] += 1
        board.words[_at(who, kind)] = counts[kind]


def live(folder: Path, name: str, style: str, seed: int) -> None:
    """Start a run and log to it until the end, which may come at any moment."""
    signal.alarm(_PATIENCE)
    board, chance = Board(folder / "board"), random.Random(seed)
    if style == "handing over" or (style != "alone" and chance.random() < 0.5):
        writer._LONG = 64 << 10  # journals change and are sealed all the time
    engine = chance.choice(["mmap", "pwrite"])
    repo = vcs_track.open(folder, recover=False).with_defaults(
        capture_git=False, sync_interval=0.005, journal_engine=engine
    )
    run = repo.start_run(name, id=name)
    board.words[board.STARTED] = 1
    if style == "family":
        _fork(run, board, chance)
    elif style == "ending":
        left = cycle([chance.randrange(1, 3000)])
        log(run, board, "m", chance, lambda: _points(board) < next(left))
        _end(run, board)
        signal.pause()
    else:
        log(run, board, "m", chance, lambda: True)


def _points(board: Board) -> int:
    return board.accepted("m", "point")


def _end(run: Run, board: Board) -> None:
    board.words[board.ENDING] = 1
    run.finish()
    board.words[board.ENDED] = 1


def _fork(run: Run, board: Board, chance: random.Random) -> None:
    """Log in this process and in three forked off from it; all stop when they are told."""

    def going() -> bool:
        return not board.words[board.STOP]

    for i, who in enumerate(_WRITERS[1:], 1):
        pid = os.fork()
        if not pid:
            signal.alarm(_PATIENCE)
            board.words[board.PIDS + i] = os.getpid()
            log(run, board, who, chance, going)
            if who == "w1":
                run.finish()
            os._exit(0)
    board.words[board.PIDS] = os.getpid()
    log(run, board, "m", chance, going)
    for _ in _WRITERS[1:]:
        os.wait()
    _end(run, board)


def _start(folder: Path, name: str, style: str, seed: int, *, fresh: bool) -> int:
    """Start a process that logs; return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        if fresh:
            program = (
                "import sys; from pathlib import Path; from crash.killing import live\n"
                "live(Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4]))"
            )
            argv = [sys.executable, "-c", program, str(folder), name, style, str(seed)]
            os.execv(sys.executable, argv)
        live(folder, name, style, seed)
    except BaseException:  # noqa: BLE001 -- nothing may escape into the parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


# ---- the one who kills -----------------------------------------------------------------

_STYLES = ("alone", "handing over", "family", "ending")


def trial(
    folder: Path, name: str, style: str, chance: random.Random, *, fresh: bool
) -> tuple[list[str], Counter[str]]:
    """Kill one logging process; return what is wrong then, and how much was accepted."""
    board = Board(folder / "board")
    board.clear()
    victim = chance.randrange(len(_WRITERS)) if style == "family" else 0
    gone, held = os.pipe()
    os.set_inheritable(held, True)
    pid = _start(folder, name, style, chance.randrange(1 << 30), fresh=fresh)
    os.close(held)
    if style == "family":
        board.wait(board.PIDS + victim)
    elif style == "ending":
        board.wait(board.ENDING)
    elif fresh:  # the start of Python is long, and nothing of ours
        board.wait(board.STARTED)
    time.sleep(chance.random() * _LONGEST)
    os.kill(board.words[board.PIDS + victim] or pid, signal.SIGKILL)
    time.sleep(chance.random() * _LONGEST / 10)
    board.words[board.STOP] = 1
    os.read(gone, 1)  # nobody holds the other end any more: all processes of the trial are gone
    os.close(gone)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    wrong = [] if code == (0 if victim else -signal.SIGKILL) else [f"it left with {code}"]
    wrong += _wrong(folder, name, board)
    accepted = {k: sum(board.accepted(who, k) for who in _WRITERS) for k in _NAMES}
    return [f"{name} ({style}): {problem}" for problem in wrong], Counter(accepted)


def _wrong(folder: Path, name: str, board: Board) -> list[str]:
    """Say what the recovered run lacks, or has and should not."""
    try:
        run = vcs_track.open(folder).run(name)
    except RunNotFoundError:
        return ["it is not there"] * board.words[board.STARTED]
    wrong = [f"gaps: {run.manifest.gaps}"] if run.manifest.gaps else []
    may_be = {"finished"} if board.words[board.ENDED] else {"crashed"}
    may_be |= {"finished"} if board.words[board.ENDING] else set()
    started = bool(run.command) or not board.words[board.STARTED]
    if run.status not in may_be or run.name != name or not started:
        wrong.append(f"it is {run.status}, {run.name}, {run.command}")
    for who, kind in product(_WRITERS, _NAMES):
        accepted, item = board.accepted(who, kind), KINDS[kind].item
        try:
            found = KINDS[kind].found(run, who)
        except VcsTrackError as error:
            wrong.append(f"{who}: {error}")
            continue
        if len(found) not in (accepted, accepted + 1):
            wrong.append(f"{who}: {accepted} of kind '{kind}' accepted, {len(found)} found")
        if found != [item(n) for n in range(len(found))]:
            wrong.append(f"{who}: not what was logged, kind '{kind}'")
    return wrong


def sweep(folder: Path, trials: int, seed: int = 7) -> dict[str, Any]:
    """Make *trials* trials in a new repository in *folder*; return what was found."""
    begun, chance = time.monotonic(), random.Random(seed)
    repo = vcs_track.init(folder)
    (folder / "board").write_bytes(bytes(mmap.PAGESIZE))
    accepted, wrong = Counter[str](), []
    for n in range(trials):
        style = _STYLES[n % len(_STYLES)]
        # Every 39th is a process of its own; 39 and the number of styles have no divisor.
        found, counts = trial(folder, f"t{n}", style, chance, fresh=n % 39 == 0)
        wrong += found
        accepted += counts
    wrong += [f"left over: {path.name}" for path in repo.store.layout.live.rglob("*.j")]
    wrong += [f"fsck: {problem}" for problem in repo.fsck().problems]
    seconds = round(time.monotonic() - begun, 1)
    return {"trials": trials, "accepted": accepted, "wrong": wrong, "seconds": seconds}


if __name__ == "__main__":
    json.dump(sweep(Path(sys.argv[1]), *map(int, sys.argv[2:4])), sys.stdout, indent=1)

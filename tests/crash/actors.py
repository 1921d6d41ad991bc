"""Processes that meet: all at once, or one stepped call by call beside another."""

from __future__ import annotations

import multiprocessing
import time
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crash.tap import tapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess
    from pathlib import Path

    from crash.tap import Call

    # Gets ready, and returns what is stepped.
    Actor = Callable[[Path], Callable[[], object]]

__all__ = ["FORK", "LONG", "all_end", "meeting", "process", "wait"]

FORK = multiprocessing.get_context("fork")
LONG = 60.0  # seconds, far above what a loaded machine needs

# Calls by which one process can notice another. What goes to a file that has no name yet
# for others, or comes from one that never changes, is no place to change over.
_MEETING = frozenset(
    ["listdir", "open", "lockf", "link", "rename", "unlink", "mkdir", "rmdir", "stat"]
)
_MANY = 400  # calls, more than any actor makes


def process(work: Callable[..., object], *args: object) -> ForkProcess:
    """Start a process that does *work*; an exception is its failure."""

    def quietly() -> None:
        # Two processes that seal parts of one run at once say so; it is no matter.
        warnings.simplefilter("ignore", RuntimeWarning)
        work(*args)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests left threads
        child = FORK.Process(target=quietly, daemon=True)
        child.start()
    return child


def all_end(*children: ForkProcess) -> None:
    """Wait for processes; fail when one of them did."""
    for child in children:
        child.join(LONG)
    assert [0] * len(children) == [child.exitcode for child in children]


def wait(what: Callable[[], object]) -> None:
    """Wait until *what* is true."""
    until = time.monotonic() + LONG
    while not what():
        assert time.monotonic() < until
        time.sleep(0.002)


def _act(actor: Actor, baton: Connection) -> None:
    # Nobody waits for time to pass: the other makes no call meanwhile.
    time.sleep = lambda _: None
    left = 0

    def react(call: Call) -> Any:
        nonlocal left
        if call.name in _MEETING:
            while not left:
                baton.send("")
                left = baton.recv()
            left -= 1
        return call.perform()

    while root := baton.recv():
        left = 0
        try:
            work = actor(root)
            with tapped(react):
                work()
        except BaseException:  # noqa: BLE001 -- the one who waits must hear of it
            baton.send(traceback.format_exc())
        else:
            baton.send("ended")


@contextmanager
def meeting(*actors: Actor) -> Iterator[Callable[[Path, Iterable[int]], bool]]:
    """Give the function that lets two actors meet in a folder.

    It lets them make so many calls in turn, and then end one after the other, and returns
    whether the first was interrupted at all.
    """
    batons = []
    for actor in actors:
        mine, theirs = FORK.Pipe()
        process(_act, actor, theirs)
        batons.append(mine)

    def meet(root: Path, turns: Iterable[int]) -> bool:
        answers, left, at = [], list(turns), 0
        for baton in batons:
            baton.send(root)
            answers.append(baton.recv())  # it is ready, in front of its first call
        interrupted = False
        while "" in answers:
            calls = left.pop(0) if left else _MANY
            if calls and not answers[at]:
                batons[at].send(calls)
                answers[at] = batons[at].recv()
            at = 1 - at
            interrupted = interrupted or bool(at and not answers[0])
        assert ["ended", "ended"] == answers, "\n".join(answers)
        return interrupted

    yield meet
    for baton in batons:
        baton.send(None)

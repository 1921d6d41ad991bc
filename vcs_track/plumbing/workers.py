"""Work that is spread over several processes, where that is safe.

The children are forked: they see what the caller sees, and share nothing with it afterwards. A
process with threads is never forked, for a lock that another thread holds would stay locked in
the child.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import signal
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["processors", "spread"]

_LENGTH: Final = struct.Struct("<Q")
_THREADS: Final = Path("/proc/self/task")
_AHEAD: Final = 1 << 20  # bytes that a child has ready before they are asked for
_SET_PIPE_SIZE: Final = 1031
_P = TypeVar("_P")


def processors(most: int) -> int:
    """Return how many processes may work at once, at most *most*.

    It is 1 where this process has threads or one processor, or where nothing tells.
    """
    if len(fsio.list_dir(_THREADS)) != 1:
        return 1
    return min(most, len(os.sched_getaffinity(0)))


def spread(work: Callable[[_P], Any], parts: Sequence[_P], processes: int) -> Iterator[Any]:
    """Yield what *work* makes of each of *parts*, in order.

    Args:
        work: What to do. It is done in children, and here where a child dies. What it makes is
            lists, tuples and dictionaries of texts, bytes, numbers and None.
        parts: What to do it with.
        processes: Number of children; with 1 there is none.
    """
    children: list[_Child[_P]] = []
    try:
        # Into the list one by one: those that were forked are ended, whatever happens.
        children += (_Child(work, parts[n::processes]) for n in range(processes) if processes > 1)
        for n, part in enumerate(parts):
            made = children[n % processes].next() if children else None
            # From a child of ours, over a pipe that nobody else has.
            yield work(part) if made is None else marshal.loads(made)  # noqa: S302
    finally:
        for child in children:
            child.end()


class _Child(Generic[_P]):
    """A forked process that works on *parts*, and sends what it made of each."""

    def __init__(self, work: Callable[[_P], Any], parts: Sequence[_P]) -> None:
        from_child, to_parent = os.pipe()
        with suppress(OSError):  # fewer are slower, no more
            fcntl.fcntl(to_parent, _SET_PIPE_SIZE, _AHEAD)
        self._pid = os.fork()
        if not self._pid:
            # Neither what waits to be done at exit, nor what the caller would catch.
            try:
                os.close(from_child)
                for part in parts:
                    made = marshal.dumps(work(part))
                    _send(to_parent, _LENGTH.pack(len(made)))
                    _send(to_parent, made)
            finally:
                os._exit(0)
        os.close(to_parent)
        self._pipe = open(from_child, "rb", buffering=_AHEAD)  # noqa: SIM115, PTH123 -- no path

    def next(self) -> bytes | None:
        """Return what it made of its next part, or None where it died."""
        head = self._pipe.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        made = self._pipe.read(length)
        return made if len(made) == length else None

    def end(self) -> None:
        """Stop it, whatever it does."""
        self._pipe.close()
        with suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(OSError):
            os.waitpid(self._pid, 0)


def _send(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]

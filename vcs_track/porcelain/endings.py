"""How a process ends, and what that makes of its open runs.

A normal exit finishes them, an uncaught exception fails them, SIGTERM and Ctrl-C kill them.
Hooks are installed once in a process, with the first run, and call what was there before.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import traceback
import warnings
from typing import TYPE_CHECKING, Any, Protocol

from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from types import FrameType, TracebackType

__all__ = ["Ends", "facts_of", "forget", "watch"]


class Ends(Protocol):
    """What ends with the process: a run, or what speaks for one.

    Attributes:
        id: Run id.
    """

    id: str

    @property
    def _ended(self) -> bool: ...

    @property
    def _pid(self) -> int: ...

    def finish(
        self, status: str = "finished", *, exit_code: int | None = None, error: str = "",
        signal: int | None = None,
    ) -> None:  # fmt: skip
        """End the run."""

    def _after_fork(self) -> None: ...


# Held here until they end: a run that the program lost hold of is finished all the same.
_runs: set[Ends] = set()
_installed = False
_hooked_sigterm = False
_ending: dict[str, Any] = {}


def facts_of(error: BaseException) -> dict[str, Any]:
    """Return the arguments of ``Run.finish`` for a run that *error* ended."""
    if isinstance(error, KeyboardInterrupt):
        return {"status": "killed", "signal": int(signal.SIGINT)}
    if isinstance(error, SystemExit):
        if error.code in (None, 0):
            return {"status": "finished", "exit_code": 0}
        code = error.code if isinstance(error.code, int) else 1
        return {"status": "failed", "exit_code": code}
    return {"status": "failed", "error": "".join(traceback.format_exception(error))}


def watch(run: Ends) -> None:
    """End *run* with the process, at the latest."""
    global _installed
    _runs.add(run)
    if not _installed:
        _installed = True
        atexit.register(_at_exit)
        os.register_at_fork(after_in_child=_after_fork)
        _hook_exceptions()
    if not _hooked_sigterm:
        _hook_sigterm()


def forget(run: Ends) -> None:
    """Let go of *run*, which has ended."""
    _runs.discard(run)


def _open_runs() -> list[Ends]:
    # In a forked child only runs that it wrote to itself are its own.
    pid = os.getpid()
    return [run for run in list(_runs) if not run._ended and run._pid == pid]  # noqa: SLF001


def _finish_all(**facts: Any) -> None:
    for run in _open_runs():
        try:
            run.finish(**facts)
        except VcsTrackError as error:
            warnings.warn(
                f"run '{run.id}' is not sealed: {error}; its points are kept and it is sealed "
                "when the repository is next opened",
                RuntimeWarning,
                stacklevel=2,
            )


def _at_exit() -> None:
    _finish_all(**(_ending or {"status": "finished"}))


def _after_fork() -> None:
    global _hooked_sigterm
    _ending.clear()
    if _hooked_sigterm:
        # A worker dies of SIGTERM as it would without us: what it logged is in its journal,
        # and its parent seals. A Python handler could come too late here, because a signal
        # just before a blocking call is not seen until the call returns.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _hooked_sigterm = False
    for run in list(_runs):
        run._after_fork()  # noqa: SLF001 -- the two modules are one mechanism


def _hook_exceptions() -> None:
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
        # Only remembered here: threads may still log until the interpreter really exits.
        _ending.update(facts_of(error))
        before(kind, error, tb)

    sys.excepthook = hook


def _hook_sigterm() -> None:
    on_main = threading.current_thread() is threading.main_thread()
    # A handler of the user's, or a deliberate "ignore", stays what it is.
    if not on_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return

    global _hooked_sigterm
    _hooked_sigterm = True

    def handler(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_DFL)
        _finish_all(status="killed", signal=number)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, handler)

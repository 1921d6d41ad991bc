"""How a process ends, and what that makes of its open runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from vcs_track.porcelain import endings

if TYPE_CHECKING:
    from vcs_track.compat.wandb.run import Run

__all__ = ["Ending", "facts_of", "forget", "watched"]

_INTERRUPTED = 255
_SIGINT = 2
_left: list[int] = []
_hooked = False


class Ending:
    """Ends a run with the process, in place of the run of the store.

    Args:
        run: The run.

    Attributes:
        id: Its id in the store.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._native = run._native  # noqa: SLF001 -- the two are one mechanism
        self.id = self._native.id

    @property
    def _ended(self) -> bool:
        return bool(self._run._finished)  # noqa: SLF001

    @property
    def _pid(self) -> int:
        return self._native._pid  # noqa: SLF001

    def finish(
        self, status: str = "finished", *, exit_code: int | None = None, error: str = "",
        signal: int | None = None,
    ) -> None:  # fmt: skip
        """End the run with what is known of the end of the process."""
        code = exit_code
        if status == "finished" and _left:
            code = _left[-1]
            status = "finished" if code == 0 else "failed"
        if code is None and signal is None:
            code = 0 if status == "finished" else 1
        if status == "killed" and signal == _SIGINT:
            code = _INTERRUPTED
        self._run._end(status, exit_code=code, error=error, signal=signal)  # noqa: SLF001

    def _after_fork(self) -> None:
        self._native._after_fork()  # noqa: SLF001
        self._run._rows.after_fork()  # noqa: SLF001


def watched(run: Run) -> Ending:
    """End *run* with the process, at the latest; return what does it."""
    _hook_exit()
    found = Ending(run)
    endings.forget(found._native)  # noqa: SLF001 -- its end comes through the run
    endings.watch(found)
    return found


def forget(found: Ending) -> None:
    """Let go of a run that has ended."""
    endings.forget(found)


def facts_of(error: BaseException) -> dict[str, Any]:
    """Return the status and the facts of a run that *error* ended."""
    facts = endings.facts_of(error)
    if isinstance(error, KeyboardInterrupt):
        return {**facts, "exit_code": _INTERRUPTED}
    facts.setdefault("exit_code", 1)
    return facts


def _hook_exit() -> None:
    """Remember the code of ``sys.exit``, which nobody tells at the end of the process."""
    global _hooked
    if _hooked:
        return
    _hooked = True
    before = sys.exit

    def leave(code: Any = None, /) -> Any:
        _left.append(0 if code is None else code if isinstance(code, int) else 1)
        return before(code)

    leave.__doc__ = before.__doc__
    sys.exit = leave

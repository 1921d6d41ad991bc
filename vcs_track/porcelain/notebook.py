"""The cells that a notebook executes, as they are executed."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import VcsTrackError
from vcs_track.porcelain import machine

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Cells"]

_LONGEST: Final = 64 << 10  # characters


class Cells:
    """Tells of each cell: those that were executed, and those that come.

    Args:
        shell: The running shell of IPython.
        tell: Takes the number and the source of a cell, secrets masked.
    """

    def __init__(self, shell: Any, tell: Callable[[int, str], None]) -> None:
        self._shell = shell
        self._tell = tell
        for number, source in enumerate(shell.history_manager.input_hist_raw):
            if number:
                self._record(number, source)
        shell.events.register("pre_run_cell", self._before)

    @classmethod
    def of_this_process(cls, tell: Callable[[int, str], None]) -> Cells | None:
        """Begin to tell of the cells of this process; None outside a notebook."""
        ipython = sys.modules.get("IPython")  # whoever runs in it has loaded it
        shell = ipython.get_ipython() if ipython is not None else None
        return None if shell is None else cls(shell, tell)

    def _before(self, info: Any) -> None:
        if getattr(info, "store_history", True):
            # Its number is its place in the history, to which it comes next. The shell's own
            # count is already one more in some versions.
            number = len(self._shell.history_manager.input_hist_raw)
            self._record(number, info.raw_cell or "")

    def _record(self, number: int, source: str) -> None:
        text = machine.redact_text(source)
        if len(text) > _LONGEST:
            text = text[:_LONGEST] + "\n# ... (the rest was too long)"
        with suppress(VcsTrackError, OSError):  # the user's cell runs, whatever happens to ours
            self._tell(number, text)

    def close(self) -> None:
        """Tell no more."""
        with suppress(ValueError):  # somebody else removed it
            self._shell.events.unregister("pre_run_cell", self._before)

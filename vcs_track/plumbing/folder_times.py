"""When the folders in a folder last changed, and whether that can be relied on."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Final

from vcs_track.plumbing import fsio, mounts

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FolderTimes"]

_SECOND: Final = 1_000_000_000  # ns
_SETTLED: Final = 2 * _SECOND
_SETTLED_FINE: Final = _SECOND // 10  # where times have fractions of a second


class FolderTimes:
    """The times of the folders in *root*, as they are now.

    To be made before anything in them is listed.

    Attributes:
        times: Name and time of the last change in nanoseconds of each.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._now = time.time_ns()
        self.times = fsio.times(root)

    def settled(self, name: str) -> int | None:
        """Return the time of a folder, if a later change gives it another.

        A folder may change twice within the resolution of its time.
        """
        when = self.times.get(name)
        if when is None:
            return None
        fine = self._fine and when % _SECOND
        return when if self._now - when > (_SETTLED_FINE if fine else _SETTLED) else None

    @cached_property
    def _fine(self) -> bool:
        # The times of another machine's disk are not those of this clock.
        return mounts.is_local(self._root)

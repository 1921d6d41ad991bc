"""Have I run this already, and which run made or used this file?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain.inputs import Input, declared, top_of
from vcs_track.porcelain.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int], None]

__all__ = ["Again", "Declared"]

Declared = Iterable[str | Path | Input] | Mapping[str, str | Path | Input]


class Again(Lookup):
    """The part of a repository that knows what was done already."""

    @storage_errors("read inputs")
    def hash_inputs(
        self, inputs: Declared, *, progress: Progress | None = None
    ) -> tuple[Input, ...]:
        """Return inputs as they are now; ``start_run(inputs=...)`` takes them.

        Args:
            inputs: Paths of files and folders, or paths by name.
            progress: Is called for each with bytes done and bytes in all.

        Raises:
            InvalidValueError: If one cannot be read, or changes meanwhile.
        """
        return declared(inputs, self.store.format, top_of(self.store.layout), progress)

"""What differs between the environments of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.porcelain import values
from vcs_track.porcelain.diff.changes import EnvChange
from vcs_track.porcelain.diff.mappings import mappings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcs_track.porcelain.run_view import RunView

__all__ = ["environment"]


def environment(old: RunView, new: RunView) -> Iterator[EnvChange]:
    """Yield what differs; equal documents are not read.

    Packages are told apart by their versions, and gone or new where one side has none.

    Args:
        old: The first run.
        new: The second run.
    """
    if old.manifest.env == new.manifest.env:
        return
    yield from mappings(EnvChange, values.flatten(old.env), values.flatten(new.env))

"""Runs that travel with git, as a repository gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain import shelf
from vcs_track.porcelain.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

    Progress = Callable[[int, int], None]

__all__ = ["SharesRuns"]


class SharesRuns(Lookup):
    """The part of a repository that commits runs with git."""

    @storage_errors("commit runs")
    def commit(
        self,
        runs: Iterable[str | RunView | Run] | None = None,
        message: str | None = None,
        *,
        alone: bool = False,
        progress: Progress | None = None,
    ) -> tuple[str, list[str]]:
        """Put runs on the shelf and commit them with git.

        Args:
            runs: Runs, or what names them. Default: all that are not on the shelf yet.
            message: Commit message. Default: one that names the runs.
            alone: Leave what is staged out of the commit.
            progress: Is called with packs done and packs in all.

        Returns:
            The id of the commit, and the ids of the runs.
        """
        ids = shelf.unshelved(self.store) if runs is None else self._ids(runs)
        return shelf.commit(self.store, ids, message, alone=alone, progress=progress), ids

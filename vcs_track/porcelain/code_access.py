"""The code of runs, as a repository gives it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain.lookup import Lookup, as_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.formats.code import Code
    from vcs_track.porcelain import restore
    from vcs_track.porcelain.restore_in_place import InPlace
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["CodeAccess"]


class CodeAccess(Lookup):
    """The part of a repository that reads and restores code."""

    @storage_errors("read the code of a run")
    def code(self, run: str | RunView | Run) -> Code:
        """Return the code of a run: its tree, and what its commit lacks of it.

        Raises:
            ObjectNotFoundError: If none was captured.
        """
        from vcs_track.porcelain import code_files

        return code_files.code_of(self._view(run))

    @storage_errors("read the code of a run")
    def code_file(self, run: str | RunView | Run, path: bytes) -> bytes:
        """Return the bytes of one file of a run's code, as git stores them.

        Args:
            run: The run.
            path: From the top of the work tree, with ``/``.

        Raises:
            ObjectNotFoundError: If the code has no such file, or it was not kept.
        """
        from vcs_track.porcelain import code_files

        return code_files.file_of(self.store, self._view(run), path)

    @storage_errors("compare the code of runs")
    def code_diff(
        self,
        old: str | RunView | Run,
        new: str | RunView | Run,
        paths: Sequence[str] = (),
        *,
        colour: bool = False,
    ) -> bytes:
        """Return how the code of two runs differs, as ``git diff`` shows it.

        See :func:`vcs_track.porcelain.code_diff.code_diff`.
        """
        from vcs_track.porcelain.code_diff import code_diff

        sides = self._view(old), self._view(new)
        return code_diff(self.store, *sides, paths, colour=colour)

    @storage_errors("restore the code of a run")
    def restore(self, run: str | RunView | Run, folder: str | Path) -> restore.Restored:
        """Make a work tree in *folder* with the exact code of a run.

        See :func:`vcs_track.porcelain.restore.restore`.
        """
        from vcs_track.porcelain import restore

        return restore.restore(self.store, self._view(run), as_path(folder))

    @storage_errors("restore the code of a run")
    def restore_in_place(self, run: str | RunView | Run, *, stash: bool = False) -> InPlace:
        """Make the work tree of this repository that of a run.

        See :func:`vcs_track.porcelain.restore_in_place.restore_in_place`.
        """
        from vcs_track.porcelain.restore_in_place import restore_in_place

        return restore_in_place(self.store, self._view(run), stash=stash)

    @storage_errors("make a branch of the code of a run")
    def branch(self, run: str | RunView | Run, name: str) -> str:
        """Make a branch of git with the code of a run; return its commit.

        See :func:`vcs_track.porcelain.code_branch.branch`.
        """
        from vcs_track.porcelain import code_branch

        return code_branch.branch(self.store, self._view(run), name)

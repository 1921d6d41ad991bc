"""Files of a run: saved, restored."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from vcs_track.compat.wandb import restoring
from vcs_track.compat.wandb.facts import Facts
from vcs_track.compat.wandb.term import termwarn

if TYPE_CHECKING:
    from os import PathLike

    from vcs_track.compat.wandb.saved import SavedFiles

__all__ = ["Filing"]


class Filing(Facts):
    """The part of a run that keeps files."""

    _saved_files: SavedFiles

    def save(
        self,
        glob_str: str | PathLike[str] | bytes | None = None,
        base_path: str | PathLike[str] | None = None,
        policy: str = "live",
        glob: bool = True,
    ) -> bool | list[str]:
        """Store files; a folder with all that is in it.

        Args:
            glob_str: A path or a pattern.
            base_path: What the names leave out of the paths. Default: the current folder; of
                an absolute path all but the last folder.
            policy: ``now``; ``live`` and ``end`` look at the files again at the end.
            glob: Whether *glob_str* may be a pattern.

        Returns:
            Where the files are in :attr:`dir`, sorted; True when nothing is given.

        Raises:
            ValueError: If the policy is another one, or a file is not below *base_path*.
            TypeError: If *glob_str* is no path.
        """
        self._check("save")
        if glob_str is None:
            termwarn(
                "Calling wandb.save without any arguments is deprecated. Changes to "
                "attributes are automatically persisted."
            )
            return True
        return self._saved_files.save(glob_str, base_path, policy, glob=glob)

    def restore(
        self,
        name: str,
        run_path: str | None = None,
        replace: bool = False,
        root: str | PathLike[str] | None = None,
    ) -> IO[Any] | None:
        """Get a file back, of this run or another one.

        Args:
            name: Its name in the run.
            run_path: ``[[entity/]project/]id``. Default: this run.
            replace: Whether a file that is there gives place.
            root: Where to put it. Default: :attr:`dir`.

        Returns:
            The file, open for reading; None where the run has none of this name.

        Raises:
            RunNotFoundError: If there is no such run; a CommError and a ValueError too.
        """
        view = restoring.find_run(run_path) if run_path else self._native.view()
        where = Path(self.dir if root is None else root)
        return restoring.restored(name, view, where, replace=replace)

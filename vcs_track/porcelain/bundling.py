"""Bundles, as a repository writes and takes them in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vcs_track.errors import GitError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain.lookup import Lookup, as_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vcs_track.porcelain.bundle_import import Imported
    from vcs_track.porcelain.convert import Converted
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

    Progress = Callable[[int, int], None]

__all__ = ["BundlesRuns"]


class BundlesRuns(Lookup):
    """The part of a repository that exports and imports."""

    @storage_errors("export runs")
    def export(
        self,
        runs: str | RunView | Run | Iterable[str | RunView | Run],
        path: str | Path,
        *,
        force: bool = False,
        with_code: bool = False,
        media: bool = True,
        since: str | Path | None = None,
        reproducible: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Write runs to one zip that stands alone.

        Files of commits that no remote has yet go along, within the limits of a run's code.

        Args:
            runs: Runs, or what names them, or what `runs` returned.
            path: The zip to make.
            force: Replace it when it is there.
            with_code: Every file of each run's code goes along, so that it can be restored
                without the git repository.
            media: False leaves out images, figures and files that were logged.
            since: A bundle, or a revision of git: what that bundle has, or the runs that were
                committed there, is left out, and has to be there before the import.
            reproducible: Store everything as it is, so that the bytes of the zip do not depend
                on the version of a compressor.
            progress: Is called with bytes done and bytes in all.

        Returns:
            The path of the zip.

        Raises:
            GitError: If *with_code* asks for code of a commit that is not here.
            InvalidValueError: If *path* exists, or there is nothing to export.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base").finish()
            >>> base = repo.export("base", repo.root / "base.zip")
            >>> _ = repo.edit("base", notes="good")
            >>> more = repo.export("base", repo.root / "more.zip", since=base)
            >>> more.stat().st_size < base.stat().st_size
            True
        """
        from vcs_track.porcelain import bundle
        from vcs_track.porcelain.capture import Rules
        from vcs_track.porcelain.carry import carrying
        from vcs_track.porcelain.since import since as known

        path = as_path(path)
        views = self._views(runs)
        d = self.defaults
        rules = Rules(d.code_largest, d.code_most)
        with carrying(self.store, views, rules, whole=with_code) as carried:
            if with_code and carried.trouble:
                run, why = next(iter(carried.trouble.items()))
                raise GitError(f"the code of run '{run}' cannot go along: {why}")
            choice = bundle.Choice(
                media, reproducible, None if since is None else known(self.store, since), carried
            )
            ids = [view.id for view in views]
            bundle.export(self.store, ids, path, choice, force=force, progress=progress)
        return path

    @storage_errors("export runs")
    def export_tree(
        self,
        runs: str | RunView | Run | Iterable[str | RunView | Run],
        folder: str | Path,
        *,
        media: bool = True,
        progress: Progress | None = None,
    ) -> list[Path]:
        """Write runs as plain folders, for people and other programs.

        Nothing reads them back. Each run gets a folder with ``run.json``, ``hparams.json``, a
        CSV for each series, its media and its code.

        Args:
            runs: Runs, or what names them, or what `runs` returned.
            folder: Where to make them; it must not exist, or be empty.
            media: False leaves out images, figures and files that were logged.
            progress: Is called with runs done and runs in all.

        Returns:
            The folder of each run.

        Raises:
            InvalidValueError: If there is something in *folder*, or nothing to export.
        """
        from vcs_track.porcelain.tree_export import export_tree

        return export_tree(
            self.store, self._views(runs), as_path(folder), media=media, progress=progress
        )

    @storage_errors("import a bundle")
    def import_(
        self, path: str | Path, *, dry_run: bool = False, progress: Progress | None = None
    ) -> Imported:
        """Take in the runs of a bundle; a second time changes nothing.

        Args:
            path: The bundle, also one that was unpacked and zipped again.
            dry_run: Check it and store nothing; the answer is what would be done.
            progress: Is called with bytes checked and bytes in all.

        Raises:
            CorruptError: If anything in it is wrong; nothing has changed then.
            InvalidValueError: If it has another object format.
            ObjectNotFoundError: If it is partial, and what it leaves out is not here.
        """
        from vcs_track.porcelain import bundle_import

        return bundle_import.import_(self.store, as_path(path), dry_run=dry_run, progress=progress)

    @storage_errors("convert the repository")
    def convert(
        self, folder: str | Path, object_format: str, *, progress: Progress | None = None
    ) -> Converted:
        """Make a repository of another object format with the same runs.

        This one is only read. Repeated, it goes on where it was interrupted, takes along what
        is new, and changes nothing else.

        Args:
            folder: Where ``.runs`` is made.
            object_format: ``sha256`` or ``xxh128``.
            progress: Is called with runs done and runs in all.

        Raises:
            CorruptError: If an object is damaged or missing.
            InvalidValueError: If this repository has that format, *folder* has another, or a
                run has not ended.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp(), "xxh128")
            >>> repo.start_run("base", hparams={"lr": 0.1}).finish()
            >>> done = repo.convert(tempfile.mkdtemp(), "sha256")
            >>> vcs_track.open(done.folder).run("base").hparams
            {'lr': 0.1}
        """
        from vcs_track.porcelain.convert import convert

        return convert(self.store, as_path(folder), object_format, progress=progress)

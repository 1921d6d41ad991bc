"""The repository: everything a user asks of a ``.runs`` folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vcs_track.errors import StorageError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.bundling import BundlesRuns
from vcs_track.porcelain.code_access import CodeAccess
from vcs_track.porcelain.judging import JudgesCommits
from vcs_track.porcelain.keeping import KeepsRuns
from vcs_track.porcelain.lookup import as_path
from vcs_track.porcelain.reading import ReadsSeries
from vcs_track.porcelain.sharing import SharesRuns
from vcs_track.porcelain.values import wrong_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vcs_track.porcelain import fsck, gc
    from vcs_track.porcelain.defaults import Defaults
    from vcs_track.porcelain.index_sql import SqlResult

    Progress = Callable[[int, int], None]

__all__ = ["Repository"]


class Repository(JudgesCommits, CodeAccess, SharesRuns, BundlesRuns, ReadsSeries, KeepsRuns):
    """One ``.runs`` folder.

    Made by :func:`vcs_track.init` and :func:`vcs_track.open`.

    Args:
        store: The store.
        defaults: What runs use where a call says nothing.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> for lr in (0.1, 0.01):
        ...     with repo.start_run(f"lr{lr}", hparams={"lr": lr}) as run:
        ...         run.add_scalar("loss", 1 - lr, 0)
        >>> [run.name for run in repo.runs(where="hparams.lr < 0.05")]
        ['lr0.01']
        >>> [change.name for change in repo.diff("lr0.1", "lr0.01") if change.kind == "hparam"]
        ['lr']
    """

    @classmethod
    def init(
        cls, folder: Path, object_format: str = "sha256", defaults: Defaults | None = None
    ) -> Self:
        """Make ``.runs`` in *folder*, or open the one that is there."""
        return cls(Store.init(folder, object_format), defaults)

    @classmethod
    def find(cls, start: Path, defaults: Defaults | None = None) -> Self:
        """Open the nearest ``.runs`` in *start* or above."""
        return cls(Store.find(start), defaults)

    @classmethod
    def of_bundle(cls, path: Path, around: Path, defaults: Defaults | None = None) -> Self:
        """Open the bundle *path* in place: a repository that is only read.

        Args:
            path: The bundle.
            around: A folder in the git repository that is asked about commits.
            defaults: What calls use where they say nothing.

        Raises:
            CorruptError: If it is no bundle.
            InvalidValueError: If there is no such file.
        """
        from vcs_track.plumbing.bundle_store import BundleStore

        return cls(BundleStore(path, around), defaults)

    @property
    def path(self) -> Path:
        """The ``.runs`` folder, or the bundle."""
        return self.store.place

    @property
    def object_format(self) -> str:
        """``sha256`` or ``xxh128``."""
        return self.store.format.name

    def __repr__(self) -> str:
        return f"<Repository {self.path}>"

    # ---- moving ------------------------------------------------------------------------

    # ---- keeping -----------------------------------------------------------------------

    @storage_errors("check the repository")
    def fsck(
        self,
        progress: Progress | None = None,
        *,
        repair_from: str | Path | Iterable[str | Path] | None = None,
        full: bool = False,
    ) -> fsck.Report:
        """Check everything; nothing is changed unless *repair_from* is given.

        Args:
            progress: Is called with packs done and packs in all.
            repair_from: Mend what is damaged before the check, from these repositories and
                bundles and from what is at hand; ``[]`` is the latter only.
            full: Also compare what series say of their points with these, and check the packs
                in the trash and what removed runs need.

        Raises:
            InvalidValueError: If a source is not there, or has another object format.
            CorruptError: If nothing of a source can be used.
            LockedError: If a clean-up or another repair is at work.
        """
        from vcs_track.porcelain import fsck

        self.store.require_folder()
        if isinstance(repair_from, str | Path):
            repair_from = [repair_from]
        sources = None if repair_from is None else [as_path(path) for path in repair_from]
        return fsck.fsck(self.store, progress, sources, full=full)

    @storage_errors("ask the index")
    def sql(self, query: str, *, seconds: float = 60.0) -> SqlResult:
        """Answer SQL over the finished runs; the page on SQL has the views.

        Nothing can be changed by it. Live runs are not among the answers.

        Args:
            query: One ``SELECT``.
            seconds: It is stopped after so long.

        Raises:
            ExpressionError: If SQLite refuses it.
            StorageError: If there is no place for an index.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> repo.start_run("base", hparams={"lr": 0.1}).finish()
            >>> repo.sql("SELECT name, value FROM hparams").rows
            [('lr', 0.1)]
        """
        if not isinstance(query, str):
            raise wrong_type("query", query, "text")
        self.store.require_folder()
        found = self.catalog.sql(query, seconds)
        if found is None:
            raise StorageError("there is no place for an index", hint="is the disk read-only?")
        return found

    @storage_errors("make the index")
    def reindex(self, progress: Progress | None = None) -> int:
        """Make the index anew from the runs; return how many it has.

        It is kept up to date by itself; this is for who has a doubt.

        Args:
            progress: Is called with runs done and runs in all.

        Raises:
            StorageError: If there is no place for it.
        """
        self.store.require_folder()
        return self.catalog.rebuild(progress)

    @storage_errors("check the index")
    def check_index(self, progress: Progress | None = None) -> dict[str, list[str]]:
        """Return what the index says otherwise than the runs, by run.

        Args:
            progress: Is called with runs done and runs in all.
        """
        self.store.require_folder()
        return self.catalog.check(progress)

    def with_defaults(self, **changes: Any) -> Repository:
        """Return the same repository with other defaults."""
        return Repository(self.store, replace(self.defaults, **changes))

    @storage_errors("clean up")
    def gc(self, *, dry_run: bool = False, grace_days: float = 14.0) -> gc.Report:
        """Move packs to the trash that nothing needs, and empty the trash.

        A pack waits *grace_days* before it is called dead, as long again before it is moved,
        and as long again in the trash. Nothing that a run needs is ever deleted.

        Args:
            dry_run: Change nothing and say what would be done.
            grace_days: Days, at least an hour.

        Raises:
            CorruptError: If a run cannot be followed; no pack is moved or deleted then.
            InvalidValueError: If *grace_days* is too short.
            StorageError: If the disk refuses.
        """
        from vcs_track.porcelain import gc

        self.store.require_folder()
        return gc.gc(self.store, grace=gc.check_grace(grace_days), dry_run=dry_run)

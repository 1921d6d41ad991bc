"""Finding the runs of a store: what every part of a repository begins with."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.errors import (
    CorruptError,
    GitError,
    InvalidValueError,
    RunNotFoundError,
    VcsTrackError,
)
from vcs_track.formats.manifest import RUN_ID
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain import seal, values
from vcs_track.porcelain.defaults import Defaults
from vcs_track.porcelain.reads import Reads
from vcs_track.porcelain.revision import names_run, resolve
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.catalog import Catalog
    from vcs_track.porcelain.filter import Filter, SortKey
    from vcs_track.porcelain.finder import Finder
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_set import Among, RunSet

__all__ = ["Lookup", "as_path"]


class Lookup:
    """The runs of one store.

    Args:
        store: The store.
        defaults: What runs use where a call says nothing.
    """

    def __init__(self, store: Store, defaults: Defaults | None = None) -> None:
        self.store = store
        self.defaults = defaults or Defaults()

    # A program that only logs asks for no runs: what looks for them is loaded with the first
    # question, here and below.

    @cached_property
    def catalog(self) -> Catalog:
        """The index of the store."""
        from vcs_track.porcelain.catalog import Catalog

        return Catalog(self.store, self.defaults.cache, self._say)

    @cached_property
    def _finder(self) -> Finder:
        from vcs_track.porcelain.finder import Finder

        return Finder(self.store, self.catalog, self._leave_out)

    def _say(self, word: str) -> None:
        self.store.skipped["index"] = CorruptError(word)

    @property
    def root(self) -> Path:
        """The folder that holds ``.runs``."""
        return self.store.layout.root.parent

    def runs(
        self,
        where: str | Filter | None = None,
        order_by: str | Sequence[str] | SortKey | None = None,
        limit: int | None = None,
        *,
        commit: str | None = None,
        rev_range: str | None = None,
    ) -> RunSet:
        """Return runs, live ones included, newest first.

        Args:
            where: A filter, for example ``hparams.lr < 0.01 and summary.val_acc > 0.9``; see
                the page on filters; or one that is understood already.
            order_by: Names to sort by, ``-`` for falling: ``-summary.val_acc, created``.
            limit: At most this many.
            commit: Only runs that were made at this commit, or whose code is that of it.
            rev_range: The same for a range of commits, ``v1..main`` for example.

        Raises:
            CommitNotFoundError: If git does not know *commit* or *rev_range*.
            GitError: If git cannot be asked.
            ExpressionError: If *where* or *order_by* cannot be understood, or names what no
                run has.
        """
        from vcs_track.porcelain.run_set import RunSet

        self.store.adopt()
        return RunSet(
            self._all, where, order_by, limit, self._leave_out, self._among(commit, rev_range),
            finder=self._finder, commits_in=self._commits_in,
        )  # fmt: skip

    def _among(self, commit: str | None, rev_range: str | None) -> Among | None:
        if commit is None and rev_range is None:
            return None
        from vcs_track.plumbing.git_log import history
        from vcs_track.porcelain.commit_log import match

        if commit is not None and rev_range is not None:
            raise InvalidValueError(
                "commit and rev_range exclude each other", hint="a range may be one commit: 'A^!'"
            )
        commits = history(
            self.root, rev_range if commit is None else commit, single=commit is not None
        )
        return lambda runs: match(self.root, runs, commits)

    def _said_by_git(self) -> dict[str, dict[str, Any]]:
        """Return what git said of each run, by its id."""
        said = self._finder.git()
        return {run.id: run.git for run in self._all()} if said is None else said

    def _commits_in(self, rev_range: str) -> list[str]:
        from vcs_track.plumbing.git_log import history

        return [commit.id for commit in history(self.root, rev_range)]

    def _all(self) -> list[RunView]:
        self.store.refresh()
        live = seal.live_runs(self.store)  # first: a run that ends meanwhile has a head then
        ids = {*live, *self.store.home.heads()}
        runs = []
        for run in ids:
            try:
                runs.append(RunView.load(self.store, run))
            except RunNotFoundError:
                continue  # it ended, or was removed, since it was listed
            except VcsTrackError as error:
                self._leave_out(run, error)
        return sorted(runs, key=lambda run: (-run.manifest.created_us, run.id))

    def _leave_out(self, run: str, error: VcsTrackError) -> None:
        # One damaged run must not hide the others; whoever lists them says so.
        self.store.skipped[f"run {run}"] = error

    @storage_errors("read a run")
    def run(self, run: str) -> RunView:
        """Return one run.

        Args:
            run: Id, unique prefix, name, ``@`` (newest), ``@{-n}`` (n runs before it),
                ``RUN@{n}`` (n edits ago) or ``git:REV`` (newest run of a commit).

        Raises:
            RunNotFoundError: If there is none; the hint names near ones.
            AmbiguousRunError: If several match; the hint lists them.
        """
        if not isinstance(run, str):
            raise values.wrong_type("run", run, "text")
        run = run.encode("utf-8", "replace").decode()
        if run in seal.live_runs(self.store) or self.store.home.head_folder.of(run):
            return RunView.load(self.store, run)
        self.store.adopt()
        if run.startswith("@"):
            return resolve(run, self._newest_first(), self._commit_of)
        if run.startswith("git:"):
            return resolve(run, self._at(run), self._commit_of)
        base = run.partition("@{")[0]
        try:
            return resolve(run, self._finder.named(base) or self._newest_first(), self._commit_of)
        except RunNotFoundError:
            if RUN_ID.fullmatch(base) and self.store.removed.of(base):
                raise RunNotFoundError(
                    f"run '{base}' was removed",
                    hint=f"bring it back with 'vcs-track rm --restore {base}'",
                ) from None
            raise

    def _newest_first(self) -> Sequence[RunView]:
        found = self._finder.find()
        return self._all() if found is None else found

    def _at(self, run: str) -> Sequence[RunView]:
        """Return the runs of the commit that *run* names."""
        from vcs_track.porcelain.filter import Filter
        from vcs_track.porcelain.filter.nodes import Compare, Literal, Name

        revision = run.partition("@{")[0].removeprefix("git:")
        wanted = Literal(self._commit_of(revision))
        where = Filter("", Compare("=", Name(("commit",)), wanted), resolved=True)
        found = self._finder.find(where)
        return self._all() if found is None else found

    def is_run(self, run: str) -> bool:
        """Tell whether *run* names a run by itself, not by a prefix.

        That is an id or a name, ``@``, ``@{-n}``, ``git:REV`` or, behind one of these,
        ``@{n}``.
        """
        return names_run(run, self._all)

    def _commit_of(self, revision: str) -> str:
        from vcs_track.plumbing import gitlink

        root = gitlink.find_root(self.root)
        if root is None:
            raise GitError(f"'{self.root}' is not in a git repository")
        return gitlink.resolve(root, revision)

    def _view(self, run: str | RunView | Run) -> RunView:
        return self.run(run) if isinstance(run, str) else run.view()

    def _ids(self, runs: str | RunView | Run | Iterable[str | RunView | Run]) -> list[str]:
        if isinstance(runs, str | Reads):
            runs = [runs]
        return [self.run(run).id if isinstance(run, str) else run.id for run in runs]

    def _views(self, runs: Any) -> list[RunView]:
        one = isinstance(runs, str | Reads)
        if not one and not isinstance(runs, Iterable):
            raise values.wrong_type("runs", runs, "runs, or what names them")
        asked = [runs] if one else list(runs)
        for run in asked:
            if not isinstance(run, str | Reads):
                raise values.wrong_type("a run", run, "a run, or what names it")
        return list({view.id: view for view in map(self._view, asked)}.values())

    @storage_errors("recover runs")
    def recover(self, *, force: bool = False) -> list[str]:
        """Seal the runs whose writers have died; return their ids.

        Args:
            force: Also runs written on another host.
        """
        return seal.recover(self.store, force=force) if self.store.writable else []


def as_path(path: object) -> Path:
    """Return what a user gave for a path as one.

    Raises:
        InvalidTypeError: If it is neither text nor a path.
    """
    if not isinstance(path, str | Path):
        raise values.wrong_type("path", path, "text or a Path")
    return Path(path)

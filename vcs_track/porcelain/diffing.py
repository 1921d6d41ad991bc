"""What differs between runs, as a repository finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import GitError, InvalidValueError, NotFoundError, VcsTrackError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain.comparing import ComparesRuns
from vcs_track.porcelain.reads import Reads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vcs_track.porcelain.comparing import Runs
    from vcs_track.porcelain.diff.groups import GroupDiff
    from vcs_track.porcelain.diff.matrix import Matrix
    from vcs_track.porcelain.diff.result import Diff
    from vcs_track.porcelain.diff.tolerance import Tol
    from vcs_track.porcelain.pairing import Pair
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

    Words = str | Iterable[str]

__all__ = ["DiffsRuns"]

_FEWEST = 2


class DiffsRuns(ComparesRuns):
    """The part of a repository that tells what differs."""

    @storage_errors("compare runs")
    def diff(
        self,
        old: str | RunView | Run,
        new: str | RunView | Run,
        *,
        only: Words | None = None,
        tags: Words | None = None,
        tol: Tol | None = None,
        everything: bool = False,
        code: bool = True,
    ) -> Diff:
        """Return what differs between two runs; empty when nothing does.

        Args:
            old: A run, or what names it: as in `run`, or ``x.zip:RUN`` for one of a bundle.
            new: Another one.
            only: Only these kinds, singular or plural: ``"hparams,results"``. Default: all.
            tags: Of summary, series, media and texts only these tags, or patterns as
                ``val/*``.
            tol: Numbers of summary, results and series that are no further apart are the same:
                a distance (``1e-3``), a share of the old value (``"0.5%"``), or one of these
                for each name or pattern.
            everything: Whether what no two runs share is a difference too: id, name and times.
            code: Whether to compare the files of their code, for which git is asked.

        Raises:
            AmbiguousRunError: If a name means several runs.
            CorruptError: If a run is damaged.
            InvalidTypeError: If an argument has another type than these.
            InvalidValueError: If there is no such kind, no such bundle, or a tolerance is no
                number.
            RunNotFoundError: If there is no such run.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for name, lr, acc in [("a", 0.1, 0.8), ("b", 0.2, 0.84)]:
            ...     with repo.start_run(name, hparams={"lr": lr}) as run:
            ...         run.write_result(acc=acc)
            >>> for change in repo.diff("a", "b", only="hparams,results"):
            ...     print(change.kind, change.name, change.old, change.new)
            hparam lr 0.1 0.2
            result acc 0.8 0.84
            >>> repo.diff("a", "b", only="results", tol="10%") == []
            True
        """
        from vcs_track.porcelain.diff import walk

        sides = (self._side_of(old), self._side_of(new))
        return walk.diff(
            *sides, only=only, tags=tags, tol=tol, everything=everything,
            store=self.store if code else None,
        )  # fmt: skip

    def _side_of(self, run: str | RunView | Run) -> RunView:
        """Return a run of the repository or of a bundle."""
        if isinstance(run, Reads):
            return run.view()
        try:
            return self.run(run)  # refuses what is no text
        except NotFoundError:
            from vcs_track.porcelain.bundle_runs import in_bundle, named_bundle

            # The name of a run may look like that of a bundle.
            found = named_bundle(run)
            if found is None:
                raise
        return in_bundle(*found, self.root)

    @storage_errors("compare runs")
    def pair(self, *specs: str) -> Pair:
        """Return the two runs that are meant.

        Args:
            specs: Two runs; or one text ``A..B``, where nothing stands for ``@``; or one run,
                that is compared with the best run of the parent of its commit (by the number
                of its summary that tells most), or else with the run before it. A run may be
                one of a bundle, ``x.zip:RUN``.

        Raises:
            AmbiguousRunError: If a name means several runs.
            InvalidValueError: If there is no such bundle, or not one or two texts.
            RunNotFoundError: If there is no such run, or none to compare it with.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for name in ("a", "b"):
            ...     repo.start_run(name).finish()
            >>> pair = repo.pair("a..b")
            >>> pair.old.name, pair.new.name, repo.pair("b").old.name, repo.pair("b").why
            ('a', 'b', 'a', 'the run before it')
        """
        from vcs_track.porcelain.pairing import Pair

        if len(specs) == _FEWEST:
            return Pair(self._side_of(specs[0]), self._side_of(specs[1]))
        if len(specs) != 1:
            raise InvalidValueError(
                f"two runs are compared, got {len(specs)}", hint="matrix() takes more of them"
            )
        failure: VcsTrackError
        try:
            run = self._side_of(specs[0])
        except VcsTrackError as error:
            failure = error
            if not self._splits(specs[0]):
                raise
        else:
            return self._with_earlier(run)
        for old, new in self._splits(specs[0]):
            try:
                return Pair(self._side_of(old or "@"), self._side_of(new or "@"))
            except VcsTrackError as error:
                failure = error
        raise failure

    @staticmethod
    def _splits(text: str) -> list[tuple[str, str]]:
        places = [n for n in range(len(text) - 1) if text[n : n + 2] == ".."]
        # '../x.zip:RUN' is a path: its dots come last.
        places.sort(key=lambda n: text[n + 2 : n + 3] in ("/", "\\"))
        return [(text[:n], text[n + 2 :]) for n in places]

    def _with_earlier(self, run: RunView) -> Pair:
        from vcs_track.porcelain import pairing

        parent = self._parent_of(run)
        name = pairing.main_number(run)
        if parent is not None and name is not None:
            runs = [other for other in self._at(parent) if other.id != run.id]
            there = [other for other in runs if other.git.get("commit") == parent]
            found = pairing.best(there, name)
            if found is not None:
                why = f"the best run of the parent commit {parent[:12]} by {name}"
                return pairing.Pair(found, run, why)
        return pairing.Pair(pairing.before(run, self._newest_first()), run, "the run before it")

    def _parent_of(self, run: RunView) -> str | None:
        commit = run.git.get("commit")
        try:
            return self._commit_of(f"{commit}^") if commit else None
        except GitError:
            return None  # the first commit, or one that is not here

    @storage_errors("compare runs")
    def diff_groups(
        self, a: Runs, b: Runs, *, only: Words | None = None, tags: Words | None = None,
        tol: Tol | None = None, everything: bool = False,
    ) -> GroupDiff:  # fmt: skip
        """Return what differs between two sets of runs.

        Args:
            a: Runs, or what names them, as in `compare`: a filter, a group, or names.
            b: The same for the other side.
            only: Only these kinds. Default: all but series, media, texts and files.
            tags: Of the summary only these names, or patterns.
            tol: Means that are no further apart are the same; as in `diff`.
            everything: Whether what no two runs share counts too: id, name and times.

        Raises:
            InvalidValueError: If there is no such kind, or a tolerance is no number.
            RunNotFoundError: If a side has no run.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for group, acc in [("g1", 0.8), ("g1", 0.9), ("g2", 0.95), ("g2", 0.97)]:
            ...     with repo.start_run(group=group) as run:
            ...         run.write_result(acc=acc)
            >>> (row,) = repo.diff_groups("g1", "g2", only="results")
            >>> row.name, round(row.old.mean, 3), round(row.new.mean, 3), row.better
            ('acc', 0.85, 0.96, True)
        """
        from vcs_track.porcelain.diff import groups

        names, sides, _ = zip(*(self._chosen(side) for side in (a, b)), strict=True)
        return groups.compare_groups(
            names, *sides, only=only, tags=tags, tol=tol, everything=everything
        )

    @storage_errors("compare runs")
    def matrix(
        self, runs: Iterable[str | RunView | Run], *, only: Words | None = None,
        tags: Words | None = None, tol: Tol | None = None, everything: bool = False,
    ) -> Matrix:  # fmt: skip
        """Return a table of what varies between runs: a column a run.

        Args:
            runs: At least two, each as in `diff`.
            only: Only these kinds. Default: all.
            tags: Of summary, series, media and texts only these tags, or patterns.
            tol: Numbers that are no further from the first are the same; as in `diff`.
            everything: Whether what no two runs share varies too: id, name and times.

        Raises:
            InvalidValueError: If there are fewer than two, or there is no such kind.
            RunNotFoundError: If there is no such run.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> for name, lr in [("a", 1), ("b", 2), ("c", 2)]:
            ...     repo.start_run(name, hparams={"lr": lr, "same": 1}).finish()
            >>> [(row.name, row.values) for row in repo.matrix("abc", only="hparams")]
            [('lr', (1, 2, 2))]
        """
        from vcs_track.porcelain.diff import matrix

        views = [self._side_of(run) for run in runs]
        return matrix.matrix_of(views, only=only, tags=tags, tol=tol, everything=everything)

"""Runs that travel with git, as a repository gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import InvalidValueError
from vcs_track.plumbing.fsio import storage_errors
from vcs_track.porcelain.lookup import Lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vcs_track.porcelain.annotate import Annotated
    from vcs_track.porcelain.commit_log import CommitLog
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

    Progress = Callable[[int, int], None]

__all__ = ["SharesRuns"]


class SharesRuns(Lookup):
    """The part of a repository that commits runs with git."""

    def log(
        self,
        rev_range: str | None = None,
        where: str | None = None,
        limit: int | None = None,
        *,
        everywhere: bool = False,
    ) -> CommitLog:
        """Return commits with their runs, newest first.

        A run stands at the commit it was made at. If files had been changed, it stands at the
        oldest commit listed that has exactly its code, where there is one.

        Args:
            rev_range: As ``git log`` takes it, ``v1..main`` for example; each of its commits is
                listed. Default: those commits of ``HEAD`` that have runs, and the runs that
                stand at none.
            where: Only runs that match this filter, and commits that have such runs.
            limit: At most so many commits, and so many runs that stand at none.
            everywhere: Commits of every branch and tag.

        Raises:
            CommitNotFoundError: If git does not know *rev_range*.
            ExpressionError: If *where* cannot be understood.
            GitError: If git cannot be asked.
        """
        from vcs_track.plumbing.git_log import history
        from vcs_track.porcelain.commit_log import arrange, match

        commits = history(self.root, rev_range, everywhere=everywhere)
        places = match(self.root, self._said_by_git(), commits)
        runs = self.runs(where)
        return arrange(
            runs, commits, places,
            empty=rev_range is not None and where is None, limit=limit, elsewhere=rev_range is None,
        )  # fmt: skip

    def runs_of(self, rev_range: str | None = None) -> dict[str, str]:
        """Return the commit that each run stands at, by the ids of the runs.

        Args:
            rev_range: As ``git log`` takes it. Default: the commits of ``HEAD``.

        Raises:
            CommitNotFoundError: If git does not know *rev_range*.
            GitError: If git cannot be asked.

        Example:
            >>> import subprocess, tempfile, vcs_track
            >>> folder = tempfile.mkdtemp()
            >>> def git(*args):
            ...     done = subprocess.run(["git", *args], cwd=folder, capture_output=True)
            ...     return done.stdout.decode().strip()
            >>> _ = git("init"), git("commit", "--allow-empty", "-m", "start")
            >>> repo = vcs_track.init(folder)
            >>> run = repo.start_run()
            >>> run.finish()
            >>> repo.runs_of("HEAD") == {run.id: git("rev-parse", "HEAD")}
            True
        """
        from vcs_track.plumbing.git_log import history
        from vcs_track.porcelain.commit_log import match

        commits = history(self.root, rev_range)
        found = match(self.root, self._said_by_git(), commits)
        return {run: place.commit for run, place in found.items()}

    def annotate(self, rev_range: str | None = None, *, everywhere: bool = False) -> Annotated:
        """Write the runs of commits as notes, for ``git log --notes=runs``.

        The notes, in ``refs/notes/runs``, are a view: they are never read.

        Args:
            rev_range: As ``git log`` takes it. Default: the commits of ``HEAD``.
            everywhere: Commits of every branch and tag.

        Raises:
            CommitNotFoundError: If git does not know *rev_range*.
            GitError: If git refuses.
        """
        from vcs_track.plumbing.git_log import history
        from vcs_track.porcelain import annotate
        from vcs_track.porcelain.commit_log import arrange, match

        commits = history(self.root, rev_range, everywhere=everywhere)
        places = match(self.root, self._said_by_git(), commits)
        return annotate.annotate(self.root, arrange(self.runs(), commits, places, elsewhere=False))

    @storage_errors("commit runs")
    def commit(
        self,
        runs: Iterable[str | RunView | Run] | None = None,
        message: str | None = None,
        *,
        where: str | None = None,
        alone: bool = False,
        media: bool = True,
        max_size: int | None = None,
        progress: Progress | None = None,
    ) -> tuple[str, list[str]]:
        """Put runs on the shelf and commit them with git.

        Args:
            runs: Runs, or what names them. Default: all that git has not got yet.
            message: Commit message. Default: one that names the runs. Each run gets a trailer
                ``Run-Id`` in it.
            where: Instead of *runs*: the sealed runs that match this filter and of which git
                has not got everything.
            alone: Leave what is staged out of the commit.
            media: False leaves images and files out: a clone knows the runs without them.
            max_size: Bytes of a pack; a larger one is refused before anything is changed.
                Default: ``commit_largest`` of the configuration.
            progress: Is called with packs done and packs in all.

        Returns:
            The id of the commit, and the ids of the runs.

        Raises:
            GitError: Outside git, or when git refuses; the runs stay on the shelf, and staged.
            InvalidValueError: If there is nothing to commit, a run is not sealed, or a pack is
                too large.
        """
        from vcs_track.porcelain import shelf

        if runs is not None and where is not None:
            raise InvalidValueError("runs and where exclude each other")
        ids = self.uncommitted(where, media=media) if runs is None else self._ids(runs)
        largest = self.defaults.commit_largest if max_size is None else max_size
        commit = shelf.commit(
            self.store, ids, message,
            alone=alone, media=media, largest=largest, progress=progress,
        )  # fmt: skip
        return commit, ids

    def uncommitted(self, where: str | None = None, *, media: bool = True) -> list[str]:
        """Return the ids of the sealed runs that `commit` would take.

        Args:
            where: Only those that match this filter; then also those that git has without
                their images and files.
            media: False: images and files do not matter.
        """
        from vcs_track.porcelain import shelf

        if where is None:
            return shelf.unshelved(self.store)
        found = [run.id for run in self.runs(where) if run.heads and run.status != "running"]
        if media:
            return shelf.lacking(self.store, found)
        away = set(shelf.unshelved(self.store))
        return [run for run in found if run in away]

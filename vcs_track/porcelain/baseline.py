"""What a change is measured by: the best run of where its branch began."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import GitError, RunNotFoundError, VcsTrackError
from vcs_track.plumbing import git_ask, git_base, gitlink
from vcs_track.plumbing.git_log import history
from vcs_track.porcelain.best_so_far import beats
from vcs_track.porcelain.commit_log import code_trees
from vcs_track.porcelain.filter.evaluate import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.interest import Better
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.runs_at import RunsAt

__all__ = ["Baseline", "Baselines"]

_AT_ONCE: Final = 500  # commits; the base is hardly ever further back


@dataclass(frozen=True, slots=True)
class Baseline:
    """A run that others are measured by.

    Attributes:
        run: The run.
        commit: The commit that has its code.
        rev: What the branch goes to.
        merge_base: Id of the commit at which the branch began.
        steps: How many commits lie from *commit* to *merge_base*.
    """

    run: RunView
    commit: Commit
    rev: str
    merge_base: str
    steps: int

    @property
    def sentence(self) -> str:
        """Where the run stands, in words.

        ``the merge base of HEAD and main`` or ``2 commits before`` it.
        """
        where = f"the merge base of HEAD and {self.rev}"
        if not self.steps:
            return where
        return f"{self.steps} {'commit' if self.steps == 1 else 'commits'} before {where}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return {
            "id": self.run.id, "name": self.run.name, "commit": self.commit.id,
            "rev": self.rev, "merge_base": self.merge_base, "steps": self.steps,
        }  # fmt: skip


class Baselines:
    """Finds baselines.

    Args:
        folder: The folder that holds ``.runs``.
        runs: Where runs are found that may be one; those that have not finished are none.
        rev: What the branch goes to. Default: the usual branch.
        leave_out: Is told of a run that cannot be read, and why.
    """

    def __init__(
        self, folder: Path, runs: RunsAt, rev: str | None = None,
        leave_out: Callable[[str, VcsTrackError], None] = lambda *_: None,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._rev = rev
        self._leave_out = leave_out
        self._runs = runs
        self._walked: list[tuple[Commit, list[RunView]]] = []

    @cached_property
    def rev(self) -> str:
        """What the branch goes to.

        Raises:
            GitError: If none was named and there is no usual one.
        """
        rev = self._rev or git_base.default_base(self._folder)
        if rev is None:
            raise GitError(
                "nobody knows what this branch goes to",
                hint="there is no 'origin/HEAD', 'main' or 'master': name a commit with --base",
            )
        return rev

    @cached_property
    def merge_base(self) -> str:
        """Id of the commit at which the branch began.

        Raises:
            CommitNotFoundError: If git does not know *rev*.
            GitError: If there is none.
        """
        head, base = (gitlink.resolve(self._folder, rev) for rev in ("HEAD", self.rev))
        return git_base.merge_base(self._folder, head, base)

    def best(self, name: str, better: Better | None = None) -> Baseline | None:
        """Return the best run of the nearest commit that has one with this value.

        The search begins where the branch began. On the base branch itself it begins at the
        newest commit of other code: nothing is measured by itself.

        Args:
            name: Full name of the value.
            better: Which way it is good. Default: the newest run is the best.

        Raises:
            CommitNotFoundError: If git does not know the base.
            GitError: If there is none.
        """
        for commit, runs in self._walk():
            found = _best(self._whole(runs), name, better)
            if found is not None:
                steps = git_base.count_between(self._folder, commit.id, self.merge_base)
                return Baseline(found, commit, self.rev, self.merge_base, steps)
        return None

    def nearest(self) -> Baseline | None:
        """Return the newest run of the nearest commit that has one."""
        return self.best("id")

    def required(self) -> Baseline:
        """Return the newest run of the nearest commit that has one.

        Raises:
            RunNotFoundError: If there is none.
        """
        found = self.nearest()
        if found is None:
            hint = "commit one on that branch with 'vcs-track commit', or use --no-base-ok"
            if git_ask.is_shallow(git_ask.top_of(self._folder)):
                hint = git_ask.CUT
            raise RunNotFoundError(
                f"no finished run is at the merge base of HEAD and '{self.rev}', nor before it",
                hint=hint,
            )
        return found

    def _walk(self) -> Iterator[tuple[Commit, list[RunView]]]:
        yield from self._walked
        for found in self._further:
            self._walked.append(found)
            yield found

    @cached_property
    def _further(self) -> Iterator[tuple[Commit, list[RunView]]]:
        return self._search()

    def _search(self) -> Iterator[tuple[Commit, list[RunView]]]:
        commits = self._of_other_code(history(self._folder, self.merge_base))
        for first in range(0, len(commits), _AT_ONCE):
            part = commits[first : first + _AT_ONCE]
            found = self._runs.of(part)
            yield from ((commit, found[commit.id]) for commit in part if commit.id in found)

    def _whole(self, runs: Iterable[RunView]) -> Iterator[RunView]:
        for run in runs:
            try:
                finished = run.status == "finished"
                run.get("id")  # its facts are read now: damage shows here
            except VcsTrackError as error:
                self._leave_out(run.id, error)
            else:
                if finished:
                    yield run

    def _of_other_code(self, commits: Sequence[Commit]) -> Sequence[Commit]:
        if gitlink.resolve(self._folder, "HEAD") != self.merge_base:
            return commits
        for first in range(0, len(commits), _AT_ONCE):
            part = commits[first : first + _AT_ONCE]
            code = code_trees(self._folder, [commits[0], *part])
            now = code.get(commits[0].tree)
            for place, commit in enumerate(part):
                if code.get(commit.tree) != now:
                    return commits[first + place :]
        return []


def _best(runs: Iterable[RunView], name: str, better: Better | None) -> RunView | None:
    """Return the best of *runs*; of several equal ones the first."""
    found: RunView | None = None
    for run in runs:
        value = run.flat.get(name)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        if better is None:
            return run
        if is_number(value) and (found is None or beats(value, found.flat[name], better)):
            found = run
    return found

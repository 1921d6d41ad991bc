"""Which runs had exactly the code of a commit.

Stricter than a list of commits with their runs: a run of changed files, or beside files that git
did not know, does not count for the commit that it was made at. And wider: where several commits
have one tree, as after a revert, its runs count for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.porcelain.commit_log import code_trees

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.run_view import RunView

__all__ = ["RunsAt"]


class RunsAt:
    """Runs, to be found by commits.

    Args:
        folder: The folder that holds ``.runs``.
        runs: Runs; their order is kept.
    """

    def __init__(self, folder: Path, runs: Iterable[RunView]) -> None:
        self._folder = folder
        self._places: dict[str, int] = {}
        self._by_commit: dict[str, list[RunView]] = {}
        self._by_tree: dict[str, list[RunView]] = {}
        for place, run in enumerate(runs):
            self._places[run.id] = place
            git = run.git
            if git.get("commit") and not git.get("dirty") and not git.get("untracked"):
                self._by_commit.setdefault(str(git["commit"]), []).append(run)
            if git.get("tree"):
                self._by_tree.setdefault(str(git["tree"]), []).append(run)

    def of(self, commits: Sequence[Commit]) -> dict[str, list[RunView]]:
        """Return the runs that had the code of each commit that has any.

        Args:
            commits: Commits, newest first.

        Raises:
            GitError: If git cannot be asked.
        """
        if not commits or not self._places:
            return {}
        code = code_trees(self._folder, commits) if self._by_tree else {}
        found = {}
        for commit in commits:
            runs = [
                *self._by_commit.get(commit.id, ()),
                *self._by_tree.get(code.get(commit.tree, ""), ()),
            ]
            if runs:
                once = {run.id: run for run in runs}
                found[commit.id] = sorted(once.values(), key=lambda run: self._places[run.id])
        return found

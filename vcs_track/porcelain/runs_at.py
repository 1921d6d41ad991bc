"""Which runs had exactly the code of a commit.

Stricter than a list of commits with their runs: a run of changed files, or beside files that git
did not know, does not count for the commit that it was made at. And wider: where several commits
have one tree, as after a revert, its runs count for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.porcelain.commit_log import code_trees

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.run_view import RunView

__all__ = ["RunsAt"]


class RunsAt:
    """Runs, to be found by commits.

    Args:
        folder: The folder that holds ``.runs``.
        said: What git said of each run, by its id.
        load: Returns those runs that count, out of some ids, the newest first.
    """

    def __init__(
        self, folder: Path, said: Mapping[str, Mapping[str, Any]],
        load: Callable[[Container[str]], Iterable[RunView]],
    ) -> None:  # fmt: skip
        self._folder = folder
        self._load = load
        self._by_commit: dict[str, list[str]] = {}
        self._by_tree: dict[str, list[str]] = {}
        for run, git in said.items():
            if git.get("commit") and not git.get("dirty") and not git.get("untracked"):
                self._by_commit.setdefault(str(git["commit"]), []).append(run)
            if git.get("tree"):
                self._by_tree.setdefault(str(git["tree"]), []).append(run)

    def of(self, commits: Sequence[Commit]) -> dict[str, list[RunView]]:
        """Return the runs that had the code of each commit that has any.

        Args:
            commits: Commits, newest first.

        Raises:
            ExpressionError: If what counts cannot be understood.
            GitError: If git cannot be asked.
        """
        code = code_trees(self._folder, commits) if commits and self._by_tree else {}
        there = {
            commit.id: {
                *self._by_commit.get(commit.id, ()),
                *self._by_tree.get(code.get(commit.tree, ""), ()),
            }
            for commit in commits
        }
        # Asked also where there is none: a mistake in a filter shows each time.
        loaded = list(self._load({run for runs in there.values() for run in runs}))
        found = {
            commit: [run for run in loaded if run.id in runs] for commit, runs in there.items()
        }
        return {commit: runs for commit, runs in found.items() if runs}

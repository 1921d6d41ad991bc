"""Which commit has the code of which run.

A run stands at the commit that it was made at, if the code was that of the commit. If files had
been changed, it stands at the commit that has exactly its code, where there is one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.plumbing import gitlink
from vcs_track.plumbing.git_log import folders_named, trees_without
from vcs_track.plumbing.layout import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.run_set import RunSet
    from vcs_track.porcelain.run_view import RunView

__all__ = ["CommitLog", "LoggedCommit", "LoggedRun", "Match", "arrange", "code_trees", "match"]


class Match(NamedTuple):
    """Where a run stands.

    Attributes:
        commit: Id of the commit.
        by: ``commit`` if the run was made there, ``tree`` if the commit has exactly its code.
    """

    commit: str
    by: str


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A run in a list of commits.

    Attributes:
        run: The run.
        match: Where it stands; None if at none of the commits.
    """

    run: RunView
    match: Match | None = None

    @property
    def changed(self) -> bool:
        """Whether its code is not that of the commit it stands at."""
        by_tree = self.match is not None and self.match.by == "tree"
        return not by_tree and bool(self.run.git.get("dirty"))

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain data, as ``--json`` prints it."""
        commit, by = self.match or (None, None)
        return {**self.run.to_dict(), "listed_under": commit, "matched": by}


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit and its runs, the newest first."""

    commit: Commit
    runs: tuple[LoggedRun, ...]


@dataclass(frozen=True, slots=True)
class CommitLog:
    """Commits with their runs.

    Attributes:
        commits: The commits, newest first.
        elsewhere: Runs that stand at none of them, where these were asked for.
        more: How many more of these there are.
    """

    commits: tuple[LoggedCommit, ...]
    elsewhere: tuple[LoggedRun, ...] = ()
    more: int = 0


def match(
    folder: Path, runs: Mapping[str, Mapping[str, Any]], commits: Sequence[Commit]
) -> dict[str, Match]:
    """Return where runs stand among *commits*, by their ids.

    Args:
        folder: The folder that holds ``.runs``.
        runs: What git said of each run, by its id.
        commits: Commits, newest first.

    Raises:
        GitError: If git cannot be asked.
    """
    listed = {commit.id: commit for commit in commits}
    found, unclear = {}, []
    for run, git in runs.items():
        own = git.get("commit")
        if own in listed and not git.get("dirty") and not git.get("untracked"):
            found[run] = Match(str(own), "commit")
        elif git.get("tree") or own in listed:
            unclear.append((run, own, git.get("tree")))
    if not unclear or not commits:
        return found
    code = code_trees(folder, commits)
    # The oldest wins: it is the one that took the code in.
    with_code = {code[commit.tree]: commit.id for commit in commits if commit.tree in code}
    for run, own, tree in unclear:
        if own in listed and tree is not None and tree == code.get(listed[own].tree):
            found[run] = Match(own, "commit")
        elif tree in with_code:
            found[run] = Match(with_code[tree], "tree")
        elif own in listed:
            found[run] = Match(own, "commit")
    return found


def code_trees(folder: Path, commits: Sequence[Commit]) -> dict[str, str]:
    """Return the trees of *commits* without runs, by the trees with them.

    Args:
        folder: The folder that holds ``.runs``.
        commits: Commits, newest first.

    Raises:
        GitError: If git cannot be asked.
    """
    top = gitlink.find_root(folder)
    if top is None:
        return {}
    name = os.fsencode(FOLDER)
    ours = os.fsencode(Path(os.path.realpath(folder)).relative_to(top) / FOLDER)
    # Where the newest commits have runs, the older ones have theirs.
    folders = {ours, *folders_named(top, commits[0].id, name), *folders_named(top, "HEAD", name)}
    return trees_without(top, [commit.tree for commit in commits], folders)


def arrange(
    runs: RunSet, commits: Sequence[Commit], places: Mapping[str, Match],
    *, empty: bool = True, limit: int | None = None, elsewhere: bool = True,
) -> CommitLog:  # fmt: skip
    """Return commits with their runs, and the runs that have none.

    Only the runs that are returned are read.

    Args:
        runs: The runs.
        commits: Commits, newest first.
        places: Where runs stand, by their ids.
        empty: Whether commits without runs are among them.
        limit: At most so many commits, and so many runs that have none.
        elsewhere: Whether runs that have none are returned.
    """
    at: dict[str, list[int]] = {}
    rest: list[int] = []
    for number, run in enumerate(runs.ids()):
        place = places.get(run)
        (rest if place is None else at.setdefault(place.commit, [])).append(number)

    def read(numbers: Sequence[int]) -> tuple[LoggedRun, ...]:
        return tuple(LoggedRun(run, places.get(run.id)) for run in runs.whole(numbers))

    chosen = [commit for commit in commits if empty or commit.id in at][:limit]
    listed = [LoggedCommit(commit, read(at.get(commit.id, ()))) for commit in chosen]
    rest = rest if elsewhere else []
    shown = rest[:limit]
    return CommitLog(
        # A run that cannot be read is left out.
        tuple(one for one in listed if empty or one.runs),
        read(shown),
        len(rest) - len(shown),
    )

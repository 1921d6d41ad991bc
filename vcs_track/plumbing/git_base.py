"""Where two lines of commits part, and which commits lie between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.errors import GitError
from vcs_track.formats.gitstate import git_text
from vcs_track.plumbing.git_ask import CUT, check, demand, is_shallow, top_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["count_between", "default_base", "is_ancestor", "merge_base"]

# What a pull request goes to, where nobody says so. The remote's word first: a branch of this
# clone may be months old, and a clone of a CI service has none.
_BASES: Final = (
    "refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
    "refs/heads/main", "refs/heads/master",
)  # fmt: skip


def default_base(root: Path) -> str | None:
    """Return the branch that others start from; None where none is usual.

    Raises:
        GitError: If *root* is in no work tree, or git cannot be asked.
    """
    top = str(top_of(root))
    for ref in _BASES:
        if not demand("-C", top, "rev-parse", "-q", "--verify", f"{ref}^{{commit}}").code:
            return ref.removeprefix("refs/remotes/").removeprefix("refs/heads/")
    return None


def merge_base(root: Path, one: str, other: str) -> str:
    """Return the newest commit that two commits both come from.

    Args:
        root: A folder in the work tree.
        one: Id of a commit.
        other: Id of another.

    Raises:
        GitError: If there is none.
    """
    top = str(top_of(root))
    answer = demand("-C", top, "merge-base", one, other, patient=True)
    found = git_text(answer.out).split()
    if answer.code > 1:
        check("merge-base", answer)
    if not found:
        hint = CUT if is_shallow(top) else "they were begun apart; name another commit"
        raise GitError(f"'{one[:10]}' and '{other[:10]}' have no commit in common", hint=hint)
    return found[0]


def is_ancestor(root: Path, old: str, new: str) -> bool:
    """Tell whether *new* comes from *old*, or is it.

    Raises:
        GitError: If git has not got one of them.
    """
    answer = demand("-C", str(top_of(root)), "merge-base", "--is-ancestor", old, new, patient=True)
    if answer.code > 1:
        check("merge-base", answer)
    return not answer.code


def count_between(root: Path, old: str, new: str) -> int:
    """Return how many commits *new* has that *old* has not.

    Raises:
        GitError: If git has not got one of them.
    """
    answer = demand(
        "-C", str(top_of(root)), "rev-list", "--count", f"{old}..{new}", "--", patient=True
    )
    check("rev-list", answer)
    return int(answer.out)

"""New commits and branches, made beside the user's index and ``HEAD``."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vcs_track.errors import GitError
from vcs_track.plumbing.git_call import GitCall, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["check_new", "commit_tree", "make"]


def _run(
    root: Path, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
) -> str:
    try:
        call = GitCall("-C", str(root), *args, stdin=stdin, patient=True, env=env)
    except NoAnswerError as error:  # it cannot be started
        raise GitError(error.unreadable.reason, hint=error.unreadable.hint) from None
    return call.output(args[0]).decode("utf-8", "surrogateescape").strip()


def check_new(root: Path, name: str) -> None:
    """Refuse a *name* that a new branch cannot have.

    Raises:
        GitError: If git does not allow it, or has the branch.
    """
    if not _is_allowed(root, name):
        raise GitError(
            f"'{name}' cannot be the name of a branch", hint="see 'git help check-ref-format'"
        )
    if _run(root, "for-each-ref", "--format=x", f"refs/heads/{name}"):
        raise GitError(f"branch '{name}' exists", hint="choose another name")


def _is_allowed(root: Path, name: str) -> bool:
    if not name or name.startswith("-") or "\0" in name or name == "HEAD":
        return False
    with suppress(GitError):
        _run(root, "check-ref-format", f"refs/heads/{name}")
        return True
    return False


def make(root: Path, name: str, commit: str) -> str:
    """Make the branch *name* at *commit*; return the commit.

    Raises:
        GitError: If git refuses.
    """
    _run(root, "branch", "--no-track", name, commit)
    return commit


def commit_tree(root: Path, tree: str, parent: str | None, message: str, seconds: int) -> str:
    """Return a new commit of *tree*.

    Args:
        root: Top of the work tree.
        tree: What it holds.
        parent: What it follows; None for a first one.
        message: Its message.
        seconds: When its author wrote it, since 1970 UTC.

    Raises:
        GitError: If git refuses, as where it does not know who commits.
    """
    parents = () if parent is None else ("-p", parent)
    return _run(
        root, "commit-tree", tree, *parents, "-F", "-",
        stdin=message.encode("utf-8", "replace"), env={"GIT_AUTHOR_DATE": f"@{seconds} +0000"},
    )  # fmt: skip

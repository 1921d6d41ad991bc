"""Where git looks for hooks."""

from __future__ import annotations

import os
from pathlib import Path

from vcs_track.plumbing.git_ask import check, demand, top_of

__all__ = ["folder_of_hooks"]


def folder_of_hooks(folder: Path) -> Path:
    """Return the folder of the hooks of a work tree, whether it exists or not.

    It is the one of ``core.hooksPath`` where that is set, and the same for all work trees of
    a repository where it is not.

    Raises:
        GitError: If *folder* is in no work tree.
    """
    top = top_of(folder)
    answer = demand("-C", str(top), "rev-parse", "--git-path", "hooks")
    check("rev-parse", answer)
    return top / os.fsdecode(answer.out.removesuffix(b"\n"))

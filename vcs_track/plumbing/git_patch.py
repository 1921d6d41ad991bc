"""The changes of a work tree as a patch that git can apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.plumbing.git_ask import check, demand, top_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["patch"]


def patch(path: Path) -> bytes:
    """Return how tracked files differ from ``HEAD``, as git writes it.

    ``.runs`` is left out.

    Nothing is stripped, and binary files are in it, so that ``git apply`` takes it.

    Args:
        path: A folder of the work tree.

    Raises:
        GitError: If git cannot be asked.
    """
    answer = demand(
        "-C", str(top_of(path)), "--no-optional-locks", "diff", "--binary", "--no-ext-diff",
        "--no-textconv", "--no-color", "HEAD", "--", ".", ":(top,exclude).runs", patient=True,
    )  # fmt: skip
    check("diff", answer)
    return answer.out

"""What git was told not to look at, so that its status says nothing of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_call import LOOKING, GitCall
from vcs_track.plumbing.worktree import git_dir_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Hidden", "hidden", "index_stamp"]

_SUBMODULE = b"160000"


class Hidden(NamedTuple):
    """One path that git does not look at.

    Attributes:
        path: Its name.
        skipped: Whether it need not be there, as in a sparse checkout.
        submodule: Whether it is a submodule that the configuration has git ignore.
    """

    path: bytes
    skipped: bool
    submodule: bool


def index_stamp(root: Path) -> tuple[int, int] | None:
    """Return what tells one state of the index of *root* from the next.

    None where there is no index.
    """
    git_dir = git_dir_of(root)
    try:
        return None if git_dir is None else fsio.stamp(git_dir / "index")
    except OSError:
        return None


def hidden(root: Path) -> tuple[Hidden, ...]:
    """Return the paths whose changes ``git status`` does not tell.

    These are files marked with ``git update-index --assume-unchanged`` or ``--skip-worktree``,
    and submodules that are ignored.

    Args:
        root: Top of the work tree.

    Raises:
        GitError: If git cannot do it.
    """
    stamp = index_stamp(root)
    return () if stamp is None else _hidden(root, stamp)


@lru_cache(maxsize=16)
def _hidden(root: Path, stamp: tuple[int, int]) -> tuple[Hidden, ...]:
    del stamp  # it only tells one state of the index from the next
    found, submodules = [], []
    for line in _ask(root, "ls-files", "-v", "-s", "-z").split(b"\0"):
        tag, _, rest = line.partition(b" ")
        head, _, path = rest.partition(b"\t")
        if tag in (b"S", b"s") or tag.islower():
            found.append(Hidden(path, tag in (b"S", b"s"), submodule=False))
        elif head.startswith(_SUBMODULE):
            submodules.append(Hidden(path, skipped=False, submodule=True))
    if submodules and _ignores_submodules(root):
        found += submodules
    return tuple(found)


def _ignores_submodules(root: Path) -> bool:
    try:
        if b"ignore" in fsio.read(root / ".gitmodules").lower():
            return True
    except OSError:
        pass
    keys = _ask(root, "config", "--null", "--name-only", "--list").lower().split(b"\0")
    return any(
        key == b"diff.ignoresubmodules"
        or (key.startswith(b"submodule.") and key.endswith(b".ignore"))
        for key in keys
    )


def _ask(root: Path, *words: str) -> bytes:
    quiet = ("-C", str(root), "-c", "core.fsmonitor=false")
    return GitCall(*quiet, *words, env=LOOKING).output(words[0])

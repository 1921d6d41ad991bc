"""What differs between the code of two runs."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from vcs_track.errors import GitError
from vcs_track.formats.code import SUBMODULE
from vcs_track.plumbing import fsio, git_worktree, gitlink
from vcs_track.plumbing.git_tree import GitTree, TreeEntry
from vcs_track.porcelain.restore import code_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

__all__ = ["code_diff"]


def code_diff(
    store: Store, old: RunView, new: RunView, paths: Sequence[str] = (), *, colour: bool = False
) -> bytes:
    """Return how the code of two runs differs, as ``git diff`` shows it.

    Files that were not kept are left out.

    Args:
        store: The store; its git repository has the commits of both.
        old: A run.
        new: Another one.
        paths: Only these files or folders, from the top of the work tree.
        colour: Whether to colour it as git does.

    Raises:
        ObjectNotFoundError: If a run has no code.
        GitError: If a commit is not here, or git cannot do it.
    """
    place = store.layout.root.parent
    scratch = store.layout.tmp / f"diff-{secrets.token_hex(8)}"
    fsio.make_dirs(scratch)
    try:
        tree = GitTree(gitlink.find_root(place) or place, scratch)
        return tree.diff(_tree(tree, old), _tree(tree, new), paths, colour=colour)
    finally:
        fsio.remove_tree(scratch)


def _tree(tree: GitTree, view: RunView) -> str:
    """Make the tree of a run, of what is kept of it; return its id."""
    code = code_of(view)
    if code.commit is not None and not git_worktree.has_commit(tree.root, code.commit):
        raise GitError(
            f"commit '{code.commit[:12]}' is not in this repository",
            hint="fetch it with git, and try again",
        )
    tree.read(code.commit)
    kept = [file for file in code.files if file.oid is not None]
    blobs = tree.store([view.objects.read(file.oid) for file in kept if file.oid is not None])
    entries = [
        TreeEntry(file.mode, blob, file.path) for file, blob in zip(kept, blobs, strict=True)
    ]
    modules = [
        TreeEntry(file.mode, file.blob, file.path) for file in code.files if file.mode == SUBMODULE
    ]
    tree.put([*entries, *modules])
    tree.remove([*code.gone, *tree.inside(".runs")])
    return tree.write()

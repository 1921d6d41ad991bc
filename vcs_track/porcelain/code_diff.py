"""What differs between the code of two runs."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_tree import GitTree
from vcs_track.porcelain.code_files import fill, here, top_of

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
    scratch = store.layout.tmp / f"diff-{secrets.token_hex(8)}"
    fsio.make_dirs(scratch)
    try:
        tree = GitTree(top_of(store), scratch)
        return tree.diff(_tree(store, tree, old), _tree(store, tree, new), paths, colour=colour)
    finally:
        fsio.remove_tree(scratch)


def _tree(store: Store, tree: GitTree, view: RunView) -> str:
    """Make the tree of a run, of what is kept of it; return its id."""
    fill(tree, here(store, view), view.objects)
    tree.remove(tree.inside(".runs"))
    return tree.write()

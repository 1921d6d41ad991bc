"""The code of a run as a branch of git."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from vcs_track.errors import GitError, ObjectNotFoundError
from vcs_track.formats.code import path_text
from vcs_track.plumbing import fsio, git_branch, gitlink
from vcs_track.plumbing.git_tree import GitTree
from vcs_track.porcelain.code_files import code_of, fill, here
from vcs_track.porcelain.restore import not_kept

if TYPE_CHECKING:
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

__all__ = ["branch"]


def branch(store: Store, view: RunView, name: str) -> str:
    """Make the branch *name* with the code of a run; return its commit.

    The commit of a run whose files were those of a commit is that commit; else it is a new one
    on top of it. The work tree, the index and ``HEAD`` stay as they are.

    Args:
        store: The store.
        view: The run.
        name: Name of the branch, which must not exist.

    Raises:
        GitError: If git refuses the name or has the branch, or has not got the commit.
        ObjectNotFoundError: If the run has no code, or not all of it was kept.
    """
    root = gitlink.find_root(store.layout.root.parent)
    if root is None:
        raise GitError(f"'{store.layout.root.parent}' is not in a git repository")
    git_branch.check_new(root, name)
    code = here(store, view)
    for lost in not_kept(code):
        raise ObjectNotFoundError(
            f"file '{path_text(lost.path)}' of run '{view.id}' was not kept",
            oid="",
            hint=f"'vcs-track restore {view.id}' makes a work tree of the others",
        )
    if code.commit is not None and not code.files and not code.gone:
        return git_branch.make(root, name, code.commit)
    scratch = store.layout.tmp / f"branch-{secrets.token_hex(8)}"
    fsio.make_dirs(scratch)
    try:
        tree = GitTree(root, scratch, lasting=True)
        fill(tree, code, view.objects)
        full = tree.write()
        tree.remove(tree.inside(".runs"))
        if tree.write() != code.tree:
            raise GitError(f"the files of run '{view.id}' are not those that it had")
    finally:
        fsio.remove_tree(scratch)
    known = code_of(view).commit
    beside = f"The run's commit was {known}.\n\n" if known not in (None, code.commit) else ""
    message = f"Code of run {view.name}\n\n{beside}Run-Id: {view.id}\n"
    seconds = view.manifest.created_us // 1_000_000
    commit = git_branch.commit_tree(root, full, code.commit, message, seconds)
    return git_branch.make(root, name, commit)

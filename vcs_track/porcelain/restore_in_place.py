"""Restoring the code of a run in the user's own work tree."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vcs_track.errors import GitError
from vcs_track.formats.code import SUBMODULE, path_text
from vcs_track.formats.gitstate import GitState
from vcs_track.plumbing import fsio, git_worktree, gitlink
from vcs_track.porcelain.code_files import code_of, here
from vcs_track.porcelain.restore import Restored, not_kept, readers, tree_in

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.formats.code import Code, CodeFile
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

__all__ = ["InPlace", "restore_in_place"]

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class InPlace(Restored):
    """Code that was restored where the user works.

    Attributes:
        before: Where ``HEAD`` was: the branch, else the commit.
        stashed: Whether changes were put on the stash.
    """

    before: str
    stashed: bool


def restore_in_place(store: Store, view: RunView, *, stash: bool = False) -> InPlace:
    """Make the work tree that holds the store that of a run.

    ``HEAD`` is put on the run's commit, without a branch, unless it is there; what the run had
    changed is changed again, and what was new is untracked. Runs stay as they are.

    Args:
        store: The store.
        view: The run.
        stash: Put what is changed or new on git's stash before.

    Raises:
        GitError: If the work tree is not clean, a file that git ignores would be overwritten,
            the run's commit is not here, or git refuses. The work tree is as it was then.
        ObjectNotFoundError: If the run has no code, or a file of it is missing.
    """
    root = gitlink.find_root(store.layout.root.parent)
    code = here(store, view)
    if root is None or code.commit is None:
        raise GitError(
            f"run '{view.id}' has no commit in this repository to restore in place",
            hint="make a folder of its own with --worktree DIR",
        )
    for file in code.files:
        if file.oid is not None:
            view.objects.read(file.oid)  # now, while nothing has changed
    before, branch = git_worktree.position(root)
    stashed = _make_clean(root, view, stash=stash)
    try:
        _refuse_overwriting(root, view, code)
        if before != code.commit:
            git_worktree.switch(root, code.commit)
        try:
            _fill(store, root, view, code)
        except BaseException:
            git_worktree.take_back(root, [file.path for file in code.files])
            git_worktree.switch(root, before, branch)
            raise
    except BaseException:
        if stashed:
            git_worktree.unstash(root)
        raise
    exact = tree_in(store, root, code) == code.tree
    return InPlace(
        root, code_of(view), code.commit, exact, tuple(not_kept(code)), branch or before, stashed
    )


def _make_clean(root: Path, view: RunView, *, stash: bool) -> bool:
    changes = _changes(root)
    if not changes:
        return False
    if not stash:
        shown = ", ".join(path_text(path) for path in changes[:_SHOWN])
        more = ", ..." if len(changes) > _SHOWN else ""
        raise GitError(
            f"the work tree has changes: {shown}{more}",
            hint="commit them, add --stash, or make a folder of its own with --worktree DIR",
        )
    stashed = git_worktree.stash(root, f"before the code of run {view.id}")
    if _changes(root):
        if stashed:
            git_worktree.unstash(root)
        raise GitError("git could not stash everything", hint="run 'git status' there")
    return stashed


def _changes(root: Path) -> list[bytes]:
    """Return what is changed or new; other repositories below are none of ours."""
    state = gitlink.read_state(root)
    if not isinstance(state, GitState):
        raise GitError("git cannot read the work tree", hint="run 'git status' there")
    new = [p for p in state.changes.untracked if not (root / os.fsdecode(p) / ".git").exists()]
    return [*state.changes.tracked, *new]


def _refuse_overwriting(root: Path, view: RunView, code: Code) -> None:
    """Refuse where a file would go that the user has, and git does not know."""
    there = {f.path: f for f in code.files if os.path.lexists(root / os.fsdecode(f.path))}
    for path in sorted(there.keys() - git_worktree.tracked(root, there)):
        file, mine = there[path], root / os.fsdecode(path)
        if not _is_same(view, file, mine):
            raise GitError(
                f"file '{path_text(path)}', which git ignores, would be overwritten",
                hint="move it away, or make a folder of its own with --worktree DIR",
            )


def _is_same(view: RunView, file: CodeFile, mine: Path) -> bool:
    if file.mode == SUBMODULE:
        return mine.is_dir()  # it stays as it is
    return (
        file.oid is not None and mine.is_file() and not mine.is_symlink()
        and fsio.read(mine) == view.objects.read(file.oid)
    )  # fmt: skip


def _fill(store: Store, root: Path, view: RunView, code: Code) -> None:
    scratch = store.layout.tmp / f"restore-{secrets.token_hex(8)}"
    fsio.make_dirs(scratch)
    try:
        git_worktree.fill(root, scratch, list(readers(view, code)), code.gone)
    finally:
        fsio.remove_tree(scratch)

"""Restoring the code of a run: a work tree that is exactly what it was."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, InvalidValueError
from vcs_track.formats.code import SUBMODULE, Code, LeftOut, path_text
from vcs_track.formats.gitstate import GitState
from vcs_track.plumbing import fsio, git_worktree, gitlink
from vcs_track.plumbing.git_tree import GitTree, TreeEntry
from vcs_track.porcelain.capture import Rules, capture
from vcs_track.porcelain.code_files import code_of, here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Restored", "not_kept", "readers", "restore", "tree_in"]

_ALL = Rules(largest=1 << 62, most=1 << 62, untracked=1 << 62)


@dataclass(frozen=True, slots=True)
class Restored:
    """Code that was restored.

    Attributes:
        folder: Where it is.
        code: What it is.
        commit: What the work tree was made from; None for a plain folder.
        exact: Whether the files there have the tree of the run.
        left_out: Files of the run that are not there, because they were never kept.
    """

    folder: Path
    code: Code
    commit: str | None
    exact: bool
    left_out: tuple[LeftOut, ...]


def restore(store: Store, view: RunView, folder: Path) -> Restored:
    """Make the work tree of a run in *folder*.

    Where neither the run's commit nor another one that a bundle brought files for is here, and
    the bundle brought all files, they are put into a plain folder.

    Args:
        store: The store.
        view: The run.
        folder: Where to make it; it must not exist, or be empty.

    Returns:
        What was restored, looked at again.

    Raises:
        InvalidValueError: If there is something in *folder*.
        ObjectNotFoundError: If the run has no code, or a file of it is missing.
        GitError: If the commit is not here, or git cannot do it; *folder* is as it was then.
    """
    code = here(store, view)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidValueError(
            f"there is something in '{folder}'", hint="name a folder that is new or empty"
        )
    for file in code.files:
        if file.oid is not None and file.oid not in view.objects:
            view.objects.read(file.oid)  # raises
    scratch = store.layout.tmp / f"restore-{secrets.token_hex(8)}"
    fsio.make_dirs(scratch)
    try:
        if code.commit is None:
            _write(folder, view, code)
            exact = _is_exact(folder, scratch, code)
        else:
            _check_out(store, folder, scratch, view, code)
            exact = tree_in(store, folder, code) == code.tree
    finally:
        fsio.remove_tree(scratch)
    return Restored(folder, code_of(view), code.commit, exact, tuple(not_kept(code)))


def not_kept(code: Code) -> Iterator[LeftOut]:
    """Yield the files of *code* whose bytes nobody has."""
    for file in code.files:
        if file.oid is None and file.mode != SUBMODULE:
            yield LeftOut(file.path, "it was not kept", file.size)


def _check_out(store: Store, folder: Path, scratch: Path, view: RunView, code: Code) -> None:
    root = gitlink.find_root(store.layout.root.parent)
    assert root is not None
    assert code.commit is not None
    git_worktree.add(root, folder, code.commit)
    try:
        git_worktree.fill(folder, scratch, list(readers(view, code)), code.gone)
    except BaseException:
        git_worktree.remove(root, folder)
        raise


def readers(view: RunView, code: Code) -> Iterator[tuple[TreeEntry, Callable[[], bytes] | None]]:
    """Yield the files of *code* that are there, each with what reads it."""
    for file in code.files:
        entry = TreeEntry(file.mode, file.blob, file.path)
        if file.oid is not None:
            yield entry, partial(view.objects.read, file.oid)
        elif file.mode == SUBMODULE:
            yield entry, None


def _write(folder: Path, view: RunView, code: Code) -> None:
    """Write files where there is no commit, and so no filter, to go through."""
    there = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for entry, read in readers(view, code):
            _write_file(folder, entry, read)
    except BaseException:
        fsio.remove_tree(folder)
        if there:
            folder.mkdir()
        raise


def _write_file(folder: Path, entry: TreeEntry, read: Callable[[], bytes] | None) -> None:
    path = folder / os.fsdecode(entry.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise CorruptError(f"file '{path_text(entry.path)}' would leave the folder")
    if read is None:
        path.mkdir()
    elif entry.mode == "120000":
        path.symlink_to(os.fsdecode(read()))
    else:
        path.write_bytes(read())
        path.chmod(int(entry.mode, 8) & 0o777)


def _is_exact(folder: Path, scratch: Path, code: Code) -> bool:
    """Return whether *folder* has the files of *code*, and they make its tree."""
    tree = GitTree(folder, scratch, fmt=code.hash)
    tree.put(TreeEntry(file.mode, file.blob, file.path) for file in code.files)
    files = [file for file in code.files if file.mode != SUBMODULE]
    found = (_found(folder / os.fsdecode(file.path), file.mode) for file in files)
    try:
        blobs = tree.store(found)
    except OSError:
        return False  # one is missing, or of another kind
    return tree.write() == code.tree and blobs == [file.blob for file in files]


def _found(path: Path, mode: str) -> bytes:
    if mode == "120000":
        return os.fsencode(path.readlink())
    if path.is_symlink() or (path.stat().st_mode & 0o100 != 0) != (mode == "100755"):
        raise OSError
    return path.read_bytes()


def tree_in(store: Store, folder: Path, code: Code) -> str | None:
    """Return the tree of the files in *folder*, None if git cannot tell.

    Files of *code* count also where git would ignore them, as it did not when they were staged.
    """
    named = tuple(file.path for file in code.files if file.mode != SUBMODULE)
    state = gitlink.read_state(folder)

    def forget(data: bytes) -> ObjectId:
        return store.format.hash(data)

    if isinstance(state, GitState):
        return capture(folder, state, store.layout.tmp, forget, replace(_ALL, named=named)).tree
    return None

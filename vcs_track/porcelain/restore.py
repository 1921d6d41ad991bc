"""Restoring the code of a run: a new work tree that is exactly what it was."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, GitError, InvalidValueError, ObjectNotFoundError
from vcs_track.formats.code import SUBMODULE, Code, CodeFile, LeftOut, path_text
from vcs_track.formats.gitstate import GitState
from vcs_track.plumbing import fsio, git_worktree, gitlink
from vcs_track.plumbing.git_tree import TreeEntry
from vcs_track.porcelain.capture import Rules, capture

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Restored", "code_of", "file_of", "restore"]

_ALL = Rules(largest=1 << 62, most=1 << 62, untracked=1 << 62)


@dataclass(frozen=True, slots=True)
class Restored:
    """Code that was restored.

    Attributes:
        folder: Where it is.
        code: What it is.
        exact: Whether the files there have the tree of the run.
        left_out: Files of the run that are not there, because they were never kept.
    """

    folder: Path
    code: Code
    exact: bool
    left_out: tuple[LeftOut, ...]


def code_of(view: RunView) -> Code:
    """Return the code of a run.

    Raises:
        ObjectNotFoundError: If none was captured.
    """
    if view.code is None:
        raise ObjectNotFoundError(
            f"run '{view.id}' has no code",
            oid="",
            hint="it was started outside of a work tree, without git, or with capture_code=False",
        )
    return Code.decode(view.objects.read(view.code))


def file_of(store: Store, view: RunView, path: bytes) -> bytes:
    """Return the bytes of one file of the code, as git stores them.

    Raises:
        ObjectNotFoundError: If there is none, or it was not kept.
    """
    code = code_of(view)
    kept = {file.path: file for file in code.files}
    if path in kept:
        data = _bytes(view, kept[path])
        if data is not None:
            return data
    elif code.commit is not None and path not in code.gone:
        root = gitlink.find_root(store.layout.root.parent)
        data = git_worktree.read(root, code.commit, path) if root is not None else None
        if data is not None:
            return data
    raise ObjectNotFoundError(
        f"the code of run '{view.id}' has no file '{path_text(path)}'",
        oid="",
        hint=f"'vcs-track code {view.id}' lists what differs from the commit, and what is not kept",
    )


def restore(store: Store, view: RunView, folder: Path) -> Restored:
    """Make the work tree of a run in *folder*.

    Args:
        store: The store; its git repository has the commit.
        view: The run.
        folder: Where to make it; it must not exist, or be empty.

    Returns:
        What was restored, looked at again.

    Raises:
        InvalidValueError: If there is something in *folder*.
        ObjectNotFoundError: If the run has no code, or a file of it is missing.
        GitError: If the commit is not here, or git cannot do it; *folder* is as it was then.
    """
    code = code_of(view)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidValueError(
            f"there is something in '{folder}'", hint="name a folder that is new or empty"
        )
    files = [(file, _bytes(view, file)) for file in code.files]
    root = gitlink.find_root(store.layout.root.parent)
    scratch = store.layout.tmp / f"restore-{secrets.token_hex(8)}"
    fsio.make_dirs(scratch)
    try:
        if code.commit is None:
            _write(folder, files)
        else:
            _check_out(root, folder, scratch, code, files)
    finally:
        fsio.remove_tree(scratch)
    left_out = tuple(
        LeftOut(file.path, "it was not kept", file.size)
        for file, data in files
        if data is None and file.mode != SUBMODULE
    )
    return Restored(folder, code, _tree_in(store, folder) == code.tree, left_out)


def _bytes(view: RunView, file: CodeFile) -> bytes | None:
    return None if file.oid is None else view.objects.read(file.oid)


def _check_out(
    root: Path | None, folder: Path, scratch: Path, code: Code,
    files: list[tuple[CodeFile, bytes | None]],
) -> None:  # fmt: skip
    assert code.commit is not None
    if root is None or not git_worktree.has_commit(root, code.commit):
        raise GitError(
            f"commit '{code.commit[:12]}' is not in this repository",
            hint="fetch it with git, and try again",
        )
    git_worktree.add(root, folder, code.commit)
    try:
        there = [
            (TreeEntry(file.mode, file.blob, file.path), data)
            for file, data in files
            if data is not None or file.mode == SUBMODULE
        ]
        git_worktree.fill(folder, scratch, there, code.gone)
    except BaseException:
        git_worktree.remove(root, folder)
        raise


def _write(folder: Path, files: list[tuple[CodeFile, bytes | None]]) -> None:
    """Write files where there is no commit, and so no filter, to go through."""
    for file, data in files:
        if data is None:
            continue
        path = folder / os.fsdecode(file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise CorruptError(f"file '{path_text(file.path)}' would leave the folder")
        if file.mode == "120000":
            path.symlink_to(os.fsdecode(data))
        else:
            path.write_bytes(data)
            path.chmod(int(file.mode, 8) & 0o777)


def _tree_in(store: Store, folder: Path) -> str | None:
    state = gitlink.read_state(folder)

    def forget(data: bytes) -> ObjectId:
        return store.format.hash(data)

    if state is None or isinstance(state, GitState):
        return capture(folder, state, store.layout.tmp, forget, _ALL).tree
    return None

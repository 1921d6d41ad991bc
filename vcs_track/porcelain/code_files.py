"""The files of a run's code: from what the run keeps, and what git has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, GitError, ObjectNotFoundError
from vcs_track.formats.code import NOT_CAPTURED, SUBMODULE, Code, path_text
from vcs_track.plumbing import git_worktree, gitlink
from vcs_track.plumbing.git_tree import TreeEntry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track.plumbing.git_tree import GitTree
    from vcs_track.plumbing.packs import Objects
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

__all__ = ["code_of", "file_of", "fill", "here", "lists", "top_of"]


def code_of(view: RunView) -> Code:
    """Return the code of a run, as it was recorded.

    Raises:
        ObjectNotFoundError: If none was captured.
    """
    if view.code is None:
        why = [str(gap.get("why", "")) for gap in view.manifest.gaps]
        told = [each for each in why if each.startswith(NOT_CAPTURED)]
        raise ObjectNotFoundError(
            f"run '{view.id}' has no code",
            oid="",
            hint=told[-1] if told else "it was started with capture_code=False, or is going on",
        )
    return Code.decode(view.objects.read(view.code))


def lists(store: Store, view: RunView) -> Iterator[Code]:
    """Yield every list of a run's files: its own, then those of bundles."""
    own = code_of(view)
    yield own
    for oid in sorted(store.home.tree_folder.of(own.tree)):
        if oid in store.home.objects:
            code = Code.decode(store.home.objects.read(oid))
            if code.tree != own.tree:
                raise CorruptError(f"'{oid[:12]}' lists the files of another tree")
            yield code


def here(store: Store, view: RunView) -> Code:
    """Return a list of a run's files whose commit is here, or needs none.

    Raises:
        ObjectNotFoundError: If the run has no code.
        GitError: If its commit is not here, and no bundle brought the files.
    """
    root = gitlink.find_root(store.layout.root.parent)
    whole = None
    found = list(lists(store, view))
    for code in found:
        if code.commit is None:
            whole = whole or code
        elif root is not None and git_worktree.has_commit(root, code.commit):
            return code
    if whole is None:
        raise GitError(
            f"commit '{(found[0].commit or '')[:12]}' is not in this repository",
            hint="fetch it with git, or import a bundle made with 'vcs-track export --with-code'",
        )
    return whole


def file_of(store: Store, view: RunView, path: bytes) -> bytes:
    """Return the bytes of one file of the code, as git stores them.

    Raises:
        ObjectNotFoundError: If there is none, or it was not kept.
    """
    root = gitlink.find_root(store.layout.root.parent)
    for code in lists(store, view):
        kept = {file.path: file for file in code.files}
        data = None
        if path in kept:
            oid = kept[path].oid
            data = None if oid is None else view.objects.read(oid)
        elif code.commit is not None and path not in code.gone and root is not None:
            data = git_worktree.read(root, code.commit, path)
        if data is not None:
            return data
    raise ObjectNotFoundError(
        f"the code of run '{view.id}' has no file '{path_text(path)}'",
        oid="",
        hint=f"'vcs-track code {view.id}' lists what differs from the commit, and what is not kept",
    )


def fill(tree: GitTree, code: Code, objects: Objects, *, lost: bool = False) -> None:
    """Make *tree* that of *code*.

    Args:
        tree: Where git has the commit of *code*.
        code: What is wanted.
        objects: Where its files are.
        lost: Whether to put in files too that were not kept: their names are known, and
            nothing can be read of them.

    Raises:
        GitError: If git cannot do it.
    """
    tree.read(code.commit)
    kept = [file for file in code.files if file.oid is not None]
    # One at a time: they may be large together.
    blobs = tree.store(objects.read(file.oid) for file in kept if file.oid is not None)
    others = (f for f in code.files if f.oid is None and (lost or f.mode == SUBMODULE))
    tree.put([
        *(TreeEntry(file.mode, blob, file.path) for file, blob in zip(kept, blobs, strict=True)),
        *(TreeEntry(file.mode, file.blob, file.path) for file in others),
    ])  # fmt: skip
    tree.remove(code.gone)


def top_of(store: Store) -> Path:
    """Return the top of the work tree, or the folder of ``.runs`` outside git."""
    place = store.layout.root.parent
    return gitlink.find_root(place) or place

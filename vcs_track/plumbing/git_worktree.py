"""Work trees made from a commit and the files that it lacks."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from vcs_track.errors import GitError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_call import GitCall, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from vcs_track.plumbing.git_tree import TreeEntry

__all__ = ["add", "fill", "has_commit", "read", "remove"]


def _run(folder: Path, *args: str, stdin: bytes | None = None) -> bytes:
    words = ("-C", str(folder), "--literal-pathspecs", *args)
    try:
        return GitCall(*words, stdin=stdin, patient=True).output(args[0])
    except NoAnswerError as error:  # it cannot be started
        raise GitError(error.unreadable.reason, hint=error.unreadable.hint) from None


def has_commit(root: Path, commit: str) -> bool:
    """Return whether the repository of *root* has *commit*."""
    try:
        _run(root, "cat-file", "-e", f"{commit}^{{commit}}")
    except GitError:
        return False
    return True


def read(root: Path, commit: str, path: bytes) -> bytes | None:
    """Return the bytes of *path* in *commit*, or None if it is no file."""
    try:
        return _run(root, "cat-file", "blob", f"{commit}:{os.fsdecode(path)}")
    except GitError:
        return None


def add(root: Path, folder: Path, commit: str) -> None:
    """Make a work tree of *commit* in *folder*, without a branch.

    Raises:
        GitError: If git cannot do it.
    """
    _run(root, "worktree", "add", "-q", "--detach", str(folder), commit)


def remove(root: Path, folder: Path) -> None:
    """Remove the work tree *folder*, whatever is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    _run(root, "worktree", "prune")


def fill(
    folder: Path, scratch: Path, files: Sequence[tuple[TreeEntry, bytes | None]],
    gone: Iterable[bytes],
) -> None:  # fmt: skip
    """Make *files* those of the work tree *folder*; remove those *gone*.

    Git writes them, so line ends and other filters are as in any checkout. The index is that of
    the commit afterwards: what is new is untracked, what differs is changed.

    Args:
        folder: A work tree without changes.
        scratch: An empty folder.
        files: Each with its bytes; None for a submodule.
        gone: Paths.

    Raises:
        GitError: If git cannot do it, or finds another id for the bytes.
    """
    _store(folder, scratch, files)
    entries = b"".join(
        f"{e.mode} {e.blob}\t".encode() + e.path + b"\0" for e, _ in files
    ) + b"".join(b"0 " + b"0" * 40 + b"\t" + path + b"\0" for path in gone)
    _run(folder, "update-index", "-z", "--index-info", stdin=entries)
    for path in gone:
        fsio.unlink(folder / os.fsdecode(path))
    names = b"".join(entry.path + b"\0" for entry, data in files if data is not None)
    _run(folder, "checkout-index", "-f", "-q", "-z", "--stdin", stdin=names)
    _run(folder, "reset", "-q")
    # Submodules as in a fresh clone: known, and empty until 'git submodule update'.
    modules = [entry for entry, data in files if data is None]
    for entry in modules:
        fsio.make_dirs(folder / os.fsdecode(entry.path), sync=False)
    lines = b"".join(f"{e.mode} {e.blob}\t".encode() + e.path + b"\0" for e in modules)
    _run(folder, "update-index", "-z", "--index-info", stdin=lines)


def _store(folder: Path, scratch: Path, files: Sequence[tuple[TreeEntry, bytes | None]]) -> None:
    wanted = []
    for n, (entry, data) in enumerate(files):
        if data is not None:
            fsio.write_new(scratch / str(n), data, sync=False)
            wanted.append((entry.blob, str(scratch / str(n))))
    if not wanted:
        return
    names = "".join(f"{path}\n" for _, path in wanted).encode()
    found = _run(folder, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names)
    for (blob, _), oid in zip(wanted, found.decode().split(), strict=True):
        if blob != oid:
            raise GitError(f"the bytes of file '{blob[:12]}' are those of '{oid[:12]}'")

"""Work trees made from a commit and the files that it lacks."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vcs_track.errors import GitError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_call import GitCall, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vcs_track.plumbing.git_tree import TreeEntry

    Read = Callable[[], bytes]

__all__ = [
    "add",
    "fill",
    "has_commit",
    "position",
    "published",
    "read",
    "remove",
    "stash",
    "switch",
    "take_back",
    "tracked",
    "unstash",
]


_NOT_RUNS: Final = ":(exclude,top,glob)**/.runs/**"


_AT_ONCE: Final = 500


def _run(
    folder: Path, *args: str, stdin: bytes | None = None, literal: bool = True,
    refused: bytes | None = None,
) -> bytes:  # fmt: skip
    """Return what git prints; *refused*, if given, where it refuses."""
    words = ("-C", str(folder), *["--literal-pathspecs"] * literal, *args)
    try:
        return GitCall(*words, stdin=stdin, patient=True).output(args[0])
    except NoAnswerError as error:  # it cannot be started
        raise GitError(error.unreadable.reason, hint=error.unreadable.hint) from None
    except GitError:
        if refused is None:
            raise
        return refused


def has_commit(root: Path, commit: str) -> bool:
    """Return whether the repository of *root* has *commit*."""
    return _run(root, "cat-file", "-e", f"{commit}^{{commit}}", refused=b"no") == b""


def read(root: Path, commit: str, path: bytes) -> bytes | None:
    """Return the bytes of *path* in *commit*, or None if it is no file."""
    try:
        return _run(root, "cat-file", "blob", f"{commit}:{os.fsdecode(path)}")
    except GitError:
        return None


def published(root: Path, commit: str) -> str | None:
    """Return the newest ancestor of *commit* that a remote has, or None.

    What a remote has is what the last fetch or push told; nothing is asked of it.

    Raises:
        GitError: If git has no such commit.
    """
    if not _run(root, "for-each-ref", "--count=1", "--format=x", "refs/remotes"):
        return None
    found = _run(root, "rev-list", "--boundary", commit, "--not", "--remotes").split()
    edge = [word[1:].decode() for word in found if word.startswith(b"-")]
    if not found:
        return commit
    if not edge:
        return None  # no common history
    return _run(root, "rev-list", "--no-walk", "--max-count=1", *edge).decode().strip()


def add(root: Path, folder: Path, commit: str) -> None:
    """Make a work tree of *commit* in *folder*, without a branch.

    Raises:
        GitError: If git cannot do it.
    """
    _run(root, "worktree", "add", "-q", "--detach", str(folder), commit)


def tracked(root: Path, paths: Iterable[bytes]) -> set[bytes]:
    """Return those of *paths* that the index of *root* knows."""
    names = [os.fsdecode(path) for path in paths]
    found: set[bytes] = set()
    for at in range(0, len(names), _AT_ONCE):
        found.update(_run(root, "ls-files", "-z", "--", *names[at : at + _AT_ONCE]).split(b"\0"))
    return found - {b""}


def stash(root: Path, message: str) -> bool:
    """Put what is changed and new on the stash; return whether there was any.

    Runs stay where they are.

    Raises:
        GitError: If git cannot do it.
    """
    before = _run(root, "rev-parse", "-q", "--verify", "refs/stash", refused=b"")
    words = ("push", "--quiet", "--include-untracked", "--message", message, "--", ":(top)")
    _run(root, "stash", *words, _NOT_RUNS, literal=False)
    return before != _run(root, "rev-parse", "-q", "--verify", "refs/stash", refused=b"")


def unstash(root: Path) -> None:
    """Take back what `stash` put away, what was staged staged again."""
    _run(root, "stash", "pop", "--quiet", "--index")


def position(root: Path) -> tuple[str, str | None]:
    """Return the commit of ``HEAD``, and its branch, if it is on one."""
    commit = _run(root, "rev-parse", "HEAD").decode().strip()
    branch = _run(root, "symbolic-ref", "-q", "--short", "HEAD", refused=b"")
    return commit, os.fsdecode(branch.strip()) or None


def switch(root: Path, commit: str, branch: str | None = None) -> None:
    """Check out *commit* without a branch, or *branch*.

    Files that git ignores are not overwritten.

    Raises:
        GitError: If git refuses; nothing has changed then.
    """
    where = ("--detach", commit) if branch is None else (branch,)
    _run(root, "checkout", "-q", "--no-overwrite-ignore", *where)


def take_back(root: Path, new: Iterable[bytes]) -> None:
    """Make the work tree *root* that of its ``HEAD``; remove the *new* files."""
    words = ("--source=HEAD", "--staged", "--worktree", "--", ":(top)", _NOT_RUNS)
    _run(root, "restore", "-q", *words, literal=False)
    known = tracked(root, new)
    for path in new:
        if path not in known:
            with suppress(OSError):
                fsio.unlink(root / os.fsdecode(path))


def remove(root: Path, folder: Path) -> None:
    """Remove the work tree *folder*, whatever is in it.

    Of other work trees nothing is forgotten, also where their disk is not there now.
    """
    fsio.remove_tree(folder)
    if folder.is_dir():
        # A program left folders that nothing may be removed from, as caches of some tools are.
        for inner, _, _ in os.walk(folder):
            fsio.chmod(Path(inner), 0o700)
        fsio.remove_tree(folder)
    # Twice: it may be locked, as one is while it is made.
    _run(root, "worktree", "remove", "--force", "--force", str(folder), refused=b"")


def fill(
    folder: Path, scratch: Path, files: Sequence[tuple[TreeEntry, Read | None]],
    gone: Iterable[bytes],
) -> None:  # fmt: skip
    """Make *files* those of the work tree *folder*; remove those *gone*.

    Git writes them, so line ends and other filters are as in any checkout. The index is that of
    the commit afterwards: what is new is untracked, what differs is changed.

    Args:
        folder: A work tree without changes.
        scratch: An empty folder.
        files: Each with what reads its bytes; None for a submodule.
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
    names = b"".join(entry.path + b"\0" for entry, read in files if read is not None)
    _run(folder, "checkout-index", "-f", "-q", "-z", "--stdin", stdin=names)
    # Not of what is staged for a commit of runs, where this is the user's own work tree.
    _run(folder, "reset", "-q", "--", ":(top)", _NOT_RUNS, literal=False)
    # Submodules as in a fresh clone: known, and empty until 'git submodule update'.
    modules = [entry for entry, read in files if read is None]
    for entry in modules:
        fsio.make_dirs(folder / os.fsdecode(entry.path), sync=False)
    lines = b"".join(f"{e.mode} {e.blob}\t".encode() + e.path + b"\0" for e in modules)
    _run(folder, "update-index", "-z", "--index-info", stdin=lines)


def _store(folder: Path, scratch: Path, files: Sequence[tuple[TreeEntry, Read | None]]) -> None:
    wanted = []
    for n, (entry, read) in enumerate(files):
        if read is not None:
            fsio.write_new(scratch / str(n), read(), sync=False)
            wanted.append((entry.blob, str(scratch / str(n))))
    if not wanted:
        return
    names = "".join(f"{path}\n" for _, path in wanted).encode()
    found = _run(folder, "hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names)
    for (blob, _), oid in zip(wanted, found.decode().split(), strict=True):
        if blob != oid:
            raise GitError(f"the bytes of file '{blob[:12]}' are those of '{oid[:12]}'")

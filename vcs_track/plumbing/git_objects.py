"""Bytes of git's objects, many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import GitError
from vcs_track.plumbing.git_call import GitCall, NoAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["read_objects", "sizes_of"]


_LOOKING = {"GIT_NO_LAZY_FETCH": "1"}


def sizes_of(root: Path, oids: Sequence[str]) -> dict[str, int]:
    """Return the sizes in bytes of those of *oids* that git has as files.

    Args:
        root: A folder in the work tree.
        oids: Git's ids.

    Raises:
        GitError: If git cannot be asked.
    """
    if not oids:
        return {}
    lines = _ask(root, "--batch-check", oids).decode("utf-8", "replace").splitlines()
    words = [line.split() for line in lines]
    return {each[0]: int(each[2]) for each in words if len(each) == 3 and each[1] == "blob"}


def _ask(root: Path, option: str, oids: Sequence[str]) -> bytes:
    words = ("-C", str(root), "--no-optional-locks", "cat-file", option)
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    try:
        return GitCall(*words, stdin=asked, patient=True, env=_LOOKING).output("cat-file")
    except NoAnswerError as error:  # it cannot be started
        raise GitError(error.unreadable.reason, hint=error.unreadable.hint) from None


def read_objects(root: Path, oids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each of *oids* that git has, with its bytes.

    Args:
        root: A folder in the work tree.
        oids: Git's ids.

    Raises:
        GitError: If git cannot be asked.
    """
    if not oids:
        return
    data = _ask(root, "--batch", oids)
    at = 0
    for oid in oids:
        end = data.find(b"\n", at)
        head = data[at:end].split()
        at = end + 1
        if head[1:] == [b"missing"]:
            continue
        if end < 0 or len(head) != 3:
            raise GitError(f"git cannot read object '{oid[:12]}'")
        size = int(head[2])
        yield oid, data[at : at + size]
        at += size + 1

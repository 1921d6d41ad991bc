"""Bytes of git's objects, many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import GitError
from vcs_track.plumbing.git_call import GitCall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["read_objects"]


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
    data = GitCall(
        "-C", str(root), "--no-optional-locks", "cat-file", "--batch",
        stdin="".join(f"{oid}\n" for oid in oids).encode(), patient=True,
        env={"GIT_NO_LAZY_FETCH": "1"},
    ).output("cat-file")  # fmt: skip
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

"""What is staged, and its bytes."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from vcs_track.plumbing import fsio
from vcs_track.plumbing.git_ask import check, demand, top_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Change", "changes", "content", "files_below", "scratch", "sizes", "top_of"]


class Change(NamedTuple):
    """A path that is staged otherwise than it was committed.

    Attributes:
        kind: ``A`` added, ``M`` changed, ``D`` deleted, ``T`` of another type.
        mode: As git writes it, ``100644`` for a file.
        blob: Git's id of the new content.
        path: From the top of the work tree.
    """

    kind: str
    mode: str
    blob: str
    path: bytes


def changes(top: Path) -> list[Change]:
    """Return what the next commit changes, all of it before the first one.

    Raises:
        GitError: If git cannot be asked.
    """
    answer = demand(
        "-C", str(top), "--no-optional-locks", "diff", "--cached", "--raw", "-z", "--no-renames",
        "--no-abbrev", "--no-ext-diff", "--no-color", patient=True,
    )  # fmt: skip
    check("diff", answer)
    words = iter(answer.out.split(b"\0"))
    found = []
    for word in words:
        if word.startswith(b":"):
            _, mode, _, blob, kind = word[1:].decode().split()
            found.append(Change(kind[0], mode, blob, next(words)))
    return found


def files_below(top: Path, folder: bytes) -> dict[bytes, str]:
    """Return the staged and committed files below *folder*, with blobs."""
    answer = demand(
        "-C", str(top), "--no-optional-locks", "--literal-pathspecs", "ls-files", "-s", "-z", "--",
        os.fsdecode(folder), patient=True,
    )  # fmt: skip
    check("ls-files", answer)
    found = {}
    for line in filter(None, answer.out.split(b"\0")):
        head, _, path = line.partition(b"\t")
        found[path] = head.split()[1].decode()
    return found


def sizes(top: Path, blobs: Iterable[str]) -> dict[str, int]:
    """Return the number of bytes of each of *blobs*."""
    asked = "".join(f"{blob}\n" for blob in dict.fromkeys(blobs)).encode()
    if not asked:
        return {}
    answer = demand("-C", str(top), "cat-file", "--batch-check", stdin=asked, patient=True)
    check("cat-file", answer)
    lines = (line.split() for line in answer.out.decode().splitlines())
    return {words[0]: int(words[2]) for words in lines if len(words) == 3}


def content(top: Path, blob: str) -> bytes:
    """Return the bytes of *blob*.

    Raises:
        GitError: If git has not got it.
    """
    answer = demand("-C", str(top), "cat-file", "blob", blob, patient=True)
    check("cat-file", answer)
    return answer.out


@contextmanager
def scratch(top: Path, files: Sequence[tuple[str, str]]) -> Iterator[dict[str, Path]]:
    """Write blobs to a folder that lasts as long as the body.

    Args:
        top: Top of the work tree.
        files: Name and blob of each.
    """
    with tempfile.TemporaryDirectory(prefix="vcs-track-") as folder:
        found = {}
        for name, blob in files:
            found[name] = Path(folder, name)
            fsio.write_new(found[name], content(top, blob), sync=False)
        yield found

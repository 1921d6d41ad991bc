"""Notes of git on commits: all of a ref read, and many changed at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.plumbing.git_ask import check, demand, top_of
from vcs_track.plumbing.git_objects import read_objects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["read_notes", "write_notes"]


def read_notes(root: Path, ref: str) -> dict[str, bytes]:
    """Return the notes of *ref*, by what they are on.

    Args:
        root: A folder in the work tree.
        ref: As ``refs/notes/runs``.

    Raises:
        GitError: If git cannot be asked.
    """
    top = top_of(root)
    answer = demand("-C", str(top), "--no-optional-locks", "notes", f"--ref={ref}", "list",
                    patient=True)  # fmt: skip
    check("notes", answer)
    pairs = [line.split() for line in answer.out.decode().splitlines()]
    texts = dict(read_objects(top, list(dict.fromkeys(blob for blob, _ in pairs))))
    return {commit: texts[blob] for blob, commit in pairs if blob in texts}


def write_notes(root: Path, ref: str, notes: Mapping[str, bytes | None], message: str) -> None:
    """Change notes of *ref*, by one commit to it; no hook is run.

    Args:
        root: A folder in the work tree.
        ref: As ``refs/notes/runs``.
        notes: Text of each note, by what it is on; None removes it.
        message: Message of the commit.

    Raises:
        GitError: If git refuses, or somebody else wrote notes meanwhile.
    """
    top = top_of(root)
    who = demand("-C", str(top), "var", "GIT_COMMITTER_IDENT")
    check("notes", who)
    old = demand("-C", str(top), "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    lines = [
        b"feature done", b"commit " + ref.encode(), b"committer " + who.out.strip(),
        _data(message.encode()),
    ]  # fmt: skip
    if not old.code:
        lines.append(b"from " + old.out.strip())
    for target, text in notes.items():
        if text is None:
            lines.append(b"N %s %s" % (b"0" * len(target), target.encode()))
        else:
            lines += [b"N inline " + target.encode(), _data(text)]
    answer = demand(
        "-C", str(top), "-c", "core.hooksPath=/dev/null", "fast-import", "--quiet",
        stdin=b"\n".join([*lines, b"done", b""]), patient=True,
    )  # fmt: skip
    check("fast-import", answer)


def _data(text: bytes) -> bytes:
    return b"data %d\n" % len(text) + text

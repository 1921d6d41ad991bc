"""What git says about a work tree, and the bytes it says it in.

Pure: the bytes of ``git status --porcelain=v2 --branch -z`` in, values out. Git's bytes
need not be UTF-8: kept text has U+FFFD in place of what is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Changes", "CommitInfo", "GitState", "GitUnreadable", "git_text", "parse_status"]


@dataclass(frozen=True, slots=True)
class Changes:
    """Paths that differ from the commit, below the top of the work tree.

    Attributes:
        tracked: Files that git knows.
        untracked: Files that it neither tracks nor ignores; a folder ends with ``/``.
        submodules: Those of *tracked* that are submodules with changes of their own.
        dropped: Those of *tracked* that the index no longer has.
        closed: Folders that git may not read; each ends with ``/``.
    """

    tracked: tuple[bytes, ...] = ()
    untracked: tuple[bytes, ...] = ()
    submodules: tuple[bytes, ...] = ()
    dropped: tuple[bytes, ...] = ()
    closed: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class GitState:
    """Where a work tree stands.

    Attributes:
        root: Top folder of the work tree.
        commit: 40 or 64 hexadecimal digits; None before the first commit.
        branch: Short name; None when ``HEAD`` is detached.
        upstream: Short name of the branch it follows, as ``origin/main``.
        ahead: Commits that the upstream lacks; None when git does not know.
        behind: Commits that only the upstream has; None when git does not know.
        dirty: Tracked files differ from the commit, staged or not; ``.runs`` left out.
        untracked: Entries that git neither tracks nor ignores; a folder counts once.
        remote: URL without user, password, query and fragment.
        worktree: Made by ``git worktree add``.
        submodule: Part of another repository.
        changes: The paths behind *dirty* and *untracked*.

    Example:
        >>> from vcs_track.plumbing.gitlink import GitState
        >>> state = GitState(root="/src/demo", commit=None, branch="main")
        >>> state.to_json()["branch"], "root" in state.to_json()
        ('main', False)
    """

    root: str
    commit: str | None
    branch: str | None
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    dirty: bool = False
    untracked: int = 0
    remote: str | None = None
    worktree: bool = False
    submodule: bool = False
    changes: Changes = field(default=Changes(), compare=False)

    def to_json(self) -> dict[str, object]:
        """Return what a run manifest keeps: everything but local paths."""
        names = (name for name in self.__slots__ if name not in ("root", "changes"))
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class GitUnreadable:
    """Why a folder inside a work tree has no `GitState`; never raised.

    Attributes:
        reason: One line, without a local path.
        hint: What to do about it, or an empty string.
    """

    reason: str
    hint: str = ""

    def to_json(self) -> dict[str, object]:
        """Return what a run manifest keeps instead of a state."""
        return {"unreadable": self.reason}


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """One commit: id, committer time [s since 1970 UTC], author, subject."""

    id: str
    time: int
    author: str
    subject: str


_ID: Final = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_CLOSED: Final = re.compile(rb"(?m)^warning: could not open directory '(.*/)': ")
# Fields before the path in an entry of each kind.
_FIELDS: Final = {b"1": 7, b"2": 8, b"u": 9}


def git_text(data: bytes) -> str:
    r"""Return *data* as text that can be kept.

    Example:
        >>> from vcs_track.formats.gitstate import git_text
        >>> git_text(b"gr\xfc\xdfe")
        'gr\ufffd\ufffde'
    """
    return data.decode("utf-8", "replace")


def parse_status(
    out: bytes, err: bytes = b"", *, root: str
) -> tuple[GitState, bytes | None]:  # fmt: skip
    r"""Return the state in *out*, and the exact bytes of the branch's name.

    Args:
        out: What ``git status --porcelain=v2 --branch -z`` printed.
        err: What it said besides, in English.
        root: Top folder of the work tree.

    Example:
        >>> from vcs_track.formats.gitstate import parse_status
        >>> state, branch = parse_status(b"# branch.head main\0? new.txt\0", root="/src")
        >>> state.branch, state.untracked, state.dirty, branch
        ('main', 1, False, b'main')
    """
    header: dict[bytes, bytes] = {}
    tracked: list[bytes] = []
    untracked: list[bytes] = []
    submodules: list[bytes] = []
    dropped: list[bytes] = []
    words = iter(out.split(b"\0"))
    for entry in words:
        kind, _, rest = entry.partition(b" ")
        if kind == b"#":
            name, _, value = rest.partition(b" ")
            header[name] = value
        elif kind == b"?":
            untracked.append(rest)
        elif kind in _FIELDS:
            *fields, path = rest.split(b" ", _FIELDS[kind])
            tracked.append(path)
            if fields[:1] == [b"D."]:
                dropped.append(path)
            if fields[1:2] and fields[1][:1] == b"S" and fields[1][2:] != b"..":
                submodules.append(path)
            if kind == b"2":
                tracked.append(next(words, b""))  # the old name
    branch = _unless(header.get(b"branch.head"), b"(detached)")
    ahead, behind = _counts(header.get(b"branch.ab", b""))
    state = GitState(
        root=root,
        commit=_id(header.get(b"branch.oid", b"")),
        branch=_kept(branch),
        upstream=_kept(header.get(b"branch.upstream")),
        ahead=ahead,
        behind=behind,
        dirty=bool(tracked),
        untracked=len(untracked),
        changes=Changes(
            *map(tuple, (tracked, untracked, submodules, dropped, _CLOSED.findall(err)))
        ),
    )
    return state, branch


def _id(value: bytes) -> str | None:
    # '(initial)' before the first commit; what is no id is none, whoever says it.
    return value.decode() if _ID.fullmatch(value) else None


def _unless(value: bytes | None, placeholder: bytes) -> bytes | None:
    return None if value == placeholder else value


def _kept(value: bytes | None) -> str | None:
    return None if value is None else git_text(value)


def _counts(value: bytes) -> tuple[int | None, int | None]:
    # '+2 -1'; '+? -?' where the user told git not to count.
    words = [word[1:] for word in value.split()]
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return None, None
    return int(words[0]), int(words[1])

"""Commits, and their trees as they were without some folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.formats.gitstate import git_text
from vcs_track.formats.gittree import FOLDER_MODE, parse_tree, tree_id
from vcs_track.plumbing.git_ask import ask, check, demand, refuse_option, top_of, unknown
from vcs_track.plumbing.git_objects import read_objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["Commit", "folders_named", "history", "trees_without"]

_EVERYWHERE: Final = ("--branches", "--tags", "--remotes")
_FORMAT: Final = "--format=%H%x00%T%x00%ct%x00%an%x00%D%x00%s"
_AT_ONCE: Final = 5_000  # trees in memory

# Names of folders below a folder; None for one that is left out.
_Names = dict[bytes, "_Names | None"]


class Commit(NamedTuple):
    """A commit, as far as a list of commits shows it.

    Attributes:
        id: 40 or 64 hexadecimal digits.
        tree: Id of its tree.
        time: When it was committed, seconds since 1970 UTC.
        author: Name of its author.
        refs: What points at it, as ``HEAD -> main, tag: v1``.
        subject: First line of its message.
    """

    id: str
    tree: str
    time: int
    author: str
    refs: str
    subject: str


def history(
    root: Path, rev_range: str | None = None, *, everywhere: bool = False, single: bool = False
) -> list[Commit]:
    """Return commits, newest first.

    Args:
        root: A folder in the work tree.
        rev_range: As ``git log`` takes it, ``v1..main`` for example. Default: what ``HEAD``
            has, nothing before the first commit.
        everywhere: What any branch or tag has, too.
        single: The commits that *rev_range* names, without those before them.

    Raises:
        CommitNotFoundError: If git does not know *rev_range*.
        GitError: If git cannot be asked.
    """
    top = top_of(root)
    revs = []
    if rev_range is not None:
        refuse_option(rev_range)
        revs = [rev_range]
    elif not demand("-C", str(top), "rev-parse", "-q", "--verify", "HEAD").code:
        revs = ["HEAD"]
    if everywhere:
        revs += _EVERYWHERE
    if not revs:
        return []
    answer = demand(
        "-C", str(top), "--no-optional-locks", "log", "-z", "-s", "--no-color",
        "--no-show-signature", "--decorate=short", "--encoding=UTF-8", _FORMAT, *["--no-walk"] * single, *revs, "--",
        patient=True,
    )  # fmt: skip
    if answer.code and rev_range is not None:
        raise unknown(top, rev_range)
    check("log", answer)
    fields = git_text(answer.out).split("\0")
    rows = zip(*(fields[i::6] for i in range(6)), strict=False)
    return [Commit(oid, tree, int(time), *words) for oid, tree, time, *words in rows]


# ---- trees ---------------------------------------------------------------------------------


def folders_named(root: Path, commit: str, name: bytes) -> set[bytes]:
    """Return the folders of this *name* that *commit* has, by their paths.

    Folders inside such a folder are left out.
    """
    answer = ask(root, "ls-tree", "-r", "-d", "-z", "--name-only", "--full-tree", commit)
    found = set()
    for path in answer.out.split(b"\0"):
        parts = path.split(b"/")
        if name in parts:
            found.add(b"/".join(parts[: parts.index(name) + 1]))
    return found


def trees_without(root: Path, trees: Sequence[str], folders: Iterable[bytes]) -> dict[str, str]:
    """Return the ids that *trees* would have without *folders*.

    A folder that has nothing else in it goes too. A tree that git has not got is left out.

    Args:
        root: A folder in the work tree.
        trees: Ids of trees.
        folders: Paths of folders, with ``/``.

    Raises:
        GitError: If git cannot be asked.
    """
    names: _Names = {}
    for folder in folders:
        _plan(names, folder.split(b"/"))
    distinct = list(dict.fromkeys(trees))
    found: dict[str, str] = {}
    for first in range(0, len(distinct), _AT_ONCE):
        part = distinct[first : first + _AT_ONCE]
        reader = _Trees(root, names, part)
        found.update((tree, new) for tree in part if (new := reader.without(tree)) is not None)
    return found


def _plan(names: _Names, parts: Sequence[bytes]) -> None:
    head, rest = parts[0], parts[1:]
    if not rest:
        names[head] = None
        return
    below = names.setdefault(head, {})
    if below is not None:
        _plan(below, rest)


class _Trees:
    """Trees in memory, as deep as folders are to be taken out of them."""

    def __init__(self, root: Path, names: _Names, trees: Sequence[str]) -> None:
        self._names = names
        self._bytes: dict[str, bytes] = {}
        self._digits = len(trees[0])
        level = [(tree, names) for tree in trees]
        while level:
            wanted = dict.fromkeys(oid for oid, _ in level if oid not in self._bytes)
            self._bytes.update(read_objects(root, list(wanted)))
            # Many commits have one folder in common: it is looked at once for each plan.
            below = {(oid, id(plan)): (oid, plan) for oid, plan in self._below(level)}
            level = list(below.values())

    def _below(self, level: Sequence[tuple[str, _Names]]) -> Iterator[tuple[str, _Names]]:
        for oid, names in level:
            deep = {name: below for name, below in names.items() if below}
            data = self._bytes.get(oid, b"")
            if any(_mark(name) in data for name in deep):
                for member in parse_tree(data, self._digits):
                    below = deep.get(member.name)
                    if below and member.mode == FOLDER_MODE:
                        yield member.oid, below

    def without(self, tree: str) -> str | None:
        """Return the id of *tree* without the folders; None for one that is not here."""
        if tree not in self._bytes:
            return None
        return self._without(tree, self._names) or tree_id((), self._digits)

    def _without(self, oid: str, names: _Names) -> str | None:
        """Return the new id of one folder; None where nothing is left of it."""
        data = self._bytes.get(oid)
        if data is None or not any(_mark(name) in data for name in names):
            return oid
        kept = []
        for member in parse_tree(data, self._digits):
            if member.mode != FOLDER_MODE or member.name not in names:
                kept.append(member)
                continue
            below = names[member.name]
            new = None if below is None else self._without(member.oid, below)
            if new is not None:
                kept.append(member._replace(oid=new))
        return tree_id(kept, self._digits) if kept else None


def _mark(name: bytes) -> bytes:
    return b"%s %s\0" % (FOLDER_MODE, name)

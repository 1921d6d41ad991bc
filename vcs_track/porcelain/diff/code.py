"""Which files of their code differ between two runs, and by how many lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.errors import GitError, VcsTrackError
from vcs_track.formats.code import SUBMODULE, path_text
from vcs_track.plumbing import git_objects, git_tree, git_worktree, gitlink
from vcs_track.plumbing.layout import FOLDER
from vcs_track.porcelain.code_files import code_of, lists
from vcs_track.porcelain.diff.changes import CodeChange, CodeFile, way_of
from vcs_track.porcelain.diff.lines import tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vcs_track.formats.code import Code
    from vcs_track.plumbing.git_tree import TreeEntry
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

    Files = dict[bytes, CodeFile | None]
    Sides = tuple[Code, Code]

__all__ = ["code_changes"]

_TREE: Final = "040000"
_LARGEST: Final = 1 << 20  # bytes of a file whose lines are counted
_MOST: Final = 32 << 20  # bytes of all of them
_RUNS: Final = FOLDER.encode()


def code_changes(store: Store, old: RunView, new: RunView, notes: list[str]) -> list[CodeChange]:
    """Return the files of their code that differ; equal trees end the walk.

    Where the commits are not here, one change stands for the whole tree: its name is ``.``.

    Args:
        store: The store; its git repository has the commits.
        old: The first run.
        new: The second run.
        notes: Takes what could not be compared, and why.
    """
    if old.code == new.code:
        return []
    without = [run for run in (old, new) if run.code is None]
    if without:
        notes.append(f"run '{without[0].id}' has no code to compare")
        return []
    codes = code_of(old), code_of(new)
    if _all(codes[0]) == _all(codes[1]):
        return []
    root = gitlink.find_root(store.layout.root.parent)
    try:
        codes = _near(store, old, codes[0], root), _near(store, new, codes[1], root)
        sides = _sides(codes, root)
    except GitError as error:
        notes.append(f"the files of the code cannot be told apart: {error}")
        trees = [CodeFile(_TREE, code.tree) for code in codes]
        return [CodeChange(".", "changed", trees[0], trees[1])]
    notes += _unknown(codes)
    changed = [path for path in sides[0] if sides[0][path] != sides[1][path]]
    return _Lines((old, new), codes, root).changes(changed, sides)


def _all(code: Code) -> object:
    return code.tree, code.left_out


def _near(store: Store, run: RunView, code: Code, root: Path | None) -> Code:
    """Return the list of a run's files whose commit is here, or needs none."""
    if code.commit is None:
        return code
    if root is not None and git_worktree.has_commit(root, code.commit):
        return code
    found = [each for each in lists(store, run) if each.commit is None]
    if not found:
        raise GitError(f"commit '{code.commit[:12]}' of run '{run.id}' is not in this repository")
    return found[0]


def _sides(codes: Sides, root: Path | None) -> tuple[Files, Files]:
    """Return the files that may differ, as each side has them."""
    old, new = codes
    base: list[tuple[TreeEntry | None, TreeEntry | None]] = []
    if old.commit != new.commit:
        base = _between(old.commit, new.commit, root)
    sides: tuple[Files, Files] = ({}, {})
    for side, code, place in zip(sides, codes, (0, 1), strict=True):
        for pair in base:
            entry = pair[place]
            path = (pair[0] or pair[1]).path  # type: ignore[union-attr]  # one is there
            side[path] = None if entry is None else CodeFile(entry.mode, entry.blob)
        side.update(dict.fromkeys(code.gone))
        side.update((left.path, _left_out(left.sha256, left.size)) for left in code.left_out)
        side.update((file.path, CodeFile(file.mode, file.blob)) for file in code.files)
    _as_committed(sides, codes, root)
    paths = sorted(p for p in sides[0].keys() | sides[1].keys() if _RUNS not in p.split(b"/"))
    return {p: sides[0].get(p) for p in paths}, {p: sides[1].get(p) for p in paths}


def _left_out(sha256: str | None, size: int | None) -> CodeFile:
    return CodeFile("", f"sha256:{sha256}" if sha256 else f"{size} bytes")


def _between(
    old: str | None, new: str | None, root: Path | None
) -> list[tuple[TreeEntry | None, TreeEntry | None]]:
    if root is None:
        raise GitError("there is no git repository")
    if old is not None and new is not None:
        return git_tree.differing(root, old, new)
    commit = old or new or ""
    files = git_tree.files_at(root, commit, None)
    return [(file, None) if old else (None, file) for file in files]


def _as_committed(sides: tuple[Files, Files], codes: Sides, root: Path | None) -> None:
    """Fill in what one side has as its commit has it, and the other has not."""
    for mine, other, code in ((sides[0], sides[1], codes[0]), (sides[1], sides[0], codes[1])):
        lacking = [path for path in other if path not in mine]
        if code.commit is not None and lacking and root is not None:
            entries = git_tree.files_at(root, code.commit, lacking)
            mine.update((entry.path, CodeFile(entry.mode, entry.blob)) for entry in entries)


def _unknown(codes: Sides) -> list[str]:
    names = {path_text(left.path) for code in codes for left in code.left_out if left.size is None}
    return [
        f"'{name}' was not looked into: nobody knows whether it differs" for name in sorted(names)
    ]


class _Lines:
    """Counts the lines that differ.

    Args:
        runs: Both runs.
        codes: The code of each.
        root: Top of the work tree, or None.
    """

    def __init__(self, runs: tuple[RunView, RunView], codes: Sides, root: Path | None) -> None:
        self._runs = runs
        self._root = root
        self._kept = [{file.path: file for file in code.files} for code in codes]
        self._committed: dict[str, bytes] = {}

    def changes(self, paths: Sequence[bytes], sides: tuple[Files, Files]) -> list[CodeChange]:
        """Return the changes of *paths*."""
        self._fetch(paths, sides)
        found = []
        for path in paths:
            pair = sides[0][path], sides[1][path]
            data = [self._data(path, n, file) for n, file in enumerate(pair)]
            lines = None if data[0] is None or data[1] is None else tally(data[0], data[1])
            found.append(
                CodeChange(path_text(path), way_of(*pair), *pair, *(lines or (None, None)))
            )
        return found

    def _fetch(self, paths: Sequence[bytes], sides: tuple[Files, Files]) -> None:
        wanted = {
            file.blob
            for n, side in enumerate(sides)
            for path in paths
            if (file := side[path]) is not None and file.mode not in ("", SUBMODULE)
            and not self._is_kept(path, n)
        }  # fmt: skip
        if self._root is None or not wanted:
            return
        try:
            sizes = git_objects.sizes_of(self._root, sorted(wanted))
            small, total = [], 0
            for blob, size in sorted(sizes.items(), key=lambda pair: (pair[1], pair[0])):
                total += size
                if size <= _LARGEST and total <= _MOST:
                    small.append(blob)
            self._committed = dict(git_objects.read_objects(self._root, small))
        except GitError:
            return  # that they differ is known, and no more

    def _is_kept(self, path: bytes, place: int) -> bool:
        file = self._kept[place].get(path)
        return file is not None and file.oid is not None

    def _data(self, path: bytes, place: int, file: CodeFile | None) -> bytes | None:
        """Return the bytes of a file, nothing of one that is not there, None if unknown."""
        if file is None:
            return b""
        kept = self._kept[place].get(path)
        if kept is None or kept.oid is None:
            return self._committed.get(file.blob)
        if kept.size > _LARGEST:
            return None
        try:
            return self._runs[place].objects.read(kept.oid)
        except VcsTrackError:
            return None

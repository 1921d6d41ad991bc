"""Code for those who lack the commit: what a bundle carries beside the runs.

A run keeps what its commit lacks. A bundle also lists the files of the run's tree from a commit
that others have, or all of them; ``docs/format/bundles.md`` is the specification.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from vcs_track.errors import GitError, ObjectNotFoundError
from vcs_track.formats.code import Code
from vcs_track.formats.pack import MAX_ENTRY
from vcs_track.plumbing import fsio, git_worktree, gitlink
from vcs_track.plumbing.git_tree import GitTree
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain.capture import Rules, keep_files
from vcs_track.porcelain.code_files import code_of, fill, here, lists, top_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.formats.code import LeftOut
    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Carried", "carrying"]

_ALL = Rules(largest=MAX_ENTRY, most=1 << 62)


@dataclass(slots=True)
class Carried:
    """Lists of files that go along with runs.

    Attributes:
        trees: By the tree that they list, their ids.
        pack: What the store has not got of them.
        trouble: By run, why its code does not go along.
    """

    trees: dict[str, list[ObjectId]] = field(default_factory=dict)
    pack: PackFile | None = None
    trouble: dict[str, str] = field(default_factory=dict)


@contextmanager
def carrying(
    store: Store, views: Sequence[RunView], rules: Rules, *, whole: bool
) -> Iterator[Carried]:
    """Gather the code that goes along with *views*; it is there for the body.

    Args:
        store: The store.
        views: Runs.
        rules: What is kept of the files of commits that no remote has.
        whole: Whether to list every file, of any size, rather than what remotes lack.
    """
    if all(view.code is None for view in views):
        yield Carried()
        return
    scratch = store.layout.tmp / f"carry-{secrets.token_hex(8)}"
    fsio.make_dirs(scratch)
    carried = Carried()
    writer = PackWriter(scratch, store.format)
    try:
        for view in views:
            try:
                _carry(store, view, writer, carried, _ALL if whole else rules, whole=whole)
            except (GitError, ObjectNotFoundError) as error:
                carried.trouble[view.id] = str(error)
        writer.finish()
        if len(writer):
            carried.pack = PackFile(writer.path, store.format)
        yield carried
    finally:
        writer.abandon()
        fsio.remove_tree(scratch)


def _carry(
    store: Store, view: RunView, writer: PackWriter, carried: Carried, rules: Rules, *, whole: bool
) -> None:
    if view.code is None:
        return
    own = code_of(view)
    if own.tree in carried.trees or own.commit is None:
        return
    there = [code for code in lists(store, view) if code != own]
    if whole and not any(code.commit is None for code in there):
        there = [_listed(store, view, writer, rules, None)]
    elif not whole:
        base = _base(store, own.commit)
        if base == own.commit:
            return
        if base is not None and not any(code.commit == base for code in there):
            there.append(_listed(store, view, writer, rules, base))
    if there:
        # Those that the store has are written again: they are small beside their files.
        carried.trees[own.tree] = sorted({writer.add(code.encode()) for code in there})


def _base(store: Store, commit: str) -> str | None:
    root = gitlink.find_root(store.layout.root.parent)
    if root is None or not git_worktree.has_commit(root, commit):
        return None
    return git_worktree.published(root, commit)


def _listed(
    store: Store, view: RunView, writer: PackWriter, rules: Rules, base: str | None
) -> Code:
    """List the files of a run's tree that *base* lacks."""
    code = here(store, view)
    scratch = writer.path.parent / secrets.token_hex(8)
    fsio.make_dirs(scratch)
    try:
        tree = GitTree(top_of(store), scratch, fmt=code.hash)
        fill(tree, code, view.objects, lost=True)
        tree.remove(tree.inside(".runs"))
        if tree.write() != code.tree:
            raise GitError(f"the files of run '{view.id}' are not those that it had")

        def keep(data: bytes) -> ObjectId:
            oid = store.format.hash(data)
            return oid if oid in store.home.objects else writer.add(data)

        left_out: list[LeftOut] = []
        new, gone = (list(tree.entries()), []) if base is None else tree.changed(base)
        files = keep_files(tree, new, keep, rules, left_out)
        gone = [path for path in gone if b".runs" not in path.split(b"/")]
    finally:
        fsio.remove_tree(scratch)
    return replace(
        code, commit=base, files=tuple(files), gone=tuple(gone), left_out=tuple(left_out)
    )

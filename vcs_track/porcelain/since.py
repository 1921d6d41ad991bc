"""What the reader of a partial bundle has already."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.errors import GitError, InvalidValueError, VcsTrackError
from vcs_track.plumbing import gitlink
from vcs_track.plumbing.heads import parse_head
from vcs_track.plumbing.home import open_bundle
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.packs import is_pack_name
from vcs_track.porcelain.closure import closure

if TYPE_CHECKING:
    from collections.abc import Container

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import Objects
    from vcs_track.plumbing.store import Store

__all__ = ["Since", "since"]


@dataclass(frozen=True, slots=True)
class Since:
    """Objects that the reader has.

    Attributes:
        ids: Their ids.
        place: Where they are, as ``bundle.json`` says it.
        heads: The runs that are there.
        objects: Where these can be read.
    """

    ids: Container[ObjectId]
    place: dict[str, str]
    heads: dict[str, list[ObjectId]]
    objects: Objects

    def told(self, left_out: set[ObjectId]) -> dict[str, Any]:
        """Return where *left_out* is: the place, and the runs that have it."""
        runs = [run for run, heads in sorted(self.heads.items()) if self._of(heads) & left_out]
        return {**self.place, "runs": runs}

    def _of(self, heads: list[ObjectId]) -> set[ObjectId]:
        with suppress(VcsTrackError):  # it is for a message only
            return {*closure([oid for oid in heads if oid in self.objects], self.objects).roles}
        return set()


def since(store: Store, base: str | Path) -> Since:
    """Return what the reader has who has *base*.

    Args:
        store: The store.
        base: A bundle, or a revision of git: the runs that its commit has on the shelf.

    Raises:
        CommitNotFoundError: If git knows no such revision.
        CorruptError: If the file is no bundle.
        GitError: Outside git.
        InvalidValueError: If there is no such bundle, it has another object format, or the
            commit has no runs.
    """
    path = Path(base)
    if isinstance(base, Path) or path.is_file() or base.lower().endswith(".zip"):
        return _of_bundle(store, path)
    return _of_commit(store, base)


def _of_bundle(store: Store, path: Path) -> Since:
    home = open_bundle(path)
    if home.format is not store.format:
        raise InvalidValueError(
            f"'{path.name}' has object format '{home.format.name}', this repository has "
            f"'{store.format.name}'",
            hint="a partial bundle and what it rests on have one format",
        )
    place = {"bundle": path.name, "root": home.root()}
    return Since(home.pack, place, home.heads(), home.objects)


def _of_commit(store: Store, revision: str) -> Since:
    root = gitlink.find_root(store.layout.root.parent)
    if root is None:
        raise GitError(
            f"'{store.layout.root.parent}' is not in a git repository",
            hint="name a bundle that the reader has",
        )
    commit = gitlink.resolve(root, revision)
    ids: set[ObjectId] = set()
    for name in filter(is_pack_name, gitlink.committed(root, store.layout.shelf.packs, commit)):
        for home in (store.home, store.shelf):
            with suppress(FileNotFoundError):
                ids.update(PackFile(home.packs.folder / name, store.format))
                break
    heads: dict[str, list[ObjectId]] = {}
    for name in gitlink.committed(root, store.layout.shelf.heads, commit):
        if (head := parse_head(name)) is not None:
            heads.setdefault(head[0], []).append(head[1])
    if not heads:
        raise InvalidValueError(
            f"commit '{commit[:12]}' has no runs", hint="'vcs-track log' shows which have"
        )
    return Since(ids, {"commit": commit}, heads, store.home.objects)

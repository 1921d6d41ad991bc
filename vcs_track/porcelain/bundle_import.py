"""Taking in bundles: checked first, stored then, and a second time nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from vcs_track.errors import InvalidValueError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.rezip import readable
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain.bundle_check import check_bundle, needed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.home import BundleHome
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.bundle_check import Checked

    Progress = Callable[[int, int], None]

__all__ = ["Imported", "import_"]

_PACK_TARGET: Final = 32 << 20


@dataclass(slots=True)
class Imported:
    """What an import did, or would do.

    Attributes:
        new: Runs that were not here before.
        updated: Runs that got a newer state.
        known: Runs that were here already.
        removed: Runs that were removed here, and stay so.
        objects: Number of objects that were stored.
        size: Bytes that these take.
        zipped_again: Whether another tool than this one wrote the zip.
        names: The names of the runs in the bundle.
    """

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    objects: int = 0
    size: int = 0
    zipped_again: bool = False
    names: dict[str, str] = field(default_factory=dict)


def import_(
    store: Store, path: Path, *, dry_run: bool = False, progress: Progress | None = None
) -> Imported:
    """Take in the runs of the bundle *path*.

    Everything is checked before anything is stored; a second import changes nothing. One that
    is killed leaves packs that no run needs, and the next one takes them into use.

    Args:
        store: The store.
        path: The bundle, also one that was unpacked and zipped again.
        dry_run: Store nothing, and tell what would be.
        progress: Is called with bytes checked and bytes in all.

    Returns:
        What was new.

    Raises:
        CorruptError: If anything in the bundle is wrong; the store is as it was.
        InvalidValueError: If the bundle has another object format.
        ObjectNotFoundError: If it leaves out what the store has not got.
    """
    if not dry_run:
        store.require_writable()
    with readable(path, store.layout.tmp) as home:
        if home.format is not store.format:
            raise InvalidValueError(
                f"'{path.name}' has object format '{home.format.name}', this repository has "
                f"'{store.format.name}'",
                hint="import it into a repository made with 'vcs-track init --object-format "
                f"{home.format.name}'",
            )
        store.refresh()
        checked = check_bundle(home, store, progress)
        if checked.absent:
            raise needed(home, checked.absent)
        result = Imported(zipped_again=home.zipped_again, names=checked.names)
        if dry_run:
            _foresee(store, home, checked, result)
        else:
            with fsio.storage_errors(f"import '{path}'"):
                _take(store, home, checked, result)
    return result


def _foresee(store: Store, home: BundleHome, checked: Checked, result: Imported) -> None:
    hidden = store.home.redactions.ids()
    for oid in home.pack:
        if oid in checked.roles and oid not in hidden and store.home.objects.sound(oid) is None:
            result.objects += 1
            result.size += home.pack.entry(oid).stored
    for run, found in sorted(checked.heads.items()):
        mine = store.home.head_folder.of(run)
        _sort(run, mine, _fresh(store, run, mine, found), result)


def _take(store: Store, home: BundleHome, checked: Checked, result: Imported) -> None:
    _store_objects(store, home, checked.roles, result)
    # First: a head says that all is there.
    lists = ((tree, oid) for tree, found in sorted(checked.trees.items()) for oid in found)
    store.home.tree_folder.add_many(lists)
    _take_heads(store, checked, result)
    # A clean-up that began before they were marked as in use may have moved some.
    Trash(store.layout.trash, store.home.packs, store.format).restore(checked.roles)


def _store_objects(
    store: Store, home: BundleHome, roles: dict[ObjectId, str], result: Imported
) -> None:
    writers: dict[str, PackWriter] = {}
    spared = 0
    hidden = store.home.redactions.ids()  # whatever a bundle brings, they stay away
    try:
        for oid in home.pack:
            # A damaged copy is none: importing a bundle mends it.
            if oid not in roles or oid in hidden or _is_kept(store, oid):
                continue
            prefix = "b" if roles[oid] == "blob" else "p"
            entry = home.pack.entry(oid)
            writer = writers.get(prefix)
            if writer is None or (len(writer) and writer.size + entry.stored > _PACK_TARGET):
                if writer is not None:
                    writer.install(store.home.packs.folder, prefix)
                writer = writers[prefix] = PackWriter(store.layout.tmp, store.format)
            writer.copy(home.pack, entry)
            result.objects += 1
            result.size += entry.stored
            if result.size - spared > _PACK_TARGET:
                spared = result.size
                home.pack.let_go()
        for prefix, writer in writers.items():
            writer.install(store.home.packs.folder, prefix)
    except BaseException:
        for writer in writers.values():
            writer.abandon()
        raise
    # Always: an import that died may have left names that are not on disk.
    store.home.sync_packs()


def _is_kept(store: Store, oid: ObjectId) -> bool:
    """Return whether a sound copy is here that no clean-up takes."""
    return store.home.packs.freshen(oid) and store.home.objects.sound(oid) is not None


def _fresh(store: Store, run: str, mine: list[ObjectId], heads: list[ObjectId]) -> list[ObjectId]:
    """Return those of *heads* that are no state that *mine* had, nor were put aside."""
    old = store.ancestors(mine) | store.put_aside(run)
    return [oid for oid in heads if oid not in mine and oid not in old]


def _take_heads(store: Store, checked: Checked, result: Imported) -> None:
    folder = store.home.head_folder
    fresh: dict[str, list[ObjectId]] = {}
    mine: dict[str, list[ObjectId]] = {}
    for run, found in sorted(checked.heads.items()):
        mine[run] = folder.of(run)
        fresh[run] = _fresh(store, run, mine[run], found)
        _sort(run, mine[run], fresh[run], result)
    folder.add_many((run, oid) for run, oids in fresh.items() for oid in oids)
    folder.sync(checked.heads)  # also of those that an import made that died
    for run, oids in fresh.items():
        if oids and mine[run]:
            old = store.ancestors(oids)
            folder.drop(run, [head for head in mine[run] if head in old])
    for run, oids in fresh.items():
        store.log.note("import", run, mine[run], folder.of(run) if oids else mine[run])


def _sort(run: str, mine: list[ObjectId], fresh: list[ObjectId], result: Imported) -> None:
    if not mine and not fresh:
        result.removed.append(run)
        return
    kind = result.known if not fresh else result.updated if mine else result.new
    kind.append(run)

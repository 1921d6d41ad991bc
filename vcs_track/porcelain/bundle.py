"""Bundles: runs in one zip, out and in.

``docs/format/bundles.md`` is the specification.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, InvalidValueError, VcsTrackError
from vcs_track.formats import canonical
from vcs_track.formats.code import Code
from vcs_track.formats.manifest import decode_run
from vcs_track.formats.oid import looks_like_id, object_format
from vcs_track.formats.pack import OBJECTS
from vcs_track.plumbing import fsio
from vcs_track.plumbing.home import BUNDLE_INDEX, BundleHome, open_bundle
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain import values
from vcs_track.porcelain.carry import Carried
from vcs_track.porcelain.closure import closure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.plumbing.packs import Objects, PackFile
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.closure import Closure

    Named = dict[str, list[ObjectId]]
    Progress = Callable[[int, int], None]

__all__ = ["Imported", "export", "import_"]

_README: Final = """\
This zip holds {n} recorded by vcs-track.

Each entry objects/<id> is named by the {tool} of its bytes. To check it:

    unzip -t {name}
    unzip -q {name} -d check && cd check/objects && for f in *; do {command}; done

An entry heads/<run>.<id> says that <id> is the newest state of that run; bundle.json lists
everything. To read the runs: pip install vcs-track; vcs-track init; vcs-track import {name}
"""


@dataclass(slots=True)
class Imported:
    """What an import did.

    Attributes:
        new: Runs that were not here before.
        updated: Runs that got a newer state.
        known: Runs that were here already.
        objects: Number of objects that were stored.
    """

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    objects: int = 0


def export(
    store: Store, runs: Sequence[str], path: Path, *, force: bool = False,
    progress: Progress | None = None, carried: Carried | None = None,
) -> int:  # fmt: skip
    """Write *runs* to the bundle *path*.

    Args:
        store: The store.
        runs: Run ids.
        path: The zip to make.
        force: Replace *path* when it is there.
        progress: Is called with objects done and objects in all.
        carried: Lists of files that go along.

    Returns:
        The number of objects written.

    Raises:
        InvalidValueError: If *path* exists, or there is nothing to export.
        CorruptObjectError: If an object is damaged; nothing is left at *path* then.
    """
    if not runs:
        raise InvalidValueError("there is nothing to export", hint="name at least one run")
    if path.exists() and not force:
        raise InvalidValueError(f"'{path}' exists", hint="choose another name, or add --force")
    heads = {run: sorted(store.home.head_folder.of(run)) for run in sorted(set(runs))}
    for run, found in heads.items():
        if not found:
            raise InvalidValueError(
                f"run '{run}' is not sealed yet", hint="finish it, then export it"
            )
    more = carried or Carried()
    everything = closure((oid for found in heads.values() for oid in found), store.home.objects)
    _add(everything, more, store)
    with fsio.storage_errors(f"write '{path}'"):
        writer = PackWriter(path.absolute().parent, store.format)
        try:
            _fill(writer, store, heads, everything, more, path.name, progress)
            writer.finish()
            fsio.rename(writer.path, path)
            fsio.fsync_dir(path.absolute().parent)
        except BaseException:
            writer.abandon()
            raise
    return len(everything.roles)


def _add(everything: Closure, carried: Carried, store: Store) -> None:
    """Take in what the lists of files need."""
    objects: Any = store.home.objects
    if carried.pack is not None:
        objects = _Both(carried.pack, objects)
    ids = (oid for found in carried.trees.values() for oid in found)
    found = closure(ids, objects, role="code/1")
    everything.roles = {**found.roles, **everything.roles}


def _fill(
    writer: PackWriter, store: Store, heads: dict[str, list[ObjectId]],
    everything: Closure, carried: Carried, path: str, progress: Progress | None,
) -> None:  # fmt: skip
    roles = everything.roles
    listed: dict[str, dict[str, Any]] = {}
    for oid in sorted(roles):
        file = _holder(store, carried, oid, sound=not store.format.collision_resistant)
        if store.format.collision_resistant:
            listed[oid] = {"size": file.entry(oid).size}
        else:
            listed[oid] = _describe(file.read(oid), store.format)
    index = {
        "@": "bundle/1", "object_format": store.format.name, "heads": heads,
        "objects": listed, "missing": sorted(everything.missing), "code": carried.trees,
    }  # fmt: skip
    writer.add_entry("README.txt", _readme(len(heads), store.format, path).encode())
    writer.add_entry(BUNDLE_INDEX, canonical.dumps(index))
    for kind, named in (("heads", heads), ("code", carried.trees)):
        for name, found in sorted(named.items()):
            for oid in found:
                writer.add_entry(f"{kind}/{name}.{oid}", b"")
    for done, oid in enumerate(sorted(roles), 1):
        file = _holder(store, carried, oid, sound=True)
        entry = file.entry(oid)
        writer.add_raw(entry, file.raw(entry))
        if progress is not None:
            progress(done, len(roles))


def _holder(store: Store, carried: Carried, oid: ObjectId, *, sound: bool) -> PackFile:
    """Return the file that holds *oid*, undamaged where it must be *sound*."""
    if carried.pack is not None and oid in carried.pack:
        return carried.pack
    if not sound:
        return store.home.objects.owner(oid)
    file = store.home.objects.sound(oid)
    if file is None:
        raise CorruptError(f"no sound copy of object '{oid[:12]}' is left")
    return file


def _describe(data: bytes, fmt: ObjectFormat) -> dict[str, Any]:
    size: dict[str, Any] = {"size": len(data)}
    if not fmt.collision_resistant:
        size["sha256"] = object_format("sha256").hash(data)
    return size


def _readme(runs: int, fmt: ObjectFormat, name: str) -> str:
    if fmt.collision_resistant:
        tool, command = "SHA-256", 'echo "$f  $f" | sha256sum -c --quiet'
    else:
        tool, command = "XXH3-128 (after 'x1-')", 'xxh128sum "$f"'
    return _README.format(
        n=f"{runs} run{'s' if runs != 1 else ''}", tool=tool, command=command, name=name
    )


def import_(store: Store, path: Path, *, progress: Progress | None = None) -> Imported:
    """Take in the runs of the bundle *path*.

    Everything is checked before anything is stored; a second import changes nothing.

    Args:
        store: The store.
        path: The bundle.
        progress: Is called with objects checked and objects in all.

    Returns:
        What was new.

    Raises:
        CorruptError: If anything in the bundle is wrong; the store is as it was.
        InvalidValueError: If the bundle has another object format.
    """
    store.require_writable()
    home = open_bundle(path)
    if home.format is not store.format:
        raise InvalidValueError(
            f"'{path.name}' has object format '{home.format.name}', this repository has "
            f"'{store.format.name}'",
            hint="import it into a repository made with 'vcs-track init --object-format "
            f"{home.format.name}'",
        )
    store.refresh()
    heads, trees = home.heads(), home.trees()
    roles = _check_bundle(home, heads, trees, store, progress)
    result = Imported()
    with fsio.storage_errors(f"import '{path}'"):
        result.objects = _store_objects(store, home, roles)
        for tree, found in sorted(trees.items()):  # first: a head says that all is there
            for oid in found:
                store.home.tree_folder.add(tree, oid)
        for run, found in sorted(heads.items()):
            _take_heads(store, run, found, result)
        store.home.head_folder.sync(heads)
        # A clean-up that began before they were marked as in use may have moved some.
        Trash(store.layout.trash, store.home.packs, store.format).restore(roles)
    return result


class _Both:
    """The objects of a bundle, and behind them those of the store."""

    def __init__(self, first: PackFile, second: Objects) -> None:
        self._sides = (first, second)

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        first, second = self._sides
        if oid not in first:
            return second.read(oid)
        if first.entry(oid).size > _LARGEST_DOCUMENT:
            raise CorruptError(f"document '{oid[:12]}' is larger than {_LARGEST_DOCUMENT} bytes")
        return first.read(oid)

    def __contains__(self, oid: object) -> bool:
        return any(oid in side for side in self._sides)

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(sorted(set(self._sides[0]) | set(self._sides[1])))


def _check_bundle(
    home: BundleHome, heads: Named, trees: Named, store: Store, progress: Progress | None
) -> dict[ObjectId, str]:
    listed = home.index.get("objects")
    missing = home.index.get("missing")
    if not isinstance(listed, dict) or not isinstance(missing, list):
        raise CorruptError("bundle.json lacks its lists of objects")
    if not all(map(looks_like_id, missing)):
        raise CorruptError("bundle.json lists something as missing that is no id")
    _check_entries(home)
    for done, oid in enumerate(home.pack.verify(), 1):
        wanted: dict[str, Any] = {"size": home.pack.entry(oid).size}
        if not store.format.collision_resistant:
            data = home.pack.read(oid)
            wanted = _describe(data, store.format)
            if oid in store.home.objects and store.home.objects.read(oid) != data:
                raise CorruptError(f"the bundle has another content under the id '{oid}'")
        if listed.get(oid) != wanted:
            raise CorruptError(f"bundle.json and object '{oid[:12]}' disagree")
        if progress is not None:
            progress(done, len(home.pack))
    told = [home.index.get(key, {}) for key in ("heads", "code")]
    there = [{name: sorted(oids) for name, oids in named.items()} for named in (heads, trees)]
    if set(listed) != set(home.pack) or told != there:
        raise CorruptError("bundle.json does not list what the bundle holds")
    return _check_runs(home, heads, trees, store)


def _check_entries(home: BundleHome) -> None:
    for entry in home.pack.entries():
        head = entry.name.startswith(("heads/", "code/"))
        known = (
            head or entry.name.startswith(OBJECTS) or entry.name in ("README.txt", BUNDLE_INDEX)
        )
        if not known or (head and entry.size):
            raise CorruptError(f"'{entry.name[:80]}' is no entry of a bundle")


def _check_runs(home: BundleHome, heads: Named, trees: Named, store: Store) -> dict[ObjectId, str]:
    roles: dict[ObjectId, str] = {}
    known_trees: set[str] = set()
    objects = _Both(home.pack, store.home.objects)
    for run, found in heads.items():

        def same_run(oid: ObjectId, data: bytes, run: str = run) -> None:
            if not data.startswith(b'{"@":"run/1"'):
                return
            state = decode_run(data)
            if state.run != run:
                raise CorruptError(f"head of run '{run}' leads to another run, '{oid[:12]}'")
            values.check_name(state.name)
            values.check_tags(state.tags)
            known_trees.add((state.git or {}).get("tree", ""))

        try:
            everything = closure(found, objects, check=True, visit=same_run)
            for oid in found:
                decode_run(objects.read(oid))
        except VcsTrackError as error:
            raise CorruptError(f"run '{run}' in '{home.path.name}' is damaged: {error}") from error
        if lacking := everything.missing.difference(home.index["missing"]):
            raise CorruptError(f"blob '{min(lacking)[:12]}' of run '{run}' is missing")
        roles.update(everything.roles)
    for tree, found in trees.items():
        if tree not in known_trees:
            raise CorruptError(f"tree '{tree[:12]}' is that of no run of the bundle")
        roles = {**_check_tree(tree, found, objects), **roles}
    return roles


def _check_tree(tree: str, found: list[ObjectId], objects: _Both) -> dict[ObjectId, str]:
    try:
        roles = closure(found, objects, check=True, role="code/1").roles
        codes = [Code.decode(objects.read(oid)) for oid in found]
    except VcsTrackError as error:
        raise CorruptError(f"the list of tree '{tree[:12]}' is damaged: {error}") from error
    if any(code.tree != tree for code in codes):
        raise CorruptError(f"the list of tree '{tree[:12]}' is that of another tree")
    return roles


def _store_objects(store: Store, home: BundleHome, roles: dict[ObjectId, str]) -> int:
    writers: dict[str, PackWriter] = {}
    stored = 0
    try:
        for oid in home.pack:
            # A damaged copy is none: importing a bundle mends it.
            if oid not in roles or _is_kept(store, oid):
                continue
            prefix = "b" if roles[oid] == "blob" else "p"
            entry = home.pack.entry(oid)
            writer = writers.get(prefix)
            if writer is None or (len(writer) and writer.size + entry.stored > _PACK_TARGET):
                if writer is not None:
                    writer.install(store.home.packs.folder, prefix)
                writer = writers[prefix] = PackWriter(store.layout.tmp, store.format)
            writer.add_raw(entry._replace(name=OBJECTS + oid), home.pack.raw(entry))
            stored += 1
        for prefix, writer in writers.items():
            writer.install(store.home.packs.folder, prefix)
    except BaseException:
        for writer in writers.values():
            writer.abandon()
        raise
    # Always: an import that died may have left names that are not on disk.
    store.home.sync_packs()
    return stored


def _is_kept(store: Store, oid: ObjectId) -> bool:
    """Return whether a sound copy is here that no clean-up takes."""
    return store.home.packs.freshen(oid) and store.home.objects.sound(oid) is not None


_PACK_TARGET: Final = 32 << 20
_LARGEST_DOCUMENT: Final = 64 << 20


def _take_heads(store: Store, run: str, heads: list[ObjectId], result: Imported) -> None:
    mine = store.home.head_folder.of(run)
    old = store.ancestors(mine)
    fresh = [oid for oid in heads if oid not in mine and oid not in old]
    for oid in fresh:
        replaced = [head for head in mine if head in store.ancestors([oid])]
        store.home.head_folder.add(run, oid, replaced)
    kind = result.known if not fresh else result.updated if mine else result.new
    kind.append(run)

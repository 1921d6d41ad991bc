"""A repository under another object format: the same runs, other ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, InvalidValueError, StorageError
from vcs_track.formats import canonical
from vcs_track.formats.manifest import decode_run, references
from vcs_track.formats.oid import object_format
from vcs_track.formats.pack import OBJECTS
from vcs_track.formats.renaming import NAMING, renamed
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.fsck import fsck
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.pack_file import PackFile

    Progress = Callable[[int, int], None]

__all__ = ["MAP", "Converted", "convert"]

MAP: Final = "convert.json"
_PACK_TARGET: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Converted:
    """What a conversion made.

    Attributes:
        folder: Where the new repository is.
        object_format: Its object format.
        runs: Number of runs.
        objects: Number of objects that were stored; none the second time.
        ids: The new id of each object, by the old one.
        absent: Ids of bytes that are not here, and keep their old name.
        map_path: The file with all this.
    """

    folder: Path
    object_format: str
    runs: int
    objects: int
    ids: dict[ObjectId, ObjectId] = field(repr=False)
    absent: list[ObjectId] = field(repr=False)
    map_path: Path


def convert(
    store: Store, folder: Path, fmt_name: str, *, progress: Progress | None = None
) -> Converted:
    """Make a repository of another object format with the same runs.

    What was interrupted goes on when it is called again, and a second time changes nothing.

    Args:
        store: The store.
        folder: Where ``.runs`` is made; one of that object format may be there.
        fmt_name: Name of the object format.
        progress: Is called with runs done and runs in all.

    Raises:
        InvalidValueError: If *store* has that format, *folder* has another, or runs are live.
        CorruptError: If an object is damaged or missing.
    """
    fmt = object_format(fmt_name)
    if fmt is store.format:
        raise InvalidValueError(
            f"the repository has object format '{fmt.name}' already",
            hint="'vcs-track export' and 'import' make a copy",
        )
    if live := live_runs(store):
        raise InvalidValueError(
            f"run '{live[0]}' has not ended, and a journal cannot be converted",
            hint="wait for its end, or seal it with 'vcs-track recover' if its program died",
        )
    store.refresh()
    target = Store.init(folder, fmt.name)
    target.require_writable()
    with fsio.storage_errors(f"convert into '{folder}'"):
        work = _Conversion(store, target)
        try:
            heads = work.runs(progress)
            trees = {
                tree: [work.object("code/1", oid) for oid in found if oid in store.home.objects]
                for tree, found in sorted(store.home.trees().items())
            }
            work.close()
        except BaseException:
            work.abandon()
            raise
        target.home.sync_packs()
        for tree, lists in trees.items():  # first: a head says that all is there
            for oid in lists:
                target.home.tree_folder.add(tree, oid)
        for run, found in heads.items():
            mine = target.home.head_folder.of(run)
            for oid in sorted(set(found) - set(mine) - target.ancestors(mine)):
                replaced = target.ancestors([oid])
                target.home.head_folder.add(run, oid, [o for o in mine if o in replaced])
        target.home.head_folder.sync(heads)
        _verify(target, heads)
        path = target.layout.local / MAP
        ids = {old: new for (_, old), new in sorted(work.ids.items())}
        fsio.replace(path, _map(store, target, ids, work.absent))
    absent = sorted(work.absent)
    return Converted(folder, fmt.name, len(heads), work.stored, ids, absent, path)


def _map(
    store: Store, target: Store, ids: dict[ObjectId, ObjectId], absent: set[ObjectId]
) -> bytes:
    return canonical.dumps(
        {
            "@": "convert/1",
            "from": store.format.name,
            "to": target.format.name,
            "ids": ids,
            "absent": sorted(absent),
        }
    )


def _verify(target: Store, heads: dict[str, list[ObjectId]]) -> None:
    report = fsck(target)
    if not report.ok:
        problem = report.problems[0]
        raise CorruptError(
            f"the new repository is damaged: {problem['where']}: {problem['what']}",
            hint="remove it and convert again; the old repository is as it was",
        )
    there = target.home.heads()
    for run, found in heads.items():
        mine = there.get(run, [])
        if not set(found) <= {*mine, *target.ancestors(mine)}:
            raise StorageError(f"run '{run}' did not arrive in '{target.layout.root}'")


class _Conversion:
    """Objects on their way: each is written once, after all that it names."""

    def __init__(self, store: Store, target: Store) -> None:
        # Whether it names others, and the old id: an image may have the bytes of a document.
        self.ids: dict[tuple[bool, ObjectId], ObjectId] = {}
        self.absent: set[ObjectId] = set()
        self._redacted: set[str] = set()
        self.stored = 0
        self._store = store
        self._target = target
        self._writers: dict[str, PackWriter] = {}

    def runs(self, progress: Progress | None) -> dict[str, list[ObjectId]]:
        """Convert all runs; return their new heads."""
        heads = self._store.home.heads()
        found: dict[str, list[ObjectId]] = {}
        for done, (run, oids) in enumerate(sorted(heads.items()), 1):
            found[run] = [self.object("run/1", oid) for oid in oids]
            if progress is not None:
                progress(done, len(heads))
        return found

    def object(self, role: str, oid: ObjectId) -> ObjectId:
        """Convert an object and all that it names; return its new id."""
        todo = [(role, oid)]
        while todo:
            one = todo[-1]
            if self._new(*one) is not None:
                todo.pop()
            elif self._may_be_absent(*one) and one[1] not in self._store.home.objects:
                self.absent.add(one[1])
            elif pending := [r for r in self._references(*one) if self._new(*r) is None]:
                todo.extend(pending)
            else:
                self._convert(*one)
        return self._known(role, oid)

    def _new(self, role: str, oid: ObjectId) -> ObjectId | None:
        if role not in NAMING and oid in self.absent:
            return oid
        return self.ids.get((role in NAMING, oid))

    def _known(self, role: str, oid: ObjectId) -> ObjectId:
        # A gap may name what nobody has any more.
        return self._new(role, oid) or oid

    def _may_be_absent(self, role: str, oid: ObjectId) -> bool:
        here: Any = getattr(self._store.home.objects, "redacted", lambda _: None)
        gone = oid in self._redacted or here(oid) is not None
        return role == "blob" or (role not in NAMING and gone)

    def _references(self, role: str, oid: ObjectId) -> list[tuple[str, ObjectId]]:
        if role not in NAMING:
            return []
        data = self._store.home.objects.read(oid)
        if role == "run/1":
            # The newest state comes first, and says it of what older ones name.
            self._redacted.update(decode_run(data).redacted)
        return list(references(data))

    def _convert(self, role: str, oid: ObjectId) -> None:
        if role in NAMING:
            data = renamed(role, self._store.home.objects.read(oid), self._known)
            new = self._target.format.hash(data)
            if not self._is_there(new):
                self._writer("p", len(data)).add(data)
        else:
            new = self._copy(role, oid)
        self.ids[role in NAMING, oid] = new

    def _copy(self, role: str, oid: ObjectId) -> ObjectId:
        """Store the same bytes under their new id, never all of them in memory."""
        file: PackFile | None = self._store.home.objects.sound(oid)
        if file is None:
            self._store.home.objects.read(oid)  # raises, and says why
            raise CorruptError(f"object '{oid[:12]}' is damaged")
        entry, fmt = file.entry(oid), self._target.format
        hasher = fmt.hasher()
        for part in file.parts(entry):
            hasher.update(part)
        new = fmt.finish(hasher)
        if not self._is_there(new):
            prefix = "b" if role == "blob" else "p"
            named = entry._replace(name=OBJECTS + new)
            self._writer(prefix, entry.stored).add_parts(named, file.raw_parts(entry))
        return new

    def _is_there(self, oid: ObjectId) -> bool:
        if any(oid in writer for writer in self._writers.values()):
            return True
        home = self._target.home
        if home.packs.freshen(oid) and home.objects.sound(oid) is not None:
            return True
        self.stored += 1
        return False

    def _writer(self, prefix: str, size: int) -> PackWriter:
        writer = self._writers.get(prefix)
        if writer is not None and len(writer) and writer.size + size > _PACK_TARGET:
            self._install(prefix)
            writer = None
        if writer is None:
            writer = PackWriter(self._target.layout.tmp, self._target.format)
            self._writers[prefix] = writer
        return writer

    def _install(self, prefix: str) -> None:
        home = self._target.home
        self._writers[prefix].install(home.packs.folder, prefix, home.objects)
        del self._writers[prefix]
        home.packs.refresh()

    def close(self) -> None:
        """Give the last packs their names."""
        for prefix in list(self._writers):
            self._install(prefix)

    def abandon(self) -> None:
        """Remove what has no name yet."""
        for writer in self._writers.values():
            writer.abandon()

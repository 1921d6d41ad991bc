"""Repair: what is damaged is put together again from undamaged copies.

They are in other packs, on the shelf, in left-overs, and in the repositories and bundles that
the caller names; each is checked against its id. What replaces a damaged file is on disk
before that file goes to the quarantine, and nothing is deleted there: a repair that dies can
be repeated.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from operator import ne
from typing import TYPE_CHECKING, Final

from vcs_track.errors import (
    CorruptError,
    InvalidValueError,
    LockedError,
    RepositoryFormatError,
    VcsTrackError,
)
from vcs_track.formats import pack
from vcs_track.formats.manifest import RunManifest, decode_run, references
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing import fsio, salvage
from vcs_track.plumbing.heads import HeadFolder
from vcs_track.plumbing.home import open_bundle
from vcs_track.plumbing.layout import FOLDER
from vcs_track.plumbing.lock import Lock
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import PackWriter, check_name
from vcs_track.plumbing.packs import PackFolder, is_pack_name
from vcs_track.plumbing.salvage import Copy, Place, Salvage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat
    from vcs_track.plumbing.layout import Layout
    from vcs_track.plumbing.store import Store

    Progress = Callable[[int, int], None]
    Heads = dict[str, list[ObjectId]]

__all__ = ["Repairs", "repair", "restore_format"]

# A head whose id differs in so few digits from that of a manifest is a damaged name of it: two
# ids are never that near by chance.
_NEAR: Final = 4
_LEAVES: Final = ("blob", "text", "col/1")
_RUN: Final = b'{"@":"run/1"'


@dataclass(slots=True)
class Repairs:
    """What a repair did.

    Attributes:
        mended: ``{"where", "what", "how"}`` of each damage that was dealt with.
        restored: Ids of objects that were damaged or missing, with where they came from.
        lost: Ids of objects that runs need, and of which no undamaged copy was found.
    """

    mended: list[dict[str, str]] = field(default_factory=list)
    restored: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def add(self, where: str, what: object, how: str) -> None:
        """Note one damage that was dealt with."""
        self.mended.append({"where": where, "what": str(what), "how": how})


def restore_format(start: Path, sources: Sequence[Path] = ()) -> Repairs:
    """Mend ``FORMAT`` where it keeps the repository from being opened.

    Args:
        start: A folder in or below the one that holds ``.runs``.
        sources: Repositories and bundles that may tell the object format.

    Raises:
        RepositoryFormatError: If a newer program may have written it, or nothing tells the
            object format.
        StorageError: If the disk refuses.
    """
    done = Repairs()
    layouts = (salvage.find_layout(folder) for folder in (start, *start.parents))
    layout = next((found for found in layouts if found is not None), None)
    if layout is not None:
        first = layout.format if layout.format.exists() else layout.format_copy
        with fsio.storage_errors(f"repair '{layout.root}'"):
            if salvage.read_format(first) is None:
                _mend_format(layout, _format_of(layout, sources), done)
    return done


def _mend_format(layout: Layout, fmt: ObjectFormat, done: Repairs) -> None:
    for where, fault in salvage.mend_format(layout, fmt):
        done.add(where, fault, f"written again for '{fmt.name}'")


def repair(store: Store, sources: Sequence[Path], progress: Progress | None = None) -> Repairs:
    """Mend the store. The shelf is git's, and is only read.

    Args:
        store: The store.
        sources: Repositories and bundles that may have what is damaged or missing here.
        progress: Is called with packs checked and packs in all.

    Raises:
        InvalidValueError: If a source is not there, or has another object format.
        CorruptError: If a source is so damaged that nothing of it can be used.
        LockedError: If a clean-up or another repair is at work.
        StorageError: If the disk refuses.
    """
    store.require_writable()
    with fsio.storage_errors(f"repair '{store.layout.root}'"):
        opened = [_open_source(path, store.format) for path in sources]
        lock = Lock.take(store.layout.gc_lock)
        if lock is None:
            raise LockedError(
                "a clean-up or another repair is at work", hint="try again in a moment"
            )
        try:
            return _Repair(store, opened).run(progress)
        finally:
            lock.release()


# ---- sources ---------------------------------------------------------------------------


def _open_source(path: Path, fmt: ObjectFormat) -> tuple[Place, Heads]:
    theirs = _format_of_source(path)
    if theirs is not None and theirs is not fmt:
        raise InvalidValueError(
            f"'{path}' has object format '{theirs.name}', this repository has '{fmt.name}'",
            hint="repair from a copy of this repository, or from a bundle of its runs",
        )
    layout = _source_layout(path)
    if layout is not None:
        heads = HeadFolder(layout.root).all()
        for run, oids in HeadFolder(layout.local).all().items():
            heads.setdefault(run, []).extend(oids)
        return Place(str(path), fmt, [layout.store.packs, layout.shelf.packs]), heads
    place = Place(str(path), fmt, files=[path])
    if theirs is None and not any(ruin.sound for ruin in place.ruins):
        raise CorruptError(
            f"'{path}' is no bundle, and no undamaged object of this format is in it",
            hint="give the folder of a repository or the path of a bundle",
        )
    with suppress(CorruptError):
        return place, open_bundle(path).heads()
    return place, {}


def _format_of_source(path: Path) -> ObjectFormat | None:
    """Return the object format of a source, None for a damaged bundle."""
    layout = _source_layout(path)
    if layout is not None:
        return _format_of(layout)
    if not path.is_file():
        raise InvalidValueError(
            f"there is no repository or bundle '{path}'",
            hint="give the folder of a repository or the path of a bundle",
        )
    with suppress(CorruptError):
        return open_bundle(path).format
    return None  # what is whole in it will do; so will a pack that lies about


def _source_layout(path: Path) -> Layout | None:
    folder = path.resolve()
    return salvage.find_layout(folder.parent if folder.name == FOLDER else folder)


def _format_of(layout: Layout, sources: Sequence[Path] = ()) -> ObjectFormat:
    found = list(salvage.formats_of(layout))
    if not found:
        found = [fmt for path in sources if (fmt := _format_of_source(path)) is not None]
    if len(set(found)) != 1:
        raise RepositoryFormatError(
            f"cannot use '{layout.root}': FORMAT is damaged and nothing else tells the format",
            path=str(layout.root),
            hint="name a bundle or a copy of it with 'vcs-track fsck --repair --from OTHER'",
        )
    return found[0]


# ---- packs and heads -------------------------------------------------------------------


class _Repair:
    """One repair, and what it knows."""

    def __init__(self, store: Store, sources: list[tuple[Place, Heads]]) -> None:
        layout, fmt = store.layout, store.format
        self.store = store
        self.format = fmt
        self.done = Repairs()
        self.damaged: set[ObjectId] = set()
        self.good: Heads = {}
        self.source_heads = [heads for _, heads in sources]
        self.places = [
            Place("another pack", fmt, [layout.store.packs]),
            Place("the shelf", fmt, [layout.shelf.packs]),
            *(place for place, _ in sources),
            Place(
                "left-overs", fmt,
                [layout.trash / name for name in fsio.list_dir(layout.trash)],
                [f / name for f in (layout.quarantine, layout.tmp) for name in fsio.list_dir(f)],
            ),
        ]  # fmt: skip

    def run(self, progress: Progress | None) -> Repairs:
        """Mend what can be mended."""
        _mend_format(self.store.layout, self.format, self.done)
        self._mend_packs(list(self._damaged_packs(progress)))
        del self.places[0]  # every pack of the store is whole from here on
        self._mend_heads()
        self.done.lost.sort()
        return self.done

    def _find(self, oid: ObjectId, own: Copy | None = None) -> Copy | None:
        """Return an undamaged copy of *oid*, the *own* one if there is.

        None too where ids can be forged and copies differ: nobody knows which is right.
        """
        copies = self._copies(oid, own)
        first = next(copies, None)
        if first is None or self.format.collision_resistant:
            return first
        data = first.read()
        return first if all(copy.read() == data for copy in copies) else None

    def _copies(self, oid: ObjectId, own: Copy | None) -> Iterator[Copy]:
        if own is not None:
            yield own
        for place in self.places:
            if (copy := place.find(oid)) is not None:
                yield copy

    def _read(self, oid: ObjectId) -> bytes | None:
        try:
            return self.store.home.objects.read(oid)
        except VcsTrackError:
            copy = self._find(oid)
            return None if copy is None else copy.read()

    # ---- packs -------------------------------------------------------------------------

    def _damaged_packs(self, progress: Progress | None) -> Iterator[tuple[Path, CorruptError]]:
        folder = self.store.home.packs.folder
        paths = salvage.pack_files(folder)
        for done, path in enumerate(paths, 1):
            fault = _fault(path, self.format)
            if fault is not None:
                yield path, fault
            if progress is not None:
                progress(done, len(paths))

    def _mend_packs(self, damaged: list[tuple[Path, CorruptError]]) -> None:
        folder = self.store.home.packs.folder
        replaced = {path: self._rewrite(path, fault) for path, fault in damaged}
        if replaced:
            fsio.fsync_dir(folder)
        for path, new in replaced.items():
            if path != new:
                salvage.put_away(path, path.name, self.store.layout)
        self._refresh()

    def _refresh(self) -> None:
        # Made anew: what it remembers of the packs is how they were before.
        self.store.home.packs = PackFolder(self.store.home.packs.folder, self.format)
        self.store.refresh()

    def _rewrite(self, path: Path, fault: CorruptError) -> Path | None:
        """Write what can be had of a damaged pack anew; return the new path.

        When nothing is lost it has the bytes of the old one before it was damaged, and so its
        name: it takes its place at once.
        """
        ruin = Salvage(path, self.format)
        wanted = {entry.offset: oid for oid, entry in ruin.sound.items()} | ruin.damaged
        writer = PackWriter(self.store.layout.tmp, self.format)
        lost, restored, deflated = 0, 0, False
        try:
            for _, oid in sorted(wanted.items()):
                copy = self._find(oid, ruin.copy(oid, path.name))
                if copy is None:
                    lost += 1
                    self.damaged.add(oid)
                elif oid not in writer:
                    writer.add_raw(copy.entry, copy.raw)
                    deflated |= copy.entry.method == pack.DEFLATED
                    if oid not in ruin.sound:
                        restored += 1
                        self.done.restored[oid] = copy.label
            kept = len(writer) - restored
            new = None
            if len(writer):
                # The bytes of images and files are never deflated.
                prefix = path.name[0] if is_pack_name(path.name) else "p" if deflated else "b"
                new = writer.install(self.store.home.packs.folder, prefix)
        finally:
            writer.abandon()
        how = f"kept {kept}, restored {restored}, lost {lost} of its objects"
        self.done.add(f"store {path.name}", fault, how)
        return new

    # ---- what runs need ----------------------------------------------------------------

    def _fetch(self, heads: Iterable[ObjectId]) -> None:
        """Bring what *heads* need and the store has not got."""
        packs = _NewPacks(self.store)
        todo: list[tuple[str, ObjectId]] = [("run/1", oid) for oid in heads]
        seen: set[ObjectId] = set()
        try:
            while todo:
                role, oid = todo.pop()
                if oid in seen:
                    continue
                seen.add(oid)
                if oid not in self.store.home.objects and not self._bring(role, oid, packs):
                    continue
                data = None if role in _LEAVES else self._read(oid)
                if data is not None:
                    with suppress(CorruptError):  # a document that is none; fsck names it
                        todo.extend(references(data))
            packs.install()
        finally:
            packs.abandon()
        self._refresh()

    def _bring(self, role: str, oid: ObjectId, packs: _NewPacks) -> bool:
        if self.store.home.redactions.reason(oid) is not None:
            return False  # whatever a source has, it stays away
        copy = self._find(oid)
        if copy is None:
            # Images and files that were never here are not lost.
            if role != "blob" or oid in self._named_damaged():
                self.done.lost.append(oid)
            return False
        packs.add("b" if role == "blob" else "p", copy)
        self.done.restored[oid] = copy.label
        return True

    def _named_damaged(self) -> set[ObjectId]:
        # Those of an earlier repair too, whose packs are in the quarantine.
        earlier = (oid for ruin in self.places[-1].ruins for oid in ruin.damaged.values())
        return self.damaged.union(earlier)

    # ---- heads -------------------------------------------------------------------------

    def _mend_heads(self) -> None:
        """Put heads back that were damaged, once all that they need is there."""
        odd, dangling = self._bad_heads()
        known = self._known_states() if odd or dangling else {}
        meant = {path: _nearest(path.name, known) for path in (*odd, *dangling)}
        # A head whose state is only missing stays where it is: the state may come back.
        stays = {path: oid for path, oid in dangling.items() if meant[path] is None}
        for path, oid in meant.items():
            if oid is None:
                meant[path] = self._newest(path.name, known)
        gone = list(self._lost_heads())
        self._fetch(
            [oid for oids in self.good.values() for oid in oids]
            + [oid for oid in meant.values() if oid is not None]
            + [oid for _, oid in gone]
            + list(stays.values())
        )
        for path, oid in meant.items():
            added = oid is not None and self._add_head(known[oid].run, oid)
            if path not in stays:
                salvage.put_away(path, f"{path.parent.name}.{path.name}", self.store.layout)
            if added or path not in stays:
                how = f"run '{known[oid].run}' has the state '{oid[:12]}'" if oid else "taken away"
                where = f"store heads/{path.parent.name}/{path.name}"
                self.done.add(where, "it gives no run a state", how)
        for run, oid in gone:
            if self._add_head(run, oid):
                self.done.add(f"run {run}", "its head is missing", f"it is '{oid[:12]}' again")

    def _bad_heads(self) -> tuple[list[Path], dict[Path, ObjectId]]:
        """Return the heads that are none, and those whose states are missing."""
        folder = self.store.home.head_folder
        odd = salvage.stray_heads(self.store.layout.store.heads)
        dangling = {}
        for run, oids in folder.all().items():
            for oid in oids:
                state = self._state(oid)
                if state is None:
                    dangling[folder.path(run, oid)] = oid
                elif state.run == run:
                    self.good.setdefault(run, []).append(oid)
                else:
                    odd.append(folder.path(run, oid))
        return odd, dangling

    def _lost_heads(self) -> Iterator[tuple[str, ObjectId]]:
        """Yield heads that a source has, of runs that were here and have none."""
        for heads in self.source_heads:
            for run, oids in heads.items():
                aside = self.store.put_aside(run) if run not in self.good else oids
                for oid in sorted(set(oids).difference(aside)):
                    state = self._state(oid) if oid in self.store.home.objects else None
                    if state is not None and state.run == run:
                        yield run, oid

    def _known_states(self) -> dict[ObjectId, RunManifest]:
        """Return all states in the store, and the newest ones of the sources."""
        oids = [oid for heads in self.source_heads for found in heads.values() for oid in found]
        for file in self.store.home.packs.packs:
            if file.path.name.startswith("p"):
                oids += [oid for oid in file if _begins(file, oid).startswith(_RUN)]
        return {oid: state for oid in oids if (state := self._state(oid)) is not None}

    def _state(self, oid: ObjectId) -> RunManifest | None:
        data = self._read(oid)
        with suppress(CorruptError):
            return None if data is None else decode_run(data)
        return None

    def _newest(self, name: str, known: dict[ObjectId, RunManifest]) -> ObjectId | None:
        """Return the newest state of the run that the bad head *name* names."""
        run = name.partition(".")[0]
        if run in self.good:
            return None
        mine = {oid: state for oid, state in known.items() if state.run == run}
        older = {parent for state in mine.values() for parent in state.parents}
        return max(mine.keys() - older, key=lambda oid: (mine[oid].time_us, oid), default=None)

    def _add_head(self, run: str, oid: ObjectId) -> bool:
        good = self.good.setdefault(run, [])
        if oid in good or oid in self.store.ancestors(good) | self.store.put_aside(run):
            return False
        self.store.home.head_folder.add(run, oid)
        self.store.log.note("repair", run, good, [*good, oid])
        good.append(oid)
        return True


def _nearest(name: str, known: Iterable[ObjectId]) -> ObjectId | None:
    """Return the state that a head gave before its name was damaged."""
    for oid in known:
        tail = name[-len(oid) :]
        if len(tail) == len(oid) and sum(map(ne, tail, oid)) <= _NEAR:
            return oid
    return None


def _begins(file: PackFile, oid: ObjectId) -> bytes:
    entry = file.entry(oid)
    return next(pack.inflate_parts(entry, file.raw(entry)), b"")


class _NewPacks:
    """Packs for what the store lacked, one of each kind at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writers: dict[str, PackWriter] = {}

    def add(self, prefix: str, copy: Copy) -> None:
        writer = self._writers.get(prefix)
        if writer is not None and writer.size + copy.entry.stored > pack.LARGE:
            writer.install(self._store.home.packs.folder, prefix)
            writer = None
        if writer is None:
            writer = self._writers[prefix] = PackWriter(self._store.layout.tmp, self._store.format)
        writer.add_raw(copy.entry, copy.raw)

    def install(self) -> None:
        folder = self._store.home.packs.folder
        for prefix, writer in self._writers.items():
            writer.install(folder, prefix)
        if self._writers:
            fsio.fsync_dir(folder)

    def abandon(self) -> None:
        for writer in self._writers.values():
            writer.abandon()


def _fault(path: Path, fmt: ObjectFormat) -> CorruptError | None:
    if not is_pack_name(path.name):
        return CorruptError("it is not named as a pack")
    try:
        for _ in PackFile(path, fmt).verify():
            pass
        check_name(path)
    except CorruptError as error:
        return error
    return None

"""Sealing: from the journals of a run to objects and a head.

It is done once, or again after a crash.

The order of durability is that of ``docs/format/repository.md``: packs, their names, the
head, and only then the journals go. Killed at any point, sealing can be repeated with the
same result, because the manifest says how much of each journal it holds.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, LockedError, VcsTrackError
from vcs_track.formats import canonical
from vcs_track.formats.code import LeftOut
from vcs_track.formats.manifest import RUN_ID
from vcs_track.formats.scan import Record
from vcs_track.formats.slots import FRAME, HEADER_SIZE
from vcs_track.plumbing import fsio
from vcs_track.plumbing.journal import JournalReader
from vcs_track.plumbing.lock import Lock, identity, is_alive
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.plumbing.pack_writer import PackWriter, install
from vcs_track.plumbing.spool import SpoolReader
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain.heads import current
from vcs_track.porcelain.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track.formats.manifest import RunManifest
    from vcs_track.formats.oid import ObjectId
    from vcs_track.formats.slots import Header
    from vcs_track.plumbing.store import Store

__all__ = ["LiveObjects", "all_ended", "live_runs", "live_state", "recover", "seal", "unread"]

_PROBE = 1.0  # seconds; a look at a lock takes microseconds
_GLANCE = 0.1  # seconds; the same where the lock may also be that of somebody who seals
_PATIENCE = 30.0  # seconds to wait for another process that seals the same run
_BLOBS = ("image", "figure", "file")
_PACK = 1 << 30  # bytes; a run with more columns gets several packs
_CODE = "-c-"  # is in the name of a spool of code
_SILENCE = 600.0  # seconds without a sign of life after which another host's writer is dead


def _journals(folder: Path) -> list[JournalReader]:
    """Return the journals of the live run in *folder*, in the order of their beginnings."""
    return _look(folder)[0]


def _look(folder: Path) -> tuple[list[JournalReader], dict[str, Exception]]:
    """Return the journals in *folder*, and why others are none."""
    found: list[JournalReader] = []
    strange: dict[str, Exception] = {}
    for name in fsio.list_dir(folder) if RUN_ID.fullmatch(folder.name) else ():
        if not name.endswith(".j"):
            continue
        try:
            found.append(_read(folder, name))
        except FileNotFoundError:
            continue
        except (CorruptError, OSError) as error:
            strange[name] = error
    found.sort(key=lambda journal: (journal.header.created_us, journal.header.writer))
    return found, strange


def _read(folder: Path, name: str) -> JournalReader:
    journal = JournalReader(folder / name)
    writer, run = journal.header.writer, journal.header.run
    if (run, f"{writer}.j") != (folder.name, name):
        raise CorruptError(f"it is the journal '{writer}' of run '{run}'")
    return journal


def unread(store: Store) -> dict[str, str]:
    """Return the journals that cannot be read, ``run/file``, and why.

    Nothing of them is sealed, and none is removed.
    """
    return {
        f"{run}/{name}": str(error)
        for run in fsio.list_dir(store.layout.live)
        for name, error in _look(store.layout.live_run(run))[1].items()
        if not _is_empty(store.layout.live_run(run) / name)
    }


def _is_empty(path: Path) -> bool:
    """Return whether the writer of *path* died before it logged anything."""
    try:
        # A power cut may leave its length, and zeros.
        return path.is_file() and not fsio.read(path)[HEADER_SIZE:].strip(b"\0")
    except OSError:
        return False


def live_runs(store: Store) -> list[str]:
    """Return the ids of runs that have a journal."""
    names = fsio.list_dir(store.layout.live)
    return [name for name in names if _journals(store.layout.live_run(name))]


def seal(
    store: Store, run: str, *, patience: float = _PATIENCE,
    pause: Callable[[], None] = lambda: None,
) -> RunManifest | None:  # fmt: skip
    """Seal what writers that ended left of *run*.

    It comes on top of what is sealed already.

    Args:
        store: The store.
        run: Run id. Writers whose lock is held, by this process too, are left alone.
        patience: Seconds to wait while another process seals it.
        pause: Is called now and then, to make room for others.

    Returns:
        The new state of the run, or None when there was nothing to seal.

    Raises:
        LockedError: If another process did not finish sealing it in time.
        StorageError: If the disk refuses; the journals are kept.
    """
    folder = store.layout.live_run(run)
    if not folder.is_dir():
        return None
    with fsio.storage_errors(f"seal run '{run}'"):
        try:
            lock = _wait_for(folder / "seal.lock", patience)
        except FileNotFoundError:
            return None  # somebody else sealed it just now
    if lock is None:
        raise LockedError(
            f"run '{run}' is being sealed by another process", hint="try again in a moment"
        )
    try:
        with fsio.storage_errors(f"seal run '{run}'"):
            return _seal(store, run, folder, pause)
    finally:
        lock.release()


def _wait_for(path: Path, patience: float) -> Lock | None:
    until = time.monotonic() + patience
    while True:
        lock = Lock.take(path)
        if lock is not None or time.monotonic() > until:
            return lock
        time.sleep(0.02)


def _seal(store: Store, run: str, folder: Path, pause: Callable[[], None]) -> RunManifest | None:
    ended: dict[str, Lock] = {}
    journals, live = [], False
    try:
        left: set[str] = set()
        for journal in _journals(folder):
            # What goes on for a writer that is left is sealed behind it.
            lock = None if left and _after(journal) in left else _ended(folder, journal)
            if lock is None:
                live = True  # half a record may be on its way: its writer is sealed later
                left.add(journal.header.writer)
            else:
                ended[journal.header.writer] = lock
                journals.append(journal)
        if not journals:
            return None
        heads = store.home.head_folder.of(run)
        _install_spools(store, folder, ended)
        packs = _Packs(store)
        try:
            state = _write_state(store, run, journals, heads, packs, pause, live=live)
        except BaseException:
            packs.abandon()
            raise
        _remove_journals(folder, list(ended))
        return state
    finally:
        for lock in ended.values():
            lock.release()


def _after(journal: JournalReader) -> str:
    """Return the writer that *journal* goes on for, or an empty text."""
    for found in journal.batches():
        if isinstance(found, Record) and found.kind == FRAME:
            with suppress(VcsTrackError):
                content = canonical.loads(found.payload)
                return str(content.get("after", "")) if isinstance(content, dict) else ""
        break  # the first record says it, or nobody does
    return ""


def _ended(folder: Path, journal: JournalReader) -> Lock | None:
    """Return the lock of a writer that has ended, or None while it lives."""
    header, path = journal.header, folder / f"{journal.header.writer}.lock"
    lock = Lock.take(path)
    start = time.monotonic()
    # Somebody may be looking this very moment whether this writer lives, which has ended.
    while lock is None and time.monotonic() < start + _looked_at(header, path):
        time.sleep(0.001)
        lock = Lock.take(path)
    if lock is not None and not lock.certain and is_alive(header.boot, header.pid, header.ticks):
        lock.release()
        return None
    return lock


def _looked_at(header: Header, path: Path) -> float:
    """Return how many seconds a lock that its writer has not may be held by others."""
    own = identity()
    here = (own.host, own.boot, own.namespace)
    if (header.host, header.boot, header.namespace) != here or header.ticks == 0:
        return 0.0  # nobody can know
    if (header.pid, header.ticks) == (own.pid, own.ticks):
        return 0.0 if Lock.is_mine(path) else _PROBE
    return 0.0 if is_alive(header.boot, header.pid, header.ticks) else _GLANCE


def _write_state(
    store: Store, run: str, journals: list[JournalReader], heads: list[ObjectId],
    packs: _Packs, pause: Callable[[], None], *, live: bool,
) -> RunManifest | None:  # fmt: skip
    base = current(heads, store.home.objects) if heads else None
    replay = Replay(packs.add, base, store.home.objects.read, pause)
    for journal in journals:
        replay.read_journal(journal)
    if base is None and not replay.began:
        packs.abandon()
        return None  # it died in the middle of its start
    _restore_blobs(store, replay)
    _check_blobs(store, replay)
    _take_code(store, replay, packs, journals)
    if base is not None and base.writers == replay.writers:
        # Sealed before, by somebody who died before removing the journals, and maybe before
        # the names of packs and head were on disk.
        packs.abandon()
        store.home.sync_packs()
        store.home.head_folder.sync([run])
        return base
    status, now = replay.status(live=live), _now(heads, base)
    state = replay.build(run, status=status, time_us=now, parents=heads)
    oid = packs.add(state.encode())
    packs.install()
    store.home.sync_packs(packs.names)
    store.home.head_folder.add(run, oid, heads)
    store.log.note("record", run, heads, [oid])
    _restore_blobs(store, replay)
    return state


class _Packs:
    """What one seal stores, in as many packs as its size asks for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writer = PackWriter(store.layout.tmp, store.format)
        self.names: list[str] = []

    def add(self, data: bytes) -> ObjectId:
        """Store *data* as an object; return its id."""
        if self._writer.size > _PACK:
            self.install()
            self._writer = PackWriter(self._store.layout.tmp, self._store.format)
        return self._writer.add(data)

    def install(self) -> None:
        """Give the pack at hand its name."""
        home = self._store.home
        self.names.append(self._writer.install(home.packs.folder, "p", home.objects).name)

    def abandon(self) -> None:
        """Remove the pack at hand; earlier ones are rubbish that a clean-up finds."""
        self._writer.abandon()


def _now(heads: list[ObjectId], base: RunManifest | None) -> int:
    # A clock that went back must not make an edit look older than what it replaces.
    now = time.time_ns() // 1000
    return max(now, base.time_us + 1) if heads and base is not None else now


def _install_spools(store: Store, folder: Path, ended: dict[str, Lock]) -> None:
    installed = []
    for name in fsio.list_dir(folder):
        if not name.endswith(".zip~") or name.split("-")[0] not in ended or _CODE in name:
            continue
        spool = SpoolReader(folder / name, store.format)
        if spool.close_into_pack():
            known = store.home.objects
            path = install(folder / name, store.home.packs.folder, "b", store.format, known)
            installed.append(path.name)
    if installed:
        store.home.sync_packs(installed)


def _restore_blobs(store: Store, replay: Replay) -> None:
    # A clean-up that began before they were marked as in use may have moved some.
    blobs = [item.oid for item in replay.media if item.kind in _BLOBS]
    if replay.code is not None:
        blobs += [file.oid for file in replay.code.files if file.oid is not None]
    if blobs:
        Trash(store.layout.trash, store.home.packs, store.format).restore(blobs)


def _check_blobs(store: Store, replay: Replay) -> None:
    lost = [
        item.oid
        for item in replay.media
        if item.kind in _BLOBS and item.oid not in store.home.objects
    ]
    known = {gap.get("blob") for gap in replay.gaps}
    known |= (replay.base.redacted if replay.base else {}).keys()
    replay.gaps.extend(
        {"blob": oid, "why": "its bytes are missing"} for oid in lost if oid not in known
    )


def _take_code(store: Store, replay: Replay, packs: _Packs, journals: list[JournalReader]) -> None:
    """Put the files of the code beside the manifests, with which they travel."""
    code = replay.code
    if code is None:
        return
    wanted = {file.oid for file in code.files if file.oid is not None}
    there: set[ObjectId] = set()
    for journal in journals:
        folder, mine = journal.path.parent, f"{journal.header.writer}{_CODE}"
        for name in [name for name in fsio.list_dir(folder) if name.startswith(mine)]:
            spool = SpoolReader(folder / name, store.format)
            for oid in sorted((wanted - there) & spool.entries.keys()):
                with suppress(CorruptError):
                    there.add(packs.add(spool.read(oid)))
    # Last: what this run did not store itself is looked for among all packs.
    there |= {oid for oid in wanted - there if oid in store.home.objects}
    if lost := {file for file in code.files if file.oid in wanted - there}:
        replay.code = replace(
            code,
            files=tuple(replace(f, oid=None) if f in lost else f for f in code.files),
            left_out=(*code.left_out, *(LeftOut(f.path, "its bytes are missing") for f in lost)),
        )


def _remove_journals(folder: Path, writers: list[str]) -> None:
    for name in fsio.list_dir(folder):
        if name.split(".")[0].split("-")[0] in writers and not name.endswith(".lock"):
            fsio.unlink(folder / name)
    for writer in writers:
        fsio.unlink(folder / f"{writer}.lock")
    if not any(name.endswith(".j") for name in fsio.list_dir(folder)):
        fsio.unlink(folder / "primary")
        fsio.unlink(folder / "seal.lock")
        fsio.remove_dir(folder)


# ---- recovery --------------------------------------------------------------------------


def recover(store: Store, *, force: bool = False) -> list[str]:
    """Seal the runs whose writers have all died.

    Args:
        store: The store.
        force: Also runs that were written on another host, whose writers gave a sign of life
            in the last ten minutes, or never give one.

    Returns:
        The ids of the runs that were sealed.
    """
    host = identity().host
    sealed = []
    for journal, why in unread(store).items():
        store.skipped[f"journal {journal}"] = CorruptError(why)
    live = live_runs(store)
    for what in [what for what in store.skipped if what[:4] == "run " and what[4:] not in live]:
        del store.skipped[what]  # it was sealed, and could not be tidied up
    for run in filter(RUN_ID.fullmatch, fsio.list_dir(store.layout.live)):
        _sweep(store.layout.live_run(run))
        journals = _journals(store.layout.live_run(run))
        elsewhere = [j for j in journals if j.header.host != host]
        if not journals or (not force and not all(map(_is_silent, elsewhere))):
            continue
        if not all_ended(store.layout.live_run(run)):
            continue
        try:
            if seal(store, run, patience=0.0) is not None:
                sealed.append(run)
            store.skipped.pop(f"run {run}", None)
        except LockedError:
            continue  # somebody else recovers it right now
        except VcsTrackError as error:
            store.skipped[f"run {run}"] = error  # one bad run must not lock out the others
    return sealed


def _is_silent(journal: JournalReader) -> bool:
    """Return whether a writer on another host has stopped giving signs of life."""
    try:
        return fsio.age(journal.path.with_suffix(".beat")) > _SILENCE
    except OSError:
        return False  # it never gave one


def _sweep(folder: Path) -> None:
    """Remove what a writer left that died before it logged anything.

    A journal that cannot be read stays; the mark of the first writer goes also then.
    """
    journals, strange = _look(folder)
    if journals:
        return
    names = fsio.list_dir(folder)
    empty = all(_is_empty(folder / name) for name in strange)
    rest = {"primary", *strange} if empty else {"primary"}
    locks = [folder / name for name in names if name.endswith(".lock")]
    with suppress(FileNotFoundError), Lock.take_all(locks) as free:  # else somebody tidies up
        if not free:
            return  # it is about to log, or a newer version is at work
        for name in names:
            if name in rest or (empty and name.endswith((".lock", ".beat"))):
                fsio.unlink(folder / name)
        if empty and names:
            fsio.remove_dir(folder)


def all_ended(folder: Path) -> bool:
    """Return whether every writer of the live run in *folder* has ended."""
    for journal in _journals(folder):
        try:
            lock = _ended(folder, journal)
        except FileNotFoundError:
            return False
        if lock is None:
            return False
        lock.release()
    return True


# ---- live view -------------------------------------------------------------------------


class LiveObjects(MemoryObjects):
    """What a live run's objects would be, backed by its spools and the store."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store.format)
        self._store = store
        self._folder = folder
        self._spools: list[SpoolReader] | None = None

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        if super().__contains__(oid):
            return super().read(oid)
        if self._spools is None:
            self._spools = []
            for name in fsio.list_dir(self._folder):
                if name.endswith(".zip~"):
                    with suppress(FileNotFoundError):  # it has become a pack
                        self._spools.append(SpoolReader(self._folder / name, self._store.format))
        for spool in self._spools:
            if oid in spool.entries:
                return spool.read(oid)
        return self._store.home.objects.read(oid)


def live_state(store: Store, run: str) -> tuple[RunManifest, LiveObjects] | None:
    """Return what *run* would be if sealed now, or None when it is not live."""
    while True:
        try:
            return _live_state(store, run)
        except FileNotFoundError:
            continue  # a journal was sealed since it was listed: its points have a head now


def _live_state(store: Store, run: str) -> tuple[RunManifest, LiveObjects] | None:
    folder = store.layout.live_run(run)
    journals = _journals(folder)
    if not journals:
        return None
    objects = LiveObjects(store, folder)
    heads = store.home.head_folder.of(run)
    base = current(heads, store.home.objects) if heads else None
    replay = Replay(objects.add, base, store.home.objects.read)
    for journal in journals:
        replay.read_journal(journal, live=True)
    if base is None and not replay.began:
        return None  # it is about to start
    now = time.time_ns() // 1000
    return replay.build(run, status="running", time_us=now, parents=heads), objects

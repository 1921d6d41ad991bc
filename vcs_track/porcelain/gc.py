"""Garbage collection: what nothing needs, moved away first and deleted later.

A pack goes when two clean-ups, one grace apart, found that nothing needs it and that nobody
touched it in between; then it waits in the trash for another grace. The clocks of the
machine are never asked what somebody does right now: that is told by marks on the packs.
``docs/format/repository.md`` has the rules.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, InvalidValueError, StorageError
from vcs_track.formats import canonical
from vcs_track.plumbing import fsio
from vcs_track.plumbing.lock import Lock
from vcs_track.plumbing.pack_file import is_sound
from vcs_track.plumbing.pack_writer import check_name
from vcs_track.plumbing.packs import PackFolder
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain import values
from vcs_track.porcelain.needs import Needs, Sources
from vcs_track.porcelain.usage import contents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.usage import Content

__all__ = ["Pack", "Report", "check_grace", "gc"]

_GRACE: Final = 14.0  # days
_SECOND: Final = 1_000_000  # in microseconds, as all times here
_DAY: Final = 86_400 * _SECOND
_SHORTEST: Final = 1 / 24  # days
_LONGEST: Final = 36_500.0


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack that nothing needs.

    Attributes:
        name: Name of the file.
        size: Its length in bytes.
        state: ``waiting`` (in place until a later clean-up), ``moved`` (to the trash, now),
            ``trash`` (there since an earlier one), ``deleted`` (for good, now), ``restored``
            (from the trash, because it is needed) or ``damaged`` (left to ``fsck``).
        since_us: When it was first called dead; in the trash, when it came there.
            Microseconds since 1970 UTC.
        why: ``unreachable``; ``redundant`` when other packs hold all that is needed of it;
            ``needed`` when it was restored.
    """

    name: str
    size: int
    state: str
    since_us: int
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a clean-up did, or would do.

    Attributes:
        packs: The packs that nothing needs.
        kept: Number of packs that are in use, or too young to judge.
        contents: What these packs hold by run and kind; only of a dry run.
        swept: Left-overs of crashes that were removed, paths below ``local``.
        quarantined: Number of files in the quarantine, which is never cleaned up.
        dry_run: Whether nothing was changed.
        busy: Whether another clean-up or a repair was at work, so that this one did nothing.
    """

    packs: tuple[Pack, ...] = ()
    kept: int = 0
    contents: tuple[Content, ...] = ()
    swept: tuple[str, ...] = ()
    quarantined: int = 0
    dry_run: bool = False
    busy: bool = False

    def of(self, state: str) -> list[Pack]:
        """Return the packs of one state."""
        return [pack for pack in self.packs if pack.state == state]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, as ``--json`` prints it."""
        return asdict(self)


def check_grace(days: object) -> float:
    """Return the grace in seconds.

    A run that is being sealed right now has packs and no head yet. Nothing but the time
    protects these, so the grace has a lower limit.

    Raises:
        InvalidTypeError: If it is no number.
        InvalidValueError: If it is shorter than an hour, or not finite.
    """
    if isinstance(days, bool) or not isinstance(days, int | float):
        raise values.wrong_type("grace", days, "a number of days")
    if not _SHORTEST <= days <= _LONGEST:
        raise InvalidValueError(
            f"a grace of {days} days cannot be used",
            hint="use an hour (0.042 days) or more: a run that is being sealed needs the time",
        )
    return days * 86_400


def gc(
    store: Store,
    *,
    now_us: int | None = None,
    grace: float = _GRACE * 86_400,
    dry_run: bool = False,
) -> Report:
    """Move packs to the trash that nothing needs, and empty the trash.

    Args:
        store: The store.
        now_us: The time, in microseconds since 1970 UTC. Default: that of the clock.
        grace: Seconds that a pack waits before each step.
        dry_run: Change nothing and say what would be done.

    Returns:
        What was done.

    Raises:
        CorruptError: If a run cannot be followed; nothing is moved or deleted then.
        StorageError: If the disk refuses.
    """
    now = time.time_ns() // 1000 if now_us is None else now_us
    work = _Cleanup(store, now, int(grace * _SECOND), change=not dry_run)
    with fsio.storage_errors("clean up"):
        if dry_run:
            return work.run()
        store.require_writable()
        lock = Lock.take(store.layout.gc_lock)
        if lock is None:
            return Report(busy=True)
        try:
            if not lock.certain:
                raise StorageError(
                    "cannot clean up: this file system has no locks",
                    hint="two clean-ups at once could not be told apart",
                )
            return work.run()
        finally:
            lock.release()
            store.home.packs.refresh()


class _Cleanup:
    """One clean-up.

    Args:
        store: The store.
        now: The time.
        grace: How long a pack waits, in microseconds.
        change: Whether to change anything.
    """

    def __init__(self, store: Store, now: int, grace: int, *, change: bool) -> None:
        self.layout = store.layout
        self.now = now
        self.grace = grace
        self.change = change
        # Not the store's own, which may know packs that are gone and damage that is mended.
        self.packs = PackFolder(
            store.layout.store.packs, store.format, store.home.redactions.reason
        )
        self.trash = Trash(store.layout.trash, self.packs, store.format)
        self.needs = Needs(store, self.packs, self.trash, now - grace)
        self.record = _Record(store.layout.gc_record, now)
        self.holders: dict[ObjectId, list[PackFile]] = {}

    def run(self) -> Report:
        """Do everything, in the order that keeps every object in use."""
        self.packs.refresh()
        files = self.packs.packs
        self.needs.look()
        stamps = {file.path.name: fsio.stamp(file.path) for file in files}
        for file in files:
            for oid in self._needed(file):
                self.holders.setdefault(oid, []).append(file)
        trashed = list(self._judge_trash())
        dead = {pack.name: pack for pack in self._judge_packs(files, stamps)}
        swept = tuple(self._sweep())
        late: set[ObjectId] = set()
        while fresh := self.needs.look():
            late |= fresh
            for file in files:
                if any(oid in fresh for oid in file):
                    dead.pop(file.path.name, None)
        for name in self._move(dead, stamps, late) if self.change else ():
            dead.pop(name, None)
            trashed = [_restored(pack) if pack.name == name else pack for pack in trashed]
        return Report(
            packs=(*trashed, *sorted(dead.values(), key=lambda pack: (pack.state, pack.name))),
            kept=len(stamps) - len(dead),
            contents=self._contents(trashed, dead.values()),
            swept=swept,
            quarantined=len(fsio.list_dir(self.layout.quarantine)),
            dry_run=not self.change,
        )

    def _contents(self, *packs: Iterable[Pack]) -> tuple[Content, ...]:
        """Return what would go, sooner or later; nothing where it goes now."""
        if self.change:
            return ()
        going = {pack.name for some in packs for pack in some if pack.why != "needed"}
        places = [self.packs, *(folder for _, folder in self.trash.folders())]
        files = [file for place in places for file in place.packs if file.path.name in going]
        return contents(files, Sources(self.packs, self.trash))

    def _move(
        self, dead: dict[str, Pack], stamps: dict[str, tuple[int, int]], late: set[ObjectId]
    ) -> list[str]:
        """Move to the trash what is due; return the names of packs that are in use after all."""
        due = [pack.name for pack in dead.values() if pack.state == "moved"]
        for name in due:
            # Forgotten before it goes: should it come back, it is judged anew.
            self.record.forget(f"packs/{name}")
        self.record.write(self.layout.tmp / "gc.json~")
        in_use = [
            name
            for name in due
            if not self.trash.take(self.packs.folder / name, stamps[name], self.now)
        ]
        # Somebody may have come to need a pack in the midst of it.
        return in_use + self.trash.restore(late | self.needs.look())

    # ---- judging -----------------------------------------------------------------------

    def _judge_trash(self) -> Iterator[Pack]:
        for since, folder in self.trash.folders():
            for file in folder.packs:
                with suppress(FileNotFoundError):  # a writer put it back just now
                    yield self._judge_trashed(file, since)
            if self.change:
                fsio.remove_dir(folder.folder)

    def _judge_trashed(self, file: PackFile, since: int) -> Pack:
        path = file.path
        mtime, size = fsio.stamp(path)
        why = self._spare(file)
        if since > self.now:
            # A clock was wrong, then or now. It waits from the first clean-up that says so.
            since = self.record.since(f"trash/{since}/{path.name}", mtime)
        state = "trash"
        if not why:
            state = "restored"
            if self.change:
                self.trash.give_back(path)
        elif since + self.grace <= self.now:
            state = "deleted" if _is_whole(path) else "damaged"
            if self.change and state == "deleted":
                fsio.unlink(path)
        return Pack(path.name, size, state, since, why or "needed")

    def _judge_packs(
        self, files: list[PackFile], stamps: dict[str, tuple[int, int]]
    ) -> Iterator[Pack]:
        # What lies on the shelf too would be adopted again at once.
        shelved = set(fsio.list_dir(self.layout.shelf.packs))
        # Of several with the same content, the one that was called dead before goes.
        for file in sorted(files, key=lambda file: not self.record.knows(_key(file))):
            name = file.path.name
            mtime, size = stamps[name]
            if name in shelved or not self._is_old(mtime, self.grace):
                continue
            why = self._spare(file)
            if not why:
                continue
            since = self.record.since(_key(file), mtime)
            if not _is_whole(file.path):
                yield Pack(name, size, "damaged", since, why)
                continue
            for oid in self._needed(file):
                self.holders[oid].remove(file)  # no two packs go because of each other
            state = "moved" if since + self.grace <= self.now else "waiting"
            yield Pack(name, size, state, since, why)

    def _needed(self, file: PackFile) -> list[ObjectId]:
        return [oid for oid in file if oid in self.needs.ids]

    def _spare(self, file: PackFile) -> str:
        """Return why nothing needs *file*, or an empty string where something does."""
        needed = self._needed(file)
        for oid in needed:
            others = (other for other in self.holders.get(oid, ()) if other is not file)
            if not any(is_sound(other, oid) for other in others):
                return ""
        return "redundant" if needed else "unreachable"

    def _is_old(self, mtime: int, grace: int) -> bool:
        return mtime // 1000 + grace <= self.now

    # ---- left-overs of crashes ---------------------------------------------------------

    def _sweep(self) -> Iterator[str]:
        for name in fsio.list_dir(self.layout.tmp):
            path = self.layout.tmp / name
            if self._is_forgotten(path, f"tmp/{name}"):
                with suppress(PermissionError):
                    if self.change:
                        fsio.remove_tree(path)
                    yield f"tmp/{name}"
        for run in fsio.list_dir(self.layout.live):
            path = self.layout.live_run(run)
            names = fsio.list_dir(path)
            empty = all(name == "primary" or name.endswith((".lock", ".beat")) for name in names)
            if empty and self._is_forgotten(path, f"live/{run}"):
                if self.change and not _remove_live(path, names):
                    continue
                yield f"live/{run}"

    def _is_forgotten(self, path: Path, key: str) -> bool:
        try:
            mtime, _ = fsio.stamp(path)
        except FileNotFoundError:
            return False
        return self._is_old(mtime, _DAY) and self.record.since(key, mtime) + _DAY <= self.now


def _key(file: PackFile) -> str:
    return f"packs/{file.path.name}"


def _restored(pack: Pack) -> Pack:
    return replace(pack, state="restored", why="needed")


def _is_whole(path: Path) -> bool:
    try:
        check_name(path)
    except CorruptError:
        return False
    return True


def _remove_live(folder: Path, names: list[str]) -> bool:
    """Remove a live folder without a journal, unless a writer is about to start there."""
    with Lock.take_all(folder / name for name in names if name.endswith(".lock")) as free:
        if free:
            for name in names:
                fsio.unlink(folder / name)
            fsio.remove_dir(folder)
        return free


class _Record:
    """What the last clean-up called dead: since when, and when it was changed last.

    A lost or damaged record delays the clean-up by one grace.
    """

    def __init__(self, path: Path, now: int) -> None:
        self._path = path
        self._now = now
        self._new: dict[str, list[int]] = {}
        self._old: dict[str, Any] = {}
        try:
            found = canonical.loads(fsio.read(path))
        except (FileNotFoundError, CorruptError):
            return
        dead = found.get("dead") if isinstance(found, dict) else None
        if isinstance(dead, dict):
            self._old = dead

    def knows(self, key: str) -> bool:
        """Return whether the last clean-up called *key* dead."""
        return key in self._old

    def since(self, key: str, mtime: int) -> int:
        """Return since when *key* is dead, and note it."""
        since = self._now
        try:
            before, stamp = self._old[key]
            if stamp == mtime and before <= since:
                since = before
        except (KeyError, TypeError, ValueError):
            pass
        self._new[key] = [since, mtime]
        return since

    def forget(self, key: str) -> None:
        """Take back what was noted of *key*."""
        del self._new[key]

    def write(self, tmp: Path) -> None:
        """Replace the record, by way of *tmp*."""
        fsio.unlink(tmp)
        fsio.write_new(tmp, canonical.dumps({"@": "gc/1", "dead": self._new}))
        fsio.rename(tmp, self._path)

"""Redaction: the bytes of an image, a file or a text go, their id and the reason stay.

``docs/format/repository.md`` has the rules.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from vcs_track.errors import (
    CorruptError,
    InvalidValueError,
    LockedError,
    NotFoundError,
    ObjectNotFoundError,
    VcsTrackError,
)
from vcs_track.formats.code import Code
from vcs_track.formats.manifest import decode_media
from vcs_track.plumbing import fsio
from vcs_track.plumbing.lock import Lock
from vcs_track.plumbing.packs import PackFolder
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain import edits, values
from vcs_track.porcelain.closure import closure
from vcs_track.porcelain.needs import mentioned_by_live
from vcs_track.porcelain.removal import require_ended
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.store import Store

__all__ = ["Redacted", "redact"]


@dataclass(frozen=True, slots=True)
class Redacted:
    """What a redaction did, or would do.

    Attributes:
        oids: Ids of the objects.
        reason: Why.
        runs: Ids of the runs that have them and now say that they were redacted.
        packs: Packs of the store and of its trash that were written again without them.
        shelf: Packs of the shelf that still have them; git's history has them too.
        quarantine: Whether there is a quarantine, whose files may have them.
        dry_run: Whether nothing was changed.
    """

    oids: tuple[ObjectId, ...]
    reason: str
    runs: tuple[str, ...]
    packs: tuple[str, ...]
    shelf: tuple[str, ...]
    quarantine: bool = False
    dry_run: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return asdict(self)


def redact(
    store: Store, run: str, reason: str, *, blob: str | None = None, tag: str | None = None,
    file: str | None = None, dry_run: bool = False,
) -> Redacted:  # fmt: skip
    """Remove the bytes of images, files or texts for good.

    Args:
        store: The store.
        run: Run id.
        reason: Why; it is kept with the run.
        blob: Id of the object, or the first digits of it.
        tag: Instead, the tag of the media.
        file: Instead, the name of files, or the path of a file of the code.
        dry_run: Change nothing, and say what would be done.

    Raises:
        InvalidValueError: If the reason is empty, what is meant is a document that the run
            cannot do without, or a run is going on that has it.
        NotFoundError: If the run has no such thing, or several.
        LockedError: If a clean-up or a repair is at work.
        StorageError: If the disk refuses; repeat it then.
    """
    why = values.check_note(reason)
    if why is None or not why.strip():
        raise InvalidValueError("a redaction needs a reason", hint="say why, for who reads it")
    if not dry_run:
        store.require_writable()
    with fsio.storage_errors(f"redact an object of run '{run}'"):
        store.home.packs.refresh()
        oids = _meant(store, run, blob, tag, file)
        work = _Redaction(store, oids, why)
        require_ended(run, live_runs(store))
        if dry_run:
            return work.report(dry_run=True)
        lock = Lock.take(store.layout.gc_lock)
        if lock is None:
            raise LockedError("a clean-up or a repair is at work", hint="try again in a moment")
        try:
            return work.run()
        finally:
            lock.release()


def _meant(
    store: Store, run: str, blob: str | None, tag: str | None, file: str | None
) -> tuple[ObjectId, ...]:
    if [blob, tag, file].count(None) != 2:
        raise InvalidValueError(
            "one of blob, tag and file is needed", hint="say what is to be redacted"
        )
    tags: dict[str, set[ObjectId]] = {}
    names: dict[str, set[ObjectId]] = {}

    def visit(oid: ObjectId, data: bytes) -> None:
        del oid
        if data.startswith(b'{"@":"media/1"'):
            for item in decode_media(data):
                tags.setdefault(item.tag or "", set()).add(item.oid)
                names.setdefault(item.name or "", set()).add(item.oid)
        elif data.startswith(b'{"@":"code/1"'):
            for each in Code.decode(data).files:
                if each.oid is not None:
                    path = each.path.decode("utf-8", "surrogateescape")
                    names.setdefault(path, set()).add(each.oid)

    found = closure(store.home.head_folder.of(run), store.home.objects, visit=visit)
    if blob is not None:
        return (_by_id(run, blob, {**found.roles, **dict.fromkeys(found.redacted, "blob")}),)
    what, oids = ("tag", tags.get(tag)) if tag else ("file", names.get(file or ""))
    if not oids or not (tag or file):
        raise NotFoundError(
            f"run '{run}' has nothing with the {what} '{tag or file or ''}'",
            hint=f"see what it has with 'vcs-track show {run}'",
        )
    return tuple(sorted(oids))


def _by_id(run: str, text: str, roles: dict[ObjectId, str]) -> ObjectId:
    found = [oid for oid in roles if len(text) >= 4 and oid.startswith(text)]
    if len(found) != 1:
        what = f"{len(found)} objects match" if found else "no object matches"
        raise ObjectNotFoundError(
            f"in run '{run}' {what} '{text}'", oid=text,
            hint=f"see what it has with 'vcs-track show {run} --json'",
        )  # fmt: skip
    if roles[found[0]] not in ("blob", "text"):
        raise InvalidValueError(
            f"object '{text}' is a '{roles[found[0]]}' document, which the run needs",
            hint="images, files and texts can be redacted; a whole run is removed with 'rm'",
        )
    return found[0]


class _Redaction:
    """One redaction.

    Args:
        store: The store.
        oids: What goes.
        reason: Why.
    """

    def __init__(self, store: Store, oids: tuple[ObjectId, ...], reason: str) -> None:
        self._store = store
        self._oids = oids
        self._reason = reason
        for run, mentioned in mentioned_by_live(store).items():
            if not mentioned.isdisjoint(oids):
                raise InvalidValueError(
                    f"run '{run}' is still going on and has it", hint="wait until it has ended"
                )

    def run(self) -> Redacted:
        """Do everything, in an order that can be repeated after a death."""
        for oid in self._oids:  # first: nothing brings it back from here on
            self._store.home.redactions.add(oid, self._reason)
        report = self.report()
        record = {"reason": self._reason, "time_us": time.time_ns() // 1000}
        edits.edit_all(
            self._store, report.runs, {}, redact=dict.fromkeys(self._oids, record), kind="redact"
        )
        for file, folder in self._holders():
            self._store.clear(file, set(self._oids), folder)
            fsio.unlink(file.path)
            fsio.fsync_dir(file.path.parent)
        for path in self._damaged():
            raise CorruptError(
                f"pack '{path}' is damaged and may have it still",
                hint="run 'vcs-track fsck --repair', then redact again",
            )
        self._store.home.packs.refresh()
        return report

    def report(self, *, dry_run: bool = False) -> Redacted:
        """Return what is to be done."""
        shelf = self._store.shelf.packs
        shelf.refresh()
        return Redacted(
            self._oids, self._reason, tuple(self._runs()),
            tuple(sorted(file.path.name for file, _ in self._holders())),
            tuple(file.path.name for file in shelf.packs if self._has(file)),
            bool(fsio.list_dir(self._store.layout.quarantine)), dry_run,
        )  # fmt: skip

    def _has(self, file: PackFile) -> bool:
        return any(oid in file for oid in self._oids)

    def _runs(self) -> Iterator[str]:
        for run, heads in sorted(self._store.home.heads().items()):
            with suppress(VcsTrackError):  # 'fsck' tells of it
                found = closure(heads, self._store.home.objects)
                if any(oid in found.roles or oid in found.missing or oid in found.redacted
                       for oid in self._oids):  # fmt: skip
                    yield run

    def _holders(self) -> list[tuple[PackFile, Path | None]]:
        """Return the packs that have it, each with where its copy goes."""
        packs = PackFolder(self._store.layout.store.packs, self._store.format)
        trash = Trash(self._store.layout.trash, packs, self._store.format)
        places: list[tuple[PackFolder, Path | None]] = [(packs, None)]
        places += [(here, here.folder) for _, here in trash.folders()]
        return [
            (file, folder) for place, folder in places for file in place.packs if self._has(file)
        ]

    def _damaged(self) -> list[str]:
        packs = PackFolder(self._store.layout.store.packs, self._store.format)
        packs.refresh()
        return sorted(packs.damaged)

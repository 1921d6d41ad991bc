"""What takes how much room: by run, by kind of content, by place."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, VcsTrackError
from vcs_track.formats.code import Code
from vcs_track.formats.manifest import BLOB_KINDS, decode_media, decode_run
from vcs_track.formats.pack import OBJECTS
from vcs_track.plumbing import fsio
from vcs_track.porcelain.closure import closure
from vcs_track.porcelain.heads import current
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.packs import Objects
    from vcs_track.plumbing.store import Store

__all__ = ["KINDS", "Content", "RunUsage", "Usage", "contents", "kinds_of", "usage"]

KINDS: Final = ("scalars", "media", "files", "code", "text", "manifests", "journals")
_RUN: Final = b'{"@":"run/1"'
_ROLES: Final = {"scalars/1": "scalars", "col/1": "scalars", "code/1": "code"}


@dataclass(frozen=True, slots=True)
class RunUsage:
    """The room that one run takes, in bytes as they are stored.

    Attributes:
        id: Run id.
        name: Its name.
        own: What no other run needs.
        shared: What other runs need too.
        kinds: Both together, by kind: ``scalars``, ``media`` (images and figures), ``files``,
            ``code``, ``text`` (also console output, histograms and fragments), ``manifests``
            (also hyperparameters and environment) and ``journals`` of a run that is going on.
    """

    id: str
    name: str
    own: int
    shared: int
    kinds: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of it."""
        return self.own + self.shared

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, as ``--json`` prints it."""
        return {**asdict(self), "total": self.total}


@dataclass(frozen=True, slots=True)
class Usage:
    """The room that runs and repository take, in bytes.

    Attributes:
        runs: The runs that were asked for, the largest first.
        kinds: What these need by kind, each object counted once.
        shared: What several runs of all need, of it.
        places: Bytes of files, by what they are: ``packs``, ``journals``, ``shelf`` (what it
            does not share with the packs by links), ``trash``, ``quarantine``, ``index``,
            ``log`` and ``other``.
        removed: What only removed runs and undone states need, in the packs.
        unused: What nothing needs, and second copies, in the packs.
        unread: Ids of runs that cannot be followed, and why.
    """

    runs: tuple[RunUsage, ...]
    kinds: dict[str, int]
    shared: int
    places: dict[str, int]
    removed: int = 0
    unused: int = 0
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """What the runs need, each object counted once."""
        return sum(self.kinds.values())

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, without the runs."""
        found = asdict(self)
        del found["runs"]
        return {**found, "total": self.total}


@dataclass(frozen=True, slots=True)
class Content:
    """What packs hold of one kind of one run.

    Attributes:
        run: Run id; empty where no state in the packs tells it.
        kind: As in :class:`RunUsage`, or ``other``.
        size: Bytes as they are stored.
    """

    run: str
    kind: str
    size: int


def kinds_of(heads: Iterable[ObjectId], objects: Objects) -> dict[ObjectId, str]:
    """Return of each object that *heads* need what it holds.

    Raises:
        VcsTrackError: If a run cannot be followed.
    """
    named: dict[ObjectId, str] = {}

    def visit(oid: ObjectId, data: bytes) -> None:
        del oid
        if data.startswith(b'{"@":"code/1"'):
            for file in Code.decode(data).files:
                if file.oid is not None:
                    named.setdefault(file.oid, "code")
        elif data.startswith(b'{"@":"media/1"'):
            for item in decode_media(data):
                blob = "files" if item.kind == "file" else "media"
                named[item.oid] = blob if item.kind in BLOB_KINDS else "text"

    roles = closure(heads, objects, visit=visit).roles
    return {oid: _ROLES.get(role, named.get(oid, "manifests")) for oid, role in roles.items()}


def usage(store: Store, runs: Sequence[str] | None = None) -> Usage:
    """Return what takes how much room.

    Args:
        store: The store.
        runs: Ids of the runs to tell of. Default: all.

    Raises:
        StorageError: If a file cannot be read.
    """
    with fsio.storage_errors("measure the repository"):
        store.home.packs.refresh()
        return _Measure(store).run(runs)


class _Measure:
    """One measurement.

    Args:
        store: The store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._objects = store.home.objects
        self._kinds: dict[ObjectId, str] = {}
        self._users: Counter[ObjectId] = Counter()
        self._sizes: dict[ObjectId, int] = {}

    def run(self, runs: Sequence[str] | None) -> Usage:
        """Measure everything."""
        live = live_runs(self._store)
        needs: dict[str, list[ObjectId]] = {}
        names: dict[str, str] = {}
        unread: dict[str, str] = {}
        heads = self._store.home.heads()
        for run, oids in heads.items():
            try:
                found = kinds_of(oids, self._objects)
                names[run] = current(oids, self._objects).name
            except VcsTrackError as error:
                unread[run] = str(error)
                continue
            self._users.update(found.keys())
            self._kinds.update(found)
            if runs is None or run in runs:
                needs[run] = list(found)
        chosen = [run for run in (*heads, *live) if runs is None or run in runs]
        told = [
            self._one(run, names.get(run, run), needs.get(run, []), live=run in live)
            for run in dict.fromkeys(chosen)
            if run not in unread
        ]
        once = {oid for oids in needs.values() for oid in oids}
        kinds = Counter({"journals": sum(one.kinds.get("journals", 0) for one in told)})
        for oid in once:
            kinds[self._kinds[oid]] += self._size(oid)
        aside, unused = self._rest()
        return Usage(
            runs=tuple(sorted(told, key=lambda one: (-one.total, one.id))),
            kinds={kind: kinds[kind] for kind in KINDS if kinds[kind]},
            shared=sum(self._size(oid) for oid in once if self._users[oid] > 1),
            places=_places(self._store), removed=aside, unused=unused, unread=unread,
        )  # fmt: skip

    def _one(self, run: str, name: str, needs: list[ObjectId], *, live: bool) -> RunUsage:
        kinds: Counter[str] = Counter()
        shared = 0
        for oid in needs:
            size = self._size(oid)
            kinds[self._kinds[oid]] += size
            shared += size if self._users[oid] > 1 else 0
        if live:
            kinds["journals"] = _length(self._store.layout.live_run(run))
        by_kind = {kind: kinds[kind] for kind in KINDS if kinds[kind]}
        return RunUsage(run, name, sum(kinds.values()) - shared, shared, by_kind)

    def _size(self, oid: ObjectId) -> int:
        if oid not in self._sizes:
            self._sizes[oid] = self._objects.owner(oid).entry(oid).stored
        return self._sizes[oid]

    def _rest(self) -> tuple[int, int]:
        """Return what only states need that were put aside, and what nothing needs."""
        aside: set[ObjectId] = set()
        for folder in (self._store.removed, self._store.left):
            for oids in folder.all().values():
                with suppress(VcsTrackError):  # a clean-up took it
                    aside |= closure(oids, self._objects).roles.keys()
        seen: set[ObjectId] = set()
        removed = unused = 0
        for file in self._objects.packs:
            for oid, stored in _stored(file):
                if oid not in seen and oid in aside and oid not in self._users:
                    removed += stored
                elif oid in seen or oid not in self._users:
                    unused += stored
                seen.add(oid)
        return removed, unused


def _stored(file: PackFile) -> list[tuple[ObjectId, int]]:
    from vcs_track.formats.oid import ObjectId

    try:
        return [
            (ObjectId(entry.name.removeprefix(OBJECTS)), entry.stored)
            for entry in file.entries()
            if entry.name.startswith(OBJECTS)
        ]
    except (CorruptError, FileNotFoundError):  # 'fsck' tells of it, a clean-up took it
        return []


def _places(store: Store) -> dict[str, int]:
    layout = store.layout
    known = {_identity(layout.store.packs / name) for name in fsio.list_dir(layout.store.packs)}
    shelf = sum(
        _length(layout.shelf.packs / name)
        for name in fsio.list_dir(layout.shelf.packs)
        if _identity(layout.shelf.packs / name) not in known
    )
    found = {
        "packs": _length(layout.store.packs), "journals": _length(layout.live), "shelf": shelf,
        "trash": _length(layout.trash), "quarantine": _length(layout.quarantine),
        "index": 0, "log": 0, "other": _length(layout.tmp),
    }  # fmt: skip
    for name in fsio.list_dir(layout.local):
        for start, place in (("index.sqlite", "index"), ("heads.log", "log")):
            if name.startswith(start):
                found[place] += _length(layout.local / name)
    return found


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        return fsio.identify(path)
    except FileNotFoundError:
        return None


def _length(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    if path.is_dir() and not path.is_symlink():
        return sum(_length(path / name) for name in fsio.list_dir(path))
    try:
        return fsio.stamp(path)[1]
    except FileNotFoundError:
        return 0


def contents(packs: Iterable[PackFile], objects: Objects) -> tuple[Content, ...]:
    """Return what *packs* hold by run and kind, the most first.

    Args:
        packs: Packs, most of them with states of runs.
        objects: Where what these states need may be besides.
    """
    stored: dict[ObjectId, int] = {}
    for file in packs:
        for oid, size in _stored(file):
            stored[oid] = stored.get(oid, 0) + size
    whose: dict[ObjectId, tuple[str, str]] = {}
    for oid in stored:
        with suppress(VcsTrackError):  # what it needs may be gone
            data = objects.read(oid)
            if data.startswith(_RUN):
                run = decode_run(data).run
                for other, kind in kinds_of([oid], objects).items():
                    whose.setdefault(other, (run, kind))
    sums: Counter[tuple[str, str]] = Counter()
    for oid, size in stored.items():
        sums[whose.get(oid, ("", "other"))] += size
    return tuple(Content(run, kind, size) for (run, kind), size in sums.most_common())

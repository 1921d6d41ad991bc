"""Is everything there, and undamaged?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from vcs_track.errors import CorruptError, VcsTrackError
from vcs_track.formats.code import Code
from vcs_track.formats.manifest import decode_run
from vcs_track.formats.pack import OBJECTS
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import check_name
from vcs_track.plumbing.packs import is_pack_name
from vcs_track.plumbing.salvage import format_fault, pack_files, stray_heads
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain.closure import closure
from vcs_track.porcelain.needs import Sources
from vcs_track.porcelain.repair import Repairs, repair
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectId
    from vcs_track.formats.pack import Entry
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.store import Store

__all__ = ["Report", "fsck"]


@dataclass(slots=True)
class Report:
    """What a check found.

    Attributes:
        problems: ``{"where", "what"}`` of each damage.
        absent: Blobs that runs name and this repository has not got.
        lost_removals: Ids of removed runs that cannot be brought back, of a full check.
        redacted: Objects that were removed on purpose, and why.
        packs: Number of packs checked.
        objects: Number of objects checked.
        runs: Number of runs checked.
        live: Ids of live runs, which are not checked.
        repairs: What was mended before the check; None where nothing was to be.
    """

    problems: list[dict[str, str]] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    redacted: dict[ObjectId, str] = field(default_factory=dict)
    lost_removals: list[str] = field(default_factory=list)
    packs: int = 0
    objects: int = 0
    runs: int = 0
    live: list[str] = field(default_factory=list)
    repairs: Repairs | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged, and nothing was lost in a repair."""
        return not self.problems and not (self.repairs and self.repairs.lost)

    def add(self, where: str, what: object) -> None:
        """Note one damage."""
        self.problems.append({"where": where, "what": str(what)})

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, as ``--json`` prints it."""
        found = {"ok": self.ok, **asdict(self)}
        if self.repairs is None:
            del found["repairs"]
        return found


def fsck(
    store: Store,
    progress: Callable[[int, int], None] | None = None,
    repair_from: Sequence[Path] | None = None,
    *,
    full: bool = False,
) -> Report:
    """Check every pack, object, head and reference of the store and the shelf.

    Args:
        store: The store.
        progress: Is called with packs done and packs in all.
        repair_from: Repositories and bundles to mend the store from, before it is checked.
            None changes nothing; an empty list mends from what is at hand.
        full: Also compare what series say of their points with these, and check the packs in the
            trash and what removed runs need.

    Returns:
        What was found, after what was mended.

    Raises:
        StorageError: If a file cannot be read.
    """
    repairs = None if repair_from is None else repair(store, repair_from, progress)
    with fsio.storage_errors(f"check '{store.layout.root}'"):
        report = Report(live=live_runs(store), repairs=repairs)
        _check(store, report, progress, full=full)
        if full:
            _put_aside(store, report)
        return report


def _check(
    store: Store, report: Report, progress: Callable[[int, int], None] | None, *, full: bool
) -> None:
    store.refresh()
    store.shelf.packs.refresh()
    for path in (store.layout.format, store.layout.format_copy):
        if fault := format_fault(path, store.format):
            report.add(f"{path.parent.name}/{path.name}", fault)
    homes = {"store": store.home, "shelf": store.shelf}
    total = sum(len(home.packs.packs) for home in homes.values())
    for label, home in homes.items():
        for name, damage in home.packs.damaged.items():
            report.add(f"{label} {name}", damage)
        for path in pack_files(home.packs.folder):
            if not is_pack_name(path.name):
                report.add(f"{label} {path.name}", "it is not named as a pack")
        for path in stray_heads(home.root / "heads"):
            where = f"{label} {path.relative_to(home.root)}"
            report.add(where, "it is not where the head of its run belongs")
        _packs(label, home.packs.packs, report, progress, total)
    for name, error in store.skipped.items():
        # A journal that cannot be read is no damage: 'recover' and 'status' tell of it.
        if name not in store.shelf.packs.damaged and not name.startswith("journal "):
            report.add(f"shelf {name}", error)
    _runs(store, report, full=full)


def _packs(
    label: str, packs: Iterable[PackFile], report: Report,
    progress: Callable[[int, int], None] | None = None, total: int = 0,
) -> None:  # fmt: skip
    for pack in packs:
        try:
            for entry in pack.check_layout():
                report.objects += entry.name.startswith(OBJECTS)
                _object(label, pack, entry, report)
            check_name(pack.path)
        except CorruptError as error:
            report.add(f"{label} {pack.path.name}", error)
        report.packs += 1
        if progress is not None:
            progress(report.packs, total)


def _put_aside(store: Store, report: Report) -> None:
    """Check what is on its way out: removed runs, and the trash."""
    trash = Trash(store.layout.trash, store.home.packs, store.format)
    for _, folder in trash.folders():
        for name, damage in folder.damaged.items():
            report.add(f"trash {name}", damage)
        _packs("trash", folder.packs, report)
    here = store.home.heads()
    for run, heads in sorted(store.removed.all().items()):
        if run not in here:
            try:
                closure(heads, Sources(store.home.packs, trash))
            except VcsTrackError:
                report.lost_removals.append(run)  # a clean-up took it: that is no damage


def _object(label: str, pack: PackFile, entry: Entry, report: Report) -> None:
    try:
        pack.check_entry(entry)
    except CorruptError as error:
        report.add(f"{label} {pack.path.name} {entry.name.removeprefix(OBJECTS)}", error)


def _trees(store: Store, report: Report, absent: set[str]) -> None:
    for tree, lists in sorted(store.home.trees().items()):
        for oid in lists:
            if oid not in store.home.objects:
                continue  # no run has the tree any more, and a clean-up took it
            try:
                if Code.decode(store.home.objects.read(oid)).tree != tree:
                    report.add(f"tree {tree}", f"list '{oid[:12]}' is that of another tree")
                absent |= closure([oid], store.home.objects, role="code/1").missing
            except VcsTrackError as error:
                report.add(f"tree {tree}", error)


def _runs(store: Store, report: Report, *, full: bool) -> None:
    absent: set[str] = set()
    for run, heads in sorted(store.home.heads().items()):
        report.runs += 1
        try:
            for oid in heads:
                if decode_run(store.home.objects.read(oid)).run != run:
                    report.add(f"run {run}", f"head '{oid[:12]}' is the state of another run")
            found = closure(heads, store.home.objects, check=full)
            absent |= found.missing
            report.redacted |= found.redacted
        except VcsTrackError as error:
            report.add(f"run {run}", error)
    _trees(store, report, absent)
    report.absent = sorted(absent - report.redacted.keys())
    for run, heads in sorted(store.shelf.heads().items()):
        for oid in heads:
            if oid not in store.home.objects:
                report.add(f"shelf {run}", f"its pack is missing: no object '{oid[:12]}'")

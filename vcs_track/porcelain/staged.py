"""What is staged below ``.runs``: is it sound, and small enough?"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, InvalidValueError, ObjectNotFoundError, VcsTrackError
from vcs_track.formats.manifest import decode_run
from vcs_track.formats.oid import shard
from vcs_track.formats.version import parse_format
from vcs_track.plumbing import fsio, git_index
from vcs_track.plumbing.heads import parse_head
from vcs_track.plumbing.layout import FOLDER
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import check_name
from vcs_track.plumbing.packs import is_pack_name
from vcs_track.porcelain.closure import closure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.plumbing.git_index import Change

__all__ = ["StagedReport", "check_sizes", "check_staged"]

_RUNS: Final = os.fsencode(FOLDER)
_GENERATED: Final = ((b".gitignore",), (b".gitattributes",))
_FORMAT: Final = (b"FORMAT",)
_FILE: Final = "100644"
_POINTER: Final = b"version https://git-lfs"
_DONE: Final = {"M": "changed", "D": "deleted", "T": "replaced"}


@dataclass(slots=True)
class StagedReport:
    """What a check of staged files found.

    Attributes:
        problems: ``{"where", "what"}`` of each.
        packs: Number of packs checked.
        heads: Number of heads checked.
    """

    problems: list[dict[str, str]] = field(default_factory=list)
    packs: int = 0
    heads: int = 0

    def add(self, path: bytes, what: object) -> None:
        """Note one problem."""
        where = path.decode("utf-8", "replace")
        self.problems.append({"where": where, "what": str(what)})

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, as ``--json`` prints it."""
        return {
            "ok": not self.problems, "problems": self.problems,
            "packs": self.packs, "heads": self.heads,
        }  # fmt: skip


def _shelves(top: Path) -> dict[bytes, list[tuple[Change, tuple[bytes, ...]]]]:
    """Return what is staged in each ``.runs``, with the path inside it."""
    found: dict[bytes, list[tuple[Change, tuple[bytes, ...]]]] = {}
    for change in git_index.changes(top):
        parts = change.path.split(b"/")
        if _RUNS in parts[:-1]:
            at = parts.index(_RUNS) + 1
            found.setdefault(b"/".join(parts[:at]), []).append((change, tuple(parts[at:])))
    return found


@fsio.storage_errors("check what is staged")
def check_sizes(folder: Path, largest: int) -> StagedReport:
    """Find staged files of the shelf that have more than *largest* bytes.

    Args:
        folder: A folder in the work tree.
        largest: Bytes.

    Raises:
        GitError: If git cannot be asked.
    """
    top = git_index.top_of(folder)
    report = StagedReport()
    staged = [change for shelf in _shelves(top).values() for change, _ in shelf]
    sizes = git_index.sizes(top, (change.blob for change in staged if change.kind != "D"))
    for change in staged:
        size = sizes.get(change.blob, 0)
        if size > largest:
            report.add(change.path, f"it has {size:,} bytes, and {largest:,} are allowed")
    return report


@fsio.storage_errors("check what is staged")
def check_staged(folder: Path) -> StagedReport:
    """Check what is staged below ``.runs`` as a clone would find it.

    Each pack must be sound, each head must lead to a run whose packs are staged or committed,
    and nothing on the shelf may be changed or deleted.

    Args:
        folder: A folder in the work tree.

    Raises:
        GitError: If git cannot be asked.
        StorageError: If the disk refuses.
    """
    top = git_index.top_of(folder)
    report = StagedReport()
    for shelf, staged in _shelves(top).items():
        _Shelf(top, shelf, report).check(staged)
    return report


class _Shelf:
    """One ``.runs`` as it is staged."""

    def __init__(self, top: Path, shelf: bytes, report: StagedReport) -> None:
        self._top = top
        self._shelf = shelf
        self._report = report
        self._files = git_index.files_below(top, shelf)

    def check(self, staged: list[tuple[Change, tuple[bytes, ...]]]) -> None:
        """Check what is staged in it."""
        packs, heads = [], []
        for change, parts in staged:
            if not self._belongs(change, parts):
                continue
            if parts[0] == b"packs":
                packs.append(change)
            elif parts[0] == b"heads":
                heads.append(change)
        fmt = self._format() if packs or heads else None
        if fmt is None:
            return
        objects: dict[ObjectId, PackFile] = {}
        wanted = [] if not heads else self._older(packs)
        new = [(_name(change.path), change.blob) for change in packs]
        with git_index.scratch(self._top, [*new, *wanted]) as files:
            for change in packs:
                self._pack(change, files[_name(change.path)], fmt, objects)
            if heads:
                self._know(files, {_name(change.path) for change in packs}, fmt, objects)
                for change in heads:
                    self._head(change, _Objects(objects))

    def _belongs(self, change: Change, parts: tuple[bytes, ...]) -> bool:
        """Tell whether a file is one to look into; note what is wrong with others."""
        kept = parts == _FORMAT or (parts[0], len(parts)) in ((b"packs", 2), (b"heads", 3))
        if change.kind == "D" and not kept:
            return False
        if change.kind != "A" and kept:
            self._report.add(change.path, f"it was {_DONE.get(change.kind, 'touched')}:"
                             " what is on the shelf stays as it is")  # fmt: skip
            return False
        if not kept and parts not in _GENERATED:
            self._report.add(change.path, "it does not belong on the shelf")
            return False
        if change.mode != _FILE:
            self._report.add(change.path, f"it is no plain file, its mode is {change.mode}")
            return False
        return True

    def _format(self) -> ObjectFormat | None:
        path = self._shelf + b"/FORMAT"
        try:
            if path in self._files:
                return parse_format(git_index.content(self._top, self._files[path]))
            self._report.add(path, "it is neither staged nor committed")
        except InvalidValueError as error:
            self._report.add(path, error)
        return None

    # ---- packs -------------------------------------------------------------------------

    def _in_work_tree(self, name: str) -> Path:
        return self._top / os.fsdecode(self._shelf) / "packs" / name

    def _committed_packs(self) -> Iterator[tuple[str, str]]:
        start = self._shelf + b"/packs/"
        for path, blob in self._files.items():
            if path.startswith(start) and is_pack_name(_name(path)):
                yield _name(path), blob

    def _older(self, new: list[Change]) -> list[tuple[str, str]]:
        """Return the packs that were committed before and are not in the work tree."""
        known = {_name(change.path) for change in new}
        return [
            (name, blob)
            for name, blob in self._committed_packs()
            if name not in known and not self._in_work_tree(name).is_file()
        ]

    def _pack(
        self, change: Change, path: Path, fmt: ObjectFormat, objects: dict[ObjectId, PackFile]
    ) -> None:
        self._report.packs += 1
        if not is_pack_name(path.name):
            self._report.add(change.path, "it is not named as a pack")
            return
        try:
            file = self._open(path, fmt)
            for _ in file.verify():
                pass
            check_name(file.path)
        except (CorruptError, FileNotFoundError) as error:
            self._report.add(change.path, error)
            return
        objects.update(dict.fromkeys(file, file))

    def _open(self, path: Path, fmt: ObjectFormat) -> PackFile:
        try:
            return PackFile(path, fmt)
        except CorruptError:
            # Git LFS stages a note of where the bytes are; the bytes are in the work tree.
            if fsio.read_start(path, len(_POINTER)) != _POINTER:
                raise
            return PackFile(self._in_work_tree(path.name), fmt)

    def _know(
        self, files: dict[str, Path], new: set[str], fmt: ObjectFormat,
        objects: dict[ObjectId, PackFile],
    ) -> None:  # fmt: skip
        """Take in the packs that were committed before; 'fsck' checks these."""
        for name, _ in self._committed_packs():
            if name in new:
                continue
            try:
                file = PackFile(files.get(name) or self._in_work_tree(name), fmt)
            except CorruptError as error:
                self._report.add(self._shelf + b"/packs/" + name.encode(), error)
                continue
            for oid in file:
                objects.setdefault(oid, file)

    # ---- heads -------------------------------------------------------------------------

    def _head(self, change: Change, objects: _Objects) -> None:
        self._report.heads += 1
        *_, folder, name = change.path.split(b"/")
        head = parse_head(name.decode("utf-8", "replace"))
        if head is None or shard(head[0]).encode() != folder:
            self._report.add(change.path, "it is not where the head of its run belongs")
            return
        run, oid = head
        try:
            if git_index.content(self._top, change.blob):
                raise CorruptError("a head has no content, and this has")
            if decode_run(objects.read(oid)).run != run:
                raise CorruptError(f"it leads to the state of another run than '{run}'")
            closure([oid], objects)
        except VcsTrackError as error:
            self._report.add(change.path, error)


class _Objects:
    """The objects that a clone would have."""

    def __init__(self, files: dict[ObjectId, PackFile]) -> None:
        self._files = files

    def read(self, oid: ObjectId) -> bytes:
        if oid not in self._files:
            raise ObjectNotFoundError(
                f"it needs object '{oid[:12]}', whose pack is neither staged nor committed",
                oid=oid,
                hint="commit the run by 'vcs-track commit'",
            )
        return self._files[oid].read(oid)

    def __contains__(self, oid: object) -> bool:
        return oid in self._files

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(self._files)


def _name(path: bytes) -> str:
    return os.fsdecode(path.rpartition(b"/")[2])

"""What can be saved of a damaged repository.

``FORMAT`` is told by its copy or by the ids at hand. The entries of a pack are found by their
local headers and by what is left of its directory, and each is checked against its id.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from vcs_track.errors import CorruptError, InvalidValueError, RepositoryFormatError
from vcs_track.formats import pack
from vcs_track.formats.oid import FORMATS, ObjectId, shard
from vcs_track.formats.pack import OBJECTS, Entry
from vcs_track.formats.version import VERSION, encode_format, parse_format
from vcs_track.plumbing import fsio
from vcs_track.plumbing.heads import HeadFolder, parse_head
from vcs_track.plumbing.layout import FOLDER
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import file_digits
from vcs_track.plumbing.packs import PackFolder, is_pack_name
from vcs_track.plumbing.store import layout_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from mmap import mmap
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat
    from vcs_track.plumbing.layout import Layout

__all__ = [
    "Copy",
    "Place",
    "Salvage",
    "find_layout",
    "format_fault",
    "formats_of",
    "mend_format",
    "pack_files",
    "put_away",
    "read_format",
    "stray_heads",
]

_LOCAL: Final = b"PK\x03\x04"
# What stands behind a whole entry: another, a directory, or the end record of an empty one.
_MARKS: Final = (_LOCAL, b"PK\x01\x02", b"PK\x05\x06")


class Copy(NamedTuple):
    """An undamaged copy of an object.

    Attributes:
        entry: How it is stored.
        raw: Its stored bytes.
        label: Where it was found.
    """

    entry: Entry
    raw: memoryview
    label: str

    def read(self) -> bytes:
        """Return the bytes of the object."""
        return pack.inflate(self.entry, self.raw)


class Salvage:
    """The undamaged objects of a damaged pack.

    Args:
        path: The file.
        fmt: Object format of the repository.

    Attributes:
        sound: Where each undamaged object stands, in the order of the file.
        damaged: Ids of the others, by the place where they should stand.
    """

    def __init__(self, path: Path, fmt: ObjectFormat) -> None:
        self.path = path
        self._format = fmt
        self.sound: dict[ObjectId, Entry] = {}
        named: dict[int, ObjectId] = {}
        data = fsio.map_read(path)
        at = data.find(_LOCAL)
        while at >= 0:
            at = data.find(_LOCAL, self._step(data, at, named))
        for entry in _records(data, fmt):
            self._take(data, entry, named)
        self.sound = dict(sorted(self.sound.items(), key=lambda pair: pair[1].offset))
        whole = {entry.offset for entry in self.sound.values()}
        self.damaged = {
            at: oid for at, oid in named.items() if at not in whole and oid not in self.sound
        }

    def _step(self, data: mmap | bytes, at: int, named: dict[int, ObjectId]) -> int:
        """Take the entry whose header stands at *at*; return where to go on."""
        try:
            entry = pack.read_local(data, at)
        except CorruptError:
            return at + 1
        # The length of a damaged entry is believed when something begins behind it. Otherwise
        # the next header is looked for in its bytes.
        ends = entry.end == len(data) or data[entry.end : entry.end + 4] in _MARKS
        return entry.end if self._take(data, entry, named) or ends else at + 1

    def _take(self, data: mmap | bytes, entry: Entry, named: dict[int, ObjectId]) -> bool:
        oid = ObjectId(entry.name.removeprefix(OBJECTS))
        if not entry.name.startswith(OBJECTS) or not self._format.is_id(oid):
            return False
        if oid in self.sound:
            return self.sound[oid] == entry
        if not self._is_sound(data, entry, oid):
            named[entry.offset] = oid
            return False
        self.sound[oid] = entry
        return True

    def _is_sound(self, data: mmap | bytes, entry: Entry, oid: ObjectId) -> bool:
        if entry.end > len(data):
            return False
        hasher = self._format.hasher()
        try:
            for part in pack.inflate_parts(entry, _raw(data, entry)):
                hasher.update(part)
        except CorruptError:
            return False
        return self._format.finish(hasher) == oid

    def copy(self, oid: ObjectId, label: str) -> Copy | None:
        """Return the undamaged copy of *oid*, or None.

        The file is mapped for each copy anew: a map that is kept would keep a descriptor.
        """
        entry = self.sound.get(oid)
        return entry and Copy(entry, _raw(fsio.map_read(self.path), entry), label)


def _raw(data: mmap | bytes, entry: Entry) -> memoryview:
    return memoryview(data)[entry.data_offset : entry.end]


def _records(data: mmap | bytes, fmt: ObjectFormat) -> Iterator[Entry]:
    """Yield the entries of objects that the directory still lists."""
    try:
        found = pack.parse_tail(data)
    except CorruptError:
        return
    stride = 46 + len(OBJECTS) + fmt.id_length
    for at in range(found.end - found.objects * stride, found.end, stride):
        if at >= found.start:
            with suppress(CorruptError):
                yield pack.parse_record(data, at)[0]


class Place:
    """Where undamaged copies may be: folders of packs, and single files.

    Args:
        label: What it is called in a report.
        fmt: Object format of the repository.
        folders: Folders of packs.
        files: Bundles, and packs with or without a directory.
    """

    def __init__(
        self,
        label: str,
        fmt: ObjectFormat,
        folders: Iterable[Path] = (),
        files: Iterable[Path] = (),
    ) -> None:
        self.label = label
        self._format = fmt
        self._folders = [PackFolder(folder, fmt) for folder in folders]
        self._files = list(files)
        for packs in self._folders:
            packs.refresh()

    def find(self, oid: ObjectId) -> Copy | None:
        """Return an undamaged copy of *oid*, or None."""
        for packs in self._folders:
            if (file := packs.sound(oid)) is not None:
                entry = file.entry(oid)
                return Copy(entry, file.raw(entry), self.label)
        copies = (ruin.copy(oid, self.label) for ruin in self.ruins)
        return next((copy for copy in copies if copy is not None), None)

    @cached_property
    def ruins(self) -> list[Salvage]:
        """The files that no directory leads into, read when they are first needed."""
        odd = [
            packs.folder / name
            for packs in self._folders
            for name in fsio.list_dir(packs.folder)
            if not is_pack_name(name) or not _is_readable(packs.folder / name, self._format)
        ]
        found = []
        for path in [*odd, *self._files]:
            with suppress(FileNotFoundError):
                found.append(Salvage(path, self._format))
        return found


def _is_readable(path: Path, fmt: ObjectFormat) -> bool:
    try:
        PackFile(path, fmt).check_layout()
    except CorruptError:
        return False
    except FileNotFoundError:
        pass
    return True


def pack_files(folder: Path) -> list[Path]:
    """Return the files in a folder of packs, whatever they are called."""
    return _files(folder, fsio.list_dir(folder))


def _files(folder: Path, names: Iterable[str]) -> list[Path]:
    # One dot in front and no other: a file of the system, as `.DS_Store` is. What was a pack
    # or a head before its name was damaged has another.
    shown = [name for name in names if not name.startswith(".") or "." in name[1:]]
    return [path for path in map(folder.joinpath, shown) if not path.is_dir()]


def stray_heads(heads: Path) -> list[Path]:
    """Return the files below *heads* that are not where a head belongs.

    Args:
        heads: The folder of heads of a home.
    """
    names = fsio.list_dir(heads)
    files = _files(heads, names)
    for name in names:
        files += _files(heads / name, fsio.list_dir(heads / name))
    return [path for path in files if not _is_head(path)]


def _is_head(path: Path) -> bool:
    head = parse_head(path.name)
    return head is not None and shard(head[0]) == path.parent.name


# ---- FORMAT ----------------------------------------------------------------------------

_LINES: Final = 2


def find_layout(folder: Path) -> Layout | None:
    """Return the layout of ``.runs`` in *folder*, or None if there is none.

    ``FORMAT`` need not be there, as it must to open it.
    """
    layout = layout_of(folder / FOLDER)
    formats, heads = (layout.format, layout.format_copy), (layout.shelf.heads, layout.store.heads)
    there = any(path.exists() for path in formats) or any(map(fsio.list_dir, heads))
    return layout if there and layout.root.is_dir() else None


def read_format(path: Path) -> ObjectFormat | None:
    """Return what the ``FORMAT`` *path* says; None if missing or damaged.

    Raises:
        RepositoryFormatError: If a newer program may have written it. That is never touched.
    """
    try:
        data = fsio.read(path)
    except FileNotFoundError:
        return None
    try:
        return parse_format(data)
    except InvalidValueError as error:
        lines = data.decode("utf-8", "replace").splitlines() or [""]
        version = re.fullmatch(r"vcs-track (\d+)", lines[0])
        if version and (int(version[1]) != VERSION or len(lines) > _LINES):
            raise RepositoryFormatError(
                f"cannot use '{path}': {error}", path=str(path), hint=error.hint
            ) from None
        return None


def formats_of(layout: Layout) -> set[ObjectFormat]:
    """Return the object formats that ``FORMAT``, or else the ids, tell.

    Raises:
        RepositoryFormatError: If a newer program may have written it.
    """
    files = (read_format(path) for path in (layout.format, layout.format_copy))
    named = {fmt for fmt in files if fmt is not None}
    if len(named) == 1:
        return named
    heads = [HeadFolder(root).all() for root in (layout.root, layout.local)]
    ids = {oid for home in heads for oids in home.values() for oid in oids}
    found = {fmt for fmt in FORMATS.values() if any(map(fmt.is_id, ids))}
    for fmt in FORMATS.values():
        for folder in (layout.shelf.packs, layout.store.packs):
            packs = PackFolder(folder, fmt)
            packs.refresh()
            if any(map(len, packs.packs)):
                found.add(fmt)
    return found


def format_fault(path: Path, fmt: ObjectFormat) -> str:
    """Return what is wrong with the ``FORMAT`` *path*, or an empty string.

    One that is missing is no fault: it is written again when the repository is opened.
    """
    try:
        lines = fsio.read(path).splitlines()  # git may have changed how they end
    except FileNotFoundError:
        return ""
    return "" if lines == encode_format(fmt).splitlines() else "it is not as it was written"


def mend_format(layout: Layout, fmt: ObjectFormat) -> list[tuple[str, str]]:
    """Write damaged ``FORMAT`` files again; return which, and why."""
    mended = []
    for path in (layout.format_copy, layout.format):
        fault = format_fault(path, fmt) if path.exists() else "it is missing"
        if not fault or _says_otherwise(path, fmt):
            continue
        if path.exists():
            _keep(path, path.name, layout)
        aside = path.with_name(f"{path.name}~")
        fsio.make_dirs(path.parent)
        fsio.unlink(aside)
        fsio.write_new(aside, encode_format(fmt))
        fsio.rename(aside, path)
        fsio.fsync_dir(path.parent)
        mended.append((f"{path.parent.name}/{path.name}", fault))
    return mended


def _says_otherwise(path: Path, fmt: ObjectFormat) -> bool:
    # Well-formed and different is no damage: fsck names it, and nobody guesses.
    try:
        return read_format(path) not in (None, fmt)
    except RepositoryFormatError:
        return True


# ---- quarantine ------------------------------------------------------------------------


def _keep(path: Path, name: str, layout: Layout) -> None:
    """Put the damaged file *path* in the quarantine too."""
    for folder in (layout.quarantine, layout.tmp):
        fsio.make_dirs(folder)
    # Named by its bytes too, so that a repair that is repeated keeps it once.
    kept = layout.quarantine / f"{name}.{file_digits(path)[:12]}"
    fsio.link_or_copy(path, kept, layout.tmp)
    fsio.fsync_dir(layout.quarantine)


def put_away(path: Path, name: str, layout: Layout) -> None:
    """Move the damaged file *path* to the quarantine, as *name*."""
    _keep(path, name, layout)
    fsio.unlink(path)
    fsio.fsync_dir(path.parent)

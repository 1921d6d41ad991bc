"""Bundles: runs in one zip.

``docs/format/bundles.md`` is the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.errors import CorruptError, InvalidValueError
from vcs_track.formats import canonical, pack
from vcs_track.formats.manifest import references
from vcs_track.formats.pack import MAX_BUNDLE
from vcs_track.plumbing import fsio
from vcs_track.plumbing.home import BUNDLE_INDEX
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain.bundle_check import describe
from vcs_track.porcelain.carry import Carried
from vcs_track.porcelain.closure import Closure, closure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat, ObjectId
    from vcs_track.formats.pack import Entry
    from vcs_track.plumbing.pack_file import PackFile
    from vcs_track.plumbing.packs import Objects
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.since import Since

    Progress = Callable[[int, int], None]

__all__ = ["Choice", "export"]

_ALONE: Final = 1 << 20  # bytes of an object
_AT_ONCE: Final = 16 << 20
_MANY: Final = 20_000  # objects
_SOME: Final = 100  # runs
_README: Final = """\
This zip holds {n} recorded by vcs-track.

Each entry objects/<id> is named by the {tool} of its bytes. To check it:

    unzip -t FILE
    unzip -q FILE -d check && cd check/objects && for f in *; do {command}; done

An entry heads/<run>.<id> says that <id> is the newest state of that run; bundle.json lists
everything. The hash of it all, which 'vcs-track verify FILE' calls its root:

    unzip -Z1 FILE | grep '/.' | LC_ALL=C sort | sha256sum

To read the runs: pip install vcs-track; vcs-track ls FILE
To keep them: vcs-track init; vcs-track import FILE
"""
_PARTIAL: Final = """
It is partial: bundle.json lists as prerequisites what has to be there before the import.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """What goes into a bundle, beside all that its runs need.

    Attributes:
        media: False leaves out images, figures and files that were logged.
        reproducible: Whether all is stored as it is, so that no version of a compressor shows.
        since: What the reader has already.
        carried: Lists of files that go along.
    """

    media: bool = True
    reproducible: bool = False
    since: Since | None = None
    carried: Carried | None = None


class _Item(NamedTuple):
    """One object on its way into a bundle."""

    oid: ObjectId
    file: PackFile
    entry: Entry


@dataclass(slots=True)
class _Content:
    """What a bundle will hold."""

    items: list[_Item]
    heads: dict[str, list[ObjectId]]
    carried: Carried
    missing: list[ObjectId]
    left_out: list[ObjectId]


def export(
    store: Store, runs: Sequence[str], path: Path, choice: Choice | None = None, *,
    force: bool = False, progress: Progress | None = None,
) -> int:  # fmt: skip
    """Write *runs* to the bundle *path*.

    Args:
        store: The store.
        runs: Run ids.
        path: The zip to make.
        choice: What goes into it. Default: all that the runs need.
        force: Replace *path* when it is there.
        progress: Is called with bytes done and bytes in all.

    Returns:
        The number of objects written.

    Raises:
        InvalidValueError: If *path* exists, or there is nothing to export.
        CorruptObjectError: If an object is damaged; nothing is left at *path* then.
    """
    choice = choice or Choice()
    if not runs:
        raise InvalidValueError("there is nothing to export", hint="name at least one run")
    _check_free(path, force=force)
    there = store.home.heads() if len(runs) > _SOME else {}
    heads = {
        run: sorted(there.get(run) or store.home.head_folder.of(run)) for run in sorted(set(runs))
    }
    for run, found in heads.items():
        if not found:
            raise InvalidValueError(
                f"run '{run}' is not sealed yet", hint="finish it, then export it"
            )
    content = _gather(store, heads, choice)
    with fsio.storage_errors(f"write '{path}'"):
        writer = PackWriter(path.absolute().parent, store.format, largest=MAX_BUNDLE)
        try:
            _fill(writer, store, content, choice, progress)
            writer.finish()
            _check_free(path, force=force)
            fsio.rename(writer.path, path)
            fsio.fsync_dir(path.absolute().parent)
        except BaseException:
            writer.abandon()
            raise
    return len(content.items)


def _check_free(path: Path, *, force: bool) -> None:
    if path.exists() and not force:
        raise InvalidValueError(f"'{path}' exists", hint="choose another name, or add --force")


def _gather(store: Store, heads: dict[str, list[ObjectId]], choice: Choice) -> _Content:
    """Find all that goes into the bundle."""
    carried = choice.carried or Carried()
    media: set[ObjectId] = set()
    needed: set[ObjectId] = set()

    def visit(oid: ObjectId, data: bytes) -> None:
        del oid
        # Only what nothing but media names may be left out: code may have the same file.
        for role, named in references(data):
            (media if role == "blob" else needed).add(named)

    look = None if choice.media else visit
    everything = Closure()
    for found in heads.values():  # one by one: what is redacted of one may be that of another
        known = everything.roles
        everything.add(closure(found, store.home.objects, visit=look, known=known))
    lists = (oid for found in carried.trees.values() for oid in found)
    objects: Any = store.home.objects
    if carried.pack is not None:
        objects = _Both(carried.pack, objects)
    more = closure(lists, objects, role="code/1", visit=look)
    roles = {**more.roles, **everything.roles}
    absent = media - needed - everything.redacted.keys()
    theirs = choice.since.ids if choice.since is not None else set()
    left_out = [oid for oid in roles if oid in theirs and oid not in absent]
    absent |= everything.missing
    chosen = roles.keys() - absent - set(left_out)
    items = _items(store, carried, sorted(chosen))
    return _Content(items, heads, carried, sorted(absent), sorted(left_out))


def _items(store: Store, carried: Carried, ids: list[ObjectId]) -> list[_Item]:
    files = {
        oid: carried.pack
        if carried.pack is not None and oid in carried.pack
        else store.home.objects.owner(oid)
        for oid in ids
    }
    entries = {
        oid: files[oid].entry(oid) for oid in sorted(ids, key=lambda oid: files[oid].path.name)
    }
    return [_Item(oid, files[oid], entries[oid]) for oid in ids]


class _Both:
    """Objects in two places."""

    def __init__(self, first: PackFile, second: Objects) -> None:
        self._sides = (first, second)

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        first, second = self._sides
        return first.read(oid) if oid in first else second.read(oid)

    def __contains__(self, oid: object) -> bool:
        return any(oid in side for side in self._sides)

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(sorted(set(self._sides[0]) | set(self._sides[1])))


def _fill(
    writer: PackWriter, store: Store, content: _Content, choice: Choice,
    progress: Progress | None,
) -> None:  # fmt: skip
    fmt, compress = store.format, not choice.reproducible
    carried = content.carried
    listed: dict[str, Any] = {
        oid: {"size": entry.size} if fmt.collision_resistant else describe(file, entry)
        for oid, file, entry in content.items
    }
    index: dict[str, Any] = {
        "@": "bundle/1", "object_format": fmt.name, "heads": content.heads,
        "objects": listed, "missing": content.missing, "code": carried.trees,
    }  # fmt: skip
    if content.left_out and choice.since is not None:
        index["prerequisites"] = content.left_out
        index["since"] = choice.since.told(set(content.left_out))
    readme = _readme(len(content.heads), fmt) + _PARTIAL * ("since" in index)
    writer.add_entry("README.txt", readme.encode(), compress=compress)
    writer.add_entry(BUNDLE_INDEX, canonical.dumps(index), compress=compress)
    for kind, named in (("heads", content.heads), ("code", carried.trees)):
        for name, found in sorted(named.items()):
            for oid in found:
                writer.add_entry(f"{kind}/{name}.{oid}", b"")
    _copy(writer, store, content.items, progress, inflate=choice.reproducible)


def _copy(
    writer: PackWriter, store: Store, items: list[_Item], progress: Progress | None, *,
    inflate: bool,
) -> None:  # fmt: skip
    total = sum(item.entry.stored for item in items)
    done = 0
    for batch in _batches(items):
        for file, entry, raw in _read(store, batch):
            if raw is None:
                writer.copy(file, entry, inflate=inflate)
            elif inflate:
                writer.add_entry(entry.name, pack.inflate(entry, raw), compress=False)
            else:
                writer.add_raw(entry, raw)
            done += entry.stored
            if progress is not None:
                progress(done, total)
        for file in {item.file for item in batch}:
            file.let_go()


def _batches(items: list[_Item]) -> Iterator[list[_Item]]:
    """Yield a few items at a time, whose bytes all fit into memory; a large one alone."""
    batch: list[_Item] = []
    size = 0
    for item in items:
        large = item.entry.stored > _ALONE
        if batch and (large or size > _AT_ONCE or len(batch) >= _MANY):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.entry.stored
        if large:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(store: Store, batch: list[_Item]) -> list[tuple[PackFile, Entry, bytes | None]]:
    """Return the items in their order, sound, with the bytes of those that are small."""
    found: dict[ObjectId, tuple[PackFile, Entry, bytes | None]] = {}
    # Pack by pack: runs have packs of their own, and to map them again and again is slow.
    for oid, file, entry in sorted(batch, key=lambda item: item.file.path.name):
        if not _is_whole(file, entry):
            other = store.home.objects.sound(oid)
            if other is None:
                raise CorruptError(f"no sound copy of object '{oid[:12]}' is left")
            file, entry = other, other.entry(oid)
        raw = bytes(file.raw(entry)) if entry.stored <= _ALONE else None
        found[oid] = file, entry, raw
    return [found[item.oid] for item in batch]


def _is_whole(file: PackFile, entry: Entry) -> bool:
    try:
        file.check_entry(entry)
    except (CorruptError, FileNotFoundError):
        return False
    return True


def _readme(runs: int, fmt: ObjectFormat) -> str:
    if fmt.collision_resistant:
        tool, command = "SHA-256", 'echo "$f  $f" | sha256sum -c --quiet'
    else:
        tool, command = "XXH3-128 (after 'x1-')", 'xxh128sum "$f"'
    return _README.format(n=f"{runs} run{'s' if runs != 1 else ''}", tool=tool, command=command)

"""Packs on disk: a folder of them, looked up together.

``docs/format/packs.md`` is the specification; :mod:`vcs_track.formats.pack` knows the bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from vcs_track.errors import (
    CorruptError,
    ObjectNotFoundError,
)
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing import fsio
from vcs_track.plumbing.object_errors import not_here, redacted_error
from vcs_track.plumbing.pack_file import PackFile, is_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat


__all__ = [
    "Objects", "PackFolder", "is_pack_name",
]  # fmt: skip


class Objects(Protocol):
    """Where objects can be read from: a pack, a folder of packs, memory."""

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*, checked against the id."""
        ...

    def __contains__(self, oid: object) -> bool: ...
    def __iter__(self) -> Iterator[ObjectId]: ...


_NAME = re.compile("[pb]-[0-9a-f]{40}[.]zip")
_IN_MEMORY = 4096  # directories up to this many objects are read whole into one table


class PackFolder:
    """All packs of one folder, looked up together.

    The folder is looked at when something is not found in the packs that are known: a store may
    have a hundred thousand. A damaged pack is set aside and named in :attr:`damaged`; its objects
    are missing then.

    Args:
        folder: The folder.
        fmt: Object format of the repository.
        redacted: Returns why an object was redacted, or None.
    """

    def __init__(
        self, folder: Path, fmt: ObjectFormat,
        redacted: Callable[[ObjectId], str | None] | None = None,
    ) -> None:  # fmt: skip
        self._why_redacted = redacted
        self.folder = folder
        self.damaged: dict[str, CorruptError] = {}
        self._format = fmt
        self._packs: dict[str, PackFile] = {}
        self._large: list[PackFile] = []
        self._table: dict[ObjectId, PackFile] = {}
        self._complete = False  # whether the folder was ever looked at

    def redacted(self, oid: ObjectId) -> str | None:
        """Return why *oid* was redacted; None if it was not."""
        return self._why_redacted(oid) if self._why_redacted is not None else None

    def refresh(self) -> None:
        """Take in packs that appeared and forget those that are gone."""
        self._complete = True
        names = set(fsio.list_dir(self.folder))
        if gone := self._packs.keys() - names:
            for name in gone:
                del self._packs[name]
            self._large = [p for p in self._large if p.path.name in names]
            self._table = {}
            for file in self._packs.values():
                if len(file) <= _IN_MEMORY:
                    self._table.update(dict.fromkeys(file, file))
        self.take_in(sorted(names - self._packs.keys() - self.damaged.keys()))

    def take_in(self, names: Iterable[str]) -> None:
        """Take in the packs of these *names*, without a look at the others."""
        for name in names:
            if name not in self._packs and is_pack_name(name):
                self._open(name)

    def _open(self, name: str) -> None:
        try:
            file = PackFile(self.folder / name, self._format)
        except CorruptError as error:
            self.damaged[name] = error
            return
        except FileNotFoundError:
            return
        self._packs[name] = file
        if len(file) > _IN_MEMORY:
            self._large.append(file)
        else:
            self._table.update(dict.fromkeys(file, file))

    def _look(self) -> None:
        if not self._complete:
            self.refresh()

    @property
    def packs(self) -> list[PackFile]:
        """The packs, by name."""
        self._look()
        return [self._packs[name] for name in sorted(self._packs)]

    def cached(self, oid: ObjectId) -> PackFile | None:
        """Return a pack that holds *oid* without looking at the folder again."""
        if (file := self._table.get(oid)) is not None:
            return file
        return next((file for file in self._large if _holds(file, oid)), None)

    def pack_of(self, oid: ObjectId) -> PackFile | None:
        """Return a pack with *oid*; look again at the folder before giving up."""
        for again in (False, True):
            if again:
                self.refresh()
            if (file := self.cached(oid)) is not None:
                return file
        return None

    def owner(self, oid: ObjectId) -> PackFile:
        """Return a pack that holds *oid*.

        Raises:
            ObjectNotFoundError: If none does.
        """
        file = self.pack_of(oid)
        if file is None:
            reason = self.redacted(oid)
            raise not_here(oid) if reason is None else redacted_error(oid, reason)
        return file

    @fsio.storage_errors("read an object")
    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*, checked; try every pack that has it.

        Raises:
            ObjectNotFoundError: If no pack holds it.
            CorruptObjectError: If no undamaged copy is left.
            StorageError: If the disk refuses.
        """
        file = self.owner(oid)
        try:
            return file.read(oid)
        except FileNotFoundError:
            self.refresh()  # a clean-up took the pack; what it held was stored elsewhere too
            return self.owner(oid).read(oid)
        except (CorruptError, ObjectNotFoundError):
            self.refresh()  # somebody may have mended it
            other = self.sound(oid)
            if other is None:
                raise
            return other.read(oid)

    def freshen(self, oid: ObjectId) -> bool:
        """Mark the pack of *oid* as in use, before anything relies on it.

        Returns:
            Whether no clean-up takes that pack from now on. If not, store the bytes again.
        """
        self._look()  # once: it is worth much to store nothing twice
        file = self.cached(oid)
        if file is None:
            return False
        try:
            fsio.touch(file.path)
            # Looked at again: a clean-up may have moved the pack while it was being marked.
            fsio.stamp(file.path)
        except OSError:
            return False
        return True

    def sound(self, oid: ObjectId) -> PackFile | None:
        """Return a pack whose copy of *oid* is undamaged, or None.

        Does not look at the folder again.
        """
        self._look()
        first = self.cached(oid)
        if first is None:
            return None
        if is_sound(first, oid):
            return first
        others = (file for file in self.packs if file is not first and _holds(file, oid))
        return next((file for file in others if is_sound(file, oid)), None)

    def __contains__(self, oid: object) -> bool:
        return isinstance(oid, str) and self.pack_of(ObjectId(oid)) is not None

    def __iter__(self) -> Iterator[ObjectId]:
        self._look()
        seen = set(self._table)
        for file in self._large:
            seen.update(file)
        return iter(sorted(seen))


def _holds(file: PackFile, oid: ObjectId) -> bool:
    try:
        return oid in file
    except (CorruptError, FileNotFoundError):  # another pack may have a good copy
        return False


def is_pack_name(name: str) -> bool:
    """Return whether *name* is what a pack is called."""
    return _NAME.fullmatch(name) is not None

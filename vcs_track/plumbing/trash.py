"""The trash: packs that nothing needs, on their way out.

A pack is moved here before it is deleted, so that whoever turns out to need it gets it back.
``docs/format/repository.md`` has the rules of the clean-up.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vcs_track.plumbing import fsio
from vcs_track.plumbing.packs import PackFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat, ObjectId

__all__ = ["Trash"]


class Trash:
    """Where packs wait before they are deleted, by the time they came.

    Args:
        folder: The trash.
        packs: The packs that come from there and go back.
        fmt: Object format of the repository.
    """

    def __init__(self, folder: Path, packs: PackFolder, fmt: ObjectFormat) -> None:
        self.folder = folder
        self._packs = packs
        self._format = fmt
        self._known: dict[str, PackFolder] = {}

    def folders(self) -> list[tuple[int, PackFolder]]:
        """Return since when, in microseconds since 1970 UTC, which packs are here."""
        found = []
        for name in fsio.list_dir(self.folder):
            if name.isascii() and name.isdecimal():
                packs = self._known.setdefault(name, PackFolder(self.folder / name, self._format))
                packs.refresh()
                found.append((int(name), packs))
        return found

    def take(self, path: Path, stamp: tuple[int, int], time_us: int) -> bool:
        """Move a pack here, unless it is in use; return whether it is here.

        Args:
            path: The pack.
            stamp: What :func:`~vcs_track.plumbing.fsio.stamp` said of it when it was judged;
                another one since means that it is in use.
            time_us: The time, in microseconds since 1970 UTC.
        """
        here = self.folder / str(time_us) / path.name
        fsio.make_dirs(here.parent)
        with suppress(FileNotFoundError):  # a writer who needs it was quicker to put it back
            if fsio.stamp(path) != stamp:
                return False
            fsio.rename(path, here)
            # Looked at again behind the move: whoever marks a pack later finds it gone.
            if fsio.stamp(here) == stamp:
                return True
            self.give_back(here)
        return False

    def give_back(self, path: Path) -> None:
        """Put the pack *path* of the trash back among the packs."""
        with suppress(PermissionError):  # somebody else's file keeps its time
            fsio.touch(path)  # first: it comes back as one that is in use
        fsio.rename(path, self._packs.folder / path.name)
        fsio.fsync_dir(self._packs.folder)

    def restore(self, oids: Iterable[ObjectId]) -> list[str]:
        """Put back what a clean-up took of *oids*; return the names of the packs.

        For a writer, right after its head is there: what the head needs is among the packs
        when this returns, if it is anywhere.
        """
        if not fsio.list_dir(self.folder):
            return []  # what a clean-up moves from here on it moves with the head in sight
        self._packs.refresh()
        lost = {oid for oid in oids if self._packs.cached(oid) is None}
        names: list[str] = []
        for _, here in self.folders() if lost else []:
            for file in here.packs:
                if any(oid in file for oid in lost):
                    lost.difference_update(file)
                    with suppress(FileNotFoundError):  # somebody else put it back just now
                        self.give_back(file.path)
                    names.append(file.path.name)
        self._packs.refresh()
        return names

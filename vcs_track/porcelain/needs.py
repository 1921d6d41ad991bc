"""What the store must keep: everything that heads and live runs need."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from vcs_track.errors import CorruptError, ObjectNotFoundError, VcsTrackError
from vcs_track.formats.manifest import decode_run
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing import fsio
from vcs_track.porcelain.closure import closure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vcs_track.plumbing.packs import PackFolder
    from vcs_track.plumbing.store import Store
    from vcs_track.plumbing.trash import Trash

__all__ = ["Needs", "Sources", "mentioned_by_live"]

# An object id in the JSON of a journal. Whatever a journal mentions is needed, whole or torn.
_ID: Final = re.compile(rb'"([0-9a-f]{64}|x1-[0-9a-f]{32})(?=")')
_BLOCK: Final = 1 << 20
_OVERLAP: Final = 66


class Sources:
    """The packs, and behind them the trash.

    Args:
        packs: The packs.
        trash: The trash.
    """

    def __init__(self, packs: PackFolder, trash: Trash) -> None:
        self._packs = packs
        self._trash = trash

    def _places(self) -> Iterator[PackFolder]:
        yield self._packs
        for _, folder in self._trash.folders():
            yield folder
        yield self._packs  # again: a writer may put a pack back meanwhile

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        error: VcsTrackError | None = None
        for place in self._places():
            try:
                return place.read(oid)
            except (CorruptError, ObjectNotFoundError) as caught:
                error = error or caught
        assert error is not None
        raise error

    def redacted(self, oid: ObjectId) -> str | None:
        """Return why *oid* was redacted; None if it was not."""
        return self._packs.redacted(oid)

    def __contains__(self, oid: object) -> bool:
        return any(oid in place for place in self._places())

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(sorted({oid for place in self._places() for oid in place}))


class Needs:
    """What heads and live runs need; more with every look.

    Args:
        store: The store.
        packs: Its packs.
        trash: Their trash; what is needed may be there.
        since_us: What was put aside at this time or later, microseconds since 1970 UTC, may be
            brought back yet.

    Attributes:
        ids: The ids of the objects.
    """

    def __init__(
        self, store: Store, packs: PackFolder, trash: Trash, since_us: int
    ) -> None:  # fmt: skip
        self.ids: set[ObjectId] = set()
        self._since = since_us
        self._store = store
        self._objects = Sources(packs, trash)
        self._seen: set[ObjectId] = set()
        self._trees: set[str] = set()  # of the runs

    def look(self) -> set[ObjectId]:
        """Look again; return what is needed and was not known to be."""
        # Heads once more at the end: a run that is sealed meanwhile had no head at first and
        # has no journal any more.
        # Behind the heads: what is removed meanwhile is put aside first.
        found = self._of_heads() | self._put_aside() | self._of_journals()
        found |= self._of_heads() | self._of_trees()
        found -= self.ids
        self.ids |= found
        return found

    def _of_heads(self) -> set[ObjectId]:
        found: set[ObjectId] = set()
        for run, heads in self._store.home.heads().items():
            new = [oid for oid in heads if oid not in self._seen]
            try:
                found.update(closure(new, self._objects, visit=self._note_tree).roles)
            except VcsTrackError as error:
                raise CorruptError(
                    f"cannot clean up: run '{run}' cannot be followed: {error}",
                    hint="run 'vcs-track fsck'; what the run needs is known when it is mended",
                ) from error
            self._seen.update(new)
        return found

    def _put_aside(self) -> set[ObjectId]:
        """Return what the states need that were removed or left behind lately."""
        found: set[ObjectId] = set()
        for folder in (self._store.removed, self._store.left):
            for run, oids in folder.all().items():
                for oid in oids:
                    when = folder.time_us(run, oid)
                    if oid not in self._seen and when is not None and when >= self._since:
                        # One that cannot be followed cannot be brought back either.
                        with suppress(VcsTrackError):
                            closed = closure([oid], self._objects, visit=self._note_tree)
                            found.update(closed.roles)
                            self._seen.add(oid)
        return found

    def _note_tree(self, oid: ObjectId, data: bytes) -> None:
        del oid
        if data.startswith(b'{"@":"run/1"'):
            self._trees.add((decode_run(data).git or {}).get("tree", ""))

    def _of_trees(self) -> set[ObjectId]:
        """Return what other lists of the files of runs need, as far as it is there."""
        found: set[ObjectId] = set()
        for tree, lists in self._store.home.trees().items():
            for oid in lists if tree in self._trees else ():
                # Nothing rests on them but the restoring of code: a damaged one stops no
                # clean-up, and its pack is left to 'fsck' in any case.
                with suppress(VcsTrackError):
                    found.update(closure([oid], self._objects, role="code/1").roles)
        return found

    def _of_journals(self) -> set[ObjectId]:
        return set().union(*mentioned_by_live(self._store).values())


def mentioned_by_live(store: Store) -> dict[str, set[ObjectId]]:
    """Return every object id that the journals of live runs mention, by run."""
    found: dict[str, set[ObjectId]] = {}
    for run in fsio.list_dir(store.layout.live):
        folder = store.layout.live_run(run)
        for name in fsio.list_dir(folder):
            if name.endswith(".j"):
                with suppress(FileNotFoundError):  # sealed just now: its head is there
                    found.setdefault(run, set()).update(_mentioned(folder / name))
    return found


def _mentioned(path: Path) -> set[ObjectId]:
    """Return every object id in a journal.

    Not through a mapping: its writer may cut the file while it is read.
    """
    found: set[ObjectId] = set()
    fd = fsio.open_read(path)
    try:
        at, rest = 0, b""
        while part := fsio.pread(fd, _BLOCK, at):
            text = rest + part
            found.update(ObjectId(match[1].decode()) for match in _ID.finditer(text))
            at, rest = at + len(part), text[-_OVERLAP:]
    finally:
        fsio.close(fd)
    return found

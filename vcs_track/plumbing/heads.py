"""Heads: zero-byte files whose name says which manifest a run has, and trees alike.

No content to tear, no lock to hold, nothing for git to merge: see
``docs/format/repository.md``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from vcs_track.formats.oid import ObjectId, shard
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["HeadFolder", "parse_head"]

_HEAD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.([0-9a-f]{64}|x1-[0-9a-f]{32})")


def parse_head(name: str) -> tuple[str, ObjectId] | None:
    """Return the run and the manifest that the head *name* gives, or None.

    Example:
        >>> from vcs_track.plumbing.heads import parse_head
        >>> parse_head("k3v9." + "0" * 64)[0]
        'k3v9'
        >>> parse_head("../x") is None
        True
    """
    match = _HEAD.fullmatch(name)
    return (match[1], ObjectId(match[2])) if match else None


class HeadFolder:
    """The heads of one home.

    Args:
        root: The home.
        kind: ``heads``; ``removed`` or ``left``, which name states that are not to be heads;
            or ``code``, where the name is that of a tree of git, and the object a list of its
            files.
    """

    def __init__(self, root: Path, kind: str = "heads") -> None:
        self._folder = root / kind
        self._named: set[str] = set()  # folders whose names survive a power cut

    def all(self) -> dict[str, list[ObjectId]]:
        """Return the heads of every run."""
        found: dict[str, list[ObjectId]] = {}
        for folder in fsio.list_dir(self._folder):
            for name in fsio.list_dir(self._folder / folder):
                head = parse_head(name)
                if head is not None and shard(head[0]) == folder:
                    found.setdefault(head[0], []).append(head[1])
        return found

    def of(self, run: str) -> list[ObjectId]:
        """Return the heads of *run*."""
        names = fsio.list_dir(self._of(run))
        heads = (parse_head(name) for name in names if name.startswith(f"{run}."))
        return [head[1] for head in heads if head is not None and head[0] == run]

    def add(self, run: str, oid: ObjectId, replaces: Iterable[ObjectId] = ()) -> None:
        """Make *oid* a head of *run*; it survives a power cut when this returns.

        Args:
            run: Run id.
            oid: Id of the run manifest, whose pack is on disk already.
            replaces: Its parents. They are removed last: a crash before leaves an ancestor
                beside its descendant, which readers ignore.
        """
        path = self.path(run, oid)
        fsio.make_dirs(path.parent)
        fsio.create_empty(path)
        fsio.fsync_dir(path.parent)
        if path.parent.name not in self._named:  # a dead program may have made it
            fsio.fsync_dir(path.parent.parent)
            self._named.add(path.parent.name)
        for parent in replaces:
            if parent != oid:
                fsio.unlink(self.path(run, parent))

    def add_many(self, heads: Iterable[tuple[str, ObjectId]]) -> None:
        """Make these heads of runs; each folder is synced once, at the end.

        Args:
            heads: Runs, each with the id of a manifest whose pack is on disk already.
        """
        runs = []
        for run, oid in heads:
            path = self.path(run, oid)
            fsio.make_dirs(path.parent, sync=False)
            fsio.create_empty(path)
            runs.append(run)
        self.sync(runs)

    def drop(self, run: str, oids: Iterable[ObjectId]) -> None:
        """Remove heads of *run*, also for after a power cut."""
        for oid in oids:
            fsio.unlink(self.path(run, oid))
        with suppress(FileNotFoundError):
            fsio.fsync_dir(self._of(run))

    def renew(self, run: str, oid: ObjectId) -> None:
        """Make *oid* a head of *run* with the time of now."""
        self.add(run, oid)
        fsio.touch(self.path(run, oid))

    def time_us(self, run: str, oid: ObjectId) -> int | None:
        """Return when a head was made; None if it is none.

        In microseconds since 1970 UTC.
        """
        try:
            return fsio.stamp(self.path(run, oid))[0] // 1000
        except FileNotFoundError:
            return None

    def sync(self, runs: Iterable[str]) -> None:
        """Make the heads of *runs* survive a power cut, whoever made them."""
        folders = {self._of(run) for run in runs}
        there = sorted(folder for folder in folders if folder.is_dir())
        for folder in there:
            fsio.fsync_dir(folder)
        if there:
            fsio.fsync_dir(self._folder)

    def _of(self, run: str) -> Path:
        return self._folder / shard(run)

    def path(self, run: str, oid: ObjectId) -> Path:
        """Return the file of one head."""
        return self._of(run) / f"{run}.{oid}"

"""Objects whose bytes are gone for good, and the packs that were written anew without them.

``docs/format/repository.md`` is the specification.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical
from vcs_track.formats.oid import ObjectId, looks_like_id
from vcs_track.formats.pack import OBJECTS
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.packs import is_pack_name

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from vcs_track.formats.oid import ObjectFormat
    from vcs_track.plumbing.pack_file import PackFile

__all__ = ["Redactions"]


class Redactions:
    """What was redacted in one store.

    Args:
        folder: A file for each object, and an empty one for each pack.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ids(self) -> set[ObjectId]:
        """Return the ids of the objects."""
        return {ObjectId(name) for name in fsio.list_dir(self.folder) if looks_like_id(name)}

    def packs(self) -> set[str]:
        """Return the names of the packs that are not taken in again."""
        names = (f"{name}.zip" for name in fsio.list_dir(self.folder))
        return set(filter(is_pack_name, names))

    def reason(self, oid: ObjectId) -> str | None:
        """Return why *oid* was redacted; None if it was not."""
        if not looks_like_id(oid):
            return None
        try:
            body = canonical.loads(fsio.read(self.folder / oid))
        except FileNotFoundError:
            return None
        except CorruptError:
            return ""  # that it is gone is certain
        reason = body.get("reason") if isinstance(body, dict) else None
        return reason if isinstance(reason, str) else ""

    def add(self, oid: ObjectId, reason: str) -> None:
        """Note for good that *oid* is redacted."""
        fsio.make_dirs(self.folder)
        body = {"@": "redacted/1", "reason": reason, "time_us": time.time_ns() // 1000}
        fsio.publish(self.folder / oid, canonical.dumps(body))

    def cleared(
        self, file: PackFile, oids: Collection[ObjectId], tmp: Path, fmt: ObjectFormat
    ) -> PackWriter | None:
        """Return a copy of the pack *file* without *oids*, not finished.

        It is None if nothing is left. The caller installs it, and then calls `replaced`.

        Raises:
            CorruptError: If the pack is damaged; nothing is left in *tmp* then.
        """
        writer = PackWriter(tmp, fmt)
        try:
            for entry in file.entries():
                if entry.name.removeprefix(OBJECTS) not in oids:
                    writer.add_raw(entry, file.raw(entry))
        except BaseException:
            writer.abandon()
            raise
        if len(writer):
            return writer
        writer.abandon()
        return None

    def replaced(self, name: str) -> None:
        """Note for good that the pack *name* is not to be taken in again."""
        fsio.make_dirs(self.folder)
        fsio.create_empty(self.folder / name.removesuffix(".zip"))
        fsio.fsync_dir(self.folder)

"""Objects in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.plumbing.object_errors import collision, not_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcs_track.formats.oid import ObjectFormat, ObjectId

__all__ = ["MemoryObjects"]


class MemoryObjects:
    """Objects in memory, with a pack's interface: how a live run looks sealed."""

    def __init__(self, fmt: ObjectFormat) -> None:
        self._format = fmt
        self._objects: dict[ObjectId, bytes] = {}

    def add(self, data: bytes, *, compress: bool = True) -> ObjectId:
        """Store *data*; return its id."""
        del compress  # the interface of PackWriter
        oid = self._format.hash(data)
        if self._objects.setdefault(oid, data) != data:
            raise collision(oid)
        return oid

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*."""
        try:
            return self._objects[oid]
        except KeyError:
            raise not_here(oid) from None

    def __contains__(self, oid: object) -> bool:
        return oid in self._objects

    def __iter__(self) -> Iterator[ObjectId]:
        return iter(sorted(self._objects))

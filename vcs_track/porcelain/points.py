"""What reading a run gives one by one: points and media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.errors import ObjectNotFoundError
from vcs_track.formats import canonical, media as media_format
from vcs_track.plumbing.object_errors import redacted_error

if TYPE_CHECKING:
    from vcs_track.formats.manifest import MediaItem
    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import Objects

__all__ = ["Media", "Point"]


class Point(NamedTuple):
    """One point of a series.

    Attributes:
        step: Step.
        value: The number, of the type that was logged.
        walltime: Seconds since 1970 UTC.
        epoch: Epoch, or None.
        repetition: Repetition, from 0.
        rank: Rank of the process in a distributed training, or None.
    """

    step: int
    value: float
    walltime: float
    epoch: float | None
    repetition: int
    rank: int | None = None


class Media:
    """One image, figure, text, fragment, histogram, file or console output.

    Attributes:
        kind: What it is.
        oid: Id of its bytes.
        size: Number of bytes.
        mime: Media type.
        tag: Its tag, or None.
        name: File name, or None.
        step: Step, or None.
        epoch: Epoch, or None.
        repetition: Repetition, from 0.
        walltime: Seconds since 1970 UTC.
        meta: Width and height of an image.
        redacted: Why the bytes were removed on purpose; None where they were not.
    """

    def __init__(self, item: MediaItem, objects: Objects, redacted: str | None = None) -> None:
        self.kind = item.kind
        self.oid: ObjectId = item.oid
        self.size = item.size
        self.mime = item.mime
        self.tag = item.tag
        self.name = item.name
        self.step = item.step
        self.epoch = item.epoch
        self.repetition = item.rep
        self.walltime = item.wall_us / 1e6
        self.meta = item.meta
        self.redacted = redacted
        self._objects = objects

    def __repr__(self) -> str:
        label = self.name or self.tag or self.oid[:8]
        return f"<Media {self.kind} '{label}' {self.size} bytes>"

    @property
    def data(self) -> bytes:
        """The bytes, checked against the id.

        Raises:
            ObjectNotFoundError: If this repository has not got them.
            RedactedError: If they were removed on purpose.
        """
        if self.redacted is not None:
            raise redacted_error(self.oid, self.redacted)
        return self._objects.read(self.oid)

    @property
    def here(self) -> bool:
        """Whether this repository has the bytes."""
        if self.redacted is not None:
            return False
        try:
            return self.oid in self._objects or bool(self.data) or not self.size
        except ObjectNotFoundError:
            return False

    @property
    def text(self) -> str:
        """The bytes as text."""
        return self.data.decode("utf-8", "replace")

    @property
    def image(self) -> Any:
        """The image as a PIL image, opened lazily."""
        return media_format.open_image(self.data)

    @property
    def histogram(self) -> dict[str, list[float]]:
        """The ``counts`` and ``edges`` of a histogram."""
        found: Any = canonical.loads(self.data)
        return {"counts": found["counts"], "edges": found["edges"]}

    def to_dict(self) -> dict[str, Any]:
        """Return what describes the item, without its bytes."""
        return {
            "kind": self.kind, "oid": self.oid, "size": self.size, "mime": self.mime,
            "tag": self.tag, "name": self.name, "step": self.step, "epoch": self.epoch,
            "repetition": self.repetition, "walltime": self.walltime, "meta": self.meta,
            **({} if self.redacted is None else {"redacted": self.redacted}),
        }  # fmt: skip

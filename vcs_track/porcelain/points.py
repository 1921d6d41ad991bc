"""What reading a run gives: points, series as columns, media."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.errors import ObjectNotFoundError
from vcs_track.formats import canonical, media as media_format
from vcs_track.formats.series import Chunk, combine, decode_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcs_track.formats.manifest import MediaItem
    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import Objects

__all__ = ["Media", "Point", "Series"]


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


class Series:
    """All points of one tag as columns, read when they are asked for.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> with repo.start_run() as run:
        ...     run.add_scalars({"loss": 0.5, "acc": 0.9}, step=0)
        ...     run.add_scalars({"loss": 0.25, "acc": 0.95}, step=10)
        >>> series = repo.run(run.id).series("loss")
        >>> len(series), series.step, series.value, series.stats["min"]
        (2, [0, 10], [0.5, 0.25], 0.25)
    """

    def __init__(self, tag: str, chunks: list[Chunk], objects: Objects) -> None:
        self.tag = tag
        self.chunks = chunks
        self._objects = objects
        self._columns: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return sum(chunk["n"] for chunk in self.chunks)

    def __iter__(self) -> Iterator[Point]:
        columns = (self.step, self.value, self.walltime, self.epoch, self.repetition, self.rank)
        return (Point(*row) for row in zip(*columns, strict=True))

    def __repr__(self) -> str:
        return f"<Series '{self.tag}' {len(self)} points>"

    def column(self, name: str, default: Any = None) -> list[Any]:
        """Return a column by its manifest name; *default* fills absent chunks."""
        if name not in self._columns:
            values: list[Any] = []
            for chunk in self.chunks:
                if name in chunk:
                    values += decode_column(self._objects.read(chunk[name]))
                else:
                    values += [default] * chunk["n"]
            self._columns[name] = values
        return self._columns[name]

    @property
    def step(self) -> list[int]:
        """The steps."""
        return self.column("step")

    @property
    def value(self) -> list[float]:
        """The values."""
        return self.column("value")

    @property
    def walltime(self) -> list[float]:
        """Seconds since 1970 UTC, exact to the microsecond."""
        return [us / 1e6 for us in self.column("wall")]

    @property
    def epoch(self) -> list[float | None]:
        """The epochs, None where none was given."""
        return self.column("epoch")

    @property
    def repetition(self) -> list[int]:
        """The repetitions."""
        return self.column("rep", 0)

    @property
    def rank(self) -> list[int | None]:
        """The ranks that logged, None outside distributed training."""
        return self.column("rank")

    @property
    def stats(self) -> dict[str, Any]:
        """``count first last min max mean nan lo hi``, without reading a column."""
        return combine(self.chunks)

    def pace(self, points: int = 50) -> float | None:
        """Return the steps a second of late; None where nobody can tell.

        Args:
            points: How many of the last points are looked at.

        Example:
            >>> import tempfile, vcs_track
            >>> repo = vcs_track.init(tempfile.mkdtemp())
            >>> with repo.start_run() as run:
            ...     for step in range(3):
            ...         run.add_scalar("loss", 0.5, step * 100, walltime=1.7e9 + step)
            >>> repo.run(run.id).series("loss").pace()
            100.0
        """
        steps, times = self.step[-points:], self.column("wall")[-points:]
        if len(steps) < 2:
            return None
        span, way = times[-1] - times[0], steps[-1] - steps[0]
        return way / span * 1e6 if span > 0 and way > 0 else None


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
    """

    def __init__(self, item: MediaItem, objects: Objects) -> None:
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
        self._objects = objects

    def __repr__(self) -> str:
        label = self.name or self.tag or self.oid[:8]
        return f"<Media {self.kind} '{label}' {self.size} bytes>"

    @property
    def data(self) -> bytes:
        """The bytes, checked against the id.

        Raises:
            ObjectNotFoundError: If this repository has not got them.
        """
        return self._objects.read(self.oid)

    @property
    def here(self) -> bool:
        """Whether this repository has the bytes."""
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
        }  # fmt: skip

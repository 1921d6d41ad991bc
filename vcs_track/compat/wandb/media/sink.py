"""Where the bytes of a value go: into a run, or into an artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb.media.paths import media_path, tag_of
from vcs_track.compat.wandb.value import WBValue
from vcs_track.errors import InvalidTypeError, InvalidValueError
from vcs_track.formats.media import guess_mime
from vcs_track.formats.oid import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vcs_track.compat.wandb.value import Json
    from vcs_track.porcelain.run import Run

__all__ = ["RunSink", "Sink", "Value", "kept"]


class Sink:
    """Takes bytes and says where they are.

    Attributes:
        place: Run and key of a row; None elsewhere.
    """

    place: tuple[str, str] | None = None

    def put(
        self, data: bytes, folder: str, extension: str, *, kind: str = "file",
        meta: dict[str, Any] | None = None,
    ) -> dict[str, Json]:  # fmt: skip
        """Store *data*; return its ``path``, ``sha256`` and ``size``.

        Args:
            data: The bytes.
            folder: Folder of such media.
            extension: Ending of the name, without the leading dot.
            kind: Kind of media of the store.
            meta: What else describes it there.
        """
        raise NotImplementedError

    def histogram(self, counts: Sequence[Any], edges: Sequence[Any]) -> None:
        """Take note of a histogram, which stands in the row itself."""


class RunSink(Sink):
    """The files of a run.

    Args:
        run: The run of the store.
        key: Key of the row.
        step: Step of the row.
    """

    def __init__(self, run: Run, key: str, step: int) -> None:
        self._run, self._key, self._step = run, key, step
        self.place = (run.id, key)

    def put(
        self, data: bytes, folder: str, extension: str, *, kind: str = "file",
        meta: dict[str, Any] | None = None,
    ) -> dict[str, Json]:  # fmt: skip
        """Store *data* among the files of the run."""
        digest = digest_of("sha256", data)
        path = media_path(folder, self._key, self._step, digest, extension)
        self._run.add_item(
            kind, data, mime=guess_mime(path), step=self._step, tag=tag_of(self._key), name=path,
            meta={"api": "wandb", **(meta or {})},
        )  # fmt: skip
        return {"path": path, "sha256": digest, "size": len(data)}

    def histogram(self, counts: Sequence[Any], edges: Sequence[Any]) -> None:
        """Record the histogram in the store too, where it is one there."""
        try:
            self._run.add_histogram(tag_of(self._key), counts, edges, step=self._step)
        except (InvalidTypeError, InvalidValueError):
            # Negative counts, edges that fall: they stay in the row, which has all of it.
            return


class Value(WBValue):
    """A value of a row, or of an artifact."""

    def _record(self, sink: Sink) -> dict[str, Json]:
        """Store what the value has; return what tells of it."""
        raise NotImplementedError

    @classmethod
    def _record_all(cls, values: Sequence[Any], sink: Sink) -> dict[str, Json] | list[Json]:
        """Store a list of values of this type; return what tells of it."""
        return kept(values, sink)

    @classmethod
    def _revived(cls, record: dict[str, Any], read: Callable[[str], bytes]) -> Any:
        """Return the value that *record* tells of.

        Args:
            record: What :meth:`_record` returned.
            read: Returns the bytes at a path.
        """
        raise NotImplementedError

    def _keep(self, run: Run, key: str, step: int) -> dict[str, Json]:
        return self._record(RunSink(run, key, step))

    @classmethod
    def _keep_all(
        cls, values: Sequence[Any], run: Run, key: str, step: int
    ) -> dict[str, Json]:  # fmt: skip
        return cls._record_all(values, RunSink(run, key, step))  # type: ignore[return-value]  # a list is a leaf of a row as well


def kept(values: Iterable[Any], sink: Sink) -> list[Json]:
    """Store values; return what tells of each."""
    return [one._record(sink) for one in values]  # noqa: SLF001 -- the contract of values

"""A value of a row that is one file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.media.refusals import MissingFileError
from vcs_track.compat.wandb.media.sink import Value
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["FileMedia", "is_path", "is_uri", "read_file", "read_stream"]


def is_path(value: object) -> bool:
    """Return whether *value* is text or a path."""
    return isinstance(value, str | Path)


def is_uri(value: object) -> bool:
    """Return whether *value* names something outside of this machine."""
    return isinstance(value, str) and value.startswith(("http://", "https://", "s3://", "gs://"))


def read_file(path: str | Path) -> bytes:
    """Return the bytes of a file of the user.

    Raises:
        MissingFileError: If it cannot be read.
    """
    try:
        return fsio.read(Path(path))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise MissingFileError(
            f"cannot read '{path}': {reason}", hint="give the path of a file"
        ) from None


def read_stream(stream: Any) -> bytes:
    """Return what an open file has, from its beginning where it can go back."""
    if hasattr(stream, "seek") and (not hasattr(stream, "seekable") or stream.seekable()):
        stream.seek(0)
    data = stream.read()
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)


class FileMedia(Value):
    """A value whose bytes are known when it is made.

    Attributes:
        _data: The bytes.
        _extension: Ending of its name, without the leading dot.
        _caption: What is said of it, or None.
    """

    _type: ClassVar[str]
    _folder: ClassVar[str]
    _kind: ClassVar[str] = "file"

    _data: bytes = b""
    _extension: str = "bin"
    _caption: str | None = None

    def _facts(self) -> dict[str, Json]:
        """Return what the record says besides where the bytes are."""
        return {} if self._caption is None else {"caption": self._caption}

    def _meta(self) -> dict[str, Any]:
        return {}

    def _parts(self, sink: Sink) -> dict[str, Json]:
        """Store what belongs to the value besides its bytes; return what tells of it."""
        del sink
        return {}

    def _record(self, sink: Sink) -> dict[str, Json]:
        record = sink.put(
            self._data, self._folder, self._extension, kind=self._kind,
            meta={"type": self._type, **self._meta()},
        )  # fmt: skip
        return {"_type": self._type, **record, **self._facts(), **self._parts(sink)}

    @classmethod
    def _revived(cls, record: dict[str, Any], read: Callable[[str], bytes]) -> Any:
        made = cls.__new__(cls)
        made._know(record, read)  # noqa: SLF001 -- of its own class
        return made

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        """Become what *record* tells of."""
        path = str(record.get("path", ""))
        self._extension = path.rpartition("/")[2].partition(".")[2] or "bin"
        self._data = read(path)
        self._caption = record.get("caption")

    def _take_file(self, path: str | Path, extensions: tuple[str, ...], what: str) -> None:
        """Take the bytes of a file whose name ends with one of *extensions*."""
        name = str(path).lower()
        found = [one for one in extensions if name.endswith("." + one)]
        if not found:
            raise BadValueError(
                f"{what} only supports files of the type: {', '.join(extensions)}",
                hint=f"'{path}' has another ending",
            )
        self._data = read_file(path)
        self._extension = max(found, key=len)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FileMedia) or type(self) is not type(other):
            return NotImplemented
        return self._data == other._data and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((type(self), self._data))

    @property
    def _stream(self) -> io.BytesIO:
        return io.BytesIO(self._data)

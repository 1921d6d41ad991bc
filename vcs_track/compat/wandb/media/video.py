"""Videos."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, ClassVar, Final

from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.media.file import FileMedia, is_path, read_stream
from vcs_track.compat.wandb.media.pixels import as_array, is_array
from vcs_track.compat.wandb.media.refusals import NotInstalledError
from vcs_track.compat.wandb.media.sink import kept
from vcs_track.compat.wandb.term import termwarn
from vcs_track.formats.media import encode_gif, sniff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["Video"]

_FORMATS: Final = ("gif", "mp4", "webm", "ogg")


class Video(FileMedia):
    """A video.

    Args:
        data_or_path: The path of a GIF, MP4, WebM or Ogg file, or its bytes as an open file,
            both kept as they are; or an array of shape (T, C, H, W) or (N, T, C, H, W), which
            becomes an animated GIF. Several videos are shown beside one another.
        caption: What is said of it.
        fps: Frames a second of an array. Default: 4.
        format: Format of what is no path. Default for arrays: ``gif``.

    Raises:
        BadValueError: If it is none of these.
        MissingFileError: If the file is not there.
        NotInstalledError: If an array is to be anything but a GIF.

    Example:
        >>> import numpy
        >>> from vcs_track.compat.wandb.media.video import Video
        >>> Video(numpy.zeros((3, 1, 8, 8), "uint8"), fps=2).format
        'gif'
    """

    _type: ClassVar[str] = "video-file"
    _folder: ClassVar[str] = "videos"
    EXTS: ClassVar[tuple[str, ...]] = _FORMATS

    def __init__(
        self,
        data_or_path: Any,
        caption: str | None = None,
        fps: int | None = None,
        format: str | None = None,  # noqa: A002 -- wandb's word
    ) -> None:
        self._caption = None if caption is None else str(caption)
        kind = None if format is None else str(format).lower()
        if kind is not None and kind not in _FORMATS:
            raise BadValueError(f"wandb.Video accepts {', '.join(_FORMATS)} formats")
        self.width: int | None = None
        self.height: int | None = None
        if is_array(data_or_path):
            self._take_array(as_array(data_or_path), kind, 4 if fps is None else fps)
            return
        if fps is not None:
            termwarn(
                "`fps` argument does not affect the frame rate of the video when providing a "
                "file path or raw bytes.",
                repeat=False,
            )
        self._take_bytes(data_or_path, kind)

    def _take_bytes(self, given: Any, kind: str | None) -> None:
        if is_path(given):
            if not str(given).lower().endswith(_FORMATS):
                raise BadValueError(f"wandb.Video accepts {', '.join(_FORMATS)} formats")
            self._take_file(given, _FORMATS, "wandb.Video")
        elif isinstance(given, bytes) or hasattr(given, "read"):
            if kind is None:
                raise BadValueError(
                    "wandb.Video requires a `format` argument when initializing with raw bytes "
                    "(an io object)."
                )
            stream = io.BytesIO(given) if isinstance(given, bytes) else given
            self._data, self._extension = read_stream(stream), kind
        else:
            raise BadValueError("wandb.Video accepts a file path or numpy like data as input")
        found = sniff(self._data)
        if found is not None:
            self.width, self.height = found[1], found[2]

    def _take_array(self, array: Any, kind: str | None, fps: float) -> None:
        if kind not in (None, "gif"):
            raise NotInstalledError(
                f"an array cannot be encoded as {kind} here",
                hint="leave format out for a GIF, or write the file yourself and give its path",
            )
        if not fps > 0:
            raise BadValueError(f"fps is {fps}, expected more than 0")
        frames = _frames(array)
        self.height, self.width = frames.shape[1:3]
        self._data, self._extension = encode_gif(frames, 1 / fps), "gif"

    @property
    def format(self) -> str:
        """``gif``, ``mp4``, ``webm`` or ``ogg``."""
        return self._extension

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        super()._know(record, read)
        self.width, self.height = record.get("width"), record.get("height")

    def _facts(self) -> dict[str, Json]:
        found: dict[str, Json] = dict(super()._facts())
        if self.width and self.height:
            found |= {"width": int(self.width), "height": int(self.height)}
        return found

    @classmethod
    def _record_all(cls, values: Sequence[Any], sink: Sink) -> dict[str, Json]:
        records = kept(values, sink)
        found: dict[str, Json] = {"_type": "videos", "count": len(values), "videos": records}
        captions = [one._caption for one in values]  # noqa: SLF001 -- of its own class
        if any(captions):
            found["captions"] = list[Any](captions)
        return found


def _frames(array: Any) -> Any:
    """Return frames of shape (T, H, W, 1 or 3) as uint8."""
    import numpy as np

    if array.ndim not in (4, 5) or 0 in array.shape or array.shape[-3] not in (1, 3, 4):
        raise BadValueError(
            f"a video cannot be made of an array of shape {array.shape}",
            hint="use (time, channel, height, width) or (batch, time, channel, height, width)",
        )
    if array.dtype != np.uint8:
        if array.dtype.kind not in "biuf":
            raise BadValueError(f"a video cannot be made of an array of {array.dtype}")
        # As for images: floats from 0 to 1 would all be black.
        scale = 255 if array.dtype.kind in "fb" and array.max() <= 1 else 1
        array = (np.nan_to_num(array.astype(np.float64)) * scale).clip(0, 255).astype(np.uint8)
    if array.ndim == 5:
        array = np.concatenate(list(array), axis=-1)
    array = array.transpose(0, 2, 3, 1)
    return array[..., :3] if array.shape[-1] == 4 else array

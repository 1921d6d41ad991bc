"""Sound."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError
from vcs_track.compat.wandb.media.file import FileMedia, is_path, is_uri, read_file
from vcs_track.compat.wandb.media.sink import kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.compat.wandb.media.sink import Sink
    from vcs_track.compat.wandb.value import Json

__all__ = ["Audio"]

_FULL: Final = 32767


class Audio(FileMedia):
    """A sound.

    Args:
        data_or_path: The path of a file, which is kept as it is; or samples from -1 to 1, of
            shape (T,) or (T, channels), which become a WAV file of 16 bits.
        sample_rate: Samples a second; needed for samples.
        caption: What is said of it.

    Raises:
        BadTypeError: If it is no sound.
        BadValueError: If *sample_rate* is missing, or samples have another shape.
        MissingFileError: If the file is not there.

    Example:
        >>> from vcs_track.compat.wandb.media.audio import Audio
        >>> Audio([0.0, 0.5, -0.5, 0.0], sample_rate=8).duration
        0.5
    """

    _type: ClassVar[str] = "audio-file"
    _folder: ClassVar[str] = "audio"

    def __init__(
        self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None
    ) -> None:
        self._caption = None if caption is None else str(caption)
        self._rate = sample_rate
        self._uri: str | None = None
        self.duration: float | None = None
        if is_uri(data_or_path):
            self._uri = data_or_path
        elif is_path(data_or_path):
            self._data = read_file(data_or_path)
            self._extension = Path(data_or_path).suffix[1:] or "bin"
        else:
            self._take_samples(data_or_path, sample_rate)

    def _take_samples(self, samples: Any, rate: int | None) -> None:
        if rate is None:
            raise BadValueError(
                'Argument "sample_rate" is required when instantiating wandb.Audio with raw data.'
            )
        if isinstance(rate, bool) or not hasattr(rate, "__index__") or int(rate) < 1:
            raise BadValueError(f"sample_rate is {rate!r}, expected a whole number above 0")
        self._data, count = _wav(samples, int(rate))
        self._extension = "wav"
        self.duration = count / int(rate)

    @classmethod
    def durations(cls, audio_list: Sequence[Audio]) -> list[float | None]:
        """Return the seconds that each takes, as far as they are known."""
        return [one.duration for one in audio_list]

    @classmethod
    def sample_rates(cls, audio_list: Sequence[Audio]) -> list[int | None]:
        """Return the samples a second of each, as far as they are known."""
        return [one._rate for one in audio_list]  # noqa: SLF001 -- of its own class

    @classmethod
    def captions(cls, audio_list: Sequence[Audio]) -> list[str | None] | bool:
        """Return the captions, or False where none has one."""
        found = [one._caption for one in audio_list]  # noqa: SLF001 -- of its own class
        return found if any(caption is not None for caption in found) else False

    def _record(self, sink: Sink) -> dict[str, Json]:
        if self._uri is None:
            return super()._record(sink)
        return {"_type": self._type, "path": self._uri, **self._facts()}

    def _know(self, record: dict[str, Any], read: Callable[[str], bytes]) -> None:
        self._uri = record["path"] if is_uri(record.get("path")) else None
        self._rate, self.duration = None, None
        self._caption = record.get("caption")
        if self._uri is None:
            super()._know(record, read)

    @classmethod
    def _record_all(cls, values: Sequence[Any], sink: Sink) -> dict[str, Json]:
        records = kept(values, sink)
        found: dict[str, Json] = {"_type": "audio", "count": len(values), "audio": records}
        for name, facts in (
            ("sampleRates", cls.sample_rates(values)), ("durations", cls.durations(values)),
            ("captions", cls.captions(values)),
        ):  # fmt: skip
            if isinstance(facts, list) and any(fact is not None for fact in facts):
                found[name] = list[Any](facts)
        return found


def _wav(samples: Any, rate: int) -> tuple[bytes, int]:
    """Return a WAV file and how many samples a channel it has."""
    import wave

    import numpy as np

    if hasattr(samples, "detach"):
        samples = samples.detach().cpu().numpy()
    try:
        array = np.asarray(samples)
    except ValueError:
        raise BadTypeError("samples must be an array of numbers") from None
    if array.dtype.kind not in "biuf":
        raise BadTypeError(
            f"samples must be numbers, not {type(samples).__name__}",
            hint="give a path, or samples from -1 to 1",
        )
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise BadValueError(
            f"samples have the shape {array.shape}", hint="use (time,) or (time, channels)"
        )
    if array.dtype.kind == "f":
        array = (np.nan_to_num(array).clip(-1, 1) * _FULL).round()
    ready = array.clip(-_FULL - 1, _FULL).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1 if ready.ndim == 1 else ready.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(ready.tobytes())
    return out.getvalue(), len(ready)

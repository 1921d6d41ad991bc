"""Videos that gymnasium, or gym, records, logged to the run too."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import state
from vcs_track.compat.wandb.errors import Error
from vcs_track.compat.wandb.media.video import Video
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["begin", "monitor", "unpatch"]

_LIBRARIES: Final = ("gymnasium", "gym")
# Where a recorder is in each version, the method that has written a video when it returns,
# and the attribute with the path. The newest one has a folder and a name instead.
_RECORDERS: Final = (
    ("wrappers", "RecordVideo", "stop_recording", ""),
    ("wrappers.monitoring.video_recorder", "VideoRecorder", "close", "path"),
    ("wrappers.monitoring.video_recorder", "ImageEncoder", "close", "output_path"),
)
_NUMBERED: Final = re.compile(r".+(video\.\d+).+")
_KEY: Final = "videos"
_originals: list[tuple[type, str, Any]] = []
_all_runs = False


def monitor() -> None:
    """Log what is recorded from now on to any open run.

    Raises:
        Error: If neither gymnasium nor gym is installed, or it records no videos.
    """
    global _all_runs
    begin()
    _all_runs = True


def begin() -> None:
    """Let recorders tell, where they do not yet."""
    if _originals:
        return
    library = next((name for name in _LIBRARIES if find_spec(name) is not None), None)
    if library is None:
        raise Error(
            "monitor_gym needs the package gymnasium or gym",
            hint="install it with 'pip install gymnasium moviepy'",
        )
    for home, name, method, attribute in _RECORDERS:
        recorder = _recorder(f"{library}.{home}", name)
        if recorder is not None and hasattr(recorder, method):
            original = getattr(recorder, method)
            setattr(recorder, method, _telling(original, attribute))
            _originals.append((recorder, method, original))
            _told().append([f"{library}.{home}.{name}", method])
            return
    raise Error(f"'{library}' has no recorder of videos", hint="log them with wandb.Video(path)")


def unpatch() -> None:
    """Let recorders tell nobody any more."""
    global _all_runs
    for recorder, method, original in _originals:
        setattr(recorder, method, original)
    _originals.clear()
    _told().clear()
    _all_runs = False


def _told() -> list[Any]:
    found: list[Any] = vars(sys.modules[__package__ or ""])["patched"]["gym"]
    return found


def _recorder(home: str, name: str) -> type | None:
    try:
        found: type | None = getattr(import_module(home), name, None)
    except ImportError:
        return None
    return found


def _telling(original: Callable[..., Any], attribute: str) -> Callable[..., Any]:
    def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        path = _path(self, attribute)  # before it is forgotten
        done = original(self, *args, **kwargs)
        if path and getattr(self, "enabled", True):
            _log(path)
        return done

    return end


def _path(recorder: Any, attribute: str) -> str:
    if attribute:
        return str(getattr(recorder, attribute, None) or "")
    name = getattr(recorder, "_video_name", None)
    return os.path.join(recorder.video_folder, f"{name}.mp4") if name else ""  # noqa: PTH118 -- as there


def _log(path: str) -> None:
    if not os.path.isfile(path):  # noqa: PTH113 -- a text that may be anything
        return  # there were no frames
    match = _NUMBERED.match(path)
    key = match[1] if match else _KEY
    for run in state.own():
        if not (_all_runs or run._settings.monitor_gym):  # noqa: SLF001 -- of this interface
            continue
        try:
            run.log({key: Video(path)})
        except VcsTrackError as error:
            # A video must not end a training.
            termwarn(f"'{path}' is not logged: {error}", repeat=False)

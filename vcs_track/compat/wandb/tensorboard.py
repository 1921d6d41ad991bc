"""What a script writes for TensorBoard, logged to the run too."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import state
from vcs_track.compat.wandb.errors import BadValueError, Error
from vcs_track.compat.wandb.event_values import merge, told_by
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.run import Run

__all__ = ["Mirror", "begin", "patch", "unpatch"]

# The writers of torch.utils.tensorboard and tensorboardX end in these.
_WRITERS: Final = {
    "tensorboard": "tensorboard.summary.writer.event_file_writer",
    "tensorboardX": "tensorboardX.event_file_writer",
}
_originals: dict[str, Callable[..., Any]] = {}


class Mirror:
    """Logs to a run what is written for TensorBoard.

    Each of its steps is a row.

    Args:
        run: The run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._row: dict[str, Any] = {}
        self._step: int | None = None
        self._root: str | None = None
        # What each folder has said of its tags: only the first value of a tag tells.
        self._plugins: dict[str, dict[str, str]] = {}

    def take(self, folder: str, event: Any) -> None:
        """Take in one event that is written to *folder*."""
        found: dict[str, Any] = {}
        plugins = self._plugins.setdefault(folder, {})
        for value in event.summary.value:
            told = told_by(value, plugins)
            if told is not None:
                merge(found, self._above(folder) + told.key, told.value)
        if not found:
            return
        if self._step is not None and event.step != self._step:
            self.flush()
        self._step = int(event.step)
        for key, value in found.items():
            merge(self._row, key, value)

    def flush(self) -> None:
        """Log the row at hand."""
        row, self._row = self._row, {}
        if row:
            self._run._mirrored({**row, "global_step": self._step})  # noqa: SLF001 -- its own part

    def _above(self, folder: str) -> str:
        """Return what stands before the keys of a folder: of the first one nothing."""
        path = os.path.abspath(folder)  # noqa: PTH100 -- no link is followed
        if self._root is None:
            self._root = path
        if path == self._root:
            return ""
        below = os.path.relpath(path, self._root)
        return (os.path.basename(path) if below.startswith("..") else below) + "/"  # noqa: PTH119


def patch(
    save: bool = True, tensorboard_x: bool | None = None, pytorch: bool | None = None,
    root_logdir: str = "",
) -> None:  # fmt: skip
    """Let writers of TensorBoard tell the open run.

    Args:
        save: Without effect: the files of events stay where they are.
        tensorboard_x: Without effect: all writers that are installed tell.
        pytorch: Without effect, likewise.
        root_logdir: Without effect.

    Raises:
        Error: If neither ``tensorboard`` nor ``tensorboardX`` is installed.
        ValueError: If they tell already.
    """
    del save, tensorboard_x, pytorch, root_logdir
    if _originals:
        raise BadValueError("Tensorboard already patched.", hint="call it once")
    begin()


def begin() -> None:
    """Let writers tell, where they do not yet."""
    found = [name for name in _WRITERS if find_spec(name) is not None]
    if not found:
        raise Error(
            "sync_tensorboard needs the package tensorboard or tensorboardX",
            hint="install it with 'pip install tensorboard'",
        )
    told = vars(sys.modules[__package__ or ""])["patched"]["tensorboard"]
    for name in found:
        if name not in _originals:
            module = import_module(_WRITERS[name])
            _originals[name] = module.EventFileWriter.add_event
            module.EventFileWriter.add_event = _telling(_originals[name])
            told.append([_WRITERS[name], "EventFileWriter"])


def unpatch() -> None:
    """Let writers tell nobody any more."""
    for name, original in _originals.items():
        import_module(_WRITERS[name]).EventFileWriter.add_event = original
    _originals.clear()
    vars(sys.modules[__package__ or ""])["patched"]["tensorboard"].clear()


def _telling(original: Callable[..., Any]) -> Callable[..., Any]:
    def add_event(self: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        for run in state.active():
            mirror = run.__dict__.get("_mirror")
            if mirror is not None:
                _take(mirror, self, event)
        return original(self, event, *args, **kwargs)

    return add_event


def _take(mirror: Mirror, writer: Any, event: Any) -> None:
    try:
        mirror.take(str(getattr(writer, "_logdir", "") or writer.get_logdir()), event)
    except VcsTrackError as error:
        # What was written for TensorBoard must not end a training here.
        termwarn(f"an event of TensorBoard is not logged: {error}", repeat=False)

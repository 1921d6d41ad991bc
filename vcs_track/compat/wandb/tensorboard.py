"""What a script writes for TensorBoard, logged to the run too."""

from __future__ import annotations

import os
import struct
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import state
from vcs_track.compat.wandb.errors import BadValueError, Error
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
_NUMBERS: Final = {1: "float_val", 2: "double_val", 3: "int_val", 9: "int64_val", 10: "bool_val"}
_PACKED: Final = {1: "<f", 2: "<d", 3: "<i", 9: "<q", 10: "<?"}
_HIDDEN: Final = ("hparams",)
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

    def take(self, folder: str, event: Any) -> None:
        """Take in one event that is written to *folder*."""
        found = {}
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name not in _HIDDEN:
                number = _value(value)
                if number is not None:
                    found[self._above(folder) + value.tag] = number
        if not found:
            return
        if self._step is not None and event.step != self._step:
            self.flush()
        self._step = int(event.step)
        self._row.update(found)

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


def _value(value: Any) -> Any:
    """Return a number or a histogram of *value*; None of anything else."""
    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return float(value.simple_value)
    if kind == "tensor":
        return _number(value.tensor)
    if kind == "histo" and len(value.histo.bucket) > 1:
        limits = list(value.histo.bucket_limit)
        edges = [min(value.histo.min, limits[0]), *limits]
        return {"_type": "histogram", "values": list(value.histo.bucket), "bins": edges}
    return None


def _number(tensor: Any) -> Any:
    field = _NUMBERS.get(tensor.dtype)
    if field is None or any(dim.size != 1 for dim in tensor.tensor_shape.dim):
        return None
    if tensor.tensor_content:
        code = _PACKED[tensor.dtype]
        content = tensor.tensor_content
        return struct.unpack(code, content)[0] if len(content) == struct.calcsize(code) else None
    values = getattr(tensor, field)
    return values[0] if len(values) == 1 else None

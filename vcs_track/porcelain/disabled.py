"""The run of disabled mode: takes every call, does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from vcs_track.formats.manifest import RunManifest
from vcs_track.formats.oid import object_format
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.run import Run
from vcs_track.porcelain.run_view import RunView

__all__ = ["DisabledRun"]

_SILENT = (
    "add_scalar", "add_scalars", "add_hparams", "add_image", "add_text", "add_fragment",
    "add_histogram", "add_output", "set_summary", "new_repetition", "set_note", "set_tag", "set_color",
    "set_name", "set_ended", "set_face", "set_results", "set_tags", "unset_summary", "add_item",
    "flush",
)  # fmt: skip


class DisabledRun(Run):
    """Looks like a run and writes nothing; arguments are not even looked at.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> run = repo.start_run(mode="disabled")
        >>> run.add_scalar("loss", 0.5)
        >>> run.finish()
        >>> len(repo.runs())
        0
    """

    disabled: ClassVar[bool] = True

    def __init__(self, run_id: str, name: str) -> None:  # pylint: disable=super-init-not-called
        self.id = run_id
        self.repetition = 0
        self._labels = {"name": name}
        self._status = "running"
        self._last_step = None

    @property
    def path(self) -> Path:
        """Nowhere: a relative path that does not exist."""
        return Path(".runs") / "disabled"

    def add_file(self, path: str | Path, name: str | None = None) -> str:
        """Do nothing."""
        del path, name
        return ""

    def add_input(self, path: str | Path, name: str | None = None) -> str:
        """Do nothing."""
        del path, name
        return ""

    def detect_and_log_figures(self, *args: Any, **kwargs: Any) -> int:
        """Do nothing."""
        del args, kwargs
        return 0

    def finish(self, status: str = "finished", **facts: Any) -> None:
        """Do nothing but remember *status*."""
        del facts
        self._status = status

    def write_result(self, **metrics: Any) -> None:
        """Do nothing but finish."""
        del metrics
        self.finish()

    def set_status(self, status: str) -> None:
        """Do nothing but remember *status*."""
        self._status = status

    def view(self) -> RunView:
        """Return a run without anything in it."""
        empty = RunManifest(self.id, self.name, self._status, 0, 0)
        return RunView(empty, MemoryObjects(object_format("sha256")))


def _nothing(self: DisabledRun, *args: Any, **kwargs: Any) -> None:
    """Do nothing."""
    del self, args, kwargs


for _name in _SILENT:
    setattr(DisabledRun, _name, _nothing)

"""What a run is told of the code that makes it, while it goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from vcs_track.errors import VcsTrackError
from vcs_track.porcelain.capture import CodeCapture, Rules
from vcs_track.porcelain.notebook import Cells
from vcs_track.porcelain.project import imported

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vcs_track.formats.gitstate import GitState
    from vcs_track.formats.oid import ObjectId

__all__ = ["Provenance"]


class Provenance:
    """The code, the imported files and the executed cells of one process.

    Args:
        keep: Stores the bytes of a file of the code; returns their id.
        tell: Takes a record.
    """

    def __init__(
        self, keep: Callable[[bytes], ObjectId], tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self._keep = keep
        self._tell = tell
        self._capture: CodeCapture | None = None
        self._cells: Cells | None = None
        self._root: Path | None = None
        self._told: set[str] = set()

    def watch(self, root: Path) -> None:
        """Tell what this process, the program of the run, uses from here on.

        Args:
            root: Top of the project.
        """
        self._root = root
        self._cells = Cells.of_this_process(self._tell_cell)

    def capture(self, root: Path, state: GitState | None, tmp: Path, rules: Rules) -> None:
        """Begin to keep the code; the run goes on meanwhile.

        Args:
            root: Top of the work tree.
            state: What git said of it.
            tmp: Where to make a scratch folder.
            rules: What to keep.
        """
        self._capture = CodeCapture(root, state, tmp, rules, self._keep, self._tell_code)

    def wait(self) -> None:
        """Wait for the code: what is changed from then on is not in it."""
        if self._capture is not None:
            self._capture.wait()

    def end(self, *, stopped: bool) -> None:
        """Wait for the code; tell what was imported meanwhile.

        Args:
            stopped: Whether a signal stops the program.
        """
        if self._capture is not None:
            self._capture.wait(stopped=stopped)
        if self._cells is not None:
            self._cells.close()
        self._tell_modules()

    def _tell_code(self, content: dict[str, Any]) -> None:
        self._tell(content)
        self._tell_modules()  # now too: who is killed has said it

    def _tell_cell(self, number: int, source: str) -> None:
        self._tell({"k": "cell", "n": number, "d": source})

    def _tell_modules(self) -> None:
        found = imported(self._root) if self._root is not None else []
        new = [path for path in found if path not in self._told]
        if new:
            self._told.update(new)
            with suppress(VcsTrackError, OSError):
                self._tell({"k": "modules", "v": new})

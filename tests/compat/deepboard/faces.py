"""The two implementations that the same tests run against."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OURS", "REAL", "Face", "run_script"]


_NAMES = ("LogWriter", "NoCommitAction", "ResultTable", "Scalar")


@dataclass(frozen=True)
class Face:
    """Where the names of DeepBoard come from."""

    name: str
    home: str
    scalar: str

    def __getattr__(self, name: str) -> Any:
        if name not in _NAMES:
            raise AttributeError(name)
        home = self.scalar if name == "Scalar" else self.home
        module = __import__(home, fromlist=[name])
        return getattr(module, name)

    def table(self, path: str = "table.db", **options: Any) -> Any:
        """Return a table that says nothing about the code."""
        return self.ResultTable(path, **{"nocommit_action": self.NoCommitAction.NOP, **options})

    def started(self, **options: Any) -> tuple[Any, Any]:
        """Return a table and the writer of its first run."""
        table = self.table()
        return table, table.new_run("exp", **options)


OURS = Face("ours", "vcs_track.compat.deepboard", "vcs_track.compat.deepboard")
REAL = Face("real", "deepboard.resultTable", "deepboard.resultTable.scalar")


def run_script(face: Face, text: str, folder: Path, *, status: int | None = 0) -> str:
    """Run *text* as a script of its own in *folder*; return what it printed."""
    head = (
        f"from {face.home} import LogWriter, NoCommitAction, ResultTable\n"
        "table = ResultTable('table.db', NoCommitAction.NOP)\n"
    )
    script = folder / "script.py"
    script.write_text(head + text)
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, capture_output=True, text=True, timeout=100
    )
    assert status is None or done.returncode == status, done.stderr
    return done.stdout

"""What a script left, read from our store: for wandb's own runs after an import of their folder.

So what is compared is both: that the two record the same, and that the import brings it here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.program import PROGRAM
from compat.wandb.faces import OURS, Face

import vcs_track
from vcs_track.compat.wandb.history import rows
from vcs_track.compat.wandb.importing import import_folder
from vcs_track.compat.wandb.public import Run

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import RunView

__all__ = ["Recorded", "run_unchanged"]

_TIMES = ("_timestamp", "_runtime")


@dataclass(frozen=True)
class Recorded:
    """A run: its rows and summary without times, its artifacts as name, type and aliases."""

    rows: list[dict[str, Any]]
    summary: dict[str, Any]
    config: dict[str, Any]
    state: str = "finished"
    project: str = "p"
    group: str | None = None
    job_type: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None
    artifacts: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


def run_unchanged(
    face: Face, text: str, folder: Path, *, status: int = 0, **variables: str
) -> list[Recorded]:
    """Run *text* as a script, as it is, and return what each run in *folder* left.

    Here it runs with ``vcs-track exec``, which gives it ours for wandb.
    """
    (folder / "script.py").write_text(text)
    if not (folder / ".runs").exists():
        vcs_track.init(folder)
    command = [sys.executable, "script.py"]
    if face is OURS:
        command = [*PROGRAM, "exec", "--", *command]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=500, check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", **variables},
    )  # fmt: skip
    assert done.returncode == status, done.stderr[-4000:]
    home = vcs_track.open(folder)  # what died is sealed now
    if face is not OURS:
        import_folder(home, folder)
    found = home.runs("project is not null", order_by="created")
    return [_recorded(home, run) for run in found]


def _recorded(repo: Any, view: RunView) -> Recorded:
    run = Run(repo, view, lambda *_: [])
    found = [row.to_dict() for row in rows(view)]
    summary = {key: one for key, one in run.summary.items() if not key.startswith("_")}
    return Recorded(
        [{key: row[key] for key in row if key not in _TIMES} for row in found], summary,
        run.config, run.state, run.project, run.group, run.job_type, tuple(run.tags), run.notes,
        tuple((one.name, one.type, tuple(sorted(one.aliases))) for one in run.logged_artifacts()),
    )  # fmt: skip

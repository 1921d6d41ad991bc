"""What other trackers left, for the imports that the fault sweep goes through.

Each function writes into a folder; its second part is what came since the first import.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from compat.deepboard import databases
from compat.wandb import offline

from vcs_track.formats.event_file import (
    Scalar,
    Texts,
    file_name,
    pack_event,
    pack_session,
    pack_start,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "event_files", "experiments", "more_event_files", "more_experiments", "more_offline_runs",
    "offline_runs",
]  # fmt: skip


def event_files(folder: Path) -> None:
    """Write the first session of a folder of event files."""
    _write_log(folder, [*_points(range(3)), pack_event(1e9, 0, [Texts("t", ("a",))])])


def more_event_files(folder: Path) -> None:
    """Begin its session again."""
    _write_log(folder, [pack_session(1e9, 1), *_points(range(1, 5))], begin=2e9)


def _points(steps: Iterable[int]) -> list[bytes]:
    return [pack_event(1e9 + step, step, [Scalar("x", step)]) for step in steps]


def _write_log(folder: Path, events: list[bytes], begin: float = 1e9) -> None:
    (folder / "logs").mkdir(exist_ok=True)
    content = pack_start(begin) + b"".join(events)
    (folder / "logs" / file_name(begin, "host")).write_bytes(content)


def offline_runs(folder: Path, *rows: bytes) -> None:
    """Write a run of wandb that goes on, with a page, a file and an artifact."""
    staged = folder / "staged"
    staged.write_bytes(b"abc")
    digest = base64.b64encode(hashlib.md5(b"abc").digest()).decode()
    page = {"_type": "html-file", "path": "media/h.html", "size": 3}
    made = offline.write(
        folder / "wandb", offline.run(name="n", config={"lr": 0.1}), offline.metric("x", "", 1),
        offline.row(0, x=3.0, d={"y": 1}, t="text"), offline.row(1, x=1.0, h=page),
        offline.output(1, "said\n"), offline.artifact("data", ("a", digest, str(staged))),
        offline.files("model.pt"), *rows,
    )  # fmt: skip
    (made / "files/media").mkdir(exist_ok=True)
    (made / "files/media/h.html").write_text("<b>")
    (made / "files/model.pt").write_text("weights")


def more_offline_runs(folder: Path) -> None:
    """Let it end.

    One run: of several, which are taken in one after the other, some may have come.
    """
    offline_runs(folder, offline.row(2, x=0.5), offline.config(late=1), offline.ended())


def experiments(folder: Path) -> None:
    """Write a database of DeepBoard."""
    databases.make(folder / "result.db", {"experiment": "e"})


def more_experiments(folder: Path) -> None:
    """Log another point."""
    point = {
        "run_id": 1, "epoch": 0, "step": 1, "split": "Train", "label": "loss", "value": 0.25,
        "wall_time": 0.75, "run_rep": 0,
    }  # fmt: skip
    databases.add(folder / "result.db", "Logs", point)

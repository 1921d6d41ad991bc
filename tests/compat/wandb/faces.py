"""The two implementations that the same tests run against."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OURS", "REAL", "Face", "records", "run_script"]

_BLOCK = 32768


@dataclass(frozen=True)
class Face:
    """Where the names of wandb come from, and how what was logged is read back."""

    name: str
    home: str

    @property
    def wandb(self) -> Any:
        """The module."""
        return import_module(self.home)

    def init(self, **given: Any) -> Any:
        """Start a run in a project of its own."""
        return self.wandb.init(**{"project": "p", **given})

    def rows(self, run: Any) -> list[dict[str, Any]]:
        """Return the rows of a finished run, nested; without the times."""
        found = _our_rows(run) if self.name == "ours" else _real_rows(Path(run.dir).parent)
        return _timeless(found)

    def recorded(self, folder: Path) -> list[list[dict[str, Any]]]:
        """Return the rows of each run that scripts in *folder* made, the first run first."""
        if self.name == "real":
            folders = sorted((folder / "wandb").glob("offline-run-*"), key=_started)
            return [_timeless(_real_rows(one)) for one in folders]
        import vcs_track
        from vcs_track.compat.wandb.history import rows

        runs = [*vcs_track.open(folder).runs(order_by="created")]
        return [_timeless([row.to_dict() for row in rows(run)]) for run in runs]


OURS = Face("ours", "vcs_track.compat.wandb")
REAL = Face("real", "wandb")


def _started(folder: Path) -> float:
    return next(folder.glob("*.wandb")).stat().st_ctime


def _timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    hidden = ("_timestamp", "_runtime")
    return [{key: row[key] for key in row if key not in hidden} for row in rows]


def _our_rows(run: Any) -> list[dict[str, Any]]:
    import vcs_track
    from vcs_track.compat.wandb.history import rows
    from vcs_track.compat.wandb.names import generations

    repo = vcs_track.open()
    return [row.to_dict() for row in rows(repo.run(generations(repo.store, run.id)[-1]))]


def _real_rows(folder: Path) -> list[dict[str, Any]]:
    path = next(folder.glob("*.wandb"))
    until = time.monotonic() + 3
    # Its process may still be writing when `finish` returns.
    while not any(one.WhichOneof("record_type") == "exit" for one in records(path)):
        assert time.monotonic() < until, "it does not end"
        time.sleep(0.01)
    found = []
    for record in records(path):
        if record.WhichOneof("record_type") == "history":
            row: dict[str, Any] = {}
            for item in record.history.item:
                *above, last = list(item.nested_key) or [item.key]
                branch = row
                for part in above:
                    branch = branch.setdefault(part, {})
                branch[last] = json.loads(item.value_json)
            found.append(row)
    return found


def records(path: Path) -> Iterator[Any]:
    """Yield the records of a file of real wandb."""
    pb = import_module("wandb.proto.wandb_internal_pb2")
    data, at, parts = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        room = _BLOCK - at % _BLOCK
        if room < 7:
            at += room
            continue
        check, length, kind = struct.unpack_from("<IHB", data, at)
        body = data[at + 7 : at + 7 + length]
        if not kind or zlib.crc32(bytes([kind]) + body) != check:
            return
        at += 7 + length
        parts = body if kind in (1, 2) else parts + body
        if kind in (1, 4):
            record = pb.Record()
            record.ParseFromString(parts)
            yield record


def run_script(
    face: Face, text: str, folder: Path, *, status: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run *text* as a script of its own in *folder*; ``wandb`` is imported."""
    script = folder / "script.py"
    script.write_text(f"import {face.home} as wandb\n{text}")
    done = subprocess.run(
        [sys.executable, str(script)], cwd=folder, capture_output=True, text=True, timeout=100
    )
    assert status is None or done.returncode == status, done.stderr
    return done

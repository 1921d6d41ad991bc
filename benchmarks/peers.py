"""vcs-track beside other ways to log, on this machine: ``python benchmarks/peers.py``.

Measures those of ``vcs-track wandb tensorboard trackio`` that are installed here, and two floors
that need nothing: a buffered file, and SQLite. Each measurement is a process of its own in a
new folder; their order changes in every round, so that no one profits from a quiet moment.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from functools import cache
from pathlib import Path
from typing import Any

POINTS, STEPS, IMAGES, RUNS = 100_000, 10_000, 1_000, 200
TAGS = [f"metric/{n}" for n in range(10)]
PARAMS = {f"param{n}": n / 10 for n in range(10)}


class Line:
    """One way to log; *package* must be installed."""

    package = ""

    def start(self, folder: Path, name: str, params: dict[str, Any]) -> None:
        """Begin a run."""

    def log(self, tag: str, value: float, step: int) -> None:
        """Log one point."""

    def row(self, values: dict[str, float], step: int) -> None:
        """Log one point of several series; by :meth:`log` where nothing else is offered."""
        for tag, value in values.items():
            self.log(tag, value, step)

    def image(self, png: bytes, step: int) -> None:
        """Log one image."""

    def finish(self) -> None:
        """End the run."""


class Raw(Line):
    """A buffered file, which loses its end when the process is killed."""

    def start(self, folder: Path, name: str, params: dict[str, Any]) -> None:
        self.file = (folder / name).open("wb")
        self.file.write(json.dumps(params).encode())
        self.pack, self.clock = struct.Struct("<qdq").pack, time.time_ns

    def log(self, tag: str, value: float, step: int) -> None:
        self.file.write(self.pack(step, value, self.clock()))

    def image(self, png: bytes, step: int) -> None:
        self.file.write(png)

    def finish(self) -> None:
        self.file.close()


class Sqlite(Line):
    """One table, a thousand rows a transaction, which are lost when the process is killed."""

    def start(self, folder: Path, name: str, params: dict[str, Any]) -> None:
        self.db = sqlite3.connect(folder / "floor.db", isolation_level=None)
        self.db.execute("pragma journal_mode=wal")
        self.db.execute("pragma synchronous=normal")
        for table in (
            "points(run, tag, step, value, wall)",
            "runs(run, params)",
            "images(run, png)",
        ):
            self.db.execute(f"create table if not exists {table}")
        self.db.execute("insert into runs values(?, ?)", (name, json.dumps(params)))
        self.name, self.rows, self.images = name, [], []  # type: ignore[var-annotated]

    def log(self, tag: str, value: float, step: int) -> None:
        self.rows.append((self.name, tag, step, value, time.time()))
        if len(self.rows) >= 1000:
            self.flush()

    def image(self, png: bytes, step: int) -> None:
        self.images.append((self.name, png))
        if len(self.images) >= 100:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        self.db.execute("begin")
        self.db.executemany("insert into points values(?, ?, ?, ?, ?)", self.rows)
        self.db.executemany("insert into images values(?, ?)", self.images)
        self.db.execute("commit")
        self.rows.clear()
        self.images.clear()

    def finish(self) -> None:
        self.flush()
        self.db.close()


class VcsTrack(Line):
    """This project, as it comes."""

    package = "vcs_track"
    repo: Any = None

    def start(self, folder: Path, name: str, params: dict[str, Any]) -> None:
        import vcs_track

        self.repo = self.repo or vcs_track.init(folder)
        self.run = self.repo.start_run(name, hparams=params)
        self.log, self.row = self.run.add_scalar, self.run.add_scalars  # type: ignore[method-assign]

    def image(self, png: bytes, step: int) -> None:
        self.run.add_image(png, step, "image")

    def finish(self) -> None:
        self.run.finish()


class Wandb(Line):
    """Offline, without console, code, machine and system metrics."""

    package = "wandb"

    def start(self, folder: Path, name: str, params: dict[str, Any]) -> None:
        import wandb

        settings = wandb.Settings(
            console="off", silent=True, disable_code=True, x_disable_stats=True,
            x_disable_machine_info=True, x_save_requirements=False,
        )  # fmt: skip
        self.wandb = wandb
        self.run = wandb.init(
            project="p", dir=folder, mode="offline", name=name, config=params, settings=settings
        )

    def log(self, tag: str, value: float, step: int) -> None:
        self.run.log({tag: value}, step=step)

    def row(self, values: dict[str, float], step: int) -> None:
        self.run.log(values, step=step)

    def image(self, png: bytes, step: int) -> None:
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(png)
            file.flush()
            self.run.log({"image": self.wandb.Image(file.name)}, step=step)

    def finish(self) -> None:
        self.run.finish()


class TensorBoard(Line):
    """Its own EventFileWriter."""

    package = "tensorboard"

    def start(self, folder: Path, name: str, params: dict[str, Any]) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.event, self.pb = event_pb2.Event, summary_pb2.Summary
        self.writer = EventFileWriter(str(folder / name))
        self.writer.add_event(self.event(wall_time=time.time(), summary=hparams_pb(params)))

    def _add(self, step: int, **value: Any) -> None:
        summary = self.pb(value=[self.pb.Value(**value)])
        self.writer.add_event(self.event(wall_time=time.time(), step=step, summary=summary))

    def log(self, tag: str, value: float, step: int) -> None:
        self._add(step, tag=tag, simple_value=value)

    def image(self, png: bytes, step: int) -> None:
        image = self.pb.Image(height=64, width=64, colorspace=3, encoded_image_string=png)
        self._add(step, tag="image", image=image)

    def finish(self) -> None:
        self.writer.close()


class Trackio(Line):
    """Its local database, without system metrics."""

    package = "trackio"

    def start(self, folder: Path, name: str, params: dict[str, Any]) -> None:
        os.environ |= {"TRACKIO_DIR": str(folder), "HF_HUB_OFFLINE": "1"}
        import trackio

        self.trackio = trackio
        trackio.init(project="p", name=name, config=params, embed=False)

    def log(self, tag: str, value: float, step: int) -> None:
        self.trackio.log({tag: value}, step=step)

    def row(self, values: dict[str, float], step: int) -> None:
        self.trackio.log(values, step=step)

    def image(self, png: bytes, step: int) -> None:
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(png)
            file.flush()
            self.trackio.log({"image": self.trackio.Image(file.name)}, step=step)

    def finish(self) -> None:
        self.trackio.finish()


LINES = {
    "raw": Raw, "sqlite": Sqlite, "vcs-track": VcsTrack, "wandb": Wandb,
    "tensorboard": TensorBoard, "trackio": Trackio,
}  # fmt: skip


# ---- what is measured ----------------------------------------------------------------------


def png(n: int) -> bytes:
    """Return a PNG of 64 by 64 pixels of noise, a different one for each *n*."""
    noise = random.Random(n).randbytes(64 * 64 * 3)
    rows = b"".join(b"\0" + noise[y * 192 : y * 192 + 192] for y in range(64))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )  # fmt: skip


@cache
def pool() -> list[bytes]:
    """Return the images; they are made once."""
    return [png(n) for n in range(IMAGES // 2)]


def scalars(line: Line, folder: Path) -> int:
    """One run with one series."""
    line.start(folder, "run", PARAMS)
    log = line.log
    for step in range(POINTS):
        log("loss", 0.5 / (step + 1), step)
    line.finish()
    return POINTS


def rows(line: Line, folder: Path) -> int:
    """One run with ten series."""
    line.start(folder, "run", PARAMS)
    for step in range(STEPS):
        line.row({tag: n / (step + 1) for n, tag in enumerate(TAGS)}, step)
    line.finish()
    return STEPS * len(TAGS)


def images(line: Line, folder: Path) -> int:
    """One run with images, each of them twice."""
    pngs = pool()
    line.start(folder, "run", PARAMS)
    for step in range(IMAGES):
        line.image(pngs[step % len(pngs)], step)
    line.finish()
    return IMAGES


def runs(line: Line, folder: Path) -> int:
    """Short runs, one after the other in one process."""
    for n in range(RUNS):
        line.start(folder, f"run{n}", PARAMS)
        for step in range(20):
            line.row(dict.fromkeys(TAGS[:5], n / (step + 1)), step)
        line.finish()
    return RUNS


def empty(line: Line, folder: Path) -> int:
    """A run without anything; the figure that counts is that of the whole process."""
    line.start(folder, "run", {})
    line.finish()
    return 1


WORKLOADS = {work.__name__: work for work in (scalars, rows, images, runs, empty)}


def child(name: str, workload: str) -> None:
    """Measure in this process; print the seconds of what was measured, and how much it was."""
    line, folder = LINES[name](), Path.cwd()
    if workload != "empty":  # imports are no part of the others
        line.start(folder, "warm", {})
        line.finish()
        line = LINES[name]()
        pool()
    begun = time.perf_counter()
    count = WORKLOADS[workload](line, folder)
    print(json.dumps([time.perf_counter() - begun, count]), flush=True)


def measure(name: str, workload: str, limit: float) -> tuple[float, int, float] | None:
    """Return seconds of the work, how much it was, and seconds of the whole process."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        for words in ("init -q", "commit -q --allow-empty -m start"):
            subprocess.run(["git", "-C", folder, *who, *words.split()], check=True)
        command = [sys.executable, str(Path(__file__).resolve()), "--child", name, workload]
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            out, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None
        whole = time.perf_counter() - begun
    if process.returncode:
        return None
    seconds, count = json.loads(out.splitlines()[-1])
    return seconds, count, whole


def main() -> None:
    """Measure, and print a Markdown table for each workload."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", nargs="*", default=list(LINES), choices=list(LINES))
    parser.add_argument("--workloads", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one measurement")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    there = [
        name for name in options.lines
        if not LINES[name].package or importlib.util.find_spec(LINES[name].package)
    ]  # fmt: skip
    for workload in options.workloads:
        found: dict[str, list[tuple[float, int, float] | None]] = {name: [] for name in there}
        for _ in range(options.rounds):
            for name in random.sample(there, len(there)):
                found[name].append(measure(name, workload, options.limit))
        print(f"\n### {workload}: {(WORKLOADS[workload].__doc__ or '').splitlines()[0]}\n")
        print("| line | a second | seconds | whole process, seconds |\n|---|---:|---:|---:|")
        for name, results in found.items():
            whole = [result for result in results if result is not None]
            if len(whole) < len(results):
                print(f"| {name} | failed, or took more than {options.limit:g} s | | |")
                continue
            seconds, process = (statistics.median(r[n] for r in whole) for n in (0, 2))
            print(f"| {name} | {whole[0][1] / seconds:,.0f} | {seconds:.3f} | {process:.2f} |")


if __name__ == "__main__":
    if shutil.which("git") is None:
        sys.exit("git is needed: each measurement is made in a repository")
    main()

"""100,000 points through each compatible interface, beside our own method and the original.

    python benchmarks/faces.py

What is measured, and how to read it: ``docs/benchmarks.md``. The original is measured where the
package `deepboard` is installed. The ways take turns, the best of each counts.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import vcs_track
from vcs_track.compat import deepboard as ours

POINTS = 100_000
TURNS = 5


def native(points: int, *, automatic: bool = False) -> float:
    run = vcs_track.init(Path.cwd()).start_run(capture_code=False)
    add = run.add_scalar
    begin = time.perf_counter()
    if automatic:
        for _ in range(points):
            add("Train/loss", 0.5)
    else:
        for step in range(points):
            add("Train/loss", 0.5, step)
    took = time.perf_counter() - begin
    run.finish()
    return took


def face(module: Any, points: int, flush_each: int, *, automatic: bool = False) -> float:
    table = module.ResultTable("bench.db", module.NoCommitAction.NOP)
    writer = table.new_run("bench", comment=str(time.time_ns()), flush_each=flush_each)
    add = writer.add_scalar
    begin = time.perf_counter()
    if automatic:
        for _ in range(points):
            add("Train/loss", 0.5)
    else:
        for step in range(points):
            add("Train/loss", 0.5, step)
    took = time.perf_counter() - begin
    writer.write_result()
    return took


def read_one(module: Any) -> float:
    """Return how long reading a series of one point takes, beside what was logged so far."""
    table = module.ResultTable("bench.db", module.NoCommitAction.NOP)
    writer = table.new_run("one", comment=str(time.time_ns()))
    writer.add_scalar("one", 1.0, flush=True)
    writer.write_result()
    loaded = table.load_run(writer.run_id)
    begin = time.perf_counter()
    for _ in range(10):
        assert len(loaded.get_scalar("one")) == 1
    return (time.perf_counter() - begin) / 10


def measure() -> None:
    ways = {
        "our own method": lambda: native(POINTS),
        "face, explicit steps": lambda: face(ours, POINTS, 10),
        "our own, automatic steps": lambda: native(POINTS, automatic=True),
        "face, automatic steps": lambda: face(ours, POINTS, 10, automatic=True),
    }
    best = dict.fromkeys(ways, float("inf"))
    before = read_one(ours)
    for _ in range(TURNS):
        for name, way in ways.items():
            best[name] = min(best[name], way())
    for name, took in best.items():
        print(f"{name:26}{POINTS / took:14,.0f} points/s {took / best['our own method']:6.2f}x")
    print(f"read a series of one point: {before * 1e3:.2f} ms at first, ", end="")
    print(f"{read_one(ours) * 1e3:.2f} ms beside {4 * TURNS * POINTS:,} points")


def original() -> None:
    with suppress(ImportError):
        from deepboard import resultTable

        before = read_one(resultTable)
        for flush_each, points in ((1000, POINTS), (10, POINTS)):
            took = face(resultTable, points, flush_each)
            name = f"deepboard, flush_each={flush_each}"
            print(f"{name:26}{points / took:14,.0f} points/s")
        print(f"read a series of one point: {before * 1e3:.2f} ms at first, ", end="")
        print(f"{read_one(resultTable) * 1e3:.2f} ms beside {2 * POINTS:,} points")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        measure()
    if "--ours" not in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            original()

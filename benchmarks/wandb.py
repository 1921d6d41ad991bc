"""Rows through wandb's interface, beside the original in offline mode.

    python benchmarks/wandb.py

What is measured, and how to read it: ``docs/benchmarks.md``. The original is measured where the
package `wandb` is installed. Each turn is a process of its own in an empty folder; ours and the
original take turns, the best of each counts.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = 100_000
TURNS = 3
RUNS = 2_000

CHILD = """
import json, os, random, resource, sys, time
home, rows, keys = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
cpu = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
begin, used = time.perf_counter(), cpu()
wandb = __import__(home, fromlist=["init"])
imported, import_cpu = time.perf_counter() - begin, cpu() - used
begin = time.perf_counter()
run = wandb.init(project="bench", settings={"silent": True})
started = time.perf_counter() - begin
names = [f"train/m{n}" for n in range(keys)]
values = [random.random() for _ in range(rows + keys)]
begin, used = time.perf_counter(), cpu()
if keys == 1:
    for n in range(rows):
        wandb.log({"train/m0": values[n]})
else:
    for n in range(rows):
        wandb.log({name: values[n + k] for k, name in enumerate(names)})
logged, log_cpu = time.perf_counter() - begin, cpu() - used
run.finish()
done = time.perf_counter() - begin
print(json.dumps({"import": imported, "import_cpu": import_cpu, "init": started,
                  "logged": logged, "cpu": log_cpu, "done": done}))
"""


def turn(home: str, keys: int, folder: Path) -> dict[str, float]:
    env = {**os.environ, "WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_CONSOLE": "off"}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # else each import compiles anew
    child = subprocess.run(
        [sys.executable, "-c", CHILD, home, str(ROWS), str(keys)],
        cwd=folder, env=env, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    found["bytes"] = sum(path.stat().st_size for path in files) / (ROWS * keys)
    return found


ASKED = """
import json, os, sys, time
import vcs_track
from vcs_track.compat import wandb
from vcs_track.compat.wandb.public.query import matches
runs, turns = int(sys.argv[1]), int(sys.argv[2])
repo = vcs_track.init(".")
for n in range(runs):
    with repo.start_run(f"run-{n}", hparams={"lr": n / runs, "net": {"depth": n % 7}},
                        project="p", capture_code=False) as run:
        run.set_summary(loss=n * 0.37 % 1)
api = wandb.Api()
asked = {"config.lr": {"$lt": 0.05}, "config.net.depth": 3, "state": "finished"}
def best(ask):
    times = []
    for _ in range(turns):
        api.flush()
        begin = time.perf_counter()
        found = len(ask())
        times.append(time.perf_counter() - begin)
    return found, min(times)
each, naive = best(lambda: [run for run in api.runs("p") if matches(asked, run.field)])
index, pushed = best(lambda: api.runs("p", asked))
assert each == index, (each, index)
print(json.dumps({"found": index, "each": naive, "index": pushed}))
"""


def ask() -> None:
    """Filters of ``Api().runs``, answered by the index and by looking at each run."""
    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.run(
            [sys.executable, "-c", ASKED, str(RUNS), str(TURNS)],
            cwd=folder, check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    found = json.loads(child.stdout.splitlines()[-1])
    print(
        f"{RUNS:,} runs, a filter of {found['found']}\n  by the index {found['index'] * 1e3:8.1f} ms,"
        f" by each run {found['each'] * 1e3:8.1f} ms {found['each'] / found['index']:6.1f}x"
    )


def measure(keys: int) -> None:
    homes = {"ours": "vcs_track.compat.wandb"}
    if importlib.util.find_spec("wandb") is not None:
        homes["wandb"] = "wandb"
    best: dict[str, dict[str, float]] = {}
    for _ in range(TURNS):
        for name, home in homes.items():
            with tempfile.TemporaryDirectory() as folder:
                found = turn(home, keys, Path(folder))
            old = best.setdefault(name, found)
            best[name] = {key: min(value, old[key]) for key, value in found.items()}
    print(f"{ROWS:,} rows of {keys}")
    for name, found in best.items():
        times = best.get("wandb", found)["done"] / found["done"]
        print(
            f"  {name:6}{ROWS / found['done']:10,.0f} rows/s until finish {times:6.1f}x"
            f"{found['cpu'] / ROWS * 1e6:8.1f} us CPU a call{found['bytes']:8.1f} bytes a point"
            f"{found['import_cpu'] * 1e3:8.0f} ms import{found['init'] * 1e3:8.0f} ms init"
        )


if __name__ == "__main__":
    measure(1)
    measure(10)
    ask()

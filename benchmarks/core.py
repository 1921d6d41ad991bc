"""What logging, sealing and starting cost, beside a floor measured in the same round."""

from __future__ import annotations

import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = 1_000_000
ROUNDS = 5


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that *call* takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def cpu(arguments: list[str]) -> float:
    """Return the processor seconds of a child process, all of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def floor(folder: Path) -> None:
    """Write as many points as a script would without a tracker."""
    pack = struct.Struct("<qdq").pack
    clock = time.time_ns
    with (folder / "floor.bin").open("wb") as file:
        write = file.write
        for step in range(POINTS):
            write(pack(step, 0.5 / (step + 1), clock()))


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def one_round(folder: Path) -> dict[str, float]:
    """Return the seconds of each measurement of one round."""
    found = {"floor": timed(lambda: floor(folder))}
    place = folder / "repo"
    for command in ("init -q", "commit -q --allow-empty -m start"):
        who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *command.split()], cwd=_made(place), check=True)
    repo = vcs_track.init(place)
    run = repo.start_run("points")
    add = run.add_scalar

    def log() -> None:
        for step in range(POINTS):
            add("loss", 0.5 / (step + 1), step)

    found["add_scalar"] = timed(log)
    found["seal"] = timed(run.finish)
    run = repo.start_run("rows")
    names = [f"metric/{n}" for n in range(10)]

    def log_rows() -> None:
        for step in range(POINTS // 10):
            value = 0.5 / (step + 1)
            run.add_scalars({name: value for name in names}, step)  # noqa: C420 -- as users do

    found["add_scalars"] = timed(log_rows)
    run.finish()
    found["empty run"] = min(timed(lambda: repo.start_run("empty").finish()) for _ in range(5))
    found["read"] = timed(lambda: repo.run("points").series("loss").value)
    return found


def peak(points: int) -> float:
    """Return the peak memory in MiB of a process that logs *points* points, still unsealed."""
    code = (
        "import os, sys, vcs_track\n"
        "run = vcs_track.init(sys.argv[1]).start_run()\n"
        f"for n in range({points}): run.add_scalar('loss', 0.5, n)\n"
        # Not ru_maxrss: that starts from the peak of the process that forked this one.
        "status = open('/proc/self/status').read()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024, flush=True)\n"
        "os._exit(0)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run(
            [sys.executable, "-c", code, folder], check=True, capture_output=True, text=True
        )
    return float(out.stdout)


def main() -> None:
    """Measure and print a Markdown table."""
    rounds = []
    for _ in range(ROUNDS):
        folder = Path(tempfile.mkdtemp(dir=Path.cwd()))
        try:
            rounds.append(one_round(folder))
        finally:
            shutil.rmtree(folder)
    median = {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}
    ratio = {name: statistics.median(r[name] / r["floor"] for r in rounds) for name in rounds[0]}
    blank = statistics.median(cpu(["-c", "pass"]) for _ in range(9))
    imported = statistics.median(cpu(["-c", "import vcs_track"]) for _ in range(9))
    started = statistics.median(cpu(["-m", "vcs_track", "--help"]) for _ in range(9))
    small, large = peak(100_000), peak(5_000_000)
    print("| what | median | points a second | times the floor |")
    print("|---|---|---|---|")
    for name in ("floor", "add_scalar", "add_scalars", "seal", "read"):
        rate = POINTS / median[name]
        print(f"| {name}, 1 M points | {median[name]:.2f} s | {rate:,.0f} | {ratio[name]:.2f} |")
    print(f"| empty run | {median['empty run'] * 1e3:.1f} ms | | |")
    print(
        f"| `import vcs_track` | {(imported - blank) * 1e3:.0f} ms of CPU over {blank * 1e3:.0f} | | |"
    )
    print(f"| `vcs-track --help` | {started * 1e3:.0f} ms of CPU in all | | |")
    print(f"| peak memory, 0.1 M and 5 M points logged | {small:.0f} and {large:.0f} MiB | | |")


if __name__ == "__main__":
    main()

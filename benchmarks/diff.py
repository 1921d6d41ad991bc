"""What a diff costs: two runs of ten long series, of which one differs, and two equal runs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Repository

POINTS = 100_000
SERIES = 10
ROUNDS = 9


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that *call* takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def value(tag: int, step: int) -> float:
    """Return a number with as many digits as measurements have."""
    return (tag + 1) / (step + 1) ** 0.5


def fill(repo: Repository, name: str, change: Callable[[int, int], float | None]) -> None:
    """Make a run of long series; *change* gives other values for some points."""
    with repo.start_run(name, id=name) as run:
        for step in range(POINTS):
            for tag in range(SERIES):
                other = change(tag, step)
                run.add_scalar(f"metric/{tag}", value(tag, step) if other is None else other, step)


def made(folder: str) -> Repository:
    """Make the runs: ``same`` equals ``base``, the others differ in one series."""
    repo = vcs_track.init(folder).with_defaults(capture_git=False)
    fill(repo, "base", lambda _tag, _step: None)
    fill(repo, "same", lambda _tag, _step: None)
    fill(repo, "all", lambda tag, step: value(tag, step) * 1.01 if tag == 3 else None)
    fill(repo, "one", lambda tag, step: 0.0 if (tag, step) == (3, POINTS // 2) else None)
    fill(repo, "nan", lambda tag, step: float("nan") if tag == 3 and step % 99 == 0 else None)
    return repo


def peak(folder: str, *words: str) -> float:
    """Return the peak memory in MiB of a process that compares two runs."""
    code = (
        "import os, sys, vcs_track\n"
        "repo = vcs_track.open(sys.argv[1])\n"
        f"{' '.join(words)}\n"
        # Not ru_maxrss: that starts from the peak of the process that forked this one.
        "status = open('/proc/self/status').read()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, folder], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def main() -> None:
    """Measure and print a Markdown table."""
    with tempfile.TemporaryDirectory() as folder:
        repo = made(folder)
        calls: dict[str, Callable[[], object]] = {
            "read the values of one series": lambda: repo.run("base").series("metric/3").value,
            "diff, all points of one series differ": lambda: repo.diff("base", "all"),
            "diff, one point differs": lambda: repo.diff("base", "one"),
            "diff, a hundredth of one series is NaN": lambda: repo.diff("base", "nan"),
            "diff of equal runs": lambda: repo.diff("base", "same"),
        }
        rounds = [{name: timed(call) for name, call in calls.items()} for _ in range(ROUNDS)]
        memory = {
            "read the values of one series": peak(
                folder, "repo.run('base').series('metric/3').value"
            ),
            "diff, all points of one series differ": peak(folder, "repo.diff('base', 'all')"),
            "diff of equal runs": peak(folder, "repo.diff('base', 'same')"),
        }
    floor = next(iter(calls))
    print("| what | median | times the read | peak memory |")
    print("|---|---:|---:|---:|")
    for name in calls:
        took = statistics.median(each[name] for each in rounds)
        ratio = statistics.median(each[name] / each[floor] for each in rounds)
        most = f"{memory[name]:.0f} MiB" if name in memory else ""
        print(f"| {name} | {took * 1e3:.1f} ms | {ratio:.2f} | {most} |")


if __name__ == "__main__":
    main()

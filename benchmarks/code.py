"""What it costs to capture the code of a run, beside ``git status`` in the same round."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import vcs_track

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = 20_000
CHANGED = 10
ROUNDS = 9


def git(root: Path, *words: str) -> None:
    """Run git."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


def work_tree(root: Path) -> None:
    """Make a repository of many files, some of them changed since the commit."""
    for number in range(FILES):
        file = root / f"d{number % 200}" / f"f{number}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"x = {number}\n" * 20)
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "start")
    git(root, "status")
    for number in range(CHANGED):
        (root / f"d{number}" / f"f{number}.py").write_text(f"changed {number}\n")


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that *call* takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def one_round(repo: vcs_track.Repository) -> dict[str, float]:
    """Return the seconds of each measurement of one round."""
    found = {"git status": timed(lambda: git(repo.root, "status", "--porcelain"))}
    for name, kept in (("code", True), ("no code", False)):
        start = time.perf_counter()
        run = repo.start_run(capture_code=kept)
        run.add_scalar("loss", 0.5, 0)
        found[f"first point, {name}"] = time.perf_counter() - start
        run.finish()
        found[f"whole run, {name}"] = time.perf_counter() - start
    found["capture"] = found["whole run, code"] - found["whole run, no code"]
    return found


def main() -> None:
    """Print medians, and how many times as long as ``git status`` they are."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work_tree(Path(folder))
        repo = vcs_track.init(folder)
        one_round(repo)
        rounds = [one_round(repo) for _ in range(ROUNDS)]
        start = time.perf_counter()
        restored = repo.restore("@{-1}", Path(folder + "-again"))
        seconds = time.perf_counter() - start
    print(f"{FILES:,} files, {CHANGED} of them changed; {ROUNDS} rounds, {sys.version.split()[0]}")
    for name in rounds[0]:
        median = statistics.median(each[name] for each in rounds)
        ratio = statistics.median(each[name] / each["git status"] for each in rounds)
        print(f"{name:24} {median * 1000:8.1f} ms {ratio:8.2f} x git status")
    print(f"{'restore':24} {seconds * 1000:8.1f} ms, exact: {restored.exact}")


if __name__ == "__main__":
    main()

"""What bundles cost, beside ``zip``, ``unzip`` and ``sha256sum`` of the same bytes.

Each round writes and takes in the same runs, and has the tools pack, unpack and hash the same
entries. ``--large GB`` does it with one run of large files, and tells the memory it takes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import vcs_track
from vcs_track.formats import canonical
from vcs_track.formats.oid import object_format
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain.bundle_runs import in_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 1000
POINTS = 20
TAGS = 5
ROUNDS = 5
OBJECTS = 100_000
MEGABYTE = 1 << 20


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that *call* takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def child(*words: str) -> tuple[float, float]:
    """Return the seconds and the megabytes of a process that does one thing of this script."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - start, float(done.stdout)


def peak() -> float:
    """Return the megabytes that this process had at most, as Linux tells it."""
    # Not that of getrusage: it remembers the parent's.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def tool(folder: Path, line: str) -> float:
    """Return the seconds that a line of shell takes in *folder*."""
    return timed(lambda: subprocess.run(["sh", "-c", line], cwd=folder, check=True))


HASH = "find . -type f -print0 | xargs -0 sha256sum > /dev/null"


def hparams(number: int) -> dict[str, object]:
    """Return ten hyperparameters."""
    return {"lr": number / RUNS, **{f"p{each}": number % (each + 2) for each in range(9)}}


def small_runs(root: Path) -> vcs_track.Repository:
    """Make many runs of a few points."""
    repo = vcs_track.init(root).with_defaults(capture_git=False)
    for number in range(RUNS):
        with repo.start_run(f"run{number}", hparams=hparams(number)) as run:
            for step in range(POINTS):
                run.add_scalars({f"m{tag}": (number + step) / (tag + 1) for tag in range(TAGS)})
    return repo


def large_run(root: Path, gigabytes: float) -> vcs_track.Repository:
    """Make one run of files that do not compress, 100 MB each."""
    repo = vcs_track.init(root).with_defaults(capture_git=False)
    with repo.start_run("large") as run:
        for number in range(max(1, int(gigabytes * 10))):
            file = root / f"{number}.bin"
            file.write_bytes(os.urandom(100 * MEGABYTE))
            run.add_file(file)
            file.unlink()
    return repo


def one_round(repo: vcs_track.Repository, place: Path) -> dict[str, float]:
    """Return the seconds and megabytes of one round; *place* is empty before and after."""
    found: dict[str, float] = {}
    bundle, entries = place / "x.zip", place / "entries"
    found["export"], found["export, MB"] = child("export", str(repo.root), str(bundle))
    entries.mkdir()
    unzip = tool(entries, f"unzip -q {bundle}")
    hashed = tool(entries, HASH)
    found["zip -0 and sha256sum"] = hashed + tool(entries, f"zip -0 -q -r {place / 'y.zip'} .")
    found["unzip and sha256sum"] = unzip + hashed
    shutil.rmtree(entries)
    (place / "y.zip").unlink()
    vcs_track.init(place / "new")
    found["import"], found["import, MB"] = child("import", str(place / "new"), str(bundle))
    found["again"], _ = child("import", str(place / "new"), str(bundle))
    found["verify"], found["verify, MB"] = child("verify", str(bundle))
    found["start"], _ = child("nothing")
    found["size, MB"] = bundle.stat().st_size / MEGABYTE
    shutil.rmtree(place / "new")
    bundle.unlink()
    return found


def opening(place: Path) -> list[float]:
    """Return the milliseconds that opening a bundle of many objects takes, and a run of it."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        repo = vcs_track.init(folder).with_defaults(capture_git=False)
        with repo.start_run("r", id="r", hparams={"lr": 0.1}) as run:
            run.add_scalar("loss", 0.5, 0)
        small = repo.export("r", Path(folder) / "small.zip")
        opened = vcs_track.open(small).store.home
        writer = PackWriter(place, object_format("sha256"))
        ids = {oid: opened.objects.read(oid) for oid in opened.objects}
        many = {object_format("sha256").hash(data): data
                for data in (b"object %d" % number for number in range(OBJECTS - len(ids)))}  # fmt: skip
        everything = {**ids, **many}
        index = {
            "@": "bundle/1", "object_format": "sha256", "heads": opened.heads(), "missing": [],
            "code": {}, "objects": {oid: {"size": len(d)} for oid, d in everything.items()},
        }  # fmt: skip
        writer.add_entry("bundle.json", canonical.dumps(index))
        for name, oids in opened.heads().items():
            writer.add_entry(f"heads/{name}.{oids[0]}", b"")
        for oid in sorted(everything):
            writer.add(everything[oid])
        writer.finish()
        large = writer.path.rename(place / "many.zip")
    times = []
    for _ in range(21):
        start = time.perf_counter()
        vcs_track.open(large)
        half = time.perf_counter()
        in_bundle(large, "r", place)
        times.append(((half - start) * 1000, (time.perf_counter() - half) * 1000))
    large.unlink()
    return [statistics.median(each) for each in zip(*times, strict=True)]


def act(words: list[str]) -> None:
    """Do one thing in a process of its own."""
    if words[0] == "export":
        repo = vcs_track.open(words[1])
        repo.export(list(repo.runs()), words[2])
    elif words[0] == "import":
        vcs_track.open(words[1]).import_(words[2])
    elif words[0] == "verify":
        from vcs_track.porcelain.verify import verify

        if not verify(Path(words[1])).ok:
            sys.exit(1)


def report(rounds: list[dict[str, float]], title: str) -> None:
    """Print medians, and the times as ratios within their rounds."""
    against = {"export": "zip -0 and sha256sum", "import": "unzip and sha256sum",
               "verify": "unzip and sha256sum", "again": "unzip and sha256sum"}  # fmt: skip
    print(f"{title}; {len(rounds)} rounds, {sys.version.split()[0]}")
    for name in rounds[0]:
        median = statistics.median(each[name] for each in rounds)
        if name.endswith("MB"):
            print(f"{name:24} {median:9.0f} MB")
            continue
        ratio = ""
        if name in against:
            part = statistics.median(each[name] / each[against[name]] for each in rounds)
            ratio = f"{part:8.2f} x {against[name]}"
        print(f"{name:24} {median * 1000:9.0f} ms {ratio}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=float, metavar="GB", help="one run of so many gigabytes")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, help="where to work")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True, dir=given.folder) as folder:
        root, place = Path(folder) / "repo", Path(folder) / "place"
        root.mkdir(), place.mkdir()
        if given.large:
            repo, title = large_run(root, given.large), f"one run of {given.large:g} GB"
        else:
            repo, title = small_runs(root), f"{RUNS:,} runs of {TAGS} series of {POINTS} points"
        report([one_round(repo, place) for _ in range(given.rounds)], title)
        if not given.large:
            opened, read = opening(place)
            print(
                f"opening a bundle of {OBJECTS:,} objects: {opened:.2f} ms; a run: {read:.2f} ms"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        act(sys.argv[1:])
        print(peak())
    else:
        main()

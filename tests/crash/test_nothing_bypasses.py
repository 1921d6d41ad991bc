"""No call reaches the files of a store but through ``fsio``: the kernel's count is the tap's.

What is proved by faults at the calls of ``fsio`` holds for the store only if there are no
others. A program that does everything is traced, and each call that the kernel saw below its
folders must be in the log of the tap. Questions whether something is there, and closes, are
left out: they change and read nothing. Mapped writes are no calls. The index is left out too: it
is SQLite that writes it, and it can be deleted at any time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

PROGRAM = """
import json, sys
from dataclasses import replace
from pathlib import Path
from crash.operations import (
    ASLEEP, LARGE, LOG, Scene, finish, hand_over, init, log_all, picture, shelve, start
)
from crash.tap import tapped

root, log = Path(sys.argv[1]), Path(sys.argv[2])
seen = []

def note(call):
    targets = call.args[:2] if call.name in ("link", "rename") else call.args[:1]
    paths = [Path(f"/proc/self/fd/{t}").readlink() if type(t) is int else t for t in targets]
    seen.append((call.name, [str(path) for path in paths]))
    return call.perform()

scenes = [
    Scene(root / engine, replace(ASLEEP, journal_engine=engine)) for engine in ("mmap", "pwrite")
]
with tapped(note):
    for scene in scenes:
        init(scene, "xxh128")
        start(scene)
        log_all(scene)
        for step in (*LOG, *LARGE):
            step(scene)
        picture(scene)
        hand_over(scene)
        finish(scene)
        scene.repo.edit("r", notes="new")
        scene.repo.export("r", scene.folder / "r.zip")
        shelve(scene)
    for scene, other in zip(scenes, scenes[::-1]):
        scene.repo.import_(other.folder / "r.zip")
        again = Scene(scene.folder)
        again.repo.recover()
        again.repo.fsck()
        picture(again)
log.write_text(json.dumps(seen))
"""

# What the kernel calls them, on any processor.
NAMES = {
    "openat": "open", "mkdirat": "mkdir", "linkat": "link", "unlinkat": "unlink",
    "renameat": "rename", "renameat2": "rename", "fchmodat": "chmod", "utimensat": "utime",
    "fallocate": "posix_fallocate", "pread64": "pread", "pwrite64": "pwrite",
}  # fmt: skip
# They ask whether something is there, list what was opened, close, or copy a descriptor.
LEFT_OUT = {
    "stat", "lstat", "fstat", "newfstatat", "statx", "access", "faccessat", "faccessat2",
    "readlink", "readlinkat", "getdents64", "close", "fcntl",
}  # fmt: skip


def kernel_calls(trace: Path, root: Path) -> Counter[str]:
    """Count the calls below *root* in the files of a trace."""
    found: Counter[str] = Counter()
    for line in "".join(file.read_text() for file in trace.iterdir()).splitlines():
        match = re.match(r"(\w+)\((.*)", line)
        if match is None:
            continue
        name, args = match[1], match[2].rpartition(" = ")[0]
        # A descriptor is traced with the path it has; the data of a write is no path.
        paths = re.findall(r"\b\d+<(/[^>]*)>", args) or re.findall(r'"(/[^"]*)"', args)
        # The index is SQLite's own business, and no run depends on it.
        if any("/index.sqlite" in path for path in paths) or _syncs_for_sqlite(name, args, paths):
            continue
        if any(path.startswith(f"{root}/") for path in paths):
            found[_kind(name, args)] += 1
    return Counter({name: n for name, n in found.items() if name not in LEFT_OUT})


def _syncs_for_sqlite(name: str, args: str, paths: list[str]) -> bool:
    """Return whether SQLite opens or syncs the folder of its file; we do it otherwise."""
    ours = name == "openat" and "O_DIRECTORY" in args
    return name in ("openat", "fdatasync") and not ours and paths[-1].endswith("/.runs/local")


def _kind(name: str, args: str) -> str:
    if name == "openat" and "O_NONBLOCK" in args and "O_DIRECTORY" in args:
        return "listdir"
    if name == "fcntl" and "F_SETLK" in args:
        return "lockf"
    if name == "unlinkat" and "AT_REMOVEDIR" in args:
        return "rmdir"
    return NAMES.get(name, name)


def tapped_calls(log: Path, root: Path) -> Counter[str]:
    """Count the calls below *root* in the log of the tap."""
    return Counter(
        name
        for name, paths in json.loads(log.read_text())
        if name not in LEFT_OUT and any(path.startswith(f"{root}/") for path in paths)
    )


def can_trace() -> bool:
    """Return whether there is strace, and it may trace."""
    if shutil.which("strace") is None:
        return False
    return not subprocess.run(["strace", "-o", "/dev/null", "true"], check=False).returncode


@pytest.mark.skipif(not can_trace(), reason="strace is missing, or may not trace")
def test_every_call_goes_through_the_tap() -> None:
    """The kernel sees as many calls of each kind below the store as the tap does."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        root, trace, log = Path(folder, "root"), Path(folder, "trace"), Path(folder, "log")
        trace.mkdir()
        for engine in ("mmap", "pwrite"):
            (root / engine).mkdir(parents=True)
            (root / engine / "small").write_bytes(b"small" * 100)
            (root / engine / "large").write_bytes(b"l" * (1 << 20))
        strace = ["strace", "-ff", "-y", "-qq", "-s", "0", "-e", "trace=%file,%desc"]
        program = [sys.executable, "-c", PROGRAM, str(root), str(log)]
        paths = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
        subprocess.run(
            [*strace, "-o", str(trace / "thread"), *program],
            env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=100,
        )  # fmt: skip
        tapped, seen = tapped_calls(log, root), kernel_calls(trace, root)

    assert {"open", "mkdir", "rename", "link", "unlink", "fsync", "mmap"} <= tapped.keys()
    assert tapped == seen

"""``kill -9`` at random moments: what was accepted is there, whatever was being logged."""

from __future__ import annotations

import random
import signal
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import vcs_track

if TYPE_CHECKING:
    from pathlib import Path

# Counts in shared memory what was accepted: calls that returned.
PROGRAM = """
import mmap, os, struct, sys, zlib
import vcs_track

def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

def png(n):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"IEND", b"")
    return bytes.fromhex("89504e470d0a1a0a") + head + chunk(b"tEXt", b"n" + bytes(1) + b"%d" % n) + body
fd = os.open(sys.argv[1], os.O_RDWR)
done = memoryview(mmap.mmap(fd, 32)).cast("Q")
run = vcs_track.open().start_run("r", id=sys.argv[2])
n = 0
while True:
    run.add_scalar("loss", float(n), n)
    done[0] = n + 1
    if n % 7 == 0:
        run.add_scalars({"a": float(n), "b": -float(n)}, n)
        done[1] = n // 7 + 1
    if n % 97 == 0:
        run.add_text(f"text {n}", step=n, tag="note")
        done[2] = n // 97 + 1
    if n % 501 == 0:
        run.add_image(png(n), step=n, tag="im")
        done[3] = n // 501 + 1
    n += 1
"""


def trial(folder: Path, name: str, seconds: float) -> None:
    """Kill one logging process after *seconds* of logging; check what is left."""
    counts = folder / f"{name}.counts"
    counts.write_bytes(bytes(32))
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, str(counts), name], cwd=folder)
    until = time.monotonic() + 30
    while not any(counts.read_bytes()) and time.monotonic() < until:
        assert child.poll() is None
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.wait()
    points, rows, texts, images = struct.unpack("<4Q", counts.read_bytes())
    run = vcs_track.open(folder).run(name)

    assert points > 0
    assert "crashed" == run.status
    assert list(map(float, range(points))) == run.series("loss").value[:points]
    assert [7.0 * n for n in range(rows)] == run.series("a").value[:rows]
    assert [-7.0 * n for n in range(rows)] == run.series("b").value[:rows]
    assert [f"text {97 * n}" for n in range(texts)] == [m.text for m in run.get_text()][:texts]
    found = [int(m.image.info["n"]) for m in run.get_images()]
    assert [501 * n for n in range(images)] == found[:images]
    assert [] == run.to_dict()["gaps"]


def sweep(folder: Path, trials: int) -> None:
    """Run *trials* trials at random moments and check the store at the end."""
    repo = vcs_track.init(folder)
    chance = random.Random(7)
    for n in range(trials):
        trial(folder, f"t{n}", chance.random() * 0.25)

    assert repo.fsck().ok


def test_ten_kills(tmp_path: Path) -> None:
    """Ten processes killed at random moments lose no accepted point, text or image."""
    sweep(tmp_path, 10)


@pytest.mark.slow
def test_fifty_kills(tmp_path: Path) -> None:
    """The same fifty times."""
    sweep(tmp_path, 50)

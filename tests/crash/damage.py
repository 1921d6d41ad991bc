"""A small repository with every kind of object, and ways to damage a copy of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import vcs_track
from vcs_track.errors import VcsTrackError
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing.pack_file import PackFile
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.plumbing.packs import PackFolder
from vcs_track.plumbing.store import Store
from vcs_track.porcelain.fsck import Report, fsck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcs_track.formats.oid import ObjectFormat

__all__ = [
    "RUN",
    "Lab",
    "Work",
    "assert_settled",
    "damaged_names",
    "everything",
    "flips",
    "make_lab",
    "rewrite",
    "scratch",
    "snapshot",
]

RUN = "run-1"


@contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder in memory, where there is one: syncs cost nothing there."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@dataclass(frozen=True)
class Lab:
    """A sound repository that no test writes to.

    Attributes:
        folder: The folder that holds ``.runs``.
        bundle: All its runs in a zip.
        format: Its object format.
        objects: All its objects.
        packs: The bytes of its packs, by name.
        runs: All that a user can see of its runs.
    """

    folder: Path
    bundle: Path
    format: ObjectFormat
    objects: dict[ObjectId, bytes]
    packs: dict[str, bytes]
    runs: str

    def copy(self, to: Path) -> Work:
        """Return a copy to work on."""
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.folder / ".runs", to / ".runs")
        return Work(self, to)

    def bits(self, name: str, step: int, start: int = 0) -> range:
        """Return every *step*th bit of a pack."""
        return range(start, 8 * len(self.packs[name]), step)


@dataclass(frozen=True)
class Work:
    """A copy of the laboratory's repository."""

    lab: Lab
    folder: Path

    @property
    def packs(self) -> Path:
        return self.folder / ".runs" / "local" / "packs"

    @property
    def heads(self) -> Path:
        return self.folder / ".runs" / "local" / "heads"

    def write(self, name: str, data: bytes) -> Path:
        """Replace the bytes of a pack."""
        path = self.packs / name
        path.chmod(0o644)
        path.write_bytes(data)
        return path

    def check(self, repair_from: list[Path] | None = None) -> Report:
        """Check it as a new process would."""
        return fsck(Store.open(self.folder), None, repair_from)

    def readable(self) -> dict[ObjectId, bytes]:
        """Return every object that can be read."""
        packs = PackFolder(self.packs, self.lab.format)
        packs.refresh()
        found = {}
        for oid in self.lab.objects:
            try:
                found[oid] = packs.read(oid)
            except VcsTrackError:
                continue
        return found

    def assert_whole(self) -> None:
        """Nothing is missing, and nothing is different."""
        assert self.lab.objects == self.readable()
        assert self.lab.runs == everything(self.folder)


def fill(folder: Path, object_format: str) -> None:
    """Make runs with every kind of object, every codec, and an older state."""
    repo = vcs_track.init(folder, object_format).with_defaults(capture_git=False)
    (folder / "weights").write_bytes(b"bytes of a file")
    with repo.start_run("one", id=RUN, hparams={"lr": 0.1, "opt": {"name": "adam"}}) as run:
        for step in range(5):
            run.add_scalar("f8", step / 7, step)
            run.add_scalar("f4", np.float32(step / 3), step**2, epoch=step // 2)
        run.add_scalar("int", 1, -(2**62))
        run.add_scalar("int", 2, 2**62 + 5)
        for value in (1, True, float("nan"), 0.5):
            run.add_scalar("mixed", value)
        run.new_repetition()
        run.add_scalar("f8", 0.25, 0)
        run.add_text("hello", tag="t")
        run.add_histogram("h", [1, 2], [0.0, 1.0, 2.0])
        run.add_image(np.zeros((2, 2, 3), dtype=np.uint8), step=1)
        run.add_file(folder / "weights")
    repo.edit(RUN, notes="an older state stands behind this one")


def everything(folder: Path) -> str:
    """Return all that a user can see of the runs in *folder*, as text: NaN differs from NaN."""
    found: list[Any] = []
    for run in vcs_track.open(folder).runs():
        series = [(tag, run.series(tag)) for tag in run.series_tags]
        columns = ("value", "step", "walltime", "epoch", "repetition")
        found.append((run.id, run.to_dict(), run.hparams, run.env))
        found += [(tag, [list(getattr(s, name)) for name in columns]) for tag, s in series]
        found += [(item.kind, item.name, item.tag, item.data) for item in run.media()]
    return repr(found)


def make_lab(folder: Path, object_format: str) -> Lab:
    fill(folder, object_format)
    repo = vcs_track.open(folder)
    bundle = repo.export(RUN, folder / "bundle.zip")
    objects = repo.store.home.objects
    return Lab(
        folder=folder,
        bundle=bundle,
        format=repo.store.format,
        objects={oid: objects.read(oid) for oid in objects},
        packs={path.name: path.read_bytes() for path in objects.folder.iterdir()},
        runs=everything(folder),
    )


def flips(path: Path, bits: range) -> Iterator[int]:
    """Flip one bit of a file after the other; yield each while it is flipped."""
    whole = path.read_bytes()
    path.chmod(0o644)
    fd = os.open(path, os.O_RDWR)
    try:
        for bit in bits:
            at = bit // 8
            os.pwrite(fd, bytes([whole[at] ^ 1 << bit % 8]), at)
            yield bit
            os.pwrite(fd, whole[at : at + 1], at)
    finally:
        os.pwrite(fd, whole, 0)
        os.close(fd)


def rewrite(file: PackFile, oids: list[ObjectId]) -> None:
    """Write the pack *file* again with nothing but these objects."""
    entries = {oid: (file.entry(oid), bytes(file.raw(file.entry(oid)))) for oid in oids}
    file.path.unlink()
    if entries:
        writer = PackWriter(file.path.parent, file._format)
        for entry, raw in entries.values():
            writer.add_raw(entry, raw)
        writer.install(file.path.parent, file.path.name[0])


def damaged_names(name: str, step: int) -> Iterator[str]:
    """Yield a file name with one bit flipped, as far as such a name can be."""
    for bit in range(0, 8 * len(name), step):
        raw = bytearray(name.encode())
        raw[bit // 8] ^= 1 << bit % 8
        if raw[bit // 8] not in b"/\0":
            yield os.fsdecode(bytes(raw))


def assert_settled(work: Work, source: list[Path]) -> None:
    """A second repair changes nothing."""
    before = snapshot(work.folder)
    report = work.check(source)

    assert report.repairs is not None
    assert ([], {}) == (report.repairs.mended, report.repairs.restored)
    assert before == snapshot(work.folder)


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return when each file was changed, and which file it is.

    Locks are left out, and the index, which is made again by whoever asks.
    """
    files = [
        path
        for path in folder.rglob("*")
        if path.suffix != ".lock" and "index.sqlite" not in path.name and path.is_file()
    ]
    return {path: ((s := path.stat()).st_mtime_ns, s.st_ino) for path in files}

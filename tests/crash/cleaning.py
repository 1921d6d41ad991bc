"""Parts of the races of the clean-up: packs nobody needs, and people who come in its way."""

from __future__ import annotations

import io
import os
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

import vcs_track
from vcs_track.plumbing.pack_writer import PackWriter, install
from vcs_track.plumbing.trash import Trash
from vcs_track.porcelain.gc import Report, gc

if TYPE_CHECKING:
    from vcs_track import Repository, Run

__all__ = [
    "DAY", "HOUR", "LONG_AGO", "NOW", "PICTURES", "Clean", "Edit", "Freshen", "Import", "Log",
    "LogAndSeal", "Restore", "age", "clean", "garbage", "image_of", "keep_cleaning", "keep_importing",
    "keep_logging", "lose", "pack_of", "picture", "png", "whole",
]  # fmt: skip

DAY = 86_400 * 1_000_000
NOW = time.time_ns() // 1000
LONG_AGO = NOW - 40 * DAY
PICTURES = {"kept": 11, "lost": 12}


def png(seed: int) -> bytes:
    """Return an image that is large enough to be reused, and unlike those of other seeds."""
    data = io.BytesIO()
    Image.frombytes("L", (80, 80), random.Random(seed).randbytes(6400)).save(data, "PNG")
    return data.getvalue()


def age(path: Path, days: float) -> None:
    """Make *path* look as if it had been changed that many days from now."""
    os.utime(path, ns=(int(NOW + days * DAY) * 1000,) * 2)


def garbage(repo: Repository, *contents: bytes) -> Path:
    """Add a pack that no run needs and that was made long ago."""
    writer = PackWriter(repo.store.layout.tmp, repo.store.format)
    for data in contents:
        writer.add(data, compress=False)
    writer.finish()
    age(writer.path, -1000)  # before it has its name: then it is old at once
    return install(writer.path, repo.store.layout.store.packs, "b", repo.store.format)


def clean(root: Path, days: float) -> Report:
    """Clean up as a new process would that many days from now."""
    store = vcs_track.open(root, recover=False).store
    return gc(store, now_us=int(NOW + days * DAY))


def pack_of(root: Path, content: bytes) -> str:
    """Return the name of a pack that holds *content*."""
    store = vcs_track.open(root, recover=False).store
    return store.home.objects.owner(store.format.hash(content)).path.name


def lose(root: Path) -> None:
    """Move every pack of the run ``lost`` to the trash, as a clean-up that went wrong."""
    store = vcs_track.open(root, recover=False).store
    folder = store.layout.trash / str(LONG_AGO)
    needed = [*store.home.head_folder.of("lost"), store.format.hash(png(PICTURES["lost"]))]
    for path in {store.home.objects.owner(oid).path for oid in needed}:
        path.rename(folder / path.name)


def picture(root: Path) -> list[str]:
    """Return the names of all files but those that only tell of clean-ups."""
    local = root / ".runs" / "local"
    names = sorted(str(path.relative_to(local)) for path in local.rglob("*"))
    return [name for name in names if name not in ("gc.json", "gc.lock", "trash")]


def whole(root: Path) -> bool:
    """Return whether every run is undamaged and no blob is absent."""
    report = vcs_track.open(root).fsck()
    return report.ok and not report.absent


def image_of(root: Path, run: str) -> bytes:
    """Return the one image of a run, as a new process reads it."""
    (item,) = vcs_track.open(root).run(run).get_images()
    return item.data


# ---- people -----------------------------------------------------------------------------------


class Log:
    """Somebody who logs ``png(1)``, which is in a pack already, and seals later."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.run: Run | None = None

    def begin(self) -> None:
        """Log."""
        repo = vcs_track.open(self.root).with_defaults(capture_git=False)
        self.run = repo.start_run("new", id="new")
        self.run.add_image(png(1), step=0)

    def end(self) -> None:
        """Seal, and check what is there right after."""
        assert self.run is not None
        self.run.finish()

        assert png(1) == image_of(self.root, "new")
        assert [] == vcs_track.open(self.root).run("new").to_dict()["gaps"]


class LogAndSeal(Log):
    """Somebody who does both at once."""

    def begin(self) -> None:
        """Log and seal."""
        super().begin()
        super().end()

    def end(self) -> None:
        """Check again."""
        assert png(1) == image_of(self.root, "new")


class Freshen:
    """Somebody who marks the pack of ``png(1)`` as in use, and does nothing more for long."""

    def __init__(self, root: Path) -> None:
        self.packs = vcs_track.open(root).store.home.packs
        self.oid = vcs_track.open(root).store.format.hash(png(1))
        self.marked = False

    def begin(self) -> None:
        """Mark."""
        self.marked = self.packs.freshen(self.oid)

    def end(self) -> None:
        """Check that a pack which was marked is there."""
        self.packs.refresh()

        assert not self.marked or png(1) == self.packs.read(self.oid)


class Edit:
    """Somebody who edits a run, so that its head is another one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self) -> None:
        """Edit."""
        vcs_track.open(self.root).edit("kept", notes="in the midst of it")

    def end(self) -> None:
        """Check that both states are there."""
        repo = vcs_track.open(self.root)

        assert "in the midst of it" == repo.run("kept").manifest.notes
        assert "later" == repo.run("kept@{1}").manifest.notes


class Import:
    """Somebody who imports a run of which every object is in a pack that is due to go."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self) -> None:
        """Import."""
        vcs_track.open(self.root).import_(self.root / "bundle.zip")

    def end(self) -> None:
        """Check that it is there."""
        assert png(2) == image_of(self.root, "imported")


class Restore:
    """Somebody whose packs went to the trash, and who puts them back."""

    def __init__(self, root: Path) -> None:
        lose(root)
        store = vcs_track.open(root, recover=False).store
        self.trash = Trash(store.layout.trash, store.home.packs, store.format)
        self.needed = [
            *store.home.head_folder.of("lost"),
            store.format.hash(png(PICTURES["lost"])),
        ]

    def begin(self) -> None:
        """Put back."""
        self.trash.restore(self.needed)

    def end(self) -> None:
        """Leave it at that."""


class Clean:
    """Another clean-up."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self) -> None:
        """Clean up."""
        clean(self.root, 0)

    def end(self) -> None:
        """Check what is there right after."""
        assert whole(self.root)


# ---- processes --------------------------------------------------------------------------------

HOUR = 3600 * 1_000_000


def keep_logging(root: str, seed: str, seconds: str) -> None:
    """Log images that are in packs which are about to go, run after run."""
    chance, until, n = random.Random(seed), time.monotonic() + float(seconds), 0
    while time.monotonic() < until:
        image = png(int(seed) * 100_000 + n)
        garbage(vcs_track.open(root), image)
        time.sleep(chance.random() * 0.05)
        repo = vcs_track.open(root).with_defaults(capture_git=False)
        with repo.start_run(id=f"{seed}-{n}") as run:
            run.add_image(image, step=0)
            time.sleep(chance.random() * 0.02)
            run.add_scalar("a", float(n), 0)
        n += 1


def keep_importing(root: str, seed: str, seconds: str) -> None:
    """Import runs of which every object is in a pack that is about to go, one by one."""
    chance, until, n = random.Random(seed), time.monotonic() + float(seconds), 0
    while time.monotonic() < until:
        with tempfile.TemporaryDirectory() as folder:
            other = vcs_track.init(folder).with_defaults(capture_git=False)
            with other.start_run(id=f"{seed}-{n}") as run:
                run.add_image(png(int(seed) * 100_000 + n), step=0)
                run.add_scalar("a", float(n), 0)
            bundle = other.export(run.id, Path(folder, "bundle.zip"))
            objects = other.store.home.objects
            garbage(vcs_track.open(root), *(objects.read(oid) for oid in objects))
            time.sleep(chance.random() * 0.05)
            vcs_track.open(root).import_(bundle)
        n += 1


def keep_cleaning(root: str, seed: str, seconds: str) -> None:
    """Clean up again and again, with a clock that jumps so that little time is much.

    A pack is noted, moved, and deleted when it was in the trash for two seconds.
    """
    until, chance = time.monotonic() + float(seconds), random.Random(seed)
    while time.monotonic() < until:
        for ahead in (-2 * HOUR, 0, HOUR - 2_000_000):
            now = time.time_ns() // 1000 + ahead
            gc(vcs_track.open(root, recover=False).store, now_us=now, grace=3600)
            time.sleep(chance.random() * 0.01)

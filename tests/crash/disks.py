"""Small real disks, and how to fill them. They need root."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["KB", "MB", "fill", "mounted", "room"]

KB: Final = 1024
MB: Final = 1024 * KB


@contextmanager
def mounted(folder: Path, kind: str, size: int) -> Iterator[Path]:
    """Mount a new disk of *size* bytes in *folder*, as long as the body lasts.

    Args:
        folder: An empty folder.
        kind: ``tmpfs``, or what there is a ``mkfs`` for.
        size: Bytes.
    """
    disk, image = folder / "disk", folder / "image"
    disk.mkdir()
    mount = ["mount", "-t", kind, "-o", f"size={size}", "tmpfs", str(disk)]
    if kind != "tmpfs":
        with image.open("wb") as file:
            file.truncate(size)
        _call(f"mkfs.{kind}", "-q", "-m", "0", str(image))
        mount = ["mount", "-t", kind, "-o", "loop", str(image), str(disk)]
    _call(*mount)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        image.unlink(missing_ok=True)


def _call(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"'{' '.join(command)}' does not work here: {error}")


def room(folder: Path) -> int:
    """Return the bytes that are free on the disk of *folder*."""
    disk = os.statvfs(folder)
    return disk.f_bfree * disk.f_frsize


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill the disk of *folder* but for about *leave* bytes; return the file that does it."""
    filler = folder / "filler"
    fd = os.open(filler, os.O_RDWR | os.O_CREAT)
    size = room(folder) - leave
    while size >= 4 * KB:
        try:
            os.posix_fallocate(fd, os.fstat(fd).st_size, size)
            size = room(folder) - leave
        except OSError:  # the disk needs some for itself, to say where the file is
            size //= 2
    os.close(fd)
    return filler

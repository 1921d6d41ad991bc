"""What is known of the file system that a folder is on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["file_system", "is_local", "safe_to_map"]

# File systems whose reservation of blocks also protects writes through a shared mapping.
_SAFE_TO_MAP: Final = {"ext2/ext3", "ext4", "xfs", "tmpfs"}
# Their files are those of other machines too, which have no memory in common with this one.
_SHARED: Final = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.glusterfs", "fuse.sshfs", "gpfs", "lustre", "nfs",
    "nfs4", "smb3", "smbfs",
}  # fmt: skip


def file_system(path: Path) -> str:
    """Return the type of the file system of *path*, or an empty string."""
    try:
        device = os.stat(path).st_dev  # noqa: PTH116 -- as above
        wanted = f"{os.major(device)}:{os.minor(device)}"
        mounts = fsio.read_text("/proc/self/mountinfo")
    except OSError:
        return ""
    found = ""
    for line in mounts.splitlines():
        head, _, tail = line.partition(" - ")
        if head.split()[2] == wanted:
            found = tail.split()[0]
    return found


def safe_to_map(path: Path) -> bool:
    """Return whether a reserved file in *path* can be written by mapping it."""
    return file_system(path) in _SAFE_TO_MAP


def is_local(path: Path) -> bool:
    """Return whether no other machine has the files in *path*."""
    return file_system(path) not in _SHARED

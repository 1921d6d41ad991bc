"""Where files wait that were added to an artifact and are not logged yet."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final
from weakref import finalize

from vcs_track.compat.wandb.artifacts.manifest import ALGORITHMS, as_base64, blocks
from vcs_track.formats.oid import new_hash
from vcs_track.plumbing import fsio

__all__ = ["Staging"]

_BLOCK: Final = 1 << 20


class Staging:
    """A folder for copies, which goes when nobody needs it."""

    def __init__(self) -> None:
        self._folder: Path | None = None

    def path(self) -> Path:
        """Return a free name in the folder."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="vcs-track-artifact-"))
            finalize(self, _remove, self._folder, os.getpid())
        return self._folder / secrets.token_hex(8)

    def copy(self, source: Path, algorithm: str) -> tuple[Path, str, int]:
        """Copy a file; return where it is, its digest and its bytes.

        The digest is that of the copy, whatever is written to *source* meanwhile.

        Raises:
            OSError: If it cannot be read or written.
        """
        target, hasher, size = self.path(), new_hash(ALGORITHMS[algorithm]), 0
        into = fsio.create(target)
        try:
            for block in blocks(source):
                hasher.update(block)
                fsio.append(into, block)
                size += len(block)
        except BaseException:
            fsio.unlink(target)
            raise
        finally:
            fsio.close(into)
        return target, as_base64(hasher.hexdigest()), size

    def write(self, data: bytes) -> Path:
        """Write *data* to a new file; return where it is."""
        target = self.path()
        fsio.write_new(target, data, sync=False)
        return target

    def part(self, path: Path, start: int, length: int) -> Path:
        """Copy *length* bytes of a file from *start*; return where they are."""
        target = self.path()
        into, fd = fsio.create(target), fsio.open_read(path)
        try:
            for at in range(start, start + length, _BLOCK):
                fsio.append(into, fsio.pread(fd, min(_BLOCK, start + length - at), at))
        finally:
            fsio.close(fd)
            fsio.close(into)
        return target

    def has(self, path: Path) -> bool:
        """Return whether *path* is one of the copies."""
        return self._folder is not None and path.parent == self._folder

    def clear(self) -> None:
        """Remove what is there."""
        if self._folder is not None:
            with suppress(OSError):
                fsio.remove_tree(self._folder)
            self._folder = None


def _remove(folder: Path, owner: int) -> None:
    # A forked child that ends must not take what its parent has yet to log.
    if os.getpid() == owner:
        with suppress(OSError):
            fsio.remove_tree(folder)

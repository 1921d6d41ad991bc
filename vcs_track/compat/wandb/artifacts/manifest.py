"""The files of an artifact, and the digest that wandb gives to them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from vcs_track.formats.oid import new_hash
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry

__all__ = [
    "ALGORITHMS",
    "ArtifactManifest",
    "as_base64",
    "blocks",
    "digest_of_bytes",
    "digest_of_file",
]

_HEAD: Final = "wandb-artifact-manifest-v1\n"
_BLOCK: Final = 1 << 20
# How wandb calls an algorithm, and how the hash itself is called.
ALGORITHMS: Final = {"MD5": "md5", "XXH128": "xxh128"}


def digest_of_bytes(data: bytes, algorithm: str = "MD5") -> str:
    """Return wandb's digest of the content of a file.

    Example:
        >>> from vcs_track.compat.wandb.artifacts.manifest import digest_of_bytes
        >>> digest_of_bytes(b"hello")
        'XUFAKrxLKna5cZ2REBfFkg=='
    """
    hasher = new_hash(ALGORITHMS[algorithm])
    hasher.update(data)
    return as_base64(hasher.hexdigest())


def digest_of_file(path: Path, algorithm: str = "MD5") -> tuple[str, int]:
    """Return wandb's digest of a file, and how many bytes it has."""
    hasher = new_hash(ALGORITHMS[algorithm])
    size = 0
    for block in blocks(path):
        hasher.update(block)
        size += len(block)
    return as_base64(hasher.hexdigest()), size


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, a part at a time."""
    fd, at = fsio.open_read(path), 0
    try:
        while block := fsio.pread(fd, _BLOCK, at):
            yield block
            at += len(block)
    finally:
        fsio.close(fd)


def as_base64(digits: str) -> str:
    """Return hexadecimal digits as base64."""
    return base64.b64encode(bytes.fromhex(digits)).decode()


class ArtifactManifest:
    """The files of an artifact.

    Args:
        entries: The files.
        algorithm: Hash of the digests, ``MD5`` or ``XXH128``.

    Attributes:
        entries: The files by name.

    Example:
        >>> from vcs_track.compat.wandb.artifacts.manifest import ArtifactManifest
        >>> ArtifactManifest().digest()
        '64e7c61456b10382e2f3b571ac24b659'
    """

    def __init__(
        self, entries: Iterable[ArtifactManifestEntry] = (), algorithm: str = "MD5"
    ) -> None:
        self.entries = {entry.path: entry for entry in entries}
        self.algorithm = algorithm

    def digest(self) -> str:
        """Return the digest that wandb gives to these files."""
        hasher = new_hash(ALGORITHMS[self.algorithm])
        hasher.update(_HEAD.encode())
        for path, entry in sorted(self.entries.items()):
            hasher.update(f"{path}:{entry.digest}\n".encode("utf-8", "surrogateescape"))
        return hasher.hexdigest()

    def algorithm_of(self, entry: ArtifactManifestEntry) -> str:
        """Return the hash of the digest of a file; a reference has MD5."""
        return "MD5" if entry.oid is None and entry.ref is not None else self.algorithm

    def size(self) -> int:
        """Return the bytes of all files together."""
        return sum(entry.size or 0 for entry in self.entries.values())

    def get_entry_by_path(self, path: str) -> ArtifactManifestEntry | None:
        """Return the file *path*, or None."""
        return self.entries.get(path)

    def __len__(self) -> int:
        return len(self.entries)

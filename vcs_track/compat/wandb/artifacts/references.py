"""Files that an artifact names and does not have."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from vcs_track.compat.wandb.artifacts.checks import check_path
from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
from vcs_track.compat.wandb.artifacts.manifest import digest_of_bytes, digest_of_file
from vcs_track.compat.wandb.artifacts.version import local_file
from vcs_track.compat.wandb.artifacts.walk import files_below
from vcs_track.compat.wandb.errors import BadTypeError, BadValueError

__all__ = ["is_address", "references"]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*://.")
_KNOWN: Final = ("file", "gs", "http", "https", "s3")
_MOST: Final = 10_000_000


def is_address(text: Any) -> bool:
    """Return whether *text* is an address with a scheme."""
    return isinstance(text, str) and _SCHEME.match(text) is not None


def references(
    uri: Any, name: str | None, *, checksum: bool, most: int | None
) -> list[ArtifactManifestEntry]:
    """Return what *uri* names, a file of its own for each.

    Args:
        uri: An address.
        name: Name in the artifact, or None.
        checksum: Whether files of this machine are hashed.
        most: The most files of a folder.

    Raises:
        BadTypeError: If it is no text.
        BadValueError: If it is no address, or names what is not there or too much.

    Example:
        >>> from vcs_track.compat.wandb.artifacts.references import references
        >>> one, = references("s3://data/train.csv", None, checksum=True, most=None)
        >>> one.path, one.ref
        ('train.csv', 's3://data/train.csv')
    """
    if not isinstance(uri, str):
        raise BadTypeError(f"a reference must be text, not {type(uri).__name__}")
    if not is_address(uri):
        raise BadValueError("References must be URIs. To reference a local file, use file://")
    path = local_file(uri)
    if path is not None:
        return _local(uri, path, name, checksum=checksum, most=most)
    if name is None and urlsplit(uri).scheme not in _KNOWN:
        raise BadValueError(
            'You must pass name="<entry_name>" when tracking references with unknown schemes. '
            f"ref: {uri}"
        )
    last = urlsplit(uri).path.rstrip("/").rpartition("/")[2] or urlsplit(uri).netloc
    return [ArtifactManifestEntry(check_path(last if name is None else name), uri, uri)]


def _local(
    uri: str, path: Path, name: str | None, *, checksum: bool, most: int | None
) -> list[ArtifactManifestEntry]:
    if path.is_file():
        label = check_path(path.name if name is None else name)
        return [_file(label, path, uri, checksum=checksum)]
    if not path.is_dir():
        raise BadValueError(f"Path '{uri}' must be a valid file or directory path")
    limit = _MOST if most is None else most
    found = list(islice(files_below(path), limit + 1))
    if len(found) > limit:
        raise BadValueError(f"Exceeded {limit} objects tracked, pass max_objects to add_reference")
    above = "" if name is None else check_path(name) + "/"
    base = uri.rstrip("/")
    return [
        _file(above + below, file, f"{base}/{below}", checksum=checksum) for below, file in found
    ]


def _file(label: str, path: Path, uri: str, *, checksum: bool) -> ArtifactManifestEntry:
    if checksum:
        digest, size = digest_of_file(path)
    else:
        # The address stands for the content, as wandb has it.
        raw = uri.encode("utf-8", "surrogateescape")
        digest, size = digest_of_bytes(raw), path.stat().st_size
    return ArtifactManifestEntry(label, digest, uri, size)

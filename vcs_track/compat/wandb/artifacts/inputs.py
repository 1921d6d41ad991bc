"""What a run that uses an artifact reads, as every other part of the program knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from vcs_track.formats import canonical
from vcs_track.formats.code import path_json
from vcs_track.formats.oid import FORMATS, ObjectId
from vcs_track.porcelain.inputs import Input

if TYPE_CHECKING:
    from vcs_track.compat.wandb.artifacts.manifest import ArtifactManifest

__all__ = ["input_of"]


def input_of(manifest: ArtifactManifest, name: str) -> Input | None:
    """Return what the files of an artifact are as an input.

    It has the id that the only file, or a folder with the files, has itself: ``vcs-track
    whence`` finds the run by a copy of either.

    Args:
        manifest: The files.
        name: Name of the input.

    Returns:
        The input, or None where some files are not in the store.
    """
    entries = list(manifest.entries.values())
    oids = [entry.oid for entry in entries]
    if not entries or None in oids:
        return None
    first = ObjectId(cast("str", oids[0]))
    if len(entries) == 1:
        return Input(name, first, manifest.size())
    listing = sorted(
        (entry.path.encode("utf-8", "surrogateescape"), cast("str", entry.oid))
        for entry in entries
    )
    files = [{"p": path_json(path), "o": oid} for path, oid in listing]
    body = canonical.dumps({"@": "folder/1", "files": files})
    fmt = next(one for one in FORMATS.values() if one.is_id(first))
    return Input(name, fmt.hash(body), manifest.size(), len(entries))

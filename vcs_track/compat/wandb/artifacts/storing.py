"""How the files of an artifact come into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb.artifacts.document import Document
from vcs_track.compat.wandb.artifacts.manifest import digest_of_file
from vcs_track.compat.wandb.errors import BadValueError, Error
from vcs_track.compat.wandb.media.paths import folder_safe
from vcs_track.errors import VcsTrackError
from vcs_track.formats.oid import check64
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
    from vcs_track.compat.wandb.artifacts.staging import Staging
    from vcs_track.porcelain.run import Run

__all__ = ["PART", "store"]

_LONGEST: Final = 240
PART: Final = 1 << 30  # bytes; one object may have 2 GiB


def store(run: Run, document: Document, staging: Staging) -> str:
    """Store the files of an artifact, and what tells of them; return its id.

    Args:
        run: The run of the store.
        document: What is kept; its files get their ids.
        staging: Where files wait.

    Raises:
        BadValueError: If a file changed since it was added.
        Error: If the disk refuses.
    """
    digest = document.manifest.digest()
    for entry in document.entries:
        if entry.oid is not None or entry.parts or entry.ref is None:
            _file(run, entry, _label(document.name, digest, entry.path), staging)
    data = document.encode()
    return _add(run, staging.write(data), _label(document.name, digest, "manifest.json"))


def _file(run: Run, entry: ArtifactManifestEntry, label: str, staging: Staging) -> None:
    if entry.local_path is not None:
        path = Path(entry.local_path)
        # What was not copied may have become another file.
        if not staging.has(path) and _digest(path, entry) != entry.digest:
            raise BadValueError(
                f"'{path}' has changed since it was added",
                hint="add it again, or with policy='mutable'",
            )
        if (entry.size or 0) <= PART:
            entry.oid, entry.parts = _add(run, path, label), []
            return
        starts = range(0, entry.size or 0, PART)
        pieces = (staging.part(path, start, PART) for start in starts)
    elif entry.version is None:
        raise Error(f"the bytes of '{entry.path}' are gone")
    else:
        # A run has all that it names: the one that logged it first may be removed.
        pieces = (staging.write(data) for data in entry.version.parts(entry))
    found = []
    for n, piece in enumerate(pieces):
        found.append(_add(run, piece, f"{label}.{n}" if n or entry.parts else label))
        fsio.unlink(piece)
    if len(found) == 1:
        entry.oid, entry.parts = found[0], []
    else:
        entry.oid, entry.parts = None, found


def _digest(path: Path, entry: ArtifactManifestEntry) -> str | None:
    algorithms = ("MD5", "XXH128")
    try:
        found = [digest_of_file(path, algorithm)[0] for algorithm in algorithms]
    except OSError as error:
        raise BadValueError(f"cannot read '{path}': {error.strerror}") from error
    return next((digest for digest in found if digest == entry.digest), None)


def _add(run: Run, path: Path, label: str) -> str:
    try:
        oid = run.add_file(path, label)
    except VcsTrackError as error:
        if isinstance(error, Error):
            raise
        raise Error(f"cannot store an artifact: {error.message}", hint=error.hint) from error
    if not oid:
        raise Error("cannot store an artifact: the disk refused", hint="is it full?")
    return oid


def _label(name: str, digest: str, path: Any) -> str:
    label = f"artifact/{name}/{digest[:8]}/{folder_safe(path)}"
    if len(label) > _LONGEST:
        rest = check64(str(path).encode("utf-8", "surrogateescape"))
        label = f"{label[: _LONGEST - 17]}-{rest:016x}"
    return label

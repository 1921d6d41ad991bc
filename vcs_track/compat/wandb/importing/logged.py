"""The artifacts that a run logged, from wandb's own places into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from vcs_track.compat.wandb.artifacts import event, storing
from vcs_track.compat.wandb.artifacts.checks import (
    check_aliases,
    check_metadata,
    check_name,
    check_path,
    check_tags,
)
from vcs_track.compat.wandb.artifacts.document import Document
from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
from vcs_track.compat.wandb.artifacts.event import Event
from vcs_track.compat.wandb.artifacts.manifest import digest_of_file
from vcs_track.compat.wandb.artifacts.staging import Staging
from vcs_track.compat.wandb.errors import Error
from vcs_track.formats.oid import check64

if TYPE_CHECKING:
    from vcs_track.compat.wandb.importing.story import Story
    from vcs_track.formats.offline_record import Artifact, Entry
    from vcs_track.porcelain.run import Run

__all__ = ["log_artifacts"]

_MD5: Final = "MD5"


def log_artifacts(story: Story, run: Run, run_id: str, at: float, notes: list[str]) -> None:
    """Store the artifacts of a run, each as a version.

    The bytes lie in a folder of the user's that wandb does not keep with the run. Where they
    are gone, the version still has names, sizes and digests.

    Args:
        story: The run.
        run: The open run of the store.
        run_id: Its id.
        at: When it was logged, seconds since 1970 UTC.
        notes: Is told what could not be kept.
    """
    for number, artifact in enumerate(story.artifacts):
        try:
            found = _log(story, run, artifact, run_id, int(at * 1e6) + number, notes)
        except Error as error:
            if isinstance(error.__cause__, OSError):
                raise  # nothing is wrong with the artifact: it comes the next time
            notes.append(f"artifact {artifact.name!r:.200} is left out: {error.message}")
        else:
            run.set_face(event.FACE, **{found.id: found.to_json()})


def _log(
    story: Story, run: Run, artifact: Artifact, run_id: str, at_us: int, notes: list[str]
) -> Event:
    if artifact.manifest:
        notes.append(f"artifact '{artifact.name}' has too many files: they are left out")
    name = check_name(artifact.name)
    staging = Staging()
    entries, gone = [], 0
    for one in artifact.entries:
        entry = _entry(one)
        gone += entry.ref is not None and not one.ref
        entries.append(entry)
    if gone:
        notes.append(
            f"artifact '{name}': {gone:,} of {len(entries):,} files are no longer where wandb "
            "kept them"
        )
    document = Document(
        name, artifact.type, artifact.description or None, check_metadata(artifact.metadata),
        entries, _MD5,
    )  # fmt: skip
    digest = document.manifest.digest()
    if artifact.digest and artifact.digest != digest:
        notes.append(f"artifact '{name}' has the digest {digest}, not {artifact.digest}")
    try:
        oid = storing.store(run, document, staging)
    finally:
        staging.clear()
    aliases = [alias for alias in artifact.aliases if alias != "latest"]
    body = {
        "entity": story.facts.entity, "project": story.facts.project, "name": name,
        "type": artifact.type, "digest": digest, "doc": oid, "version": 0,
        "aliases": check_aliases(aliases), "tags": check_tags(list(artifact.tags)),
        "who": run_id,
    }  # fmt: skip
    told = f"{run.id}\0{at_us}\0{name}\0{digest}"
    return Event(f"wandb-{check64(told.encode()):016x}", "log", at_us, run.id, body)


def _entry(one: Entry) -> ArtifactManifestEntry:
    path, size = check_path(one.path), max(one.size, 0)
    if one.ref:
        return ArtifactManifestEntry(path, one.digest, one.ref, size)
    local = Path(one.local_path)
    if _is_still_there(local, one.digest):
        return ArtifactManifestEntry(path, one.digest, None, size, local_path=str(local))
    return ArtifactManifestEntry(path, one.digest, f"file://{one.local_path}", size)


def _is_still_there(path: Path, digest: str) -> bool:
    """Return whether the file has the bytes that were logged."""
    if not path.is_absolute() or "\0" in str(path):
        return False
    try:
        if not path.is_file():
            return False
    except PermissionError:  # the folder of another user
        return False
    return digest_of_file(path, _MD5)[0] == digest

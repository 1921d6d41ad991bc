"""A version of an artifact: what is known of it, and its bytes."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from vcs_track import environ
from vcs_track.compat.wandb.artifacts.checks import check_path
from vcs_track.compat.wandb.artifacts.event import Event, Place
from vcs_track.compat.wandb.artifacts.manifest import digest_of_bytes, digest_of_file
from vcs_track.compat.wandb.errors import BadValueError, CommError
from vcs_track.compat.wandb.media.refusals import MissingFileError
from vcs_track.formats.oid import ObjectId
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcs_track.compat.wandb.artifacts.collection import Collection, Stage
    from vcs_track.compat.wandb.artifacts.document import Document
    from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
    from vcs_track.compat.wandb.artifacts.inventory import Inventory

__all__ = ["Version", "local_file"]


def local_file(uri: str) -> Path | None:
    """Return the file that a ``file://`` address names, or None."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(unquote(parts.path))


class Version:
    """A version that was logged.

    Args:
        inventory: The inventory that has it.
        log: The event that logged it.

    Attributes:
        inventory: The same.
        log: The same.
        link: The other place by whose name it was found, or None.
    """

    def __init__(self, inventory: Inventory, log: Event) -> None:
        self.inventory = inventory
        self.log = log
        self.link: Place | None = None

    @property
    def id(self) -> str:
        """What tells it from all others."""
        return self.log.id

    @cached_property
    def document(self) -> Document:
        """What is kept of it."""
        found = self.inventory.document(self.log)
        for entry in found.entries:
            entry.version = self
        return found

    @property
    def collection(self) -> Collection:
        """The versions beside it, as they are now."""
        return self.inventory.collection(self.log.place)

    @property
    def stage(self) -> Stage:
        """Where it is among them.

        Raises:
            CommError: If it was deleted, or its run was removed.
        """
        found = self.collection.of(self.log.id)
        if found is None:
            raise CommError(f"this version of artifact '{self.log.place.name}' is gone")
        return found

    @property
    def name(self) -> str:
        """Name and number, ``model:v3``."""
        return f"{self.log.place.name}:v{self.stage.number}"

    def record(self, op: str, **body: Any) -> None:
        """Keep something that happens to it now, with the run that logged it."""
        self.inventory.record(self.inventory.event(op, self.log.run, of=self.log.id, **body))

    # ---- bytes -------------------------------------------------------------------------

    def default_root(self) -> Path:
        """Return the folder that it is written to where none is named."""
        above = environ.prefixed("WANDB_").get("WANDB_ARTIFACT_DIR") or "artifacts"
        return Path(above) / self.name

    def read(self, entry: ArtifactManifestEntry) -> bytes:
        """Return the bytes of a file.

        Raises:
            BadValueError: If it is a reference to what is not on this machine.
            MissingFileError: If the file of a reference is gone, or another one.
        """
        return b"".join(self.parts(entry))

    def parts(self, entry: ArtifactManifestEntry) -> Iterator[bytes]:
        """Yield the bytes of a file part by part; most files have one."""
        if entry.oid is None and not entry.parts:
            yield self._referred(entry)
            return
        objects = self.inventory.view(self.log.run).objects
        for oid in entry.parts or [entry.oid or ""]:
            yield objects.read(ObjectId(oid))

    def _referred(self, entry: ArtifactManifestEntry) -> bytes:
        ref = entry.ref or ""
        path = local_file(ref)
        if path is None:
            raise BadValueError(
                f"'{entry.path}' is a reference to '{entry.ref}', which is never fetched",
                hint="fetch it yourself, or use allow_missing_references=True",
            )
        try:
            data = fsio.read(path)
        except OSError as error:
            raise MissingFileError(
                f"cannot read '{path}' that '{entry.path}' refers to: {error.strerror}"
            ) from None
        raw = ref.encode("utf-8", "surrogateescape")
        known = [digest_of_bytes(one) for one in (data, raw)]
        if entry.digest not in known:
            raise MissingFileError(f"'{path}' has changed since '{entry.path}' referred to it")
        return data

    def write(self, entry: ArtifactManifestEntry, root: Path) -> Path:
        """Write a file below *root*, unless it is there already."""
        # Checked again: the names may come from a stranger's bundle.
        target = root / check_path(entry.path)
        algorithm = self.document.manifest.algorithm_of(entry)
        if target.is_file() and digest_of_file(target, algorithm)[0] == entry.digest:
            return target
        fsio.make_dirs(target.parent, sync=False)
        tmp = fsio.aside(target)
        fd = fsio.create(tmp)
        try:
            for part in self.parts(entry):
                fsio.append(fd, part)
            fsio.rename(tmp, target)
        except BaseException:
            fsio.unlink(tmp)
            raise
        finally:
            fsio.close(fd)
        return target

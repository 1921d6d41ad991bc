"""What is kept of a version: its files and what was said of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from vcs_track.compat.wandb.artifacts.entry import ArtifactManifestEntry
from vcs_track.compat.wandb.artifacts.manifest import ALGORITHMS, ArtifactManifest
from vcs_track.errors import CorruptError
from vcs_track.formats import canonical, typed_json

__all__ = ["MIME", "Document"]

MIME: Final = "application/vnd.wandb.artifact+json"
_KIND: Final = "wandb-artifact/1"


@dataclass(slots=True)
class Document:
    """What is kept of a version.

    Attributes:
        name: Name of the artifact.
        type: Its type.
        description: What is said of it, or None.
        metadata: What else is said of it.
        entries: The files.
        algorithm: Hash of the digests.
    """

    name: str
    type: str
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    entries: list[ArtifactManifestEntry] = field(default_factory=list)
    algorithm: str = "MD5"

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        body = {
            "@": _KIND, "name": self.name, "type": self.type, "description": self.description,
            "metadata": typed_json.freeze(self.metadata), "algorithm": self.algorithm,
            "entries": [entry.to_json() for entry in sorted(self.entries, key=lambda e: e.path)],
        }  # fmt: skip
        return canonical.dumps(body)

    @classmethod
    def decode(cls, data: bytes) -> Document:
        """Return the document in *data*.

        Raises:
            CorruptError: If there is none.
        """
        body = canonical.loads(data)
        if not isinstance(body, dict) or body.get("@") != _KIND:
            raise CorruptError("what should tell of an artifact does not")
        entries, algorithm = body.get("entries"), body.get("algorithm")
        metadata = typed_json.thaw(body.get("metadata") or {})
        texts = (body.get("name"), body.get("type"))
        if (
            not isinstance(entries, list)
            or not all(isinstance(one, dict) for one in entries)
            or not isinstance(metadata, dict)
            or not all(isinstance(text, str) for text in texts)
            or algorithm not in ALGORITHMS
        ):
            raise CorruptError("what tells of an artifact is damaged")
        description = body.get("description")
        return cls(
            body["name"], body["type"], None if description is None else str(description),
            metadata, [ArtifactManifestEntry.from_json(one) for one in entries], algorithm,
        )  # fmt: skip

    @property
    def manifest(self) -> ArtifactManifest:
        """The files, with their digest."""
        return ArtifactManifest(self.entries, self.algorithm)

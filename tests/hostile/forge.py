"""Bundles that a stranger made: what a bundle says, put together piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hostile.archive import Archive, Member

from vcs_track.formats import canonical
from vcs_track.formats.manifest import RunManifest, encode_document
from vcs_track.formats.oid import FORMATS, ObjectFormat, ObjectId

__all__ = ["NOWHERE", "SHA256", "Forge", "manifest", "sound"]

SHA256 = FORMATS["sha256"]
NOWHERE = ObjectId("f" * 64)


def manifest(**fields: Any) -> dict[str, Any]:
    """Return the manifest of a run as plain JSON, with some fields otherwise."""
    body = canonical.loads(RunManifest("evil", "n", "finished", 1, 1).encode())
    return {**body, **fields}


@dataclass
class Forge:
    """A bundle in the making.

    Attributes:
        fmt: Its object format.
        objects: What it holds, by id.
        heads: Heads of each run.
        trees: Lists of files of each tree.
        missing: What it says that it lacks.
        index: Members of ``bundle.json`` that are otherwise.
        raw_index: Bytes in place of ``bundle.json``.
        extra: More entries.
        deflate: Whether objects are packed.
    """

    fmt: ObjectFormat = SHA256
    objects: dict[ObjectId, bytes] = field(default_factory=dict)
    heads: dict[str, list[ObjectId]] = field(default_factory=dict)
    trees: dict[str, list[ObjectId]] = field(default_factory=dict)
    missing: list[Any] = field(default_factory=list)
    index: dict[str, Any] = field(default_factory=dict)
    raw_index: bytes | None = None
    extra: list[Member] = field(default_factory=list)
    deflate: bool = True

    def blob(self, data: bytes) -> ObjectId:
        """Add an object; return its id."""
        oid = self.fmt.hash(data)
        self.objects[oid] = data
        return oid

    def json(self, value: Any) -> ObjectId:
        """Add a document; return its id."""
        return self.blob(canonical.dumps(value))

    def run(self, **fields: Any) -> Forge:
        """Add a run and its head."""
        return self.head(self.json(manifest(**fields)), str(fields.get("run", "evil")))

    def head(self, oid: ObjectId, run: str = "evil") -> Forge:
        """Add a head."""
        self.heads.setdefault(run, []).append(oid)
        return self

    def described(self, data: bytes) -> dict[str, Any]:
        """Return what ``bundle.json`` says of an object."""
        size: dict[str, Any] = {"size": len(data)}
        return size if self.fmt is SHA256 else {**size, "sha256": SHA256.hash(data)}

    def members(self) -> list[Member]:
        """Return the entries."""
        index = {
            "@": "bundle/1", "object_format": self.fmt.name,
            "heads": {run: sorted(found) for run, found in self.heads.items()},
            "objects": {oid: self.described(data) for oid, data in self.objects.items()},
            "missing": self.missing,
            "code": {tree: sorted(found) for tree, found in self.trees.items()}, **self.index,
        }  # fmt: skip
        content = canonical.dumps(index) if self.raw_index is None else self.raw_index
        found = [Member(b"README.txt", b"hello"), Member(b"bundle.json", content, 8)]
        for kind, named in (("heads", self.heads), ("code", self.trees)):
            found += [
                Member(f"{kind}/{name}.{oid}".encode())
                for name, oids in sorted(named.items())
                for oid in sorted(set(oids))
            ]
        found += self.extra
        return found + [
            Member(f"objects/{oid}".encode(), data, 8 if self.deflate else 0)
            for oid, data in sorted(self.objects.items())
        ]

    def write(self) -> bytes:
        """Return the bytes of the bundle."""
        return Archive(self.members()).write()


def sound() -> Forge:
    """Return a bundle of one run with nothing wrong."""
    forge = Forge()
    return forge.run(hparams=forge.blob(encode_document("hparams/1", {"lr": 0.1})))

"""One file of an artifact."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vcs_track.compat.wandb.artifacts.checks import check_path
from vcs_track.compat.wandb.errors import ArtifactNotLoggedError, BadValueError
from vcs_track.errors import CorruptError
from vcs_track.formats.oid import looks_like_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcs_track.compat.wandb.artifacts.version import Version

__all__ = ["ArtifactManifestEntry"]


@dataclass(slots=True)
class ArtifactManifestEntry:
    """One file of an artifact.

    Attributes:
        path: Its name in the artifact.
        digest: What tells its content: the MD5 as base64, or of a reference what is known.
        ref: Where the bytes are, when they are not in the store.
        size: Bytes, where they are known.
        extra: What else is known of a reference.
        local_path: Where the bytes wait until the artifact is logged.
        oid: Id of the bytes in the store.
        version: The version that it belongs to, once it is logged.
    """

    path: str
    digest: str
    ref: str | None = None
    size: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    local_path: str | None = None
    oid: str | None = None
    version: Version | None = field(default=None, repr=False, compare=False)

    def download(
        self, root: str | Path | None = None, skip_cache: bool | None = None,
        executor: object = None,
    ) -> str:  # fmt: skip
        """Write the file below *root*; return where it is.

        Args:
            root: A folder. Default: that of the artifact.
            skip_cache: Without effect.
            executor: Without effect.

        Raises:
            ArtifactNotLoggedError: If the artifact is not logged.
            BadValueError: If the bytes of a reference are not there, or others.
        """
        del skip_cache, executor
        version = self._version("download")
        folder = version.default_root() if root is None else Path(root)
        return str(version.write(self, folder))

    def ref_target(self) -> str:
        """Return where the bytes of a reference are.

        Raises:
            BadValueError: If the bytes are in the store.
        """
        if self.ref is None:
            raise BadValueError(f"'{self.path}' is no reference: the store has its bytes")
        return self.ref

    def ref_url(self) -> str:
        """Return an address by which another artifact can refer to this file."""
        return f"wandb-artifact://{self._version('ref_url').id}/{self.path}"

    def _version(self, what: str) -> Version:
        if self.version is None:
            raise ArtifactNotLoggedError(
                f"'ArtifactManifestEntry.{what}' used prior to logging artifact",
                hint="log the artifact first",
            )
        return self.version

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of it."""
        name, raw = self.path, None
        try:
            name.encode()
        except UnicodeEncodeError:  # a name that is no text; JSON has no form for it
            raw = base64.b64encode(name.encode("utf-8", "surrogateescape")).decode()
            name = name.encode("utf-8", "replace").decode()
        facts = {
            "path": name, "raw": raw, "digest": self.digest, "ref": self.ref, "size": self.size,
            "extra": self.extra or None, "oid": self.oid,
        }  # fmt: skip
        return {name: fact for name, fact in facts.items() if fact is not None}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Return the file that *body* tells of.

        Raises:
            CorruptError: If it tells of none, or of one whose name leads elsewhere.
        """
        try:
            raw = body.get("raw")
            path = body["path"] if raw is None else _name_of(raw)
            found = cls(
                check_path(path), body["digest"], body.get("ref"), body.get("size"),
                dict(body.get("extra") or {}), oid=body.get("oid"),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CorruptError(f"a file of an artifact is damaged: {error}") from None
        if not _fits(found):
            raise CorruptError(f"file '{found.path}' of an artifact is damaged")
        return found


def _name_of(raw: str) -> str:
    return base64.b64decode(raw, validate=True).decode("utf-8", "surrogateescape")


def _fits(entry: ArtifactManifestEntry) -> bool:
    has_place = entry.ref is not None or looks_like_id(entry.oid)
    texts = (entry.digest, entry.ref or "")
    return (
        has_place
        and all(isinstance(text, str) for text in texts)
        and (entry.size is None or type(entry.size) is int)
    )

"""Everything that a run needs: its manifests, columns, texts and blobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, ObjectNotFoundError
from vcs_track.formats import canonical
from vcs_track.formats.code import Code
from vcs_track.formats.manifest import decode_document, decode_media, decode_run, references
from vcs_track.formats.series import decode_column, decode_scalars
from vcs_track.formats.typed_json import thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import Objects

__all__ = ["Closure", "closure"]


@dataclass(slots=True)
class Closure:
    """What was found from some heads.

    Attributes:
        roles: Role of each object that is there.
        missing: Blobs that are not there.
    """

    roles: dict[ObjectId, str] = field(default_factory=dict)
    missing: set[ObjectId] = field(default_factory=set)

    def has(self, oid: ObjectId) -> bool:
        """Return whether *oid* was looked at."""
        return oid in self.roles or oid in self.missing


def closure(
    heads: Iterable[ObjectId],
    objects: Objects,
    *,
    role: str = "run/1",
    check: bool = False,
    visit: Callable[[ObjectId, bytes], None] | None = None,
    known: Mapping[ObjectId, str] | None = None,
    absent: Container[ObjectId] = (),
) -> Closure:
    """Return everything that *heads* need.

    Args:
        heads: Ids of run manifests, or of other documents.
        objects: Where to look.
        role: What *heads* are.
        check: Also demand that each JSON object is canonical, for bytes of strangers.
        visit: Is called with each document.
        known: What was followed before, and need not be again, with its roles; run manifests
            are all the same.
        absent: What may be missing although it is no blob.

    Raises:
        ObjectNotFoundError: If anything but a blob is missing.
        CorruptError: If a document is not one.
    """
    found = Closure()
    known = known or {}
    todo: list[tuple[str, ObjectId]] = [(role, oid) for oid in heads]
    while todo:
        role, oid = todo.pop()
        if found.has(oid) or (role != "run/1" and known.get(oid) == role):
            continue
        if oid not in objects:
            if role != "blob" and oid not in absent:
                raise ObjectNotFoundError(
                    f"{role} '{oid[:12]}' is missing",
                    oid=oid,
                    hint="import a bundle that has it",
                )
            found.missing.add(oid)
            continue
        found.roles[oid] = role
        if role == "col/1":
            if check:
                _check_column(objects.read(oid))
        elif role not in ("blob", "text"):
            data = objects.read(oid)
            if check:
                canonical.check(data)
            _CHECKS.get(role, _any_document)(data)
            if visit is not None:
                visit(oid, data)
            todo.extend(references(data))
    return found


def _check_column(data: bytes) -> None:
    canonical.check(data)
    decode_column(data)


def _any_document(data: bytes) -> None:
    canonical.loads(data)


def _frozen_dict(kind: str) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        if not isinstance(thaw(decode_document(data, kind).get("v")), dict):
            raise CorruptError(f"a '{kind}' document holds no names")

    return check


_CHECKS: dict[str, Callable[[bytes], object]] = {
    "run/1": decode_run,
    "code/1": Code.decode,
    "hparams/1": _frozen_dict("hparams/1"),
    "env/1": _frozen_dict("env/1"),
    "scalars/1": decode_scalars,
    "media/1": decode_media,
}

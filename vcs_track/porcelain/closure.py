"""Everything that a run needs: its manifests, columns, texts and blobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import CorruptError, ObjectNotFoundError
from vcs_track.formats import canonical
from vcs_track.formats.code import Code
from vcs_track.formats.manifest import (
    RunManifest,
    decode_document,
    decode_media,
    decode_run,
    references,
)
from vcs_track.formats.oid import ObjectId
from vcs_track.formats.series import decode_column, decode_scalars
from vcs_track.formats.series_check import COLUMNS, check_chunk
from vcs_track.formats.typed_json import thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from vcs_track.plumbing.packs import Objects

__all__ = ["Closure", "closure"]

_LEAVES: Final = ("blob", "text")  # what no other object depends on
_SHARED: Final = ("col/1", "env/1", "hparams/1", "scalars/1")  # with all that they need


@dataclass(slots=True)
class Closure:
    """What was found from some heads.

    Attributes:
        roles: Role of each object that is there.
        missing: Blobs that are not there.
        redacted: Blobs and texts that were removed on purpose, and why.
    """

    roles: dict[ObjectId, str] = field(default_factory=dict)
    missing: set[ObjectId] = field(default_factory=set)
    redacted: dict[ObjectId, str] = field(default_factory=dict)

    def add(self, other: Closure) -> None:
        """Take in what was found of another run."""
        self.roles.update(other.roles)
        self.missing |= other.missing
        self.redacted.update(other.redacted)

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
        known: What was followed before, with its roles: columns and settings of it are not
            again. What runs say of redactions is looked at for each.
        absent: What may be missing although it is no blob.

    Raises:
        ObjectNotFoundError: If anything but a blob is missing, and was not redacted.
        CorruptError: If a document is not one.
    """
    found = Closure()
    known = known or {}
    lacking: dict[ObjectId, str] = {}
    said: dict[ObjectId, str] = {}
    seen: set[tuple[str, ObjectId]] = set()
    columns: set[ObjectId] = set()
    todo: list[tuple[str, ObjectId]] = [(role, oid) for oid in heads]
    while todo:
        role, oid = todo.pop()
        # By role: what passes as an image here may be named as a document there.
        if (role, oid) in seen or (role in _SHARED and known.get(oid) == role):
            continue
        seen.add((role, oid))
        if oid not in objects:
            if oid not in absent:
                lacking[oid] = _role_of_missing(role, oid, lacking.get(oid))
            found.missing.add(oid)
            continue
        found.roles[oid] = _stronger(found.roles.get(oid) or known.get(oid), role)
        if role == "col/1":
            if check and oid not in columns:
                _column(objects.read(oid))
        elif role not in _LEAVES:
            data = objects.read(oid)
            if check:
                columns |= _check_document(role, data, objects)
            _check(role, data, said)
            if visit is not None:
                visit(oid, data)
            todo.extend(references(data))
    _settle(found, lacking, said, objects)
    return found


def _stronger(old: str | None, new: str) -> str:
    """Return the role of an object that has both: a blob may be absent, a document may not."""
    return new if old is None or old == "blob" or (old == "text" and new != "blob") else old


def _role_of_missing(role: str, oid: ObjectId, before: str | None) -> str:
    # A state that is read later may say that it was redacted.
    if role not in _LEAVES:
        raise _missing(role, oid)
    return _stronger(before, role)


def _column(data: bytes) -> list[Any]:
    canonical.check(data)
    return decode_column(data)


def _check_document(role: str, data: bytes, objects: Objects) -> set[ObjectId]:
    """Check a stranger's document; return the columns that were looked at on the way."""
    canonical.check(data)
    return _check_series(data, objects) if role == "scalars/1" else set()


def _check_series(data: bytes, objects: Objects) -> set[ObjectId]:
    """Compare each chunk with its columns; return these."""
    seen: set[ObjectId] = set()
    recent: dict[ObjectId, list[Any]] = {}
    for tag, chunks in decode_scalars(data).items():
        for chunk in chunks:
            ids = {name: chunk[name] for name in COLUMNS if name in chunk}
            if not all(oid in objects for oid in ids.values()):
                continue  # the walk that follows says what that means
            # Series that were logged together share columns.
            recent = {oid: recent.get(oid) or _column(objects.read(oid)) for oid in ids.values()}
            check_chunk(tag, chunk, {name: recent[oid] for name, oid in ids.items()})
            seen.update(recent)
    return seen


def _check(role: str, data: bytes, said: dict[ObjectId, str]) -> None:
    """Refuse what is no such document; note what it says of redactions."""
    document = _CHECKS.get(role, _any_document)(data)
    if isinstance(document, RunManifest):
        said.update({ObjectId(oid): one["reason"] for oid, one in document.redacted.items()})


def _settle(
    found: Closure, lacking: dict[ObjectId, str], said: dict[ObjectId, str], objects: Objects
) -> None:
    """Tell what was redacted from what is missing."""
    here: Callable[[ObjectId], str | None] = getattr(objects, "redacted", lambda _: None)
    for oid in [*lacking, *(said.keys() & found.roles.keys())]:
        reason = said[oid] if oid in said else here(oid)
        if reason is not None:
            found.redacted[oid] = reason
            found.missing.discard(oid)
            found.roles.pop(oid, None)
        elif lacking[oid] != "blob":
            raise _missing(lacking[oid], oid)


def _missing(role: str, oid: ObjectId) -> ObjectNotFoundError:
    return ObjectNotFoundError(
        f"{role} '{oid[:12]}' is missing", oid=oid, hint="import a bundle that has it"
    )


def _any_document(data: bytes) -> object:
    return canonical.loads(data)


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

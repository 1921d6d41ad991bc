"""The manifests: JSON objects that name other objects.

Pure values; ``docs/format/objects.md`` is the specification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from vcs_track.errors import CorruptError
from vcs_track.formats import canonical, typed_json
from vcs_track.formats.oid import ObjectId, looks_like_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "BLOB_KINDS",
    "GIT_ID",
    "RUN_ID",
    "STATUSES",
    "MediaItem",
    "RunManifest",
    "decode_document",
    "decode_media",
    "decode_run",
    "encode_document",
    "encode_media",
    "is_command",
    "references",
]

RUN_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
GIT_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
STATUSES: Final = ("running", "finished", "failed", "killed", "crashed")

# Media whose bytes are stored apart from the manifests, and may stay behind.
BLOB_KINDS: Final = ("image", "figure", "file")

_TYPED = ("summary", "summary_set", "results")


@dataclass(frozen=True, slots=True)
class RunManifest:
    """The state of one run at one moment; see ``docs/format/objects.md``.

    Times are microseconds since 1970 UTC; ``hparams``, ``scalars``, ``media``, ``env`` and
    ``code`` are object ids or None.
    """

    run: str
    name: str
    status: str
    time_us: int
    created_us: int
    parents: tuple[ObjectId, ...] = ()
    ended_us: int | None = None
    project: str | None = None
    group: str | None = None
    job_type: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None
    color: str | None = None
    exit: dict[str, Any] | None = None
    hparams: ObjectId | None = None
    scalars: ObjectId | None = None
    media: ObjectId | None = None
    env: ObjectId | None = None
    code: ObjectId | None = None
    git: dict[str, Any] | None = None
    command: dict[str, Any] | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    summary_set: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    gaps: tuple[dict[str, Any], ...] = ()
    writers: dict[str, int] = field(default_factory=dict)
    redacted: dict[str, dict[str, Any]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        body = {name: getattr(self, name) for name in _FIELDS}
        if not self.redacted:
            del body["redacted"]
        body.update(
            {
                "@": "run/1",
                "parents": sorted(self.parents),
                "tags": sorted(self.tags),
                "gaps": list(self.gaps),
                **{name: typed_json.freeze(body[name]) for name in _TYPED},
                **self.extra,
            }
        )
        return canonical.dumps(body)


_IDS = ("hparams", "scalars", "media", "env", "code")
_LAST_US = 253_402_300_800_000_000  # the end of the year 9999
_FIELDS = tuple(f.name for f in fields(RunManifest) if f.name != "extra")
_KNOWN = frozenset(_FIELDS)
_REQUIRED: dict[str, type] = {
    "run": str, "name": str, "status": str, "time_us": int, "created_us": int,
    "parents": list, "tags": list, "summary": dict, "summary_set": dict, "results": dict, "gaps": list,
    "writers": dict,
}  # fmt: skip
_OPTIONAL: dict[str, type] = {
    "ended_us": int, "project": str, "group": str, "job_type": str, "notes": str,
    "color": str, "exit": dict, "hparams": str, "scalars": str, "media": str,
    "env": str, "code": str, "git": dict, "command": dict, "redacted": dict,
}  # fmt: skip


def decode_run(data: bytes) -> RunManifest:
    """Return the run manifest in *data*.

    Raises:
        CorruptError: If it is not a ``run/1`` document.
    """
    body = decode_document(data, "run/1")
    for name, kind in _REQUIRED.items():
        if not isinstance(body.get(name), kind):
            raise _invalid(name)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in body.items():
        if name not in _KNOWN:
            extra[name] = value
        elif value is not None and not isinstance(value, _OPTIONAL.get(name, object)):
            raise _invalid(name)
        else:
            known[name] = value
    extra.pop("@")
    known["redacted"] = known.get("redacted") or {}
    _check_inside(body)
    for name in ("parents", "tags", "gaps"):
        known[name] = tuple(body[name])
    for name in () if typed_json.is_plain(data) else _TYPED:
        known[name] = typed_json.thaw(body[name])
        if not isinstance(known[name], dict):
            raise _invalid(name)
    return RunManifest(**known, extra=extra)


def _check_inside(body: dict[str, Any]) -> None:
    if RUN_ID.fullmatch(body["run"]) is None:
        raise _invalid("run")
    if body["status"] not in STATUSES:
        raise _invalid("status")
    for name in _IDS:
        if (oid := body.get(name)) is not None and not looks_like_id(oid):
            raise _invalid(name)
    for name in ("time_us", "created_us", "ended_us"):
        if (us := body.get(name)) is not None and not _is_time(us):
            raise _invalid(name)
    if not _is_redacted(body.get("redacted") or {}):
        raise _invalid("redacted")
    _check_facts(body)
    _check_members(body)


def _check_facts(body: dict[str, Any]) -> None:
    if not is_command(body.get("command") or {}):
        raise _invalid("command")
    git = body.get("git") or {}
    for name, found, kinds in (("git", git, _OF_GIT), ("exit", body.get("exit"), _OF_EXIT)):
        if not _fits(found or {}, kinds):
            raise _invalid(name)
    # It will stand in a command line of git.
    if git.get("commit") and GIT_ID.fullmatch(git["commit"]) is None:
        raise _invalid("git")


_TEXT: Final = (str, type(None))
_WHOLE: Final = (int, type(None))
_OF_GIT: Final[dict[str, tuple[type, ...]]] = {
    "commit": _TEXT, "branch": _TEXT, "upstream": _TEXT, "remote": _TEXT, "tree": _TEXT,
    "unreadable": _TEXT, "ahead": _WHOLE, "behind": _WHOLE, "untracked": _WHOLE,
    "dirty": (bool, type(None)), "worktree": (bool,), "submodule": (bool,),
}  # fmt: skip
_OF_EXIT: Final[dict[str, tuple[type, ...]]] = {"code": _WHOLE, "signal": _WHOLE, "error": _TEXT}


def _fits(body: object, kinds: dict[str, tuple[type, ...]]) -> bool:
    return isinstance(body, dict) and all(
        type(body[name]) in kind for name, kind in kinds.items() if name in body
    )


def _check_members(body: dict[str, Any]) -> None:
    if not all(map(looks_like_id, body["parents"])):
        raise _invalid("parents")
    for name, kind in (("tags", str), ("gaps", dict)):
        if not all(isinstance(one, kind) for one in body[name]):
            raise _invalid(name)
    if not all(type(n) is int and n >= 0 for n in body["writers"].values()):
        raise _invalid("writers")


def _is_time(us: object) -> bool:
    return type(us) is int and 0 <= us < _LAST_US


def _is_redacted(found: object) -> bool:
    return isinstance(found, dict) and all(
        looks_like_id(oid) and isinstance(one, dict) and isinstance(one.get("reason"), str)
        for oid, one in found.items()
    )


def _invalid(name: str) -> CorruptError:
    return CorruptError(f"a run manifest has no valid '{name}'")


def is_command(command: object) -> TypeGuard[dict[str, Any]]:
    """Return whether *command* can be that of a run manifest."""
    if not isinstance(command, dict):
        return False
    inputs, hparams, argv = (command.get(key) for key in ("inputs", "hparams", "argv"))
    inputs = {} if inputs is None else inputs
    return (
        _fits(command, {"cwd": _TEXT, "script": _TEXT})
        and isinstance(argv, list | None)
        and all(isinstance(word, str) for word in argv or ())
        and (hparams is None or looks_like_id(hparams))
        and isinstance(inputs, dict)
        and all(isinstance(one, dict) and looks_like_id(one.get("o")) for one in inputs.values())
        and all(type(one.get("size")) is int for one in inputs.values())
    )


def encode_document(kind: str, value: object) -> bytes:
    """Return a ``{"@": kind, "v": value}`` document; *value* is typed JSON."""
    return canonical.dumps({"@": kind, "v": typed_json.freeze(value)})


def decode_document(data: bytes, kind: str) -> dict[str, Any]:
    """Return the JSON object in *data*, whose ``@`` must be *kind*.

    Raises:
        CorruptError: If it is something else.
    """
    body = canonical.loads(data)
    if not isinstance(body, dict) or body.get("@") != kind:
        found = body.get("@") if isinstance(body, dict) else type(body).__name__
        raise CorruptError(
            f"expected a '{kind}' document, found '{found}'",
            hint="a newer vcs-track may have written it",
        )
    return body


_OF_META: Final[dict[str, tuple[type, ...]]] = {"width": _WHOLE, "height": _WHOLE}


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One image, figure, text, fragment, histogram, file or console output.

    Attributes:
        kind: What it is.
        oid: Id of its bytes.
        size: Number of bytes.
        mime: Media type.
        wall_us: When it was logged, microseconds since 1970 UTC.
        tag: Series-like name, or None.
        name: File name, or None.
        step: Step, or None.
        epoch: Epoch, or None.
        rep: Repetition.
        meta: Width and height of an image.
    """

    kind: str
    oid: ObjectId
    size: int
    mime: str
    wall_us: int
    tag: str | None = None
    name: str | None = None
    step: int | None = None
    epoch: float | None = None
    rep: int = 0
    meta: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the item as ``media/1`` writes it."""
        body: dict[str, Any] = {
            "kind": self.kind, "o": self.oid, "size": self.size, "mime": self.mime,
            "wall": self.wall_us, "tag": self.tag, "name": self.name, "step": self.step,
            "epoch": typed_json.freeze(self.epoch), "rep": self.rep,
        }  # fmt: skip
        if self.meta:
            body["meta"] = self.meta
        return body

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> MediaItem:
        """Return the item that :meth:`to_json` wrote.

        Raises:
            CorruptError: If a key is missing or has the wrong type.
        """
        try:
            item = cls(
                body["kind"], body["o"], body["size"], body["mime"], body["wall"],
                body["tag"], body["name"], body["step"], typed_json.thaw(body["epoch"]),
                body["rep"], body.get("meta", {}),
            )  # fmt: skip
        except (KeyError, TypeError, AttributeError):
            raise CorruptError("a media manifest has an item that is not one") from None
        item.check()
        return item

    def check(self) -> None:
        """Refuse an item whose members have other types than they must.

        Raises:
            CorruptError: With the first that has.
        """
        checks = {
            "kind": isinstance(self.kind, str),
            "o": looks_like_id(self.oid),
            "size": type(self.size) is int and self.size >= 0,
            "mime": isinstance(self.mime, str),
            "wall": _is_time(self.wall_us),
            "tag": isinstance(self.tag, str | None),
            "name": isinstance(self.name, str | None),
            "step": self.step is None or type(self.step) is int,
            "epoch": self.epoch is None or type(self.epoch) in (int, float),
            "rep": type(self.rep) is int and self.rep >= 0,
            "meta": _fits(self.meta, _OF_META),
        }
        for name, good in checks.items():
            if not good:
                raise CorruptError(f"a media manifest has an item with no valid '{name}'")


def encode_media(items: Sequence[MediaItem]) -> bytes:
    """Return the bytes of a ``media/1`` manifest."""
    return canonical.dumps({"@": "media/1", "items": [item.to_json() for item in items]})


def decode_media(data: bytes) -> list[MediaItem]:
    """Return the items of the ``media/1`` manifest in *data*."""
    items = decode_document(data, "media/1").get("items")
    if not isinstance(items, list):
        raise CorruptError("a media manifest has no items")
    return [MediaItem.from_json(item) for item in items]


def references(data: bytes) -> Iterator[tuple[str, ObjectId]]:
    """Yield what the JSON document in *data* names, as ``(role, id)``.

    A role is the kind of a JSON document (``run/1``, ``col/1``, ...), ``text`` for a text that
    is stored with them, or ``blob``. Blobs may be absent from a store; the others may not.
    """
    body = canonical.loads(data)
    if isinstance(body, dict) and not isinstance(body.get("@", ""), str):
        raise CorruptError("a document does not say what it is")
    if isinstance(body, dict) and "@" in body:
        try:
            found = list(_REFERENCES.get(body["@"], _no_references)(body))
        except (AttributeError, KeyError, TypeError) as error:
            raise CorruptError(f"a '{body['@'][:40]}' document is damaged: {error}") from None
        if not all(looks_like_id(oid) for _, oid in found):
            raise CorruptError(f"a '{body['@'][:40]}' document names no ids")
        yield from found


def _no_references(body: dict[str, Any]) -> Iterator[tuple[str, ObjectId]]:
    del body
    return iter(())


def _run_references(body: dict[str, Any]) -> Iterator[tuple[str, ObjectId]]:
    for parent in body["parents"]:
        yield "run/1", parent
    for key in ("hparams", "scalars", "media", "env"):
        if body.get(key) is not None:
            yield f"{key}/1", body[key]
    if body.get("code") is not None:
        yield "code/1", body["code"]
    started = (body.get("command") or {}).get("hparams")
    if started is not None:
        yield "hparams/1", started


def _scalar_references(body: dict[str, Any]) -> Iterator[tuple[str, ObjectId]]:
    for series in body["series"].values():
        for chunk in series["chunks"]:
            for key in ("value", "step", "wall", "epoch", "rep", "rank"):
                if key in chunk:
                    yield "col/1", chunk[key]


def _media_references(body: dict[str, Any]) -> Iterator[tuple[str, ObjectId]]:
    for item in body["items"]:
        yield "blob" if item["kind"] in BLOB_KINDS else "text", item["o"]


def _code_references(body: dict[str, Any]) -> Iterator[tuple[str, ObjectId]]:
    for file in body["files"]:
        if file["o"] is not None:
            yield "text", file["o"]  # a run without its code is not whole


_REFERENCES: Final = {
    "code/1": _code_references,
    "run/1": _run_references,
    "scalars/1": _scalar_references,
    "media/1": _media_references,
}

"""Documents with other ids in them: how a repository changes its object format.

``docs/format/objects.md`` says where a document names others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.formats.oid import ObjectId

    New = Callable[[str, ObjectId], ObjectId]

__all__ = ["NAMING", "renamed"]


def renamed(role: str, data: bytes, new: New) -> bytes:
    """Return the document *data* with other ids in it.

    Everything else stays, what a reader does not know as well.

    Args:
        role: Its kind, one of :data:`NAMING`.
        data: The document.
        new: Gives the new id of an object, from its role and its old one.

    Example:
        >>> from vcs_track.formats.renaming import renamed
        >>> old = b'{"@":"media/1","items":[{"kind":"text","o":"aa"}]}'
        >>> renamed("media/1", old, lambda role, oid: oid.replace("a", "b"))
        b'{"@":"media/1","items":[{"kind":"text","o":"bb"}]}'
    """
    body = canonical.loads(data)
    NAMING[role](body, new)
    return canonical.dumps(body)


def _run(body: dict[str, Any], new: New) -> None:
    body["parents"] = sorted(new("run/1", oid) for oid in body["parents"])
    for key in ("hparams", "scalars", "media", "env", "code"):
        if body.get(key) is not None:
            body[key] = new(f"{key}/1", body[key])
    started = (body.get("command") or {}).get("hparams")
    if started is not None:
        body["command"]["hparams"] = new("hparams/1", started)
    for gap in body["gaps"]:
        for key in ("scalars", "media"):
            if isinstance(gap.get(key), str):  # a part that only the history has
                gap[key] = new(f"{key}/1", gap[key])


def _scalars(body: dict[str, Any], new: New) -> None:
    for series in body["series"].values():
        for chunk in series["chunks"]:
            for key in ("value", "step", "wall", "epoch", "rep", "rank"):
                if key in chunk:
                    chunk[key] = new("col/1", chunk[key])


def _media(body: dict[str, Any], new: New) -> None:
    for item in body["items"]:
        item["o"] = new("blob", item["o"])


def _code(body: dict[str, Any], new: New) -> None:
    for file in body["files"]:
        if file["o"] is not None:
            file["o"] = new("text", file["o"])


NAMING: Final[dict[str, Callable[[dict[str, Any], New], None]]] = {
    "run/1": _run,
    "scalars/1": _scalars,
    "media/1": _media,
    "code/1": _code,
}

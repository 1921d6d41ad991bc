"""``vcs-track ls-objects``: every object, what it is and where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcs_track.cli.context import Context
    from vcs_track.formats.oid import ObjectId
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]


class _Row(NamedTuple):
    id: str
    kind: str
    size: int | None
    pack: str | None


@click.command("ls-objects", short_help="List objects, what they are and where they lie")
@json_option
@quiet_option
@click.argument("run", required=False, type=RUN)
@click.pass_obj
def command(context: Context, run: str | None) -> None:
    """List objects, what they are and where they lie

    One line an object: id, kind, size in bytes, pack. The kind is the format of a document
    ('run/1', 'scalars/1', 'col/1'), 'text' or 'blob'; '-' when no run needs it. With RUN:
    what that run needs. A blob that this repository has not got has '-' for size and pack.

    \b
    Example:  vcs-track ls-objects @

    \b
    Exit codes: 0 listed, 10 no repository, 11 no such run, 12 a document is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    for row in _of_run(repo, repo.run(run)) if run is not None else _all(repo):
        if context.json:
            context.emit(row._asdict())
        else:
            size = "-" if row.size is None else str(row.size)
            context.print(f"{row.id} {row.kind:<10} {size:>10} {row.pack or '-'}")


def _kinds(heads: list[ObjectId], objects: Any) -> dict[ObjectId, str]:
    """Return the kind of every object that *heads* need; absent blobs too."""
    from vcs_track.formats import canonical
    from vcs_track.porcelain.closure import closure

    kinds: dict[ObjectId, str] = {}

    def visit(oid: ObjectId, data: bytes) -> None:
        kinds[oid] = str(canonical.loads(data).get("@", "document"))

    found = closure(heads, objects, visit=visit)
    return {**found.roles, **dict.fromkeys(found.missing, "blob"), **kinds}


def _of_run(repo: Repository, view: RunView) -> Iterator[_Row]:
    objects: Any = view.objects
    manifest = view.manifest.encode()
    live = hasattr(objects, "add")
    if live:
        # Memory holds what the run would be if it were sealed now.
        objects.add(manifest)
    state = repo.store.format.hash(manifest)
    heads = [state] if live or state in objects else list(view.heads)
    for oid, kind in sorted(_kinds(heads, objects).items(), key=lambda pair: pair[::-1]):
        if not live or oid in repo.store.home.objects:
            yield _row(repo, oid, kind)
        else:
            size = len(objects.read(oid)) if oid in objects else None
            yield _Row(oid, kind, size, None)


def _all(repo: Repository) -> Iterator[_Row]:
    kinds: dict[ObjectId, str] = {}
    for heads in repo.store.home.heads().values():
        try:
            kinds.update(_kinds(heads, repo.store.home.objects))
        except VcsTrackError:
            continue  # 'fsck' names the damage; this command lists what there is
    for oid in repo.store.home.objects:
        yield _row(repo, oid, kinds.get(oid, "-"))


def _row(repo: Repository, oid: ObjectId, kind: str) -> _Row:
    pack = repo.store.home.objects.pack_of(oid)
    entry = pack.find(oid) if pack is not None else None
    if pack is None or entry is None:
        return _Row(oid, kind, None, None)
    return _Row(oid, kind, entry.size, pack.path.name)

"""``vcs-track du``: what takes how much room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import RUN, json_option, limit_option, quiet_option, where_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.usage import Usage

__all__ = ["command"]

_KINDS: Final = ("scalars", "media", "files", "code", "text", "manifests", "journals")


@click.command("du", short_help="Show how much room runs take")
@where_option
@limit_option
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", type=RUN, nargs=-1)
@click.pass_obj
def command(context: Context, where: str | None, limit: int | None, runs: tuple[str, ...]) -> None:
    """Show how much room runs take

    The largest run comes first. OWN is what no other run needs: what its removal would free.
    SHARED is needed by other runs too. The total counts each object once. Bytes are those in
    the packs, where most content is deflated.

    \b
    Example:  vcs-track du -n 10

    \b
    Exit codes: 0 shown, 2 wrong expression or unknown name, 10 no repository, 11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if runs and where is not None:
        raise click.UsageError("name runs, or use --where")
    repo = context.repository()
    found = repo.usage(list(runs) or None, where=where)
    for run, why in sorted(found.unread.items()):
        context.say(f"left out run {run}: {why}")
    if context.json:
        for one in found.runs[:limit]:
            context.emit(one.to_dict())
        context.emit(found.to_dict())
        return
    _runs(found, limit)
    if not runs and where is None:
        _places(found)


def _runs(found: Usage, limit: int | None) -> None:
    from vcs_track.cli import render

    kinds = [kind for kind in _KINDS if any(kind in one.kinds for one in found.runs)]
    columns = [
        render.Column("RUN", style="yellow"), render.Column("NAME", least=6, rank=1),
        render.Column("TOTAL", right=True), render.Column("OWN", right=True),
        render.Column("SHARED", right=True, rank=2),
        *(render.Column(kind.upper(), right=True, rank=3) for kind in kinds),
    ]  # fmt: skip
    rows = [
        (one.id, one.name, *map(render.size, (one.total, one.own, one.shared)),
         *(render.size(one.kinds[kind]) if kind in one.kinds else "-" for kind in kinds))
        for one in found.runs[:limit]
    ]  # fmt: skip
    own = found.total - found.shared
    rows.append((
        "total", "", *map(render.size, (found.total, own, found.shared)),
        *(render.size(found.kinds.get(kind, 0)) for kind in kinds),
    ))  # fmt: skip
    render.table(columns, rows)


def _places(found: Usage) -> None:
    from vcs_track.cli import render

    parts = [f"{name} {render.size(size)}" for name, size in found.places.items() if size]
    render.line()
    render.line(f"on disk: {', '.join(parts) or 'nothing'}")
    rest = [("removed and undone", found.removed), ("not needed", found.unused)]
    parts = [f"{name} {render.size(size)}" for name, size in rest if size]
    if parts:
        render.line(f"in the packs: {', '.join(parts)}")

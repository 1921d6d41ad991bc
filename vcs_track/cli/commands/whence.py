"""``vcs-track whence``: which run made or used this file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli import render
from vcs_track.cli.params import json_option, quiet_option
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.whence import Origin

__all__ = ["command"]

_NONE: Final = 1
_STYLES: Final = {"made": "green", "used": "cyan", "code": ""}


@click.command("whence", short_help="Show which run made or used a file")
@json_option
@quiet_option
@click.argument(
    "paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.pass_obj
def command(context: Context, paths: tuple[Path, ...]) -> int:
    """Show which run made or used a file

    A file is found by its content, wherever it lies and whatever its name: among the files,
    images and texts that runs stored (made), their inputs (used), and what their code had
    beside the commit (code). An image that was saved again is found by its pixels.

    \b
    Example:  vcs-track whence plot.png weights.bin

    \b
    Exit codes: 0 found, 1 no run knows any of them, 2 one cannot be read, 10 no repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    asked = {context.folder / path: path for path in paths}
    with context.progress("Comparing images") as progress:
        found = repo.whence_each(asked, tell=context.say, progress=progress)
    context.tell_skipped(repo)
    for place, origins in found.items():
        shown = render.visible(asked[place])
        if not origins:
            context.say(f"no run made or used '{shown}'")
        elif context.json:
            for origin in origins:
                context.emit({"file": str(asked[place]), **origin.to_dict()})
        else:
            _show(shown if len(found) > 1 else "", origins)
    return 0 if any(found.values()) else _NONE


def _show(title: str, origins: list[Origin]) -> None:
    if title:
        render.line(Cell(title, "bold"))
    columns = [
        Column("HOW"), Column("RUN", style="yellow"), Column("NAME", least=8),
        Column("WHAT", least=8), Column("STEP", right=True, rank=2), Column("WHEN", rank=1),
    ]  # fmt: skip
    rows: list[list[Cell | str]] = [
        [
            Cell(origin.how, _STYLES[origin.how]), origin.run, origin.name, _what(origin),
            "-" if origin.step is None else str(origin.step), render.ago(origin.when),
        ]
        for origin in origins
    ]  # fmt: skip
    render.table(columns, rows, indent="  " if title else "")


def _what(origin: Origin) -> str:
    words = [origin.kind] if origin.kind != "code" else []
    words += [origin.label] if origin.label else []
    words += ["(same pixels)"] if origin.by == "pixels" else []
    return " ".join(words)

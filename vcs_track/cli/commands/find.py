"""``vcs-track find``: have I run this already?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli import near_miss, render
from vcs_track.cli.commands.run import parse_param, read_inputs
from vcs_track.cli.context import Context
from vcs_track.cli.params import json_option, quiet_option
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.sameness import Match, Start

__all__ = ["command"]

_PROGRAM: Final = "vcs_track.find.program"
_NONE: Final = 1


class _Find(click.Command):
    """Keeps what stands behind ``--`` apart from the run before it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the program away from *args*."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[_PROGRAM] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


@click.command("find", cls=_Find, short_help="Find runs that did the same")
@click.option("--same", is_flag=True, help="Find runs that began alike, then near ones")
@click.option("-n", "limit", metavar="N", type=click.IntRange(min=0), default=5,
              help="At most N near ones. Default: 5")  # fmt: skip
@click.option("-p", "--param", "params", metavar="NAME=VALUE", multiple=True,
              help="A hyperparameter of CMD (can be repeated)")  # fmt: skip
@click.option("-i", "--input", "inputs", metavar="PATH", multiple=True,
              type=click.Path(path_type=Path),
              help="A file or folder that CMD reads (can be repeated)")  # fmt: skip
@json_option
@quiet_option
@click.argument("run", metavar="[RUN | -- CMD [ARG]...]", required=False)
@click.pass_context
def command(
    ctx: click.Context, same: bool, limit: int, params: tuple[str, ...],
    inputs: tuple[Path, ...], run: str | None,
) -> int:  # fmt: skip
    """Find runs that did the same

    With --same: the runs that began with the same code, command, hyperparameters and inputs as
    RUN (default: the newest), then finished ones that differ in one of the four, and how. With
    CMD: as it would begin now.

    \b
    Example:  vcs-track find --same -p lr=0.1 --input data.csv -- python train.py

    \b
    Exit codes: 0 found, 1 no run is the same, 2 wrong usage, 10 no repository, 11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    context = ctx.find_object(Context) or Context()
    program: tuple[str, ...] | None = ctx.meta.get(_PROGRAM)
    if not same:
        raise click.UsageError("find wants --same")
    if program is None and (params or inputs):
        raise click.UsageError("--param and --input are for a program: write it after '--'")
    if program is not None and (run is not None or not program):
        raise click.UsageError("name a run, or a program after '--'")
    repo = context.repository()
    start = (
        _start(context, repo, program, params, inputs) if program else repo.start_of(run or "@")
    )
    found = repo.find_same(start)
    context.tell_skipped(repo)
    if why := near_miss.unknown(start):
        context.say(f"nobody can know what is the same: {why}")
    alike = [match for match in found if match.same]
    shown = alike + [match for match in found if not match.same][:limit]
    if context.json:
        for match in shown:
            context.emit(match.to_dict())
    else:
        _show(context, shown)
    return 0 if alike else _NONE


def _start(
    context: Context, repo: Repository, program: tuple[str, ...], params: tuple[str, ...],
    inputs: tuple[Path, ...],
) -> Start:  # fmt: skip
    hparams = dict(parse_param(text) for text in params)
    return repo.plan(
        program, cwd=context.folder, hparams=hparams, inputs=read_inputs(context, repo, inputs)
    )


def _show(context: Context, shown: list[Match]) -> None:
    if not any(match.same for match in shown):
        context.say("no run is the same" + (", these are near" if shown else ""))
    columns = [
        Column("RUN", style="yellow"), Column("NAME", least=8), Column("STATUS", rank=2),
        Column("CREATED", rank=1), Column("DIFFERS", least=12),
    ]  # fmt: skip
    rows: list[list[Cell | str]] = [
        [
            match.run.id, match.run.name, render.status(match.run.status),
            render.ago(match.run.created),
            Cell("same", "green") if match.same else near_miss.tell(match),
        ]
        for match in shown
    ]  # fmt: skip
    if rows:
        render.table(columns, rows)

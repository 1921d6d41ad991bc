"""``vcs-track compare``: whether one set of runs beats another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli import render
from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.cli.render import Cell, Column
from vcs_track.cli.run_columns import short_titles

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.comparison import Comparison
    from vcs_track.porcelain.interest import Better
    from vcs_track.porcelain.sample import Stats

__all__ = ["command"]

_STYLES = {"better": "green", "worse": "red"}


@click.command("compare", short_help="Tell whether one set of runs beats another")
@click.option("--over", metavar="NAME", help="What runs are repetitions by, for example seed")
@click.option(
    "-m", "--metric", "metrics", metavar="NAMES", multiple=True,
    help="What to compare (can be repeated). Default: the number that tells most",
)  # fmt: skip
@click.option("--higher", "better", flag_value="higher", help="Higher is better")
@click.option(
    "--lower", "better", flag_value="lower", help="Lower is better. Default: by the name"
)
@json_option
@quiet_option
@click.argument("a", metavar="A", type=RUN)
@click.argument("b", metavar="B", type=RUN)
@click.pass_obj
def command(
    context: Context, over: str | None, metrics: tuple[str, ...], better: Better | None,
    a: str, b: str,
) -> None:  # fmt: skip
    """Tell whether one set of runs beats another

    A and B are filters, groups, or names of runs with commas between. With --over, runs of A
    and B that share its value are pairs (paired t test); else means are compared (Welch's t
    test). A difference is said to be there where p is below 0.05.

    \b
    Example:  vcs-track compare "hparams.lr = 0.1" "hparams.lr = 0.01" --metric val/acc

    \b
    Exit codes: 0 compared, 2 wrong usage, expression or name, 10 no repository, 11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    found = repo.compare(a, b, over=over, metric=metrics or None, better=better)
    context.tell_skipped(repo)
    if context.json:
        for row in found.to_dicts():
            context.emit(row)
        return
    _show(found)
    for warning in found.warnings:
        context.say(f"warning: {warning}")


def _show(found: Comparison) -> None:
    for letter, side in (("A", found.a), ("B", found.b)):
        runs = f"  {render.count(len(side.ids), 'run')}"
        render.line(Cell(f"{letter}  ", "bold"), side.text, Cell(runs, "dim"))
    render.line()
    columns = [
        Column("", least=6), Column("A", right=True), Column("B", right=True),
        Column("B - A", right=True), Column("BOOTSTRAP", rank=1),
    ]  # fmt: skip
    titles = short_titles([one.metric for one in found.differences])
    rows = []
    for one in found.differences:
        drawn = one.bootstrap
        rows.append(
            [
                titles[one.metric], _mean(one.a), _mean(one.b),
                "-" if one.difference is None else f"{one.difference:+.4g}",
                "-" if drawn is None else f"{drawn.low:.4g} to {drawn.high:.4g}",
            ]
        )  # fmt: skip
    render.table(columns, rows)
    for one in found.differences:
        render.line()
        render.wrapped(one.sentence, _STYLES.get(one.verdict, ""))


def _mean(stats: Stats) -> str:
    return "-" if stats.mean is None else render.plus_minus(stats.mean, stats.half)

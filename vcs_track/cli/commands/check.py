"""``vcs-track check``: whether a run is good enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from vcs_track.cli import render
from vcs_track.cli.params import RUN, json_option, quiet_option, where_option
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.gate import Check, Verdict

__all__ = ["command"]

_DIGITS = 10


@click.command("check", short_help="Check that a run is good enough, by itself or against a base")
@click.option(
    "--run", "run", metavar="RUN", type=RUN,
    help="The run to check. Default: the newest finished one of the code of HEAD",
)  # fmt: skip
@click.option(
    "--base", metavar="REV",
    help="What the branch goes to. Default: origin/HEAD, else main or master",
)  # fmt: skip
@where_option
@click.option("--no-base-ok", is_flag=True, help="Let conditions hold where there is no base run")
@click.option("--md", "as_markdown", is_flag=True, help="Print Markdown")
@json_option
@quiet_option
@click.argument("conditions", metavar="CONDITION...", nargs=-1, required=True)
@click.pass_obj
def command(
    context: Context, run: str | None, base: str | None, where: str | None, no_base_ok: bool,
    as_markdown: bool, conditions: tuple[str, ...],
) -> int:  # fmt: skip
    """Check that a run is good enough, by itself or against a base

    A CONDITION is a filter; quote it. In it 'base' is the value of the same name of the base
    run, 'base.NAME' another value of it, and 'base - 0.5%' half a percent of it less. The base
    run is the best finished run where the branch of HEAD began, or of the nearest commit before
    that has one. A missing value, NaN, and what cannot be compared fail.

    \b
    Example:  vcs-track check "summary.val_acc >= base - 0.5%" "status = finished"

    \b
    Exit codes: 0 all hold, 1 one fails, or git refused, 2 wrong condition, 10 no repository,
    11 no run to check, or no base run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if as_markdown and context.json:
        raise click.UsageError("--md and --json cannot be used together")
    repo = context.repository()
    try:
        found = repo.check(*conditions, run=run, base=base, where=where, no_base_ok=no_base_ok)
    finally:
        # What could not be read may be why there is no base.
        context.tell_skipped(repo)
    if context.json:
        for row in found.to_dicts():
            context.emit(row)
    elif as_markdown:
        from vcs_track.pages.check_markdown import check_markdown

        context.print(check_markdown(found), end="")
    else:
        _show(found)
    return 0 if found.holds else 1


def _show(found: Check) -> None:
    render.line(Cell("run   ", "dim"), Cell(found.run.id, "yellow"), f" {found.run.name}")
    for base in found.bases:
        render.line(
            Cell("base  ", "dim"), Cell(base.run.id, "yellow"), f" {base.run.name}",
            Cell(f", {base.commit.id[:_DIGITS]}, {base.sentence}", "dim"),
        )  # fmt: skip
    render.line()
    columns = [
        Column("CONDITION", least=12), Column("VALUE", right=True), Column("BASE", right=True),
        Column("LIMIT", right=True, rank=1), Column(""),
    ]  # fmt: skip
    render.table(columns, [_row(each) for each in found.verdicts])
    for each in found.verdicts:
        if each.why:
            render.line()
            render.wrapped(f"{each.condition}: {each.why}", "" if each.holds else "red")


def _row(verdict: Verdict) -> list[Cell | str]:
    return [
        verdict.condition, _value(verdict.value), _value(verdict.base_value),
        _value(verdict.limit), Cell(_word(verdict), "green" if verdict.holds else "red"),
    ]  # fmt: skip


def _word(verdict: Verdict) -> str:
    if render.plain():
        return "holds" if verdict.holds else "FAILS"
    return "✔ holds" if verdict.holds else "✘ fails"


def _value(value: Any) -> str:
    return "-" if value is None else render.value(value)

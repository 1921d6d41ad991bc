"""``vcs-track commit``: runs into git, beside the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("commit", short_help="Commit runs with git, beside the code that made them")
@click.option("-m", "--message", metavar="MSG", help="Commit message. Default: names the runs")
@click.option("--alone", is_flag=True, help="Leave out what else is staged")
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=RUN)
@click.pass_obj
def command(context: Context, message: str | None, alone: bool, runs: tuple[str, ...]) -> int:
    """Commit runs with git, beside the code that made them

    Without RUN: every sealed run that git does not have yet, or not in its newest state. What
    is staged goes into the same commit.

    \b
    Example:  vcs-track commit -m "Add the baseline" baseline

    \b
    Exit codes: 0 committed, 1 nothing to commit or git refused, 10 no repository, 11 no such
    run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track.porcelain.shelf import unshelved

    repo = context.repository()
    if not runs and not unshelved(repo.store):
        return _nothing(context, any(True for _ in repo.store.home.heads()))
    with context.progress("Committing") as progress:
        commit, ids = repo.commit(runs or None, message, alone=alone, progress=progress)
    if context.json:
        context.emit({"commit": commit, "runs": ids})
        return 0
    context.print(f"commit {commit}")
    for run in ids:
        view = repo.run(run)
        context.print(f"  {run} {view.name} ({view.status})")
    return 0


def _nothing(context: Context, there_are_runs: bool) -> int:
    if context.json:
        context.emit({"commit": None, "runs": []})
    reason = "git has all of them already" if there_are_runs else "there is no sealed run yet"
    context.say(f"nothing to commit: {reason}")
    return 1

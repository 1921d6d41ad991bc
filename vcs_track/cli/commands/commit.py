"""``vcs-track commit``: runs into git, beside the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, SIZE, json_option, quiet_option, where_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]


@click.command("commit", short_help="Commit runs with git, beside the code that made them")
@click.option("-m", "--message", metavar="MSG", help="Commit message. Default: names the runs")
@where_option
@click.option("--no-media", is_flag=True, help="Leave out images and files")
@click.option(
    "--max-size",
    metavar="SIZE",
    type=SIZE,
    help="Refuse a run with a larger pack. Default: 50 MB, or 'commit_largest'",
)
@click.option("--alone", is_flag=True, help="Leave out what else is staged")
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=RUN)
@click.pass_obj
def command(
    context: Context, message: str | None, where: str | None, no_media: bool,
    max_size: int | None, alone: bool, runs: tuple[str, ...],
) -> int:  # fmt: skip
    """Commit runs with git, beside the code that made them

    Without RUN: every sealed run that git does not have yet, or not in its newest state. What
    is staged goes into the same commit, and nothing else. The message gets a trailer 'Run-Id'
    for each run.

    \b
    Example:  vcs-track commit -m "Add the baseline" baseline

    \b
    Exit codes: 0 committed, 1 nothing to commit or git refused, 2 a run is live or too large,
    10 no repository, 11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if runs and where is not None:
        raise click.UsageError("RUN and --where cannot be used together")
    repo = context.repository()
    if not runs and not repo.uncommitted(where, media=not no_media):
        return _nothing(context, repo, where)
    with context.progress("Committing") as progress:
        commit, ids = repo.commit(
            runs or None, message, where=where, alone=alone, media=not no_media,
            max_size=max_size, progress=progress,
        )  # fmt: skip
    if context.json:
        context.emit({"commit": commit, "runs": ids})
        return 0
    context.print(f"commit {commit}")
    for run in ids:
        view = repo.run(run)
        context.print(f"  {run} {view.name} ({view.status})")
    return 0


def _nothing(context: Context, repo: Repository, where: str | None) -> int:
    if context.json:
        context.emit({"commit": None, "runs": []})
    reason = "git has all of them already"
    if not any(True for _ in repo.store.home.heads()):
        reason = "there is no sealed run yet"
    elif where is not None and not any(run.heads for run in repo.runs(where)):
        reason = "no sealed run matches"
    context.say(f"nothing to commit: {reason}")
    return 1

"""``vcs-track branch``: the code of a run as a branch of git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("branch", short_help="Make a branch of git with the code of a run")
@json_option
@quiet_option
@click.argument("run", metavar="RUN", type=RUN)
@click.argument("name", metavar="NAME")
@click.pass_obj
def command(context: Context, run: str, name: str) -> None:
    """Make a branch of git with the code of a run

    What was changed or new when the run started becomes one commit on top of the run's commit;
    without changes the branch is at that commit. Your work tree, index and HEAD stay as they
    are.

    \b
    Example:  vcs-track branch @ winner

    \b
    Exit codes: 0 made, 1 git refuses or has the branch, 10 no repository, 11 no such run, or
    not all of its code was kept.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    view = repo.run(run)
    commit = repo.branch(view, name)
    if context.json:
        context.emit({"id": view.id, "branch": name, "commit": commit})
        return
    context.print(commit)
    context.say(f"branch '{name}' has the code of run {view.id}; 'git switch {name}' goes there")

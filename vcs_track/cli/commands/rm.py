"""``vcs-track rm``: runs out of sight, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option, where_option
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]


@click.command("rm", short_help="Remove runs, or bring removed ones back")
@where_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask, also for several runs")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, say what would be removed")
@click.option("--restore", is_flag=True, help="Bring removed runs back")
@json_option
@quiet_option
@click.argument("runs", metavar="[RUN]...", type=RUN, nargs=-1)
@click.pass_obj
def command(
    context: Context, where: str | None, yes: bool, dry_run: bool, restore: bool,
    runs: tuple[str, ...],
) -> int:  # fmt: skip
    """Remove runs, or bring removed ones back

    A removed run is hidden, and stays so when a shelf or a bundle that has it is taken in. Its
    objects are kept until 'vcs-track gc' takes them, two weeks later at the earliest; till then
    --restore and 'vcs-track undo' bring it back. 'vcs-track ls --removed' lists removed runs.
    What is in git's history stays there. Runs that are going on are refused.

    \b
    Example:  vcs-track rm a1b2c3
              vcs-track rm --where "status = 'crashed'" --yes
              vcs-track rm --restore a1b2c3

    \b
    Exit codes: 0 done, 1 the answer was no, or the disk refuses, 2 wrong usage, several runs
    without --yes where nobody can be asked, or a run that is going on, 10 no repository, 11 no
    such run, or what it needs is gone.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if bool(runs) is (where is not None):
        raise click.UsageError("name runs, or use --where")
    if restore and (where is not None or dry_run):
        raise click.UsageError("--restore wants the names of runs")
    repo = context.repository()
    if restore:
        for run in repo.restore_removed(runs):
            _tell(context, "restored", repo.run(run))
        return 0
    chosen = repo.runs(where).whole() if where is not None else [repo.run(run) for run in runs]
    views = list({view.id: view for view in chosen}.values())
    if not views:
        context.say("no run matches")
        return 0
    if not dry_run and not yes and not _agreed(context, views):
        context.say("nothing was removed")
        return 1
    if not dry_run:
        repo.remove([view.id for view in views])
    for view in views:
        _tell(context, "would remove" if dry_run else "removed", view)
    _hint(context, repo, views)
    return 0


def _agreed(context: Context, views: Sequence[RunView]) -> bool:
    if len(views) == 1:
        return True
    if not context.can_ask:
        raise InvalidValueError(
            f"{len(views)} runs would be removed, and nobody can be asked",
            hint="add --yes, or see them with --dry-run",
        )
    for view in views:
        context.say(f"  {view.id} {view.name} ({view.status})")
    return context.confirm(f"remove {len(views)} runs?")


def _tell(context: Context, word: str, view: RunView) -> None:
    if context.json:
        context.emit({"change": word, **view.to_dict()})
    else:
        context.print(f"{word}  {view.id} {view.name} ({view.status})")


def _hint(context: Context, repo: Repository, views: Sequence[RunView]) -> None:
    shelved = repo.store.shelf.heads()
    there = sum(view.id in shelved for view in views)
    if there:
        context.say(f"note: {there} of them are in git too, and stay there; here they are hidden")

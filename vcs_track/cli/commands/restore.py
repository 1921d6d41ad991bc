"""``vcs-track restore``: the code of a run, in a work tree of its own."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.formats.code import path_text

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.restore import Restored
    from vcs_track.porcelain.restore_in_place import InPlace
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]


@click.command("restore", short_help="Make a work tree with the exact code of a run")
@click.option(
    "-w",
    "--worktree",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where to make it. Default: beside the work tree, with the id of the run",
)
@click.option("--in-place", is_flag=True, help="Change your own work tree, which must be clean")
@click.option("--stash", is_flag=True, help="With --in-place: stash your changes before")
@json_option
@quiet_option
@click.argument("run", metavar="RUN", type=RUN)
@click.pass_obj
def command(
    context: Context, worktree: Path | None, in_place: bool, stash: bool, run: str
) -> None:
    """Make a work tree with the exact code of a run

    The run's commit is checked out, and what was changed, new or removed when the run started
    is put there too. Its tree is compared with that of the run. Your own work tree, branch and
    index stay as they are; 'git worktree remove DIR' takes it away again. With --in-place your
    work tree is the one that is changed, and HEAD is put on the run's commit.

    \b
    Example:  vcs-track restore @ --worktree ../again

    \b
    Exit codes: 0 restored, 1 git or the disk refuses, the work tree has changes, or the files
    differ, 2 there is something in DIR, 10 no repository, 11 no such run, or it has no code.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if in_place and worktree is not None:
        raise click.UsageError("--in-place and --worktree cannot be used together")
    if stash and not in_place:
        raise click.UsageError("--stash is for --in-place")
    repo, (run,) = context.reading(run)
    view = repo.run(run)
    restored: Restored
    if in_place:
        changed = restored = repo.restore_in_place(view, stash=stash)
        _report(context, view, restored)
        _say_the_way_back(context, changed)
    else:
        top = repo.root.resolve()
        folder = context.folder / (worktree or top.with_name(f"{top.name}-{view.id}"))
        restored = repo.restore(view, folder)
        _report(context, view, restored)
    if not restored.exact:
        raise SystemExit(1)


def _report(context: Context, view: RunView, restored: Restored) -> None:
    argv = [str(word) for word in view.command.get("argv") or ()]
    if context.json:
        context.emit({
            "id": view.id, "folder": str(restored.folder), "commit": restored.commit,
            "tree": restored.code.tree, "exact": restored.exact, "command": argv,
            "left_out": [path_text(left.path) for left in restored.left_out],
        })  # fmt: skip
        return
    context.print(str(restored.folder))
    for left in restored.left_out:
        context.say(f"not there: {path_text(left.path)} ({left.why})")
    _say_from_where(context, restored)
    if restored.exact:
        context.say(f"it has tree {restored.code.tree[:12]}, as the run had")
    else:
        context.say(f"its files differ from tree {restored.code.tree[:12]}, which the run had")
    if argv:
        place = restored.folder / (view.command.get("cwd") or ".")
        context.say(f"to run it again:  cd {shlex.quote(str(place))} && {shlex.join(argv)}")


def _say_from_where(context: Context, restored: Restored) -> None:
    wanted = restored.code.commit
    if wanted == restored.commit or wanted is None:
        return
    if restored.commit is None:
        context.say(f"commit {wanted[:12]} is not here: a plain folder, with all files of the run")
    else:
        context.say(
            f"commit {wanted[:12]} is not here: it was made from {restored.commit[:12]} instead"
        )


def _say_the_way_back(context: Context, restored: InPlace) -> None:
    context.say(
        "to go back:  git stash push --include-untracked && "
        f"git checkout {shlex.quote(restored.before)}"
    )
    if restored.stashed:
        context.say("your changes are on the stash: 'git stash list' shows them")

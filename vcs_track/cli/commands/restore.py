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
@json_option
@quiet_option
@click.argument("run", metavar="RUN", type=RUN)
@click.pass_obj
def command(context: Context, worktree: Path | None, run: str) -> None:
    """Make a work tree with the exact code of a run

    The run's commit is checked out, and what was changed, new or removed when the run started
    is put there too. Its tree is compared with that of the run. Your own work tree, branch and
    index stay as they are; 'git worktree remove DIR' takes it away again.

    \b
    Example:  vcs-track restore @ --worktree ../again

    \b
    Exit codes: 0 restored, 1 git or the disk refuses, or the files differ, 2 there is something
    in DIR, 10 no repository, 11 no such run, or it has no code.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    view = repo.run(run)
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
            "id": view.id, "folder": str(restored.folder), "commit": restored.code.commit,
            "tree": restored.code.tree, "exact": restored.exact, "command": argv,
            "left_out": [path_text(left.path) for left in restored.left_out],
        })  # fmt: skip
        return
    context.print(str(restored.folder))
    for left in restored.left_out:
        context.say(f"not there: {path_text(left.path)} ({left.why})")
    if restored.exact:
        context.say(f"it has tree {restored.code.tree[:12]}, as the run had")
    else:
        context.say(f"its files differ from tree {restored.code.tree[:12]}, which the run had")
    if argv:
        place = restored.folder / (view.command.get("cwd") or ".")
        context.say(f"to run it again:  cd {shlex.quote(str(place))} && {shlex.join(argv)}")

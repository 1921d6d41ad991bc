"""``vcs-track status``: the repository at a glance."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli import render
from vcs_track.cli.editing import edit_options, targets, tell
from vcs_track.cli.render import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.cli.context import Context
    from vcs_track.formats.gitstate import GitState, GitUnreadable
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_SHOWN: Final = 8


@click.command("status", short_help="Show the repository, live runs and runs not committed yet")
@edit_options
@click.argument("arguments", metavar="[RUN STATUS]", nargs=-1)
@click.pass_obj
def command(
    context: Context, where: str | None, more: tuple[str, ...], arguments: tuple[str, ...]
) -> None:
    """Show the repository, live runs and runs not committed yet

    With RUN and STATUS, say how a run ended: finished, failed, killed or crashed. With --where
    no RUN is given. All runs are changed, or none.

    \b
    Example:  vcs-track status
              vcs-track status @ failed

    \b
    Exit codes: 0 done, 1 '.runs' has an unknown format, or the disk refuses, 2 wrong usage or a
    run that has not ended, 10 no repository, 11 no such run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if not (arguments or more or where is not None):
        _show(context)
        return
    runs, rest = targets(arguments, more, where)
    if len(rest) != 1:
        raise click.UsageError("give one status: finished, failed, killed or crashed")
    tell(context, context.repository().status(runs, rest[0], where=where), "status")


def _show(context: Context) -> None:
    from vcs_track.plumbing import gitlink
    from vcs_track.porcelain.shelf import unshelved

    repo = context.repository()
    runs = list(repo.runs())
    away = set(unshelved(repo.store))
    git = gitlink.read_state(repo.root)
    if context.json:
        context.emit(_row(repo, runs, away, git))
        return
    _field("repository", str(repo.path), f" ({repo.object_format})")
    _field("git", *_git(git))
    _field("runs", _counts(runs))
    _list("live runs", [run for run in runs if run.status == "running"])
    uncommitted = [run for run in runs if run.id in away]
    _list("runs that git has not got", uncommitted)
    _skipped(repo)
    if not runs:
        context.say("hint: record a program with 'vcs-track run -- python train.py'")
    elif uncommitted and git is not None:
        context.say("hint: commit them beside the code with 'vcs-track commit'")


def _row(
    repo: Repository, runs: Sequence[RunView], away: set[str], git: GitState | GitUnreadable | None
) -> dict[str, Any]:
    return {
        "path": str(repo.path),
        "object_format": repo.object_format,
        "writable": repo.store.writable,
        "runs": len(runs),
        "statuses": dict(Counter(run.status for run in runs)),
        "live": [run.id for run in runs if run.status == "running"],
        "uncommitted": [run.id for run in runs if run.id in away],
        "skipped": {name: str(error) for name, error in repo.store.skipped.items()},
        "git": None if git is None else _git_row(git),
    }


def _git_row(git: GitState | GitUnreadable) -> dict[str, Any]:
    from vcs_track.formats.gitstate import GitState

    return dict(git.to_json()) if isinstance(git, GitState) else {"unreadable": git.reason}


def _field(name: str, text: str, more: str = "") -> None:
    render.line(Cell(f"{name:<12}", "bold"), text, Cell(more, "dim"))


def _git(git: GitState | GitUnreadable | None) -> tuple[str, str]:
    from vcs_track.formats.gitstate import GitState

    if git is None:
        return "not in a git repository", ""
    if not isinstance(git, GitState):
        return f"cannot be read: {git.reason}", ""
    branch = git.branch or "detached HEAD"
    commit = git.commit[:8] if git.commit else "no commit yet"
    marks = ["changed files"] if git.dirty else []
    marks += [render.count(git.untracked, "untracked entry", "untracked entries")] * bool(
        git.untracked
    )
    return f"{branch} {commit}", f" ({', '.join(marks) or 'clean'})"


def _counts(runs: Sequence[RunView]) -> str:
    if not runs:
        return "none yet"
    counts = Counter(run.status for run in runs)
    return f"{len(runs):,}: " + ", ".join(f"{n:,} {name}" for name, n in counts.most_common())


def _list(title: str, runs: Sequence[RunView]) -> None:
    if not runs:
        return
    render.line()
    render.line(Cell(title, "bold"), Cell(f" ({len(runs):,})", "dim"))
    columns = [
        render.Column("ID", style="yellow"), render.Column("NAME", least=8),
        render.Column("STATUS", rank=1), render.Column("AGE", rank=2),
    ]  # fmt: skip
    rows = [
        (run.id, run.name, render.status(run.status), render.ago(run.created))
        for run in runs[:_SHOWN]
    ]
    render.table(columns, rows, indent="  ", heading=False)
    if len(runs) > _SHOWN:
        render.line(f"  and {len(runs) - _SHOWN:,} more")


def _skipped(repo: Repository) -> None:
    if not repo.store.skipped:
        return
    render.line()
    render.line(Cell("what was left out", "bold"))
    for name, error in sorted(repo.store.skipped.items()):
        render.line("  ", Cell(name, "red"), f"  {error}")

"""``vcs-track log``: commits with their runs, or runs one by one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli import commit_list, headline, render
from vcs_track.cli.params import RUN, json_option, quiet_option, where_option
from vcs_track.cli.render import Cell
from vcs_track.errors import CommitNotFoundError, GitError, RunNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.commit_log import CommitLog
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_SHOWN: Final = 4
_SPARK: Final = 16
_NARROW: Final = 60
_REVISION: Final = re.compile(r"[~^:@]|\.\.|^-")
_NOTHING: Final = {False: "there are no runs", True: "no run matches"}


@click.command("log", short_help="Show commits with their runs, newest first")
@click.option(
    "-n", "limit", metavar="N", type=click.IntRange(min=0), help="At most N commits, or runs"
)
@click.option("--all", "everywhere", is_flag=True, help="Commits of every branch and tag")
@click.option("--runs", "one_by_one", is_flag=True, help="Every run one by one, without commits")
@where_option
@json_option
@quiet_option
@click.argument("names", metavar="[REV-RANGE | RUN...]", nargs=-1, type=RUN)
@click.pass_obj
def command(
    context: Context, limit: int | None, everywhere: bool, one_by_one: bool, where: str | None,
    names: tuple[str, ...],
) -> None:  # fmt: skip
    """Show commits with their runs, newest first

    Without REV-RANGE: the commits of this branch that have runs, after the runs that are at
    none of them. With REV-RANGE, as 'git log' takes it, each of its commits.

    A run is below the commit that it was made at, marked '*' if files had been changed; if they
    were committed later just as they were, it is below that commit.

    With RUN, or outside of git: runs one by one, with settings and the course of their numbers.
    What is both a run and a branch is the run; 'heads/NAME' is the branch.

    \b
    Example:  vcs-track log -n 3

    \b
    Exit codes: 0 shown, 1 git refused, 2 wrong expression, 10 no repository, 11 no such run or
    commit.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo, names = _opened(context, names)
    _check_usage(names, where, one_by_one, everywhere)
    log: CommitLog | None = None
    runs: Sequence[RunView] = []
    if one_by_one or (names and _are_runs(repo, names)):
        runs = _runs(repo, names, where, limit)
    elif names:
        try:
            log = repo.log(names[0], where, limit)
        except CommitNotFoundError as unknown:
            runs = _by_prefix(repo, names[0], unknown)
    else:
        log = _whole(context, repo, where, limit, everywhere)
        runs = [] if log is not None else _runs(repo, names, where, limit)
    context.tell_skipped(repo)
    if log is not None:
        _tell_log(context, log, where)
    else:
        _tell_runs(context, runs, where)


def _opened(context: Context, names: tuple[str, ...]) -> tuple[Repository, tuple[str, ...]]:
    """Open what is meant; a bundle alone means all of its runs."""
    whole = context.whole_bundle(names)
    if whole is not None:
        return whole, ()
    repo, found = context.reading(*names)
    return repo, tuple(found)


def _check_usage(
    names: tuple[str, ...], where: str | None, one_by_one: bool, everywhere: bool
) -> None:  # fmt: skip
    if names and everywhere:
        raise click.UsageError("REV-RANGE and --all cannot be used together")
    if one_by_one and everywhere:
        raise click.UsageError("--runs and --all cannot be used together")
    if len(names) > 1 and where is not None:
        raise click.UsageError("RUN and --where cannot be used together")


def _are_runs(repo: Repository, names: tuple[str, ...]) -> bool:
    return len(names) > 1 or repo.is_run(names[0])


def _runs(
    repo: Repository, names: tuple[str, ...], where: str | None, limit: int | None
) -> Sequence[RunView]:
    if names and where is not None:
        raise click.UsageError("RUN and --where cannot be used together")
    if names:
        return [repo.run(name) for name in names][:limit]
    return repo.runs(where, limit=limit).whole()


def _by_prefix(repo: Repository, name: str, unknown: CommitNotFoundError) -> list[RunView]:
    """Return the run that begins as *name*, which is no commit.

    Raises:
        RunNotFoundError: If there is none either; with the near names of both.
    """
    try:
        return [repo.run(name)]
    except RunNotFoundError as missing:
        start, end = "did you mean ", "?"
        hints = [hint for hint in (missing.hint, unknown.hint) if hint.startswith(start)]
        near = " or ".join(hint.removeprefix(start).removesuffix(end) for hint in hints)
        # What has signs of git's own is meant for git.
        others = unknown if _REVISION.search(name) else missing
        raise RunNotFoundError(
            f"no run and no commit matches '{name}'",
            hint=f"{start}{near}{end}" if near else others.hint,
        ) from None


def _whole(
    context: Context, repo: Repository, where: str | None, limit: int | None, everywhere: bool
) -> CommitLog | None:
    """Return the commits that have runs; None where there is no git to ask."""
    from vcs_track.plumbing.gitlink import find_root

    if find_root(repo.root) is None and not everywhere:
        return None
    try:
        return repo.log(None, where, limit, everywhere=everywhere)
    except GitError as error:
        if everywhere:
            raise
        context.say(f"note: without commits: {error}")
        return None


def _tell_log(context: Context, log: CommitLog, where: str | None) -> None:
    if context.json:
        for run in (*log.elsewhere, *(run for one in log.commits for run in one.runs)):
            context.emit(run.to_dict())
        return
    if not log.commits and not log.elsewhere:
        context.say(_NOTHING[where is not None])
    commit_list.show(log)


def _tell_runs(context: Context, runs: Sequence[RunView], where: str | None) -> None:
    from vcs_track.porcelain.commit_log import LoggedRun

    if not runs:
        context.say(_NOTHING[where is not None])
    for place, run in enumerate(runs):
        if context.json:
            context.emit(LoggedRun(run).to_dict())
            continue
        if place:
            render.line()
        _block(run)


def _block(run: RunView) -> None:
    width = render.room()
    render.line(
        Cell(f"run {run.id} ", "yellow"), Cell(run.name, "bold"), "  ", render.status(run.status)
    )
    _field("commit", _commit(run), width)
    took = render.duration(run.duration)
    date = run.created.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    _field("date", f"{date} ({render.ago(run.created)}), took {took}", width)
    from vcs_track.porcelain.values import flatten

    _field("hparams", render.settings(flatten(run.hparams)), width)
    _field("tags", ", ".join(run.tags), width)
    _field("note", run.manifest.notes or "", width)
    _numbers(run, width)


def _field(name: str, text: str, width: int) -> None:
    if text:
        render.line(Cell(f"{name:<8}", "dim"), text, width=width)


def _commit(run: RunView) -> str:
    git = run.git
    if not git:
        return ""
    commit = str(git.get("commit") or "")[:8] or "none yet"
    return f"{commit}{'*' if git.get('dirty') else ''} {git.get('branch') or '(detached)'}"


def _numbers(run: RunView, width: int) -> None:
    """Write the main numbers, each with the course it took."""
    numbers = headline.numbers_of(run)
    series = set(run.series_tags)
    spark = _SPARK if width >= _NARROW else _SPARK // 2
    columns = [
        render.Column("", least=6), render.Column("", right=True),
        render.Column("", style="cyan", rank=1),
    ]  # fmt: skip
    rows = [
        (tag, render.value(value), render.spark(run.series(tag), spark) if tag in series else "")
        for tag, value in list(numbers.items())[:_SHOWN]
    ]
    if rows:
        render.table(columns, rows, indent="    ", heading=False, width=width)
    if len(numbers) > _SHOWN:
        render.line(Cell(f"    and {len(numbers) - _SHOWN:,} more", "dim"))

"""``vcs-track rerun``: the same run again, and whether it came out the same."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli import render
from vcs_track.cli.linking import link, link_option
from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.cli.recording import record
from vcs_track.cli.render import Cell, Column
from vcs_track.cli.wrap import Signals
from vcs_track.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.rerun import Judgement
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_CODES: Final = {"reproduced": 0, "drifted": 3, "failed": 1}
_STYLES: Final = {"reproduced": "green", "drifted": "yellow", "failed": "red"}


@click.command("rerun", short_help="Run a run again, and see whether it comes out the same")
@click.option(
    "--tol",
    "tolerances",
    metavar="[NAME=]AMOUNT",
    multiple=True,
    help="Let numbers differ so far, for example val/acc=1% (can be repeated)",
)
@click.option("--times", metavar="N", type=click.IntRange(min=1), default=1, help="Run it N times")
@link_option
@json_option
@quiet_option
@click.argument("run", metavar="RUN", type=RUN)
@click.pass_obj
def command(
    context: Context, tolerances: tuple[str, ...], times: int, links: tuple[str, ...], run: str
) -> int:
    """Run a run again, and see whether it comes out the same

    The run's code is restored into a work tree of its own, where the same command runs as a new
    run; the work tree is removed afterwards. Summary and results are compared: reproduced,
    drifted or failed. Numbers must be equal unless --tol says how far they may be apart; 'inf'
    lets a time be what it likes.

    \b
    Example:  vcs-track rerun @ --tol 1% --tol 'time/*=inf'

    \b
    Exit codes: 0 reproduced, 1 it failed, or the code cannot be restored, 2 wrong usage, or the
    command is not known, 3 drifted, 10 no repository, 11 no such run, or it has no code.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track.porcelain.rerun import judge, parse_tolerance

    allowed = [parse_tolerance(text) for text in tolerances]
    repo = context.repository()
    old = repo.run(run)
    verdicts = []
    for _ in range(times):
        new = _again(context, repo, old, links)
        judgement = judge(old, new, allowed)
        _report(context, repo, old, new, judgement)
        verdicts.append(judgement.verdict)
    if times > 1:
        counts = (f"{verdicts.count(word)} {word}" for word in _CODES if word in verdicts)
        context.say(f"{times} times: {', '.join(counts)}")
    return _CODES[max(verdicts, key=list(_CODES).index)]


def _again(context: Context, repo: Repository, old: RunView, links: Sequence[str]) -> RunView:
    from vcs_track.porcelain.code_files import top_of
    from vcs_track.porcelain.rerun import command_of

    top = top_of(repo.store)
    command_of(old, top, top)  # refused before anything is made
    with _restored(repo, old) as folder:
        for path in links:
            link(path, top, folder)
        program, place = command_of(old, top, folder)
        if not place.is_dir():
            place.mkdir(parents=True)  # an empty folder, of which git knows nothing
        signals = Signals()
        with signals.held():
            run = repo.start_again(old, old.command["argv"])
            context.say(f"vcs-track: run {run.id} '{run.name}' repeats {old.id}")
            # Its words are talk here, and the judgement is the data.
            record(context, repo, run, program, place, signals, aside=True)
    return repo.run(run.id)


@contextmanager
def _restored(repo: Repository, old: RunView) -> Iterator[Path]:
    """Make the work tree of a run for the body."""
    from vcs_track.plumbing import git_worktree, gitlink

    with tempfile.TemporaryDirectory(prefix="vcs-track-", ignore_cleanup_errors=True) as parent:
        folder = Path(parent).resolve() / repo.root.resolve().name
        restored = repo.restore(old, folder)
        root = gitlink.find_root(repo.root)
        try:
            if not restored.exact:
                lost = ", ".join(os.fsdecode(left.path) for left in restored.left_out[:3])
                raise GitError(
                    f"the code of run '{old.id}' cannot be restored exactly",
                    hint=f"not kept: {lost}" if lost else "see 'vcs-track restore'",
                )
            yield folder
        finally:
            if restored.commit is not None and root is not None:
                git_worktree.remove(root, folder)


# ---- what came out ---------------------------------------------------------------------


def _report(
    context: Context, repo: Repository, old: RunView, new: RunView, judgement: Judgement
) -> None:
    if context.json:
        context.emit({"id": new.id, "of": old.id, "status": new.status, **judgement.to_dict()})
        return
    render.line(
        Cell(judgement.verdict, _STYLES[judgement.verdict]),
        f" {new.id} repeats {old.id} '{old.name}'",
    )
    columns = [
        Column("METRIC", least=8), Column(old.id[:12], right=True, least=6),
        Column(new.id[:12], right=True, least=6), Column("CHANGE", right=True, rank=1), Column(""),
    ]  # fmt: skip
    rows = [_row(each.name, each.old, each.new, each.within) for each in judgement.metrics]
    if rows:
        render.table(columns, rows, indent="  ")
    if judgement.all_series:
        context.say(
            f"{judgement.series} of {render.count(judgement.all_series, 'series', 'series')} "
            "equal at every step"
        )
    if judgement.verdict != "reproduced":
        other = len(repo.diff(old, new, only="env"))
        if other:
            context.say(f"{render.count(other, 'fact')} of the environment differ")
        context.say(f"see more:  vcs-track diff {old.id} {new.id}")


def _row(name: str, old: Any, new: Any, within: bool) -> tuple[Cell | str, ...]:
    if old is None or new is None:
        before, after = ("-" if v is None else render.value(v) for v in (old, new))
        relative = ""
    else:
        before, after = render.pair(old, new)
        relative = render.change(old, new) if old != new else ""
    return name, before, after, relative, "" if within else Cell("drifted", "yellow")

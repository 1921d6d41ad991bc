"""``vcs-track bisect``: the commit that made a number worse."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli import render
from vcs_track.cli.change_list import changes_line
from vcs_track.cli.linking import check_link, link, link_option
from vcs_track.cli.params import json_option, quiet_option, where_option
from vcs_track.cli.recording import record
from vcs_track.cli.render import Cell
from vcs_track.cli.wrap import Signals
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.cli.context import Context
    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.bisecting import Bisected, Step
    from vcs_track.porcelain.judging import Trial
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]

_DIGITS: Final = 10
_SEVERAL: Final = 3
_STYLES: Final = {"good": "green", "bad": "red", "skip": "yellow"}
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)


@click.command(
    "bisect",
    short_help="Find the commit that made a number worse, by its runs",
    context_settings={"allow_interspersed_args": True},
)
@click.option("--min", "low", metavar="X", type=float, help="A good run has at least X")
@click.option("--max", "high", metavar="X", type=float, help="A good run has at most X")
@click.option("--good", metavar="REV", required=True, help="A commit that is good")
@click.option("--bad", metavar="REV", required=True, help="A later one that is bad")
@where_option
@link_option
@json_option
@quiet_option
@click.argument("metric", metavar="METRIC")
@click.argument("program", metavar="[-- CMD [ARG]...]", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(
    context: Context, low: float | None, high: float | None, good: str, bad: str,
    where: str | None, links: tuple[str, ...], metric: str, program: tuple[str, ...],
) -> int:  # fmt: skip
    """Find the commit that made a number worse, by its runs

    The newest finished run of exactly the code of a commit is its verdict; NaN is bad. Where a
    commit has none, CMD is run in a work tree of it and recorded as a run; without CMD, or where
    it fails or logs no METRIC, the commit is skipped. 'git bisect' is driven in a work tree of
    its own: yours stays as it is, and nothing is left behind.

    \b
    Example:  vcs-track bisect summary.val_acc --min 0.9 --good v1 --bad main -- python train.py

    \b
    Exit codes: 0 found, 1 git refused, 2 wrong usage, or good and bad are not what they are
    said to be, 3 several may be it, 10 no repository, 130 interrupted.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if low is None and high is None:
        raise click.UsageError("say what a good run has: --min X or --max X")
    _check_program(program)
    repo = context.repository()
    trials = _Trials(context, repo, program, links)
    with _ended_gently():
        found = repo.bisect(
            metric, good=good, bad=bad, low=low, high=high, where=where,
            measure=trials.make if program else None, tell=lambda step: _tell(context, step),
        )  # fmt: skip
    context.tell_skipped(repo)
    if context.json:
        context.emit(found.to_dict())
    else:
        _show(found)
    if found.good is not None and found.bad is not None:
        context.say(f"'vcs-track diff {found.good.id} {found.bad.id}' shows all that differs")
    if found.first_bad is None:
        context.say(
            "some commits could not be tested"
            if program
            else "these have no run; '-- CMD' makes one for each that is asked about"
        )
    return 0 if found.first_bad is not None else _SEVERAL


def _check_program(program: Sequence[str]) -> None:
    # A name is looked up alike for every commit: all would be skipped, each with a failed run.
    if program and os.sep not in program[0] and which(program[0]) is None:
        raise InvalidValueError(
            f"cannot run '{program[0]}': not found", hint="check its name, or give its path"
        )


@contextmanager
def _ended_gently() -> Iterator[None]:
    """Let the signals that end a program unwind it, so that it cleans up."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _ENDING}
    # What is ignored, as under nohup, stays ignored.
    taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


class _Trials:
    """Makes the runs that are missing."""

    def __init__(
        self, context: Context, repo: Repository, program: Sequence[str], links: Sequence[str]
    ) -> None:
        from vcs_track.porcelain.code_files import top_of

        self._context = context
        self._repo = repo
        self._program = program
        self._links = links
        self._top = Path(os.path.realpath(top_of(repo.store)))
        here = Path(os.path.realpath(context.folder))
        inside = here.is_relative_to(self._top)
        self._below = here.relative_to(self._top) if inside else Path()

    def make(self, trial: Trial[Repository]) -> Run | RunView | None:
        """Run the program in the work tree of a commit."""
        for path in self._links:
            check_link(path, self._top, trial.folder)
        place = trial.folder / self._below
        place.mkdir(parents=True, exist_ok=True)  # git knows nothing of empty folders
        signals = Signals()
        with signals.held():
            run = trial.start_run(self._program, place, tags=["bisect"])
            self._context.say(f"vcs-track: run {run.id} '{run.name}' of {_named(trial.commit)}")
            # Git may ignore folders of that name, and a link to one is none.
            for path in self._links:
                link(path, self._top, trial.folder)
            record(self._context, self._repo, run, self._program, place, signals, aside=True)
        if signals.received:
            raise KeyboardInterrupt
        return run


# ---- what came out ---------------------------------------------------------------------


def _named(commit: Commit) -> str:
    return f"{commit.id[:_DIGITS]} {commit.subject}"


def _tell(context: Context, step: Step) -> None:
    if context.json:
        context.emit(step.to_dict(), flush=True)
        return
    value = "" if step.value is None else f" {render.value(step.value)}"
    by = "" if step.run is None else f" (run {step.run.id}{'' if step.stored else ', new'})"
    why = f" {step.why}" if step.why else ""
    render.line(
        Cell(f"{step.term:<5}", _STYLES[step.term]), Cell(step.commit.id[:_DIGITS], "yellow"),
        f" {step.commit.subject}", Cell(f"{value}{by}{why}", "dim"),
    )  # fmt: skip


def _show(found: Bisected) -> None:
    first = found.first_bad
    if found.steps:
        render.line()
    if first is None:
        render.line(Cell("one of these is the first bad commit", "bold"))
        for commit in found.possible:
            render.line("  ", Cell(commit.id[:_DIGITS], "yellow"), f" {commit.subject}",
                        Cell(f"  {commit.author}", "dim"))  # fmt: skip
        return
    render.line(Cell("first bad commit  ", "bold"), Cell(first.id, "yellow"))
    render.line(f"  {first.subject}", Cell(f"  {first.author}", "dim"))
    for word, run in (("bad ", found.bad), ("good", found.good)):
        if run is not None:
            value = render.value(run.flat[found.bound.metric])
            render.line(
                Cell(f"  {word}  ", _STYLES[word.strip()]), Cell(run.id, "yellow"),
                f" {run.name}  {found.bound.metric} {value}",
            )  # fmt: skip
    if found.changes:
        render.line(Cell("  hparams  ", "dim"), changes_line(found.changes))

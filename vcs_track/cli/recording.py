"""A program that is recorded as a run: its output, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.wrap import Ending, Signals, run_program
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run

__all__ = ["not_started", "record"]

_NOT_FOUND: Final = 127
_NOT_STARTED: Final = 126


def record(
    context: Context, repo: Repository, run: Run, program: Sequence[str], folder: Path,
    signals: Signals, *, aside: bool = False,
) -> Ending:  # fmt: skip
    """Run *program* as *run*, and finish it.

    Args:
        context: How to talk.
        repo: Where the run is.
        run: The run; the program may log to it too.
        program: The program and its arguments.
        folder: Where it runs.
        signals: The held signals.
        aside: Show its output on stderr.

    Returns:
        How it ended; the code is ours where it could not be sealed.
    """
    variables = {
        "VCS_TRACK_RUN_ID": run.id,
        "VCS_TRACK_DIR": str(repo.root),
        # Python holds the output for a pipe back; a killed program's last words would be lost.
        "PYTHONUNBUFFERED": "1",
    }
    error = ""
    try:
        ending = run_program(program, folder, variables, _keeper(run), signals, aside=aside)
    except OSError as problem:
        ending = Ending(not_started(program, problem))
        error = f"cannot run '{program[0]}': {problem.strerror}"
    code = ending.code
    try:
        run.finish(
            ending.status,
            exit_code=code if ending.signal is None else None,
            signal=ending.signal,
            error=error,
        )
    except VcsTrackError as problem:
        click.echo(f"error: run '{run.id}' is not sealed: {problem.message}", err=True)
        click.echo("hint: its journal is kept; 'vcs-track recover' seals it later", err=True)
        return Ending(code or problem.exit_code, ending.signal)
    context.say(f"vcs-track: run {run.id} '{run.name}' {ending}")
    return ending


def _keeper(run: Run) -> Callable[[int, bytes], None]:
    """Return what keeps output.

    Trouble with it is told once and never ends the program.
    """
    trouble = False

    def keep(stream: int, data: bytes) -> None:
        nonlocal trouble
        if trouble:
            return
        try:
            run.add_output(stream, data)
        except VcsTrackError as error:
            trouble = True
            click.echo(f"vcs-track: output is no longer kept: {error.message}", err=True)

    return keep


def not_started(program: Sequence[str], error: OSError) -> int:
    """Say why *program* could not be started; return the exit code."""
    missing = isinstance(error, FileNotFoundError)
    if missing:
        reason, hint = "not found", "check its name, or give its path"
    else:
        reason = (error.strerror or str(error)).lower()
        hint = "is it a program, and may you execute it?"
    click.echo(f"error: cannot run '{program[0]}': {reason}\nhint: {hint}", err=True)
    return _NOT_FOUND if missing else _NOT_STARTED

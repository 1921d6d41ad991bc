"""``vcs-track exec``: run a program for which wandb is this repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from vcs_track import environ
from vcs_track.cli.recording import not_started

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]

_PATH: Final = "PYTHONPATH"
_SITE: Final = Path(__file__).parents[2] / "compat" / "wandb" / "site"


@click.command(
    "exec",
    short_help="Run a program for which wandb is this repository",
    context_settings={"allow_interspersed_args": False},
)
@click.argument(
    "program", metavar="[--] CMD [ARG]...", nargs=-1, required=True, type=click.UNPROCESSED
)
@click.pass_obj
def command(context: Context, program: tuple[str, ...]) -> int:
    """Run a program for which wandb is this repository

    A Python program, and any that it starts, gets vcs_track.compat.wandb where it imports wandb,
    also in libraries: what it logs becomes runs here, without account and network. Nothing else
    is changed, and its exit code becomes ours. It needs a Python that has vcs-track installed,
    and must not be started with -I, -E or -S.

    \b
    Example:  vcs-track exec -- python train.py
              vcs-track exec -- accelerate launch train.py

    \b
    Exit codes: those of the program, 126 it cannot be started, 127 there is no such program.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    rest = environ.prefixed(_PATH).get(_PATH, "")
    environ.put(_PATH, os.pathsep.join(part for part in (str(_SITE), rest) if part))
    os.chdir(context.folder)
    try:
        # In our place: signals and exit code are its own.
        os.execvp(program[0], program)  # noqa: S606 -- what the user asks for, without a shell
    except OSError as error:
        return not_started(program, error)

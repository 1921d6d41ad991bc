"""``vcs-track run``: record any program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from vcs_track.cli.context import Context
from vcs_track.cli.params import quiet_option
from vcs_track.cli.recording import not_started, record
from vcs_track.cli.wrap import Signals, run_program
from vcs_track.errors import InvalidValueError, RepositoryNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.inputs import Input
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run

__all__ = ["command", "parse_param", "read_inputs"]

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(
    r"[+-]?(([0-9]+\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|inf|nan)"
)


def parse_param(text: str) -> tuple[str, Any]:
    """Return the name and the typed value of ``NAME=VALUE``.

    Raises:
        InvalidValueError: If it has no name or no ``=``.

    Example:
        >>> from vcs_track.cli.commands.run import parse_param
        >>> [parse_param(text)[1] for text in ("a=1", "a=1e-3", "a=true", "a=1.2.3", "a=")]
        [1, 0.001, True, '1.2.3', '']
    """
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise InvalidValueError(f"'{text}' is no parameter", hint="write it as --param NAME=VALUE")
    if value in ("true", "false"):
        return name.strip(), value == "true"
    if _INTEGER.fullmatch(value) and len(value) < 1000:
        return name.strip(), int(value)
    return name.strip(), float(value) if _FLOAT.fullmatch(value) else value


@click.command(
    "run",
    short_help="Run a program and record it",
    context_settings={"allow_interspersed_args": False},
)
@click.option("--name", help="Name of the run. Default: a readable one made from its id")
@click.option(
    "-p",
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    help="Record a hyperparameter (can be repeated)",
)
@click.option("-t", "--tag", "tags", multiple=True, help="Record a tag (can be repeated)")
@click.option(
    "-i",
    "--input",
    "inputs",
    metavar="PATH",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Record a file or folder that it reads, by its hash (can be repeated)",
)
@click.option(
    "--skip-if-done",
    is_flag=True,
    help="Start nothing when a run that began alike has finished; print its id",
)
@quiet_option
@click.argument("program", metavar="[--] CMD [ARG]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def command(
    context: Context,
    name: str | None,
    params: tuple[str, ...],
    tags: tuple[str, ...],
    inputs: tuple[Path, ...],
    skip_if_done: bool,
    program: tuple[str, ...],
) -> int:
    """Run a program and record it

    Its output passes through and is kept, signals reach it, and its exit code becomes ours.
    A Python program that calls vcs_track.start_run() logs to this run. No shell is involved;
    output goes through pipes, so the program sees no terminal there.

    With --skip-if-done, code, command, hyperparameters and inputs are compared with those of
    earlier runs.

    \b
    Example:  vcs-track run --name first --param lr=0.1 -- python train.py

    \b
    Exit codes: those of the program; 128 and the signal that ended it; 126 when it cannot be
    started, 127 when it is not found; 0 when it was done already.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if not program:
        raise InvalidValueError(
            "no program to run", hint="write it after '--': vcs-track run -- python train.py"
        )
    hparams = dict(parse_param(text) for text in params)
    if _disabled(context):
        return _plain(context, program)
    repo = _repository(context)
    known = read_inputs(context, repo, inputs)
    how: dict[str, Any] = {
        "command": program, "cwd": context.folder, "hparams": hparams, "inputs": known,
    }  # fmt: skip
    if skip_if_done and _is_done(context, repo, how):
        return 0
    signals = Signals()
    # Held from here on: a Ctrl-C before the program starts must not leave half a run.
    with signals.held():
        run: Run = repo.start_run(name, tags=tags, **how)
        context.say(f"vcs-track: run {run.id} '{run.name}' started")
        return record(context, repo, run, program, context.folder, signals).code


def read_inputs(context: Context, repo: Repository, paths: Sequence[Path]) -> tuple[Input, ...]:
    """Hash inputs, with a bar where there are any."""
    if not paths:
        return ()
    with context.progress("Hashing inputs") as progress:
        return repo.hash_inputs([context.folder / path for path in paths], progress=progress)


def _is_done(context: Context, repo: Repository, how: dict[str, Any]) -> bool:
    """Tell whether a run that began alike has finished, and which, or what is near to it."""
    if repo.defaults.run_id:
        return False  # it joins a run
    from vcs_track.cli import near_miss
    from vcs_track.cli.human import ago

    start = repo.plan(**how)
    if why := near_miss.unknown(start):
        context.say(f"vcs-track: nobody can know whether this was done: {why}")
        return False
    found = repo.find_same(start)
    for match in found:
        if match.done:
            run = match.run
            context.say(f"already done: run {run.id} '{run.name}' ({ago(run.created)})")
            context.print(run.id)
            return True
    for match in found:
        run = match.run
        told = f"vcs-track: run {run.id} '{run.name}' ({ago(run.created)})"
        if run.status == "running":
            context.say(f"{told} does the same now")
        elif not match.same:
            context.say(f"{told} is nearly the same: {near_miss.tell(match)}")
            break
    return False


def _disabled(context: Context) -> bool:
    from vcs_track import environ

    return environ.read(context.folder.absolute()).mode == "disabled"


def _plain(context: Context, program: Sequence[str]) -> int:
    """Run *program* and record nothing."""
    signals = Signals()
    with signals.held():
        try:
            ending = run_program(program, context.folder, {}, lambda *_: None, signals)
        except OSError as error:
            return not_started(program, error)
    return ending.code


def _repository(context: Context) -> Repository:
    from vcs_track import api
    from vcs_track.plumbing import gitlink

    try:
        return context.repository()
    except RepositoryNotFoundError:
        if not context.explicit:
            return api.init()
        folder = context.folder.absolute()
        return api.init(gitlink.find_root(folder) or folder)

"""Commands by name, global options, errors as one line and an exit code.

``--help`` loads no command: the texts stand in :data:`COMMANDS`.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from vcs_track import __version__
from vcs_track.cli.context import Context
from vcs_track.cli.text import visible
from vcs_track.errors import ExpressionError, InvalidValueError, VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ALIASES", "COMMANDS", "Context", "Group", "group", "main", "run"]

_HERE: Final = "vcs_track.cli.commands"

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": (f"{_HERE}.init", "Make a repository for runs"),
    "status": (f"{_HERE}.status", "Show the repository, live runs and runs not committed yet"),
    "run": (f"{_HERE}.run", "Run a program and record it"),
    "exec": (f"{_HERE}.exec_", "Run a program for which wandb is this repository"),
    "log": (f"{_HERE}.log", "Show commits with their runs, newest first"),
    "ls": (f"{_HERE}.ls", "List runs in a table"),
    "select": (f"{_HERE}.select", "Print the ids of runs, for scripts"),
    "watch": (f"{_HERE}.watch", "Watch runs while they go on"),
    "find": (f"{_HERE}.find", "Find runs that did the same"),
    "whence": (f"{_HERE}.whence", "Show which run made or used a file"),
    "sql": (f"{_HERE}.sql", "Ask the finished runs with SQL"),
    "show": (f"{_HERE}.show", "Show all that is known of a run"),
    "plot": (f"{_HERE}.plot", "Draw series as curves"),
    "diff": (f"{_HERE}.diff", "Show what changed between runs"),
    "compare": (f"{_HERE}.compare", "Tell whether one set of runs beats another"),
    "check": (f"{_HERE}.check", "Check that a run is good enough, by itself or against a base"),
    "report": (f"{_HERE}.report", "Show what a branch changes, for a pull request"),
    "blame": (f"{_HERE}.blame", "Show which runs moved the best value so far, and who made them"),
    "bisect": (f"{_HERE}.bisect", "Find the commit that made a number worse, by its runs"),
    "note": (f"{_HERE}.note", "Show or replace the note of a run"),
    "tag": (f"{_HERE}.tag", "Add tags to a run"),
    "untag": (f"{_HERE}.untag", "Take tags away from a run"),
    "name": (f"{_HERE}.name", "Give a run another name"),
    "color": (f"{_HERE}.color", "Set the colour of a run in tables and plots"),
    "rm": (f"{_HERE}.rm", "Remove runs, or bring removed ones back"),
    "undo": (f"{_HERE}.undo", "Take back the last command that changed runs"),
    "redact": (f"{_HERE}.redact", "Remove the bytes of an object for good; its id stays"),
    "reflog": (f"{_HERE}.reflog", "Show what was done to runs: who, when and by what"),
    "commit": (f"{_HERE}.commit", "Commit runs with git, beside the code that made them"),
    "annotate": (f"{_HERE}.annotate", "Write runs as notes, for 'git log --notes=runs'"),
    "hooks": (
        f"{_HERE}.hooks",
        "Install or remove the git hook that names the runs of a commit",
    ),
    "code": (f"{_HERE}.code", "Show the code of a run, or one file of it"),
    "restore": (f"{_HERE}.restore", "Make a work tree with the exact code of a run"),
    "rerun": (f"{_HERE}.rerun", "Run a run again, and see whether it comes out the same"),
    "branch": (f"{_HERE}.branch", "Make a branch of git with the code of a run"),
    "export": (f"{_HERE}.export", "Write runs to a zip that stands alone"),
    "import": (f"{_HERE}.import_", "Take in the runs of a zip, or of another tool"),
    "verify": (f"{_HERE}.verify", "Check a zip, with no repository at hand"),
    "sign": (f"{_HERE}.sign", "Sign a zip with an SSH key"),
    "convert": (
        f"{_HERE}.convert",
        "Make a repository of another object format, same runs",
    ),
    "fsck": (f"{_HERE}.fsck", "Check that every object is there and undamaged"),
    "reindex": (f"{_HERE}.reindex", "Make the index of runs anew"),
    "recover": (f"{_HERE}.recover", "Seal the runs whose programs died"),
    "gc": (f"{_HERE}.gc", "Clean up what nothing needs"),
    "du": (f"{_HERE}.du", "Show how much room runs take"),
    "serve": (f"{_HERE}.serve", "Serve runs to clients of Crayon"),
    "demo": (f"{_HERE}.demo", "Try all of it on a small real model in a new folder"),
    "cat-file": (f"{_HERE}.cat_file", "Write the bytes of an object to stdout"),
    "ls-objects": (f"{_HERE}.ls_objects", "List objects, what they are and where they lie"),
}
ALIASES: Final = {"list": "ls", "query": "ls"}

_PLUMBING: Final = ("cat-file", "ls-objects")
_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141


class _PipeClosedError(Exception):
    """The reader of stdout went away; not for click to handle."""


class Group(click.Group):
    """A group whose commands are loaded when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        _drop_full_stop(command.get_help_option(ctx))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that *args* begin with.

        Raises:
            InvalidValueError: If there is none; the hint names near ones.
        """
        name = args[0]
        if name not in COMMANDS and name not in ALIASES and not name.startswith("-"):
            from vcs_track.porcelain.near import did_you_mean  # difflib is for typos only

            hint = did_you_mean(name, [*COMMANDS, *ALIASES])
            if not hint.startswith("did you mean"):
                hint = f"see '{ctx.command_path} --help'"
            raise InvalidValueError(f"there is no command '{name}'", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 -- click's
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the table of commands without loading one."""
        for title, plumbing in (("Commands", False), ("Plumbing", True)):
            rows = [
                (name, text)
                for name, (_, text) in COMMANDS.items()
                if (name in _PLUMBING) is plumbing
            ]
            with formatter.section(title):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; a closed pipe leaves as what it is."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _PipeClosedError from None


def _drop_full_stop(option: click.Option | None) -> None:
    """Make click's own help text look like ours."""
    if option is not None and option.help:
        option.help = option.help.removesuffix(".")


@click.group(
    cls=Group,
    name="vcs-track",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "folders",
    metavar="DIR",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Work in DIR instead of the current folder",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors")
@click.version_option(
    __version__, message="vcs-track %(version)s", help="Show the version and exit"
)
@click.help_option("-h", "--help", help="Show this message and exit")
@click.pass_context
def group(ctx: click.Context, folders: tuple[Path, ...], as_json: bool, quiet: bool) -> None:
    """Version experiments like code"""  # noqa: D415 -- a help text, no sentence
    folder = Path().joinpath(*folders)
    if folders and not folder.is_dir():
        raise InvalidValueError(f"there is no folder '{folder}'", hint="-C wants one that exists")
    ctx.obj = Context(
        folder=folder, explicit=bool(folders), json=as_json, quiet=quiet, arguments=ctx.obj or ()
    )


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit.

    Args:
        args: Arguments without the program's name. Default: those of the process.
    """
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code; errors are told on stderr.

    Args:
        args: Arguments without the program's name. Default: those of the process.

    Example:
        >>> from vcs_track.cli.main import run
        >>> run(["--version"])
        vcs-track ...
        0
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name that the terminal has no letters for must not stop a table.
            stream.reconfigure(errors="replace")
    try:
        code = group.main(
            args=None if args is None else [*args], standalone_mode=False,
            prog_name=None if args is None else "vcs-track",
            obj=tuple(sys.argv[1:] if args is None else args),
        )  # fmt: skip
        sys.stdout.flush()
    except (_PipeClosedError, BrokenPipeError):
        _drop_stdout()
        return _PIPE_CLOSED
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _INTERRUPTED
    except (VcsTrackError, click.ClickException, OSError) as error:
        return _tell(error)
    return code if isinstance(code, int) else 0


def _drop_stdout() -> None:
    """Send what is still buffered nowhere; the exit would complain."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass  # a stdout that is no file


# --- errors ---


def _tell(error: VcsTrackError | click.ClickException | OSError) -> int:
    if isinstance(error, VcsTrackError):
        _write(error.message, error.hint, _pointer(error))
        return error.exit_code
    if isinstance(error, click.ClickException):
        _write(*_usage(error))
        return error.exit_code
    where = f" '{error.filename}'" if error.filename is not None else ""
    _write(f"{(error.strerror or str(error)).lower()}{where}", "")
    return 1


def _write(message: str, hint: str, pointer: str = "") -> None:
    lines = [f"error: {visible(message)}", pointer, f"hint: {visible(hint)}" if hint else ""]
    sys.stderr.write("".join(f"{line}\n" for line in lines if line))


def _pointer(error: VcsTrackError) -> str:
    """Return the text of an expression with a caret under the mistake."""
    if not isinstance(error, ExpressionError):
        return ""
    before = visible(error.text[: error.position])
    # Letters may be two columns wide; repeating them as spaces would miss the place.
    from unicodedata import combining, east_asian_width

    width = sum(0 if combining(c) else 1 + (east_asian_width(c) in "WF") for c in before)
    return f"  {visible(error.text)}\n  {' ' * width}^"


def _usage(error: click.ClickException) -> tuple[str, str]:
    """Return click's words in our grammar, and a hint."""
    message = error.format_message().strip()
    hint = ""
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option '{error.option_name}'"
        if error.possibilities:
            near = " or ".join(f"'{option}'" for option in sorted(error.possibilities))
            hint = f"did you mean {near}?"
    elif message:
        message = message[0].lower() + message[1:].removesuffix(".")
    if not hint and isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"see '{error.ctx.command_path} --help'"
    return message, hint

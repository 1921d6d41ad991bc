"""``vcs-track hooks``: the runs of a commit in its message."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import json_option, quiet_option
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]

_SAID: Final = {
    "installed": "installed", "called": "called by the hook that is there",
    "foreign": "not installed: there is another hook", "absent": "not installed",
}  # fmt: skip


@click.command(
    "hooks", short_help="Install or remove the git hook that names the runs of a commit",
    context_settings={"ignore_unknown_options": True},
)  # fmt: skip
@json_option
@quiet_option
@click.argument("action", type=click.Choice(["install", "uninstall", "status", "run"]))
@click.argument("args", metavar="[HOOK ARG...]", nargs=-1)
@click.pass_obj
def command(context: Context, action: str, args: tuple[str, ...]) -> None:
    """Install or remove the git hook that names the runs of a commit

    With the hook, a plain 'git commit' of staged runs gets a trailer 'Run-Id' for each of them,
    as 'vcs-track commit' writes. It leaves merges alone, and never stops a commit. Another hook
    that is there stays; the hint has the line to add to it.

    'run' is what the hook calls.

    \b
    Example:  vcs-track hooks install

    \b
    Exit codes: 0 done, 1 there is another hook or git refused, 2 wrong usage.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    from vcs_track.porcelain import hooks

    folder = context.folder.resolve()
    if action == "run":
        _run(context, args)
        return
    if args:
        raise InvalidValueError(f"'{action}' takes no '{args[0]}'")
    if action == "uninstall":
        hook = hooks.uninstall(folder)
        removed = hook.state == "installed"
        if not context.json:
            context.say(f"removed '{hook.path}'" if removed else "there was none of ours")
        hook = hooks.status(folder)
    else:
        hook = hooks.install(folder) if action == "install" else hooks.status(folder)
    if context.json:
        context.emit({"hook": hooks.HOOK, "path": str(hook.path), "state": hook.state})
    elif action != "uninstall":
        context.print(f"{hook.path}: {_SAID[hook.state]}")


def _run(context: Context, args: tuple[str, ...]) -> None:
    from vcs_track.porcelain import hooks

    if len(args) < 2 or args[0] != hooks.HOOK:
        raise InvalidValueError(
            "'run' wants the name of the hook and what git hands to it",
            hint=f"as in 'vcs-track hooks run {hooks.HOOK} FILE'",
        )
    source = args[2] if len(args) > 2 else ""
    hooks.add_trailers(context.folder.resolve(), context.folder / Path(args[1]), source)

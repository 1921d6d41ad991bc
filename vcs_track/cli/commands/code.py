"""``vcs-track code``: what a run's code differs from its commit in."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.formats.code import path_text

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.formats.code import Code
    from vcs_track.porcelain.run_view import RunView

__all__ = ["command"]


@click.command("code", short_help="Show the code of a run, or one file of it")
@json_option
@quiet_option
@click.argument("run", metavar="RUN", type=RUN)
@click.argument("path", metavar="[PATH]", required=False)
@click.pass_obj
def command(context: Context, run: str, path: str | None) -> None:
    """Show the code of a run, or one file of it

    Without PATH: commit and tree, the script and what it imported, and the files that the commit lacks or has otherwise (M), or
    only has itself (D), and those that are not kept (-). With PATH, from the top of the work
    tree: the bytes of that file, as git stores them.

    \b
    Example:  vcs-track code @ train.py

    \b
    Exit codes: 0 shown, 10 no repository, 11 no such run, or it has no code or no such file.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo, (run,) = context.reading(run)
    view = repo.run(run)
    if path is not None:
        data = repo.code_file(view, os.fsencode(path))
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        return
    code = repo.code(view)
    if context.json:
        context.emit({"id": view.id, **_program(view), **code.to_json()})
        return
    _print(context, view, code)


def _program(view: RunView) -> dict[str, Any]:
    script = view.command.get("script", "")
    modules = [name for name in view.command.get("modules", ()) if name != script]
    return {"script": script, "modules": modules}


def _print(context: Context, view: RunView, code: Code) -> None:
    context.print(f"commit  {code.commit or 'none'}")
    context.print(f"tree    {code.tree}")
    program = _program(view)
    if program["script"]:
        context.print(f"script  {program['script']}")
    if program["modules"]:
        context.print(f"imports {', '.join(program['modules'])}")
    for file in code.files:
        context.print(f"M {path_text(file.path)}")
    for path in code.gone:
        context.print(f"D {path_text(path)}")
    for left in code.left_out:
        context.print(f"- {path_text(left.path)}  ({left.why})")

"""``vcs-track note``: what people say of a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vcs_track.cli.editing import edit_options, targets, tell

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]


@click.command("note", short_help="Show or replace the note of a run")
@click.option(
    "-F", "--file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True),
    help="Take the text from FILE, '-' for standard input",
)  # fmt: skip
@edit_options
@click.argument("arguments", metavar="RUN [TEXT]", nargs=-1)
@click.pass_obj
def command(
    context: Context, file: Path | None, where: str | None, more: tuple[str, ...],
    arguments: tuple[str, ...],
) -> None:  # fmt: skip
    """Show or replace the note of a run

    Without TEXT the note is opened in your editor, or printed where there is no terminal. An
    empty TEXT removes it. Each change is a new state of the run; the one before stays in its
    history, and 'vcs-track undo' takes it back. With --where no RUN is given.

    \b
    Example:  vcs-track note @ "learning rate too high"
              vcs-track note --where "status = 'failed'" "disk was full"

    \b
    Exit codes: 0 done, 1 the disk refuses, 2 wrong usage, 10 no repository, 11 no such
    run.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    runs, rest = targets(arguments, more, where)
    if len(rest) + (file is not None) > 1:
        raise click.UsageError("give one text: quote it if it has blanks")
    repo = context.repository()
    text = rest[0] if rest else _read(context, file)
    if text is None:
        if runs is None or len(runs) > 1:
            raise click.UsageError("a text is needed for several runs")
        text = _ask(context, repo, runs[0])
    if text is not None:
        tell(context, repo.note(runs, text, where=where), "note")


def _read(context: Context, file: Path | None) -> str | None:
    if file is None:
        return None
    if str(file) == "-":
        return sys.stdin.read().rstrip("\n")
    return (context.folder / file).read_text(encoding="utf-8").rstrip("\n")


def _ask(context: Context, repo: Repository, run: str) -> str | None:
    """Return what the user writes in an editor, or print the note where there is none."""
    view = repo.run(run)
    if context.json:
        context.emit({"id": view.id, "name": view.name, "note": view.note})
        return None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        if view.note is not None:
            context.print(view.note)
        return None
    written = click.edit(view.note or "", extension=".md")
    text = None if written is None else written.rstrip("\n")
    if text is None or text == (view.note or ""):
        context.say("the note was not changed")
        return None
    return text

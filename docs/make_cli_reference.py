"""Write ``docs/reference/cli.md`` from the help texts of the commands.

Run it after a change of a command; a test compares the page with the program.
"""  # noqa: INP001 -- a script beside the pages

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import click

from vcs_track.cli.main import ALIASES, COMMANDS, Context, group

__all__ = ["PAGE", "page"]

PAGE = Path(__file__).parent / "reference" / "cli.md"
WIDTH = 80

HEAD = """\
# Command line

After reading this page you know every command, its options and what it exits with.

`vcs-track` and `git-runs` are the same program, so that `git runs log` works; so is `python -m vcs_track`.
Data goes to standard output, all talk and progress to standard error.
`--json` prints one JSON object a line; NaN and the infinities are the texts `NaN`, `Infinity` and `-Infinity` there.
`--json` and `--quiet` are understood before and after the name of the command.
What the exit codes mean is told in [Errors](../errors.md), how to write a filter in [Filters](filters.md).

Output fits the terminal, or 80 columns where there is none; `COLUMNS` sets another width.
Colour is used on a terminal only; `NO_COLOR=1` turns it off, `FORCE_COLOR=1` turns it on.

Completion of commands, options and runs in bash (zsh and fish likewise):

```bash
eval "$(_VCS_TRACK_COMPLETE=bash_source vcs-track)"
```

A run is named by its id, a unique prefix of it, or its name; by `@` (the newest), `@{-1}` (the one before), `RUN@{1}` (one edit ago) or `git:REV` (the newest run of a commit).
Commands that only read take a run of a bundle too, as `x.zip:RUN`, or `x.zip` for its only run.
"""


def page() -> str:
    """Return the text of the page."""
    top = click.Context(
        group,
        info_name="vcs-track",
        obj=Context(),
        terminal_width=WIDTH,
        **group.context_settings,
    )
    parts = [HEAD, _block(top)]
    for name, (module, _) in COMMANDS.items():
        group.get_command(top, name)
        command: click.Command = import_module(module).command
        aliases = [alias for alias, meant in ALIASES.items() if meant == name]
        also = f"Also `{', '.join(aliases)}`.\n\n" if aliases else ""
        context = click.Context(command, info_name=name, parent=top)
        parts.append(f"## `{name}`\n\n{also}{_block(context)}")
    return "\n".join(parts)


def _block(context: click.Context) -> str:
    return f"```text\n{context.get_help().rstrip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""``vcs-track annotate``: runs in git's own log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli import human
from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context

__all__ = ["command"]


@click.command("annotate", short_help="Write runs as notes, for 'git log --notes=runs'")
@click.option("--all", "everywhere", is_flag=True, help="Commits of every branch and tag")
@json_option
@quiet_option
@click.argument("rev_range", metavar="[REV-RANGE]", required=False)
@click.pass_obj
def command(context: Context, everywhere: bool, rev_range: str | None) -> None:
    """Write runs as notes, for 'git log --notes=runs'

    Each commit that 'vcs-track log' shows with runs gets a note with a line for each of them,
    in refs/notes/runs. Without REV-RANGE: the commits of this branch. The notes are a view and
    never read; write them anew after a change. Where nothing has changed nothing is written.

    \b
    Example:  vcs-track annotate

    \b
    Exit codes: 0 written, 1 git refused or knows no such commit, 10 no repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if rev_range is not None and everywhere:
        raise click.UsageError("REV-RANGE and --all cannot be used together")
    repo = context.repository()
    done = repo.annotate(rev_range, everywhere=everywhere)
    context.tell_skipped(repo)
    if context.json:
        context.emit({
            "written": list(done.written), "removed": list(done.removed),
            "unchanged": done.unchanged,
        })  # fmt: skip
        return
    context.print(
        f"{human.count(len(done.written), 'note')} written, {len(done.removed):,} removed,"
        f" {done.unchanged:,} unchanged"
    )
    if done.written or done.unchanged:
        context.say("hint: see them by 'git log --notes=runs'")

"""``vcs-track fsck``: is everything there, and undamaged?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import json_option, quiet_option
from vcs_track.errors import CorruptError

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.fsck import Report

__all__ = ["command"]

_SHOWN: Final = 5


@click.command("fsck", short_help="Check that every object is there and undamaged")
@json_option
@quiet_option
@click.pass_obj
def command(context: Context) -> int:
    """Check that every object is there and undamaged

    Reads every pack of the store and of the shelf, and follows every run. Nothing is changed.
    Images and files that a run names and this repository has not got are no damage.

    \b
    Example:  vcs-track fsck

    \b
    Exit codes: 0 all is well, 10 no repository, 12 something is damaged.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    with context.progress("Checking packs") as progress:
        report = repo.fsck(progress)
    if context.json:
        context.emit(report.to_dict())
    else:
        _tell(context, report)
    return 0 if report.ok else CorruptError.exit_code


def _tell(context: Context, report: Report) -> None:
    for problem in report.problems:
        context.print(f"damaged: {problem['where']}: {problem['what']}")
    if report.absent:
        shown = ", ".join(oid[:12] for oid in report.absent[:_SHOWN])
        more = ", ..." if len(report.absent) > _SHOWN else ""
        context.say(
            f"note: {len(report.absent)} images or files are not in this repository: {shown}{more}"
        )
    if report.live:
        context.say(f"note: not checked, still running: {', '.join(report.live)}")
    counts = ", ".join(
        f"{number:,} {noun}{'' if number == 1 else 's'}"
        for number, noun in (
            (report.packs, "pack"), (report.objects, "object"), (report.runs, "run"),
        )
    )  # fmt: skip
    if report.ok:
        context.print(f"checked {counts}: all is well")
        return
    context.print(f"checked {counts}: {len(report.problems)} damaged")
    context.say("hint: restore what is damaged with 'vcs-track import' from a bundle, or by git")

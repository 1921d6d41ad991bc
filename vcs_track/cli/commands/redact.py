"""``vcs-track redact``: bytes that should not have been kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import RUN, json_option, quiet_option
from vcs_track.errors import InvalidValueError

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.redact import Redacted

__all__ = ["command"]

_SHOWN = 5


@click.command("redact", short_help="Remove the bytes of an object for good; its id stays")
@click.option("--blob", metavar="ID", help="The object, or four or more of its first digits")
@click.option("--tag", metavar="TAG", help="All media of the run with this tag")
@click.option(
    "--file", metavar="NAME", help="Files of this name, 'stdout' too, or a file of the code"
)
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is kept with the run")
@click.option("-y", "--yes", is_flag=True, help="Do not ask")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, say what would be done")
@json_option
@quiet_option
@click.argument("run", metavar="RUN", type=RUN)
@click.pass_obj
def command(
    context: Context, blob: str | None, tag: str | None, file: str | None, reason: str, yes: bool,
    dry_run: bool, run: str,
) -> int:  # fmt: skip
    """Remove the bytes of an object for good; its id stays

    An image, a file or a text goes from every pack of the store, also for other runs that have
    it. Each of them keeps its id and the reason, also in bundles, and no import and no repair
    brings the bytes back. It cannot be undone. Packs that were committed are in git's history:
    they are named, and left alone.

    \b
    Example:  vcs-track redact @ --file private.csv --reason "names of patients" --yes

    \b
    Exit codes: 0 done, 1 the answer was no, or the disk refuses, 2 wrong usage, a document that
    the run needs, a run that is going on, or nobody can be asked, 10 no repository, 11 no such
    run or object, 12 a damaged pack may have it still, 13 a clean-up is at work.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository()
    plan = repo.redact(run, reason, blob=blob, tag=tag, file=file, dry_run=True)
    if not dry_run:
        if not yes and not _agreed(context, plan):
            context.say("nothing was changed")
            return 1
        plan = repo.redact(run, reason, blob=blob, tag=tag, file=file)
    if context.json:
        context.emit(plan.to_dict())
    else:
        word = "would redact" if dry_run else "redacted"
        for oid in plan.oids:
            context.print(f"{word}  {oid}")
        context.print(f"in runs {', '.join(plan.runs)}; {len(plan.packs)} packs without it now")
    _warn(context, plan)
    return 0


def _agreed(context: Context, plan: Redacted) -> bool:
    if not context.can_ask:
        raise InvalidValueError(
            "a redaction cannot be undone, and nobody can be asked",
            hint="add --yes, or see what would be done with --dry-run",
        )
    for oid in plan.oids:
        context.say(f"  {oid}")
    return context.confirm(
        f"remove the bytes of {len(plan.oids)} objects from {len(plan.runs)} runs for good?"
    )


def _warn(context: Context, plan: Redacted) -> None:
    if plan.shelf:
        shown = ", ".join(f".runs/packs/{name}" for name in plan.shelf[:_SHOWN])
        more = ", ..." if len(plan.shelf) > _SHOWN else ""
        context.say(f"warning: git has the bytes still: {shown}{more}")
        context.say(
            "hint: see the commits with 'git log --all -- .runs/packs/NAME'; taking them out is"
            " a rewriting of git's history, which is left to you"
        )
    if plan.quarantine:
        context.say("warning: damaged files in .runs/local/quarantine may have the bytes still")

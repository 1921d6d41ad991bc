"""``vcs-track recover``: what became of runs whose programs died."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vcs_track.cli.params import json_option, quiet_option
from vcs_track.errors import CorruptError

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.formats.slots import Header
    from vcs_track.plumbing.store import Store

__all__ = ["command"]


@click.command("recover", short_help="Seal the runs whose programs died")
@click.option("--force", is_flag=True, help="Also runs that were written on another host")
@json_option
@quiet_option
@click.pass_obj
def command(context: Context, force: bool) -> None:
    """Seal the runs whose programs died

    Every point that they logged is kept, with the status 'crashed'. Any other command does
    this too, but for runs of other hosts. Runs that are going on are left alone and listed.

    \b
    Example:  vcs-track recover

    \b
    Exit codes: 0 done, 1 the disk refuses, 10 no repository.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    repo = context.repository_as_it_is()
    repo.store.require_writable()
    sealed = repo.recover(force=force)
    for run in sealed:
        view = repo.run(run)
        if context.json:
            context.emit({"change": "sealed", **view.to_dict()})
        else:
            context.print(f"sealed  {run} {view.name} ({view.status})")
    left = _left(repo.store)
    for run, reason in left.items():
        if context.json:
            context.emit({"change": "left", "id": run, "reason": reason})
        else:
            context.print(f"left    {run} {reason}")
    if not sealed and not left:
        context.say("nothing to recover")


def _left(store: Store) -> dict[str, str]:
    from vcs_track.porcelain.seal import live_runs, unread

    going_on = {run: _reason(_headers(store, run)) for run in sorted(live_runs(store))}
    return {**going_on, **{name: f"cannot be read: {why}" for name, why in unread(store).items()}}


def _headers(store: Store, run: str) -> list[Header]:
    from vcs_track.plumbing.journal import JournalReader

    found = []
    for path in sorted(store.layout.live_run(run).glob("*.j")):
        try:
            found.append(JournalReader(path).header)
        except (CorruptError, OSError):
            continue
    return found


def _reason(headers: list[Header]) -> str:
    from vcs_track.plumbing.lock import identity

    if not headers:
        return "its journal holds nothing yet"
    here = identity().host
    elsewhere = sorted({header.host for header in headers if header.host != here})
    if elsewhere:
        return (
            f"written on {', '.join(elsewhere)}, whose programs cannot be seen from here; it "
            "is sealed 10 minutes after their last sign of life, or with --force"
        )
    pids = ", ".join(str(header.pid) for header in headers)
    return f"is going on (process {pids})"

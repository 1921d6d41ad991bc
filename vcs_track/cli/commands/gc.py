"""``vcs-track gc``: what nothing needs, moved away first and deleted later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import json_option, quiet_option

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.gc import Report

__all__ = ["command"]

# What is told of each state, and what it is called when nothing is changed.
_WORDS: Final = {
    "deleted": ("deleted", "would delete"),
    "moved": ("moved to the trash", "would move to the trash"),
    "restored": ("restored from the trash", "would restore from the trash"),
    "trash": ("in the trash", "in the trash"),
    "waiting": ("waiting", "waiting"),
    "damaged": ("damaged and left alone", "damaged and left alone"),
}


@click.command("gc", short_help="Clean up what nothing needs")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, say what would be done")
@click.option(
    "--grace", metavar="DAYS", type=float, default=14.0, show_default=True,
    help="Days that a pack waits before each step, at least an hour",
)  # fmt: skip
@json_option
@quiet_option
@click.pass_obj
def command(context: Context, dry_run: bool, grace: float) -> None:
    """Clean up what nothing needs

    Packs that no run needs are found, a grace later moved to the trash, and another grace
    later deleted. Every state of every run is kept, and the shelf is never touched. It can
    run at any time, beside programs that log; one clean-up at a time.

    \b
    Example:  vcs-track gc --dry-run

    \b
    Exit codes: 0 done, or another one is at work, 1 the disk refuses, 2 the grace is too
    short, 10 no repository, 12 a run cannot be followed, so nothing was moved or deleted.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    report = context.repository().gc(dry_run=dry_run, grace_days=grace)
    if report.busy:
        context.say("note: another clean-up or a repair is at work; nothing was done")
    if context.json:
        context.emit(report.to_dict())
    elif not report.busy:
        _tell(context, report)


def _tell(context: Context, report: Report) -> None:
    from vcs_track.cli import render

    if report.packs:
        columns = [
            render.Column("STATE"),
            render.Column("PACK", least=14),
            render.Column("SIZE", right=True),
            render.Column("SINCE", rank=1),
            render.Column("WHY", rank=2),
        ]
        rows = [
            (pack.state, pack.name, render.size(pack.size), _ago(pack.since_us), pack.why)
            for pack in report.packs
        ]
        render.table(columns, rows)
    if report.contents:
        _contents(report)
    parts = []
    for state, words in _WORDS.items():
        packs = report.of(state)
        if packs:
            size = render.size(sum(pack.size for pack in packs))
            parts.append(f"{words[report.dry_run]}: {render.count(len(packs), 'pack')} ({size})")
    if report.swept:
        word = "would remove" if report.dry_run else "removed"
        parts.append(f"{word}: {render.count(len(report.swept), 'left-over')} of crashes")
    kept = f"{render.count(report.kept, 'pack')} kept"
    context.print("; ".join([*parts, kept]) if parts else f"nothing to clean up: {kept}")
    if report.quarantined:
        files = render.count(report.quarantined, "file")
        context.say(f"note: {files} in the quarantine, which is never cleaned up")


def _contents(report: Report) -> None:
    """Show what would go, by run and kind."""
    from vcs_track.cli import render

    kinds = list(dict.fromkeys(one.kind for one in report.contents))
    sums: dict[str, dict[str, int]] = {}
    for one in report.contents:
        sums.setdefault(one.run, {})[one.kind] = one.size
    columns = [
        render.Column("RUN", style="yellow"), render.Column("BYTES", right=True),
        *(render.Column(kind.upper(), right=True, rank=1) for kind in kinds),
    ]  # fmt: skip
    rows = [
        (run or "of no run", render.size(sum(by.values())),
         *(render.size(by[kind]) if kind in by else "-" for kind in kinds))
        for run, by in sums.items()
    ]  # fmt: skip
    render.line()
    render.table(columns, rows)
    render.line()


def _ago(time_us: int) -> str:
    from vcs_track.cli import render

    return render.ago(datetime.fromtimestamp(time_us / 1_000_000, UTC))

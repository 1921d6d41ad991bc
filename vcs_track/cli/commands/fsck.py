"""``vcs-track fsck``: is everything there, and undamaged? If not, mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from vcs_track.cli.params import SIZE, json_option, quiet_option
from vcs_track.errors import CorruptError, InvalidValueError
from vcs_track.plumbing.packs import is_pack_name

if TYPE_CHECKING:
    from vcs_track.cli.context import Context
    from vcs_track.porcelain.fsck import Report
    from vcs_track.porcelain.repair import Repairs
    from vcs_track.porcelain.repository import Repository

__all__ = ["command"]

_SHOWN: Final = 5


@click.command("fsck", short_help="Check that every object is there and undamaged")
@click.option("--repair", is_flag=True, help="Mend what is damaged, then check")
@click.option(
    "--from", "sources", metavar="SOURCE", multiple=True, type=click.Path(path_type=Path),
    help="Repair from this repository or bundle too (can be repeated)",
)  # fmt: skip
@click.option(
    "--full", is_flag=True, help="Check the index, series, the trash and removed runs too"
)
@click.option("--index", is_flag=True, help="Compare the index with the runs too")
@click.option("--staged", is_flag=True, help="Check what is staged for git, as a clone finds it")
@click.option("--staged-size", is_flag=True, help="Check how large the staged files are")
@click.option(
    "--max-size",
    metavar="SIZE",
    type=SIZE,
    help="Limit for --staged-size. Default: 50 MB, or 'commit_largest'",
)
@json_option
@quiet_option
@click.pass_obj
def command(
    context: Context, repair: bool, sources: tuple[Path, ...], full: bool, index: bool, staged: bool,
    staged_size: bool, max_size: int | None,
) -> int:  # fmt: skip
    """Check that every object is there and undamaged

    Reads every pack of the store and of the shelf, and follows every run. Nothing is changed.
    Images and files that a run names and this repository has not got are no damage.

    With --repair, what is damaged or missing is restored from other copies: in other packs, on
    the shelf, in each SOURCE. Damaged files are moved to .runs/local/quarantine when what
    replaces them is in place. The shelf is left to git.

    With --index, the index of runs is compared with what the runs say. With --full, so it is, and
    what series say of their points is compared with these; the packs in the trash are checked
    too, and whether removed runs can be brought back.

    With --staged, what the next commit of git takes in below .runs is checked instead: that
    packs are sound, that each run finds what it needs, and that nothing is changed or deleted,
    since the shelf is only added to.

    \b
    Example:  vcs-track fsck
              vcs-track fsck --repair --from ../copy --from best.zip

    \b
    Exit codes: 0 all is well, 1 the disk or git refuses or a staged file is too large, 2 a
    SOURCE is none or has another object format, 10 no repository, 12 something is damaged or
    lost, 13 another repair is at work.
    """  # noqa: D301, D415 -- \b is for click, and a help text is no sentence
    if staged or staged_size:
        if repair or sources:
            raise InvalidValueError("--staged is for a check", hint="leave --repair out")
        return _staged(context, staged, staged_size, max_size)
    if max_size is not None:
        raise InvalidValueError("--max-size is for staged files", hint="add --staged-size")
    if sources and not repair:
        raise InvalidValueError("--from is for a repair", hint="add --repair")
    paths = [context.folder / path for path in sources]
    before = _restore_format(context, paths) if repair else None
    repo = context.repository()
    with context.progress("Repairing" if repair else "Checking packs") as progress:
        report = repo.fsck(progress, repair_from=paths if repair else None, full=full)
    if before is not None and report.repairs is not None:
        report.repairs.mended[:0] = before.mended
    index = index or full
    wrong = _index(context, repo) if index else {}
    if context.json:
        context.emit({**report.to_dict(), **({"index": wrong} if index else {})})
    else:
        _tell(context, report)
        _advise(context, repo, report)
        for run, what in sorted(wrong.items()):
            context.print(f"index: run {run}: it says otherwise of {', '.join(what[:_SHOWN])}")
        if wrong:
            context.say("hint: 'vcs-track reindex' makes it anew")
    return 0 if report.ok and not wrong else CorruptError.exit_code


def _index(context: Context, repo: Repository) -> dict[str, list[str]]:
    with context.progress("Checking the index") as progress:
        return repo.check_index(progress)


def _staged(context: Context, staged: bool, staged_size: bool, max_size: int | None) -> int:
    from vcs_track import environ
    from vcs_track.porcelain.staged import check_sizes, check_staged

    folder = context.folder.resolve()
    damaged, large = [], []
    if staged:
        report = check_staged(folder)
        damaged = report.problems
    if staged_size:
        limit = environ.read(folder).commit_largest if max_size is None else max_size
        large = check_sizes(folder, limit).problems
    if context.json:
        context.emit({"ok": not (damaged or large), "damaged": damaged, "too_large": large})
    for word, problems in (("damaged", damaged), ("too large", large)):
        for problem in problems if not context.json else ():
            context.print(f"{word}: {problem['where']}: {problem['what']}")
    if large:
        context.say("hint: leave images and files out with 'vcs-track commit --no-media'")
    if damaged:
        context.say("hint: take it back with 'git restore --staged PATH'")
    return CorruptError.exit_code if damaged else int(bool(large))


def _restore_format(context: Context, sources: list[Path]) -> Repairs:
    """Mend what keeps the repository from being opened."""
    from vcs_track import environ
    from vcs_track.porcelain.repair import restore_format

    start = context.folder.resolve()
    if not context.explicit:
        start = environ.read(start).dir or start
    return restore_format(start, sources)


def _tell(context: Context, report: Report) -> None:
    lost = []
    if report.repairs is not None:
        lost = report.repairs.lost
        for one in report.repairs.mended:
            context.print(f"mended: {one['where']}: {one['what']}: {one['how']}")
        for oid, origin in report.repairs.restored.items():
            context.print(f"restored: {oid} from {origin}")
        for oid in lost:
            context.print(f"lost: {oid}: there is no undamaged copy of it")
    for problem in report.problems:
        context.print(f"damaged: {problem['where']}: {problem['what']}")
    if report.absent:
        shown = ", ".join(oid[:12] for oid in report.absent[:_SHOWN])
        more = ", ..." if len(report.absent) > _SHOWN else ""
        context.say(
            f"note: {len(report.absent)} images or files are not in this repository: {shown}{more}"
        )
    if report.lost_removals:
        gone = ", ".join(report.lost_removals[:_SHOWN])
        more = ", ..." if len(report.lost_removals) > _SHOWN else ""
        context.say(f"note: removed, and cleaned up since: {gone}{more}")
    for oid, reason in sorted(report.redacted.items()):
        context.say(f"note: redacted: {oid[:12]}: {reason}")
    if report.live:
        context.say(f"note: not checked, still running: {', '.join(report.live)}")
    counts = ", ".join(
        f"{number:,} {noun}{'' if number == 1 else 's'}"
        for number, noun in (
            (report.packs, "pack"), (report.objects, "object"), (report.runs, "run"),
        )
    )  # fmt: skip
    left = [(len(report.problems), "damaged"), (len(lost), "lost")]
    found = ", ".join(f"{number} {word}" for number, word in left if number)
    context.print(f"checked {counts}: {found or 'all is well'}")


def _advise(context: Context, repo: Repository, report: Report) -> None:
    shelved = {name for problem in report.problems if (name := _shelved(problem["where"]))}
    for name in sorted(shelved)[:_SHOWN]:
        path = repo.path / "packs" / name
        context.say(f"hint: get the shelf's copy back with 'git checkout -- {path}'")
    lost = report.repairs.lost if report.repairs is not None else []
    if not lost and all(_shelved(problem["where"]) for problem in report.problems):
        return
    if report.repairs is None:
        context.say("hint: mend it with 'vcs-track fsck --repair', from a bundle or another copy")
    else:
        context.say("hint: name another copy or a bundle that has what is left with '--from'")


def _shelved(where: str) -> str:
    """Return the pack of the shelf that *where* tells of, or an empty string."""
    home, _, rest = where.partition(" ")
    name = rest.partition(" ")[0]
    return name if home == "shelf" and is_pack_name(name) else ""

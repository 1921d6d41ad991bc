"""Commits, each with its runs below it, as a terminal shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from vcs_track.cli import headline, render
from vcs_track.cli.render import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.commit_log import CommitLog, LoggedRun

__all__ = ["show"]

_DIGITS: Final = 10
_SUBJECT: Final = 20
_INDENT: Final = "  "
_WIDEST: Final = 28


def show(log: CommitLog) -> None:
    """Write commits with their runs, after the runs that stand at none."""
    elsewhere = log.elsewhere
    everyone = [*elsewhere, *(run for entry in log.commits for run in entry.runs)]
    rows = dict(zip((run.run.id for run in everyone), _rows(everyone), strict=True))
    if elsewhere:
        title = "at none of these commits" if log.commits else "at no commit of this history"
        render.line(Cell(title, "bold"), Cell(f" ({len(elsewhere) + log.more:,})", "dim"))
        _table([rows[run.run.id] for run in elsewhere])
        if log.more:
            render.line(Cell(f"{_INDENT}and {log.more:,} more", "dim"))
    bare = True
    for place, entry in enumerate(log.commits):
        if (place or elsewhere) and (entry.runs or not bare):
            render.line()
        _commit(entry.commit, dim=not entry.runs)
        bare = not entry.runs
        if entry.runs:
            _table([rows[run.run.id] for run in entry.runs])


def _commit(commit: Commit, *, dim: bool) -> None:
    """Write the line of a commit; where there is no room its subject is cut."""
    width = render.room()
    who = f"{commit.author}, {render.ago(datetime.fromtimestamp(commit.time, UTC))}"
    refs = f"({commit.refs}) " if commit.refs else ""
    head, tail = commit.id[:_DIGITS], f"  {who}"
    refs, tail, subject = map(render.visible, (refs, tail, commit.subject))
    left = width - len(head) - 1
    least = min(render.width_of(subject), _SUBJECT)
    if left - render.width_of(refs) - render.width_of(tail) < least:
        # Names of branches may be long, and of people: a subject needs some room.
        spare = left - least
        refs = render.cut(refs, max(0, spare // 2, spare - render.width_of(tail)))
        refs = refs and refs.rstrip() + " "
        tail = render.cut(tail, max(0, spare - render.width_of(refs)))
    subject = render.cut(subject, max(0, left - render.width_of(refs + tail)))
    render.line(
        Cell(head, "dim" if dim else "yellow"), " ", Cell(refs, "dim" if dim else "cyan"),
        Cell(subject, "dim" if dim else "bold"), Cell(tail, "dim"), width=width,
    )  # fmt: skip


# ---- runs ------------------------------------------------------------------------------


def _table(rows: Sequence[Sequence[Cell | str]]) -> None:
    columns = [
        Column("", style="yellow"), Column(""), Column("", least=8), Column("", rank=1),
        Column("", rank=2, least=12),
    ]  # fmt: skip
    render.table(columns, rows, indent=_INDENT, heading=False)


def _rows(runs: Sequence[LoggedRun]) -> list[list[Cell | str]]:
    """Return a row a run, the same columns for all of them."""
    rows: list[list[Cell | str]] = []
    for each in runs:
        run = each.run
        number = next(iter(headline.numbers_of(run).items()), None)
        rows.append([
            run.id, "*" if each.changed else "", render.cut(render.visible(run.name), _WIDEST),
            render.status(run.status),
            "" if number is None else f"{render.visible(number[0])} {render.value(number[1])}",
        ])  # fmt: skip
    widths = [max((_width(row[n]) for row in rows), default=0) for n in range(4)]
    return [[*(_padded(cell, w) for cell, w in zip(row, widths, strict=False)), row[4]]
            for row in rows]  # fmt: skip


def _width(cell: Cell | str) -> int:
    return render.width_of(cell.text if isinstance(cell, Cell) else cell)


def _padded(cell: Cell | str, width: int) -> Cell | str:
    pad = " " * (width - _width(cell))
    return cell._replace(text=cell.text + pad) if isinstance(cell, Cell) else cell + pad

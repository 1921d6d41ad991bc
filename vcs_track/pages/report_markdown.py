"""What a branch changes as Markdown: one screen, and the rest folded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import VcsTrackError
from vcs_track.pages.check_markdown import add_verdicts, base_line, run_line, verdict_line
from vcs_track.pages.diff_markdown import add_changes
from vcs_track.pages.human import change as relative, pair, value
from vcs_track.pages.markdown import MOST, Document, code, row
from vcs_track.pages.rows import noun_of, rows_of, tell_ways, telling
from vcs_track.pages.sparkline import shape_of, sparkline
from vcs_track.porcelain.interest import by_interest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.diff import Change, Diff
    from vcs_track.porcelain.report import BranchReport, Figure
    from vcs_track.porcelain.run_view import RunView

__all__ = ["headline", "report_markdown", "texts_of"]

# One screen: what does not fit is folded.
_FIGURES: Final = 8
_HPARAMS: Final = 8
_CURVES: Final = 5
_FILES: Final = 8
_SPARK: Final = 16
_VERDICTS: Final = {True: "**better**", False: "**worse**", None: ""}
_ALWAYS: Final = -1  # a fold that is opened is closed, however much is left out


def report_markdown(report: BranchReport, *, most: int = MOST) -> str:
    """Return what a branch changes as Markdown that GitHub and others show.

    Args:
        report: What it changes.
        most: At most so many characters; what is left out is said.
    """
    document = Document(most)
    document.section(f"### {headline(report)}\n\n")
    document.add(run_line(report.run))
    document.add("- no base run\n" if report.base is None else base_line(report.base, report.by))
    if report.diff is not None and report.diff.itself:
        document.add("- the run is its own base\n")
    if report.check is not None:
        add_verdicts(document, report.check)
    _figures(document, report.figures)
    if report.diff is None:
        return document.text()
    shown = list(_hparams(document, report.diff))
    _curves(document, report.diff)
    shown += _files(document, report.diff)
    told = set(map(id, shown))
    rest = [change for change in report.others(_FIGURES) if id(change) not in told]
    _rest(document, rest, report.diff.notes)
    if not report.diff:
        document.section("")
        document.add("No differences.\n")
    return document.text()


def headline(report: BranchReport) -> str:
    """Return what became of the conditions, or of the first number."""
    if report.check is not None:
        return verdict_line(report.check)
    if report.base is None:
        return f"{code(report.run.name)}, without a base"
    for figure in report.figures:
        if figure.old is not None and figure.new is not None:
            old, new = texts_of(figure)
            note = f"{relative(figure.old, figure.new)} {_VERDICTS[figure.better]}".strip()
            told = f" ({note})" if figure.delta else ""
            return f"{code(figure.name)} {code(old)} → {code(new)}{told}"
    return f"{code(report.run.name)} against {code(report.base.run.name)}"


# ---- the screen ------------------------------------------------------------------------


def _figures(document: Document, figures: Sequence[Figure]) -> None:
    if not figures:
        return
    title = "Metrics"
    if len(figures) > _FIGURES:
        title += f": {_FIGURES} of {len(figures):,}"
    document.section(
        f"#### {title}\n\n{row(['name', 'base', 'run', 'change'])}|---|---:|---:|---|\n"
    )
    for figure in figures[:_FIGURES]:
        sides = [code(text) for text in texts_of(figure)]
        note = f"{relative(figure.old, figure.new)} {_VERDICTS[figure.better]}".strip()
        document.add(row([code(figure.name), *sides, note if figure.delta else ""]), "number")


def texts_of(figure: Figure) -> tuple[str, str]:
    """Return both sides of a number as texts, empty where it is not there."""
    if figure.old is None or figure.new is None or figure.same:
        old, new = ("" if side is None else value(side) for side in (figure.old, figure.new))
        return old, new
    return pair(figure.old, figure.new)


def _hparams(document: Document, diff: Diff) -> Sequence[Change]:
    changes = diff.of("hparam")
    if not changes:
        return []
    head = row(["name", "base", "run"]) + "|---|---|---|\n"
    document.section(f"#### Hyperparameters: {tell_ways(changes)}\n\n{head}")
    for change in changes[:_HPARAMS]:
        for each in rows_of(change):
            document.add(row([code(each.name), code(each.old), code(each.new)]), noun_of("hparam"))
    return changes[:_HPARAMS]


def _curves(document: Document, diff: Diff) -> None:
    """Show a few series at a glance; all that is known of them is folded."""
    found = {change.name: change for change in diff.of("series") if _is_curve(change)}
    head = row(["name", "base", "run", "last"]) + "|---|---|---|---|\n"
    document.section(f"#### Curves: {tell_ways(list(found.values()))}\n\n{head}")
    for name in by_interest(found)[:_CURVES]:
        document.add(_curve(found[name], diff), "curve")


def _is_curve(change: Change) -> bool:
    # One point is a number, and stands with the numbers.
    return any(side is not None and side.count > 1 for side in (change.old, change.new))


def _curve(change: Change, diff: Diff) -> str:
    sides = [side for side in (change.old, change.new) if side is not None]
    # One scale for both, or a curve that lies higher would look the same.
    finite = [x for side in sides for x in (side.min, side.max) if _finite(x)]
    span = (min(finite), max(finite)) if finite else None
    drawn = [
        "" if course is None else code(_drawn(run, change.name, span))
        for run, course in ((diff.old, change.old), (diff.new, change.new))
    ]  # fmt: skip
    return row([code(change.name), *drawn, _last(change)])


def _finite(x: Any) -> bool:
    return isinstance(x, int | float) and math.isfinite(x)


def _drawn(run: RunView, name: str, span: tuple[float, float] | None) -> str:
    try:
        return sparkline(shape_of(run.series(name), _SPARK), _SPARK, span=span)
    except VcsTrackError:  # the notes of the diff tell that it cannot be read
        return ""


def _last(change: Change) -> str:
    if change.old is None or change.new is None:
        side = change.new if change.old is None else change.old
        return f"{change.way}, {code(value(side.last))}"
    old, new = pair(change.old.last, change.new.last)
    note = relative(change.old.last, change.new.last)
    if old == new:
        return code(old)
    return f"{code(old)} → {code(new)} {note} {_VERDICTS[getattr(change, 'better', None)]}".strip()


def _files(document: Document, diff: Diff) -> Sequence[Change]:
    changes = diff.of("code")
    if not changes:
        return []
    shown = telling(changes)[:_FILES]
    document.section(f"#### Code: {tell_ways(changes)}\n\n{row(['file', 'lines'])}|---|---|\n")
    for change in shown:
        for each in rows_of(change):
            note = each.note if each.way == "changed" else f"{each.note}, {each.way}"
            document.add(row([code(each.name), code(note)]), noun_of("code"))
    return shown


# ---- the rest --------------------------------------------------------------------------


def _rest(document: Document, changes: Sequence[Change], notes: Sequence[str]) -> None:
    if not changes and not notes:
        return
    kinds: dict[str, int] = {}
    for change in changes:
        kinds[change.kind] = kinds.get(change.kind, 0) + 1
    told = ", ".join(f"{count:,} {noun_of(kind, count)}" for kind, count in kinds.items())
    document.section(f"<details><summary>All else that differs: {told or 'notes'}</summary>\n")
    document.add("", rank=_ALWAYS)
    add_changes(document, changes)
    for note in notes:
        document.section("")
        document.add(f"- {code(note, 300)}\n", "note")
    document.section("</details>\n")
    document.add("", rank=_ALWAYS)

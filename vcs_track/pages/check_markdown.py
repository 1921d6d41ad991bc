"""What became of conditions as Markdown, for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.pages.human import value
from vcs_track.pages.markdown import MOST, Document, code, row

if TYPE_CHECKING:
    from vcs_track.porcelain.baseline import Baseline
    from vcs_track.porcelain.gate import Check, Verdict
    from vcs_track.porcelain.run_view import RunView

__all__ = [
    "add_verdicts", "base_line", "check_markdown", "run_line", "verdict_line", "verdict_words",
]  # fmt: skip

_HEAD: Final = row(["condition", "value", "base", "limit", ""]) + "|---|---:|---:|---:|---|\n"
_DIGITS: Final = 10


def check_markdown(check: Check, *, most: int = MOST) -> str:
    """Return what became of conditions as Markdown.

    Args:
        check: What became of them.
        most: At most so many characters; what is left out is said.
    """
    document = Document(most)
    document.section(f"### {verdict_line(check)}\n\n")
    document.add(run_line(check.run))
    for base in check.bases:
        document.add(base_line(base))
    add_verdicts(document, check)
    return document.text()


def verdict_line(check: Check) -> str:
    """Return in one sentence whether all conditions hold, with a sign of it."""
    return f"{'✅' if check.holds else '❌'} {verdict_words(check)}"


def verdict_words(check: Check) -> str:
    """Return in one sentence whether all conditions hold."""
    count = len(check.verdicts)
    failed = sum(not each.holds for each in check.verdicts)
    if count == 1:
        return f"The condition {'fails' if failed else 'holds'}"
    if failed:
        return f"{failed:,} of {count:,} conditions {'fails' if failed == 1 else 'fail'}"
    return f"All {count:,} conditions hold"


def run_line(run: RunView) -> str:
    """Return which run is judged, as an item of a list."""
    return f"- run {code(run.id)} {code(run.name)}{_at(run.git.get('commit'))}\n"


def base_line(base: Baseline, by: str | None = None) -> str:
    """Return what it is measured by, as an item of a list.

    Args:
        base: The base.
        by: The number by which it is the best run there.
    """
    where = _at(base.commit.id)
    best = f", the best there by {code(by)}" if by else ""
    return f"- base {code(base.run.id)} {code(base.run.name)}{where}, {_place(base)}{best}\n"


def add_verdicts(document: Document, check: Check) -> None:
    """Add a table of what became of each condition.

    Args:
        document: What to add it to.
        check: What became of them.
    """
    document.section(_HEAD)
    for each in check.verdicts:
        document.add(_row(each), "condition")


def _at(commit: Any) -> str:
    return f" at {code(str(commit)[:_DIGITS])}" if commit else ""


def _place(base: Baseline) -> str:
    return base.sentence.removesuffix(base.rev) + code(base.rev)


def _row(verdict: Verdict) -> str:
    values = (verdict.value, verdict.base_value, verdict.limit)
    told = "✅ holds" if verdict.holds else "❌ **fails**"
    why = f": {code(verdict.why, 300)}" if verdict.why else ""
    shown = ["" if x is None else code(value(x)) for x in values]
    return row([code(verdict.condition, 200), *shown, f"{told}{why}"])

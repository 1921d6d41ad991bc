"""What a branch changes as one HTML file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vcs_track.pages.check_markdown import verdict_words
from vcs_track.pages.diff_page import change_parts, run_card
from vcs_track.pages.human import change as relative, value
from vcs_track.pages.markup import Html, tag
from vcs_track.pages.page import page
from vcs_track.pages.report_markdown import texts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.gate import Check, Verdict
    from vcs_track.porcelain.report import BranchReport, Figure

__all__ = ["report_page"]

_WORDS: Final = {True: ("better", "good"), False: ("worse", "bad"), None: ("", "dim")}


def report_page(report: BranchReport) -> str:
    """Return what a branch changes as one HTML document.

    Charts and images are in it; it opens without a network and runs no script.

    Args:
        report: What it changes.
    """
    base = report.base
    title = report.run.name if base is None else f"{base.run.name} → {report.run.name}"
    cards = [run_card(report.run, "b")]
    if base is not None:
        cards.insert(0, run_card(base.run, "a"))
    parts: list[object] = [tag("h1", title), tag("div", cards, class_="runs")]
    if base is None:
        parts.append(tag("p", "There is no base run.", class_="dim"))
    else:
        best = f", the best there by {report.by}" if report.by else ""
        parts.append(tag("p", f"The base run is at {base.sentence}{best}.", class_="dim"))
    if report.check is not None:
        parts.append(_verdicts(report.check))
    if report.figures:
        parts.append(_figures(report.figures))
    if report.diff is not None:
        parts += [tag("p", note, class_="note") for note in report.diff.notes]
        others = replace(report.diff, changes=report.others())
        parts += change_parts(others) if report.diff else [tag("p", "No differences.")]
    parts.append(tag("footer", "made by vcs-track report --html"))
    return page(title, parts)


def _table(titles: Sequence[str], right: Sequence[bool], rows: Sequence[Sequence[Html]]) -> Html:
    places = ["n" if side else None for side in right]
    head = [tag("th", title, class_=place) for title, place in zip(titles, places, strict=True)]
    body = [
        tag("tr", [tag("td", cell, class_=place) for cell, place in zip(row, places, strict=True)])
        for row in rows
    ]
    return tag("table", tag("thead", tag("tr", head)), tag("tbody", body))


def _verdicts(check: Check) -> Html:
    table = _table(
        ["condition", "value", "base", "limit", ""], [False, True, True, True, False],
        [_verdict(each) for each in check.verdicts],
    )  # fmt: skip
    style = "good" if check.holds else "bad"
    return tag("section", tag("h2", tag("span", verdict_words(check), class_=style)), table,
               id="check")  # fmt: skip


def _verdict(verdict: Verdict) -> list[Html]:
    word, style = ("holds", "good") if verdict.holds else ("fails", "bad")
    why = f": {verdict.why}" if verdict.why else ""
    values = (verdict.value, verdict.base_value, verdict.limit)
    return [
        tag("code", verdict.condition), *(tag("span", _told(x)) for x in values),
        Html(tag("span", word, class_=style) + tag("span", why)),
    ]  # fmt: skip


def _told(x: Any) -> str:
    return "" if x is None else value(x)


def _figures(figures: Sequence[Figure]) -> Html:
    table = _table(
        ["name", "base", "run", "change"], [False, True, True, False],
        [_figure(each) for each in figures],
    )  # fmt: skip
    return tag("section", tag("h2", "Metrics"), table, id="metrics")


def _figure(figure: Figure) -> list[Html]:
    word, style = _WORDS[figure.better]
    old, new = texts_of(figure)
    note = f"{relative(figure.old, figure.new)} {word}".strip() if figure.delta else ""
    return [
        tag("code", figure.name), tag("span", old), tag("span", new),
        tag("span", note, class_=style),
    ]  # fmt: skip

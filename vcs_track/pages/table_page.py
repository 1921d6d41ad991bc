"""Tables of many runs as one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.pages.figures import figure
from vcs_track.pages.markup import Html, tag
from vcs_track.pages.page import page
from vcs_track.pages.rows import TITLES
from vcs_track.pages.tables import group_sections, matrix_sections, run_titles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.pages.tables import Section
    from vcs_track.porcelain.diff import GroupDiff, Matrix

__all__ = ["groups_page", "matrix_page"]

_CHARTS: Final = 60
_STYLES: Final = {"better": "good", "best": "good", "worse": "bad"}


def groups_page(diff: GroupDiff) -> str:
    """Return what differs between two sets of runs as one HTML document.

    Args:
        diff: What differs.
    """
    old, new = diff.names
    runs = [
        tag("p", tag("b", name), f": {', '.join(run.name or run.id for run in some)}")
        for name, some in zip(diff.names, (diff.old, diff.new), strict=True)
    ]
    told = "Numbers are means ± standard deviations." if len(diff) else "No differences."
    return page(
        f"{old} → {new}",
        [
            tag("h1", old, " → ", new), *runs, tag("p", told, class_="dim"),
            *[tag("p", note, class_="note") for note in diff.notes],
            *_sections(group_sections(diff), ["old", "new", "change"]),
            tag("footer", "made by vcs-track diff --html"),
        ],
    )  # fmt: skip


def matrix_page(matrix: Matrix) -> str:
    """Return what varies between runs as one HTML document.

    Args:
        matrix: What varies.
    """
    title = f"{len(matrix.runs):,} runs"
    return page(
        title,
        [
            tag("h1", title), *([] if len(matrix) else [tag("p", "No differences.")]),
            *_sections(matrix_sections(matrix), run_titles(matrix), list(_curves(matrix))),
            tag("footer", "made by vcs-track diff --html"),
        ],
    )  # fmt: skip


def _curves(matrix: Matrix) -> Iterator[Html]:
    rows = matrix.of("series")
    if not rows:
        return
    titles = run_titles(matrix)
    drawn = [
        figure(row.name, list(zip(titles, matrix.runs, row.there, strict=True)))
        for row in rows[:_CHARTS]
    ]
    yield tag("div", drawn, class_="charts")
    if len(rows) > _CHARTS:
        yield tag("p", f"and {len(rows) - _CHARTS:,} more series, without charts", class_="dim")


def _sections(
    sections: Sequence[Section], titles: Sequence[str], curves: Sequence[Html] = ()
) -> Iterator[Html]:
    head = tag("thead", tag("tr", [tag("th", title) for title in ("name", *titles)]))
    for section in sections:
        rows = [
            tag(
                "tr", tag("td", tag("code", line.name), class_="name"),
                [tag("td", tag("span", cell.text, class_=_STYLES.get(cell.verdict)))
                 for cell in line.cells],
            )
            for line in section.lines
        ]  # fmt: skip
        yield tag(
            "section", tag("h2", TITLES[section.kind].capitalize()),
            tag("table", head, tag("tbody", rows)),
            list(curves) if section.kind == "series" else "", id=section.kind,
        )  # fmt: skip

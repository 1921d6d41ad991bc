"""What differs between two runs as one HTML file."""

from __future__ import annotations

from base64 import b64encode
from itertools import groupby
from typing import TYPE_CHECKING, Final

from vcs_track.errors import VcsTrackError
from vcs_track.pages.chart import Mark
from vcs_track.pages.figures import figure, histogram
from vcs_track.pages.human import duration, size
from vcs_track.pages.markup import Html, joined, safe, tag
from vcs_track.pages.page import framed, page
from vcs_track.pages.rows import TITLES, Row, patches, rows_of, tell_ways, telling
from vcs_track.porcelain.diff.changes import MediaChange, SeriesChange, TextChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.porcelain.diff import Change, Diff
    from vcs_track.porcelain.run_view import RunView

__all__ = ["change_parts", "diff_page", "run_card"]

_CHARTS: Final = 100
_LOOKS: Final = 400  # texts and images that are read
_EMBEDDED: Final = 24 << 20  # bytes of images and fragments in all
_A_SIDE: Final = 8 << 20  # of one of them
_LINES: Final = 2000  # of a text
_FOLDED: Final = 60  # lines that are more are shown when they are asked for
_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
# What browsers show; none of these runs a script where it is shown as an image.
_IMAGES: Final = frozenset({
    "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/svg+xml",
})  # fmt: skip
_HISTOGRAM: Final = "application/json"  # no other medium is
_STYLES: Final = {"better": "good", "worse": "bad"}


def diff_page(diff: Diff, *, code: Sequence[str] = ()) -> str:
    """Return what differs as one HTML document with its charts and images.

    It opens without a network and runs no script; HTML that a run logged is shown in frames
    that cannot leave themselves.

    Args:
        diff: What differs.
        code: Lines of ``git diff`` of their code.
    """
    title = f"{diff.old.name} → {diff.new.name}"
    parts: list[object] = [
        tag("h1", tag("span", diff.old.name), " → ", tag("span", diff.new.name)),
        tag("div", run_card(diff.old, "a"), run_card(diff.new, "b"), class_="runs"),
    ]
    kinds = [(kind, list(some)) for kind, some in groupby(diff, key=lambda one: one.kind)]
    if kinds:
        links = [
            tag("a", f"{TITLES[kind]} {len(some):,}", href=f"#{kind}") for kind, some in kinds
        ]
        links += [tag("a", "code, line by line", href="#lines")] if code else []
        parts.append(tag("nav", links))
    else:
        parts.append(tag("p", "No differences."))
    parts += [tag("p", note, class_="note") for note in diff.notes]
    parts += change_parts(diff)
    if code:
        parts.append(tag("section", tag("h2", "Code, line by line"), _code(code), id="lines"))
    parts.append(tag("footer", "made by vcs-track diff --html"))
    return page(title, parts)


def run_card(run: RunView, side: str) -> Html:
    """Return what a run is, in a box.

    Args:
        run: The run.
        side: ``a`` for the first run, ``b`` for the second.
    """
    facts = [
        ("status", run.status),
        ("created", f"{run.created:%Y-%m-%d %H:%M:%S} UTC"),
        ("duration", duration(run.duration)),
        ("tags", ", ".join(run.tags)),
        ("commit", str(run.git.get("commit") or "")[:12]),
        ("branch", run.git.get("branch") or ""),
        ("note", run.manifest.notes or ""),
    ]
    told = [[tag("dt", name), tag("dd", value)] for name, value in facts if value]
    head = tag("h3", run.name, tag("small", tag("code", run.id)))
    return tag("section", head, tag("dl", told), class_=f"run {side}")


def change_parts(diff: Diff) -> list[Html]:
    """Return a section for each kind of change.

    Args:
        diff: What differs.
    """
    budget = _Budget()
    parts = []
    for kind, some in groupby(diff, key=lambda one: one.kind):
        changes = list(some)
        head = tag("h2", TITLES[kind].capitalize(), tag("small", tell_ways(changes)))
        drawn = _SECTIONS.get(kind, _table)(changes, diff, budget)
        parts.append(tag("section", head, drawn, id=kind))
    return parts


class _Budget:
    """How many bytes may still be put into the page, and how many things read for it."""

    def __init__(self) -> None:
        self.left = _EMBEDDED
        self.looks = _LOOKS

    def look(self) -> bool:
        """Tell whether one more text or image may be read."""
        self.looks -= 1
        return self.looks >= 0

    def takes(self, octets: int) -> bool:
        """Tell whether there is room for so many bytes, and keep it."""
        if octets > min(self.left, _A_SIDE):
            return False
        self.left -= octets
        return True


# ---- tables ----------------------------------------------------------------------------


def _table(changes: Sequence[Change], _diff: Diff, budget: _Budget) -> Html:
    rows = [row for change in changes for row in rows_of(change, look=budget.looks > 0)]
    detailed = any(row.detail for row in rows)
    valued = any(row.old or row.new for row in rows)
    noted = any(row.remark for row in rows)
    titles = ["", "name", *[""] * detailed, *["old", "new"] * valued, *["change"] * noted]
    head = tag("tr", [tag("th", title) for title in titles])
    body = [tag("tr", list(_cells(row, detailed, valued, noted))) for row in rows]
    return tag("table", tag("thead", head), tag("tbody", body))


def _cells(row: Row, detailed: bool, valued: bool, noted: bool) -> Iterator[Html]:
    yield tag("td", _SIGNS[row.way] if row.name else "", class_="dim mono")
    yield tag("td", tag("code", row.name) if row.name else "", class_="name")
    if detailed:
        yield tag("td", row.detail, class_="dim w")
    if valued:
        yield tag("td", tag("del", row.old) if row.old else "")
        yield tag("td", tag("ins", row.new) if row.new else "")
    if noted:
        yield tag("td", _remark(row), class_="w")


def _remark(row: Row) -> Html:
    return tag("span", row.remark, class_=_STYLES.get(row.verdict, "dim"))


# ---- series ----------------------------------------------------------------------------


def _charts(changes: Sequence[Change], diff: Diff, budget: _Budget) -> Html:
    drawn = telling(changes)[:_CHARTS]
    kept = set(map(id, drawn))
    figures = [
        _figure(change, diff) for change in changes
        if id(change) in kept and isinstance(change, SeriesChange)
    ]  # fmt: skip
    parts = [tag("div", figures, class_="charts")]
    if len(changes) > len(drawn):
        text = f"{len(changes) - len(drawn):,} more series, without charts"
        rest = [change for change in changes if id(change) not in kept]
        parts.append(tag("details", tag("summary", text), _table(rest, diff, budget)))
    return Html("".join(parts))


def _figure(change: SeriesChange, diff: Diff) -> Html:
    marks = []
    if change.parts_at is not None:
        marks.append(Mark(change.parts_at, "the curves part at step"))
    runs = [
        (run.name, run, side is not None)
        for run, side in ((diff.old, change.old), (diff.new, change.new))
    ]
    return figure(change.name, runs, marks=marks, facts=[_fact(row) for row in rows_of(change)])


def _fact(row: Row) -> Html:
    values = [text for text in (row.old, row.new) if text]
    if row.way != "changed":
        return tag("div", f"{row.way}: {values[0]}")
    return tag("div", f"{row.detail} {' → '.join(values)} ", _remark(row))


# ---- media and texts -------------------------------------------------------------------


def _media(changes: Sequence[Change], diff: Diff, budget: _Budget) -> Html:
    images: list[Html] = []
    figures: list[Html] = []
    others: list[Change] = []
    for change in changes:
        assert isinstance(change, MediaChange)
        if not budget.look():
            others.append(change)
            continue
        drawn = _histogram(change, diff) if len(figures) < _CHARTS else None
        if drawn is not None:
            figures.append(drawn)
        elif _is_image(change):
            images.append(_image(change, diff, budget))
        else:
            others.append(change)
    charts = tag("div", figures, class_="charts") if figures else ""
    return joined([*images, charts, _table(others, diff, budget) if others else ""])


def _histogram(change: MediaChange, diff: Diff) -> Html | None:
    sides = (change.old or (), change.new or ())
    if any(len(side) > 1 or (side and side[0].mime != _HISTOGRAM) for side in sides):
        return None
    try:
        data = change.data()
    except VcsTrackError:
        return None
    return histogram(change.name, list(zip((diff.old.name, diff.new.name), data, strict=True)))


def _is_image(change: MediaChange) -> bool:
    blobs = [*(change.old or ()), *(change.new or ())]
    return all(blob.mime in _IMAGES for blob in blobs)


def _image(change: MediaChange, diff: Diff, budget: _Budget) -> Html:
    most = max(len(change.old or ()), len(change.new or ()))
    sides = [_looks(change, place, diff, budget) for place in range(most)]
    (row,) = rows_of(change)
    head = tag("h3", tag("code", change.name), tag("small", _remark(row)))
    return tag("article", head, sides)


def _looks(change: MediaChange, place: int, diff: Diff, budget: _Budget) -> Html:
    try:
        data = change.data(place)
    except VcsTrackError as error:
        return tag("p", error.message, class_="note")
    shown = [
        _shown(run.name, side[place].mime, octets, budget)
        for run, side, octets in zip(
            (diff.old, diff.new), (change.old or (), change.new or ()), data, strict=True
        )
        if octets is not None
    ]
    picture = change.picture(place) if None not in data else None
    if picture is not None:
        shown.append(_shown("difference", "image/png", picture, budget))
    return tag("div", shown, class_="sides")


def _shown(title: str, mime: str, data: bytes, budget: _Budget) -> Html:
    head = tag("p", f"{title}, {size(len(data))}")
    if not budget.takes(len(data)):
        return tag("div", head, tag("p", "left out, for the page would be too large"))
    address = f"data:{mime};base64,{b64encode(data).decode('ascii')}"
    return tag("div", head, tag("img", src=address, alt=title))


def _texts(changes: Sequence[Change], diff: Diff, budget: _Budget) -> Html:
    parts, others = [], []
    for change in changes:
        assert isinstance(change, TextChange)
        if not budget.look():
            others.append(change)
            continue
        (row,) = rows_of(change)
        head = tag("h3", _SIGNS[row.way], " ", tag("code", change.name),
                   tag("small", row.note))  # fmt: skip
        lines = change.lines()
        body = _lines(lines) if lines else tag("p", f"{row.old} → {row.new}", class_="dim")
        fold = tag("details", tag("summary", "lines"), body, open=len(lines) <= _FOLDED)
        parts.append(tag("article", head, _fragments(change, diff, budget), fold))
    return joined([*parts, _table(others, diff, budget) if others else ""])


def _lines(lines: Sequence[str], *, head: bool = False) -> Html:
    """Return the lines of a diff; with a *head*, its signs say nothing up to the first hunk."""
    spans = []
    for line in lines[:_LINES]:
        head = head and not line.startswith("@@")
        spans.append(tag("span", line, class_="dim" if head else _line(line)))
    shown = tag("pre", spans)
    if len(lines) <= _LINES:
        return shown
    return Html(shown + tag("p", f"... {len(lines) - _LINES:,} more lines"))


def _code(lines: Sequence[str]) -> list[Html]:
    return [
        tag(
            "details",
            tag("summary", tag("code", patch[0].removeprefix("diff --git "))),
            _lines(patch[1:], head=True),
            open=len(lines) <= _FOLDED,
        )
        for patch in patches(lines)
    ]


def _line(line: str) -> str | None:
    return {"+": "new", "-": "gone", "@": "dim"}.get(line[:1])


def _fragments(change: TextChange, diff: Diff, budget: _Budget) -> Html:
    """Return both sides of a piece of HTML, each in its frame."""
    sides = []
    for run, blobs, place in ((diff.old, change.old, 0), (diff.new, change.new, 1)):
        if not blobs or blobs[0].mime != "text/html" or not budget.takes(blobs[0].size):
            continue
        try:
            data = change.data()[place]
        except VcsTrackError as error:
            sides.append(tag("div", tag("p", error.message)))
            continue
        text = (data or b"").decode("utf-8", "replace")
        title = f"{run.name}: {change.name}, shown without its scripts"
        sides.append(tag("div", tag("p", safe(run.name)), framed(text, title)))
    return tag("div", sides, class_="sides") if sides else Html()


_SECTIONS: Final = {"series": _charts, "media": _media, "text": _texts}

"""Charts of series with what belongs to them, as pieces of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import VcsTrackError
from vcs_track.formats import canonical
from vcs_track.pages.chart import COLOURS, chart
from vcs_track.pages.curves import Curve, View, curve_of
from vcs_track.pages.human import count, number
from vcs_track.pages.markup import Html, tag
from vcs_track.porcelain.values import check_histogram

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.pages.chart import Mark
    from vcs_track.porcelain.run_view import RunView

__all__ = ["figure", "histogram"]

_BINS: Final = 2000  # more than there are pixels
_POINTS: Final = 800  # of each line: a pixel has a low and a high end


def figure(
    name: str,
    runs: Sequence[tuple[str, RunView, bool]],
    *,
    marks: Sequence[Mark] = (),
    facts: Sequence[Html] = (),
) -> Html:
    """Return the curves of one series in a chart, with their legend.

    Args:
        name: The tag of the series.
        runs: What each run is called, the run, and whether it has the series.
        marks: Steps that are marked.
        facts: What stands below.
    """
    drawn, trouble = [], []
    for label, run, there in runs[: len(COLOURS)]:
        curve, why = _curve(run, name, label, there=there)
        drawn.append(curve)
        trouble += [tag("p", f"{label}: {why}", class_="dim")] if why else []
    left_out = len(runs) - len(drawn)
    if left_out:
        trouble.append(tag("p", f"and {count(left_out, 'more run')}, not drawn", class_="dim"))
    return _framed(
        name, drawn, chart(drawn, label=f"{name} of {len(drawn)} runs", marks=marks), trouble,
        tag("figcaption", list(facts)) if facts else "",
    )  # fmt: skip


def histogram(name: str, sides: Sequence[tuple[str, bytes | None]]) -> Html | None:
    """Return histograms over one another in a chart, None where one is none.

    Args:
        name: What they are called.
        sides: What each run is called, and its histogram as it is stored.
    """
    drawn = []
    for label, data in sides:
        if data is None:
            drawn.append(Curve(label, [], "has no such histogram"))
            continue
        bins = _bins(data)
        if bins is None:
            return None
        counts, edges = bins
        drawn.append(Curve(label, [_outline(counts, edges)], f"{number(sum(counts))} samples"))
    label = f"{name} of {len(drawn)} runs"
    return _framed(name, drawn, chart(drawn, label=label, whole=False, across="value"))


def _bins(data: bytes) -> tuple[list[float], list[float]] | None:
    try:
        found: Any = canonical.loads(data)
        checked = check_histogram(found["counts"], found["edges"])
    except (VcsTrackError, KeyError, TypeError, ValueError):
        return None
    if len(checked["counts"]) > _BINS:
        return None
    return checked["counts"], checked["edges"]


def _outline(counts: Sequence[float], edges: Sequence[float]) -> list[tuple[float, float]]:
    corners = [(edges[0], 0.0)]
    for place, many in enumerate(counts):
        corners += [(edges[place], float(many)), (edges[place + 1], float(many))]
    return [*corners, (edges[-1], 0.0)]


def _framed(name: str, curves: Sequence[Curve], *parts: object) -> Html:
    return tag("figure", tag("h3", tag("code", name)), _legend(curves), list(parts))


def _curve(run: RunView, name: str, label: str, *, there: bool) -> tuple[Curve, str]:
    if not there:
        return Curve(label, [], "has no such series"), ""
    try:
        return curve_of(run, run.series(name), View(_POINTS), label), ""
    except VcsTrackError as error:
        return Curve(label, [], "cannot be read"), error.message


def _legend(curves: Sequence[Curve]) -> Html:
    return tag(
        "div",
        [
            tag("div", tag("span", class_=f"key k{place}"), tag("b", curve.label), f" {curve.note}")
            for place, curve in enumerate(curves)
        ],
        class_="legend",
    )  # fmt: skip

"""Charts of series with what belongs to them, as pieces of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.errors import VcsTrackError
from vcs_track.pages.chart import COLOURS, chart
from vcs_track.pages.curves import Curve, View, curve_of
from vcs_track.pages.markup import Html, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.pages.chart import Mark
    from vcs_track.porcelain.run_view import RunView

__all__ = ["figure"]

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
        trouble.append(tag("p", f"and {left_out:,} more runs, not drawn", class_="dim"))
    return tag(
        "figure", tag("h3", tag("code", name)), _legend(drawn),
        chart(drawn, label=f"{name} of {len(drawn)} runs", marks=marks), trouble,
        tag("figcaption", list(facts)) if facts else "",
    )  # fmt: skip


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

"""What of a diff fits one screen: how many lines each kind gets, and which are only counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.cli import render
from vcs_track.cli.render import Cell
from vcs_track.pages.rows import TITLES, noun_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["quotas", "tell_more", "tell_rest"]

_ROUND_IT: Final = 5  # lines of the screen that are not ours: the prompts, the two runs
_LEAST: Final = 3  # lines of each kind
_NARROWEST: Final = 20
_MANY: Final = 100  # of a kind; how long the number is hardly matters
# Which kinds stay where there is no room for all.
_TELLING: Final = (
    "hparam", "result", "summary", "series", "code", "identity", "label", "env", "command",
    "text", "media", "input", "file",
)  # fmt: skip


def quotas(needs: Mapping[str, int], lines: int) -> dict[str, int]:
    """Return how many lines each kind gets on a screen.

    A kind gets what it needs, or an equal share of what the others leave. Where not even a few
    lines of each fit, those that tell least get none.

    Args:
        needs: How many lines each kind would take.
        lines: How many the screen has.

    Example:
        >>> from vcs_track.cli.one_screen import quotas
        >>> quotas({"hparam": 50, "result": 2, "env": 50}, 30)
        {'result': 2, 'hparam': 8, 'env': 9}
        >>> quotas({"hparam": 50, "result": 2, "env": 50}, 16)
        {'result': 2, 'hparam': 3}
    """
    shown = sorted(needs, key=_TELLING.index)
    while len(shown) > 1 and _least(needs, shown) > lines:
        shown.pop()
    room = lines - _around(needs, shown)
    found: dict[str, int] = {}
    for place, kind in enumerate(sorted(shown, key=lambda kind: needs[kind])):
        found[kind] = min(needs[kind], max(_LEAST, room // (len(shown) - place)))
        room -= found[kind]
    return found


def _least(needs: Mapping[str, int], shown: list[str]) -> int:
    """Return the lines that it takes to show these kinds and count the others."""
    return sum(min(needs[kind], _LEAST) for kind in shown) + _around(needs, shown)


def _around(needs: Mapping[str, int], shown: list[str]) -> int:
    """Return the lines that are no changes."""
    told = _told({kind: _MANY for kind in needs if kind not in shown})
    rest = 2 + len(told) // max(_NARROWEST, render.room()) if told else 0
    return _ROUND_IT + 2 * len(shown) + rest


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{TITLES[kind]} {many:,}" for kind, many in counts.items())


def tell_more(kind: str, missing: int) -> None:
    """Write to stdout how many changes of a kind are not shown, if any."""
    if missing:
        text = f"... {missing:,} more {noun_of(kind, missing)} (--only {kind})"
        render.line(Cell(text, "dim"), width=render.room() if render.has_edge() else None)


def tell_rest(counts: Mapping[str, int]) -> None:
    """Write to stdout how many changes there are of other kinds, if any."""
    if counts:
        render.line()
        render.wrapped(f"also {_told(counts)} (--all)", "dim")

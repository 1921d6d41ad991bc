"""A few changed settings on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vcs_track.pages.human import pair, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.diff import Change

__all__ = ["changes_line"]

_SHOWN: Final = 3


def changes_line(changes: Sequence[Change], most: int = _SHOWN) -> str:
    """Return the first changes, and how many more there are.

    Example:
        >>> from vcs_track.cli.change_list import changes_line
        >>> from vcs_track.porcelain.diff import HparamChange
        >>> changed = HparamChange("lr", "changed", 0.1, 0.2)
        >>> changes_line([changed, HparamChange("wd", "added", None, 1)])
        'lr 0.1 -> 0.2, +wd 1'
    """
    shown = [_told(each) for each in changes[:most]]
    if len(changes) > most:
        shown.append(f"and {len(changes) - most:,} more")
    return ", ".join(shown)


def _told(change: Change) -> str:
    if change.way == "added":
        return f"+{change.name} {value(change.new)}"
    if change.way == "removed":
        return f"-{change.name}"
    before, after = pair(change.old, change.new)
    return f"{change.name} {before} -> {after}"

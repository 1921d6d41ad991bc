"""Numbers and values in the words of people, as the pages have them."""

from __future__ import annotations

from vcs_track.pages.human import (
    ago,
    change,
    count,
    duration,
    number,
    pair,
    settings,
    size,
    spread,
    value,
)

__all__ = [
    "ago", "change", "count", "duration", "number", "pair", "settings", "size", "spread", "value",
]  # fmt: skip

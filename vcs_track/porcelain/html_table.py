"""Tables for notebooks: plain HTML in which no value is markup.

No colours and no style sheet: a notebook's own colours, light or dark, hold.
"""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ROWS", "html_table"]

ROWS: Final = 20
_LONGEST: Final = 80
_MOST_BITS: Final = 10_000


def html_table(
    titles: Sequence[str], rows: Sequence[Sequence[Any]], *, caption: str = "", more: int = 0
) -> str:
    """Return a table as HTML.

    Args:
        titles: Headings, or nothing for a table without.
        rows: Values; None is shown as ``-``.
        caption: A line above it.
        more: Rows that are not shown, besides those beyond the first 20.

    Example:
        >>> from vcs_track.porcelain.html_table import html_table
        >>> print(html_table(["<b>"], [[0.5]]))
        <table>
        <thead><tr><th style="text-align:left">&lt;b&gt;</th></tr></thead>
        <tbody>
        <tr><td style="text-align:right">0.5</td></tr>
        </tbody>
        </table>
    """
    head = "".join(f'<th style="text-align:left">{_safe(title)}</th>' for title in titles)
    more += max(0, len(rows) - ROWS)
    lines = [
        "<table>",
        *([f'<caption style="text-align:left">{_safe(caption)}</caption>'] if caption else []),
        *([f"<thead><tr>{head}</tr></thead>"] if titles else []),
        "<tbody>",
        *[f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows[:ROWS]],
        "</tbody>",
        "</table>",
        *([f"<p>and {more:,} more</p>"] if more else []),
    ]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    side = "right" if _is_number(value) else "left"
    return f'<td style="text-align:{side}">{_safe(_text(value))}</td>'


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value) if value.bit_length() < _MOST_BITS else hex(value)
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else _odd(value)
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value)
    return str(value)


def _odd(value: float) -> str:
    return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"


def _safe(text: str) -> str:
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"
    return escape(visible(text), quote=True)

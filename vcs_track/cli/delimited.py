"""Tables for other programs and pages: CSV and Markdown."""

from __future__ import annotations

import math
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from vcs_track.cli.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["csv_text", "markdown_text", "write_csv"]

_QUOTED: Final = re.compile(r'[,"\r\n]|^\s|\s$')
# What Markdown, or HTML in it, would take for markup. An underscore inside a word is none.
_MARKUP: Final = re.compile(r"[\\`*|\[\]~]|(?<![^\W_])_|_(?![^\W_])")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_TIMES: Final = ("created", "started", "ended")
_MOST_BITS: Final = 10_000


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Return rows as CSV by RFC 4180, values exact.

    Lines end with CR and LF. A missing value is nothing, an empty text is ``""``. NaN and the infinities are ``NaN``,
    ``Infinity`` and ``-Infinity``; times are in ISO 8601, UTC; lists are JSON.

    Args:
        names: Full names, the headings.
        rows: Values, as a run's flat row has them.

    Example:
        >>> from vcs_track.cli.delimited import csv_text
        >>> csv_text(["name", "hparams.lr"], [["a, b", 0.1], ["", None]])
        'name,hparams.lr\r\n"a, b",0.1\r\n"",\r\n'
    """
    lines = [[_quoted(name) for name in names]]
    lines += [[_field(n, value) for n, value in zip(names, row, strict=True)] for row in rows]
    return "".join(f"{','.join(line)}\r\n" for line in lines)


def write_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as CSV in UTF-8 to stdout.

    On a terminal, control characters are spelled out.
    """
    text = csv_text(names, rows)
    if sys.stdout.isatty():
        sys.stdout.write(visible(text.replace("\r\n", "\n"), lines=True))
        return
    # A file must not depend on what letters the terminal has.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def markdown_text(
    titles: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool]
) -> str:
    r"""Return rows as a table of Markdown, as GitHub shows it.

    Args:
        titles: The headings.
        rows: One text a column; what would be markup is escaped.
        right: Which columns are set to the right.

    Example:
        >>> from vcs_track.cli.delimited import markdown_text
        >>> print(markdown_text(["name", "n"], [["a|b", "1"]], [False, True]), end="")
        | name | n |
        | --- | ---: |
        | a\|b | 1 |
    """
    lines = [[_escaped(title) for title in titles], ["---:" if side else "---" for side in right]]
    lines += [[_escaped(cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(text: str) -> str:
    text = _MARKUP.sub(lambda match: f"\\{match[0]}", visible(text))
    return "".join(_HTML.get(sign, sign) for sign in text)


def _field(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _TIMES and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).isoformat()
    return _quoted(_plain(value))


def _quoted(text: str) -> str:
    if text and not _QUOTED.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int):
        return str(value) if value.bit_length() < _MOST_BITS else hex(value)
    if isinstance(value, str | float):
        return str(value)
    from vcs_track.cli.json_lines import encode  # loads the JSON library

    return encode({"v": value})[len('{"v":') : -1]

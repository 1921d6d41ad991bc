"""Columns of a table of runs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.cli import headline, render
from vcs_track.cli.render import Cell, Column
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["Shown", "named", "short_titles", "split_names", "usual"]

_PART: Final = re.compile(r"""(?:[^,"']|"[^"]*"|'[^']*')+""")
_SPARK: Final = 10
_SIX: Final = 6
_TIMES: Final = ("created", "started", "ended")


class Shown(NamedTuple):
    """A column and what it shows of a run."""

    column: Column
    cell: Callable[[RunView], Cell | str]


def split_names(text: str) -> list[str]:
    """Return the names in *text*, at commas that are not in quotes."""
    return [part.strip() for part in _PART.findall(text)]


# ---- the usual columns -----------------------------------------------------------------


def usual(runs: Sequence[RunView], *, lasting: bool = False) -> Iterator[Shown]:
    """Yield what is shown of *runs* where nobody asked for columns.

    Args:
        runs: The runs.
        lasting: Show when a run was made, not how long ago that is.
    """
    yield Shown(Column("ID", style="yellow"), _text("id"))
    yield Shown(Column("NAME", least=10), _text("name"))
    yield Shown(Column("STATUS", rank=1), lambda run: render.status(run.status))
    if lasting:
        yield Shown(Column("CREATED"), _text("created"))
    else:
        yield Shown(Column("AGE", rank=3), lambda run: render.ago(run.created))
    yield Shown(Column("TIME", right=True, rank=90), lambda run: render.duration(run.duration))
    hparams = headline.varying(runs, headline.prefixed(runs, "hparams."))
    summary = headline.prefixed(runs, "summary.")
    titles = short_titles([*hparams, *summary])
    # The first number and the first setting are worth more than when it was and how it went.
    for place, name in enumerate(hparams):
        rank = 4 + 2 * place
        yield _value(titles[name], name, rank, runs)
    for place, name in enumerate(summary):
        rank = 2 if place == 0 else 5 + 2 * place
        yield _value(titles[name], name, rank, runs)
    tag = headline.trend_tag(runs)
    if tag is not None:
        yield _trend(tag, rank=5)


def _value(title: str, name: str, rank: int, runs: Sequence[RunView]) -> Shown:
    values = [run.flat.get(name) for run in runs]
    # A heading or a text may be cut. A number may not: '5.017e-05' is no '5.01'.
    numbers = [_shown(name, v) for v in values if isinstance(v, int | float)]
    least = max([_SIX, *map(len, numbers)])
    return Shown(Column(title, bool(numbers), least=least, rank=rank), _text(name))


def short_titles(names: Sequence[str]) -> dict[str, str]:
    """Return short headings; a name that would stand for two keeps its prefix.

    Example:
        >>> from vcs_track.cli.run_columns import short_titles
        >>> list(short_titles(["hparams.lr", "summary.acc", "hparams.acc", "name"]).values())
        ['lr', 'summary.acc', 'hparams.acc', 'name']
    """
    short = [name.partition(".")[2] or name for name in names]
    return {
        name: name if short.count(tail) > 1 else tail
        for name, tail in zip(names, short, strict=True)
    }


def _trend(tag: str, rank: int) -> Shown:
    def cell(run: RunView) -> str:
        if tag not in run.series_tags:
            return ""
        try:
            return render.spark(run.series(tag), _SPARK)
        except VcsTrackError:  # the points of one run must not hide all others
            return "unreadable"

    return Shown(Column(tag, style="cyan", rank=rank), cell)


def _text(name: str) -> Callable[[RunView], str]:
    return lambda run: _shown(name, run.flat.get(name))


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name in _TIMES:
        return f"{datetime.fromtimestamp(value, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    if name == "duration":
        return render.duration(value)
    if isinstance(value, str):
        return value
    if name == "tags":
        return ", ".join(value)
    return render.value(value)


# ---- the columns that were asked for ----------------------------------------------------


def named(name: str, known: set[str], runs: Sequence[RunView]) -> Shown:
    """Return the column of this name.

    Args:
        name: ``age``, ``time``, ``trend``, or a name as in filters.
        known: The full names that exist over all runs.
        runs: The runs that are shown.

    Raises:
        ExpressionError: If there is no such name.
    """
    lower = name.lower()
    if lower == "age":
        return Shown(Column("AGE"), lambda run: render.ago(run.created))
    if lower == "time":
        return Shown(Column("TIME", right=True), lambda run: render.duration(run.duration))
    if lower == "trend":
        return _trend(headline.trend_tag(runs) or "trend", rank=0)
    if lower == "status":
        return Shown(Column("STATUS"), lambda run: render.status(run.status))
    from vcs_track.porcelain.named import resolve_names

    # The same spellings as in filters, and the same errors.
    (path,) = resolve_names([name], known)
    title = path.upper() if "." not in path else name
    if path == "id":
        return Shown(Column(title, style="yellow"), _text(path))
    if path in _TIMES:
        return Shown(Column(title, rank=1), _text(path))
    return _value(title, path, 1, runs)

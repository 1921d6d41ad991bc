"""The table as it is shown: a row a run, a column a fact, a hyperparameter or a result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track.compat.deepboard import cells
from vcs_track.compat.deepboard.columns import visible
from vcs_track.compat.deepboard.reader import Reader

if TYPE_CHECKING:
    from vcs_track.compat.deepboard.book import Book
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Results", "results_of", "row_of"]


class Results(NamedTuple):
    """A table.

    Attributes:
        col_names: Headings of the columns that are shown.
        col_ids: Their ids.
        is_hparam: Whether each is a hyperparameter.
        row_color: Colour of each row, or None.
        data: The rows, None where a run has no value.
    """

    col_names: list[str]
    col_ids: list[str]
    is_hparam: list[bool]
    row_color: list[str | None]
    data: list[list[Any]]


def row_of(book: Book, number: int, view: RunView, *, diff: bool = True) -> dict[str, Any]:
    """Return what is known of a run, by column.

    Args:
        book: The table.
        number: The number of the run.
        view: The run.
        diff: Whether to read how the code differed.
    """
    facts = book.facts(view)
    commit = facts.get("commit_hash")
    return {
        "run_id": number,
        **{name: facts.get(name) for name in ("experiment", "config", "config_hash")},
        **{name: facts.get(name, "") for name in ("cli", "command", "comment")},
        "note": view.manifest.notes or "",
        "tag": next(iter(view.tags), ""),
        "color": book.color(number, view),
        "start": book.started(view),
        "status": book.status(number, view),
        "commit_hash": commit,
        "diff": _diff(view, commit) if diff else None,
        "hidden": int(number in book.register.hidden),
    }


def _diff(view: RunView, commit: Any) -> str | None:
    for item in view.media("file"):
        if item.meta.get("deepboard") == "diff":
            return item.text if item.here else None
    return None if commit is None else ""


def results_of(book: Book, run_id: int | None, *, show_hidden: bool) -> Results:
    """Return the table of all runs, or of one."""
    numbers = book.numbers(show_hidden=show_hidden)
    if run_id is not None:
        numbers = [number for number in numbers if number == run_id]
    columns = book.register.columns
    shown = visible(columns)
    colors, data = [], []
    for number in numbers:
        view = book.view(number)
        if view is None:
            continue
        row = row_of(book, number, view, diff="diff" in shown)
        nan_as_none = Reader.nan_as_none
        for found in (cells.flat(view.hparams), cells.flat(view.results)):
            row.update({k: cells.shown(v, nan_as_none=nan_as_none) for k, v in found.items()})
        colors.append(book.color(number, view))
        data.append([row.get(name) for name in shown])
    return Results(
        [columns[name].alias for name in shown],
        shown,
        [columns[name].is_hparam for name in shown],
        colors,
        data,
    )

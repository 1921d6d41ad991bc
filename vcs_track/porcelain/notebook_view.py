"""Runs as a notebook shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import VcsTrackError
from vcs_track.porcelain.html_table import ROWS, html_table
from vcs_track.porcelain.interest import names_below, varying

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.porcelain.run_view import RunView

__all__ = ["run_table", "runs_table"]

_COLUMNS: Final = 8
_PREFIXES: Final = ("hparams.", "summary.", "results.")


def runs_table(runs: Sequence[RunView]) -> str:
    """Return a table of *runs*: who they are, what varies, what came out.

    Example:
        >>> from vcs_track.porcelain.notebook_view import runs_table
        >>> print(runs_table([]))
        <p>no runs</p>
    """
    if not runs:
        return "<p>no runs</p>"
    shown = [run.flat for run in runs[:ROWS]]
    names = ["id", "name", "status"]
    names += varying(shown, names_below(shown, "hparams."))[:_COLUMNS]
    names += names_below(shown, "summary.")[:_COLUMNS]
    rows = [[row.get(name) for name in names] for row in shown]
    return html_table(names, rows, more=len(runs) - len(shown))


def run_table(run: RunView) -> str:
    """Return a table of what is known of *run*, one value a line."""
    rows: list[list[Any]] = [
        ["id", run.id], ["status", run.status], ["created", f"{run.created:%Y-%m-%d %H:%M:%S} UTC"]
    ]  # fmt: skip
    if run.tags:
        rows.append(["tags", run.tags])
    try:
        flat = run.flat
    except VcsTrackError as error:
        return html_table([], [*rows, ["cannot be read", str(error)]], caption=run.name)
    rows += [[name, flat[name]] for prefix in _PREFIXES for name in names_below([flat], prefix)]
    return html_table([], rows, caption=run.name)

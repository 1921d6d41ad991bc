"""What differs, as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.porcelain.diff.changes import Blob, CodeFile, Course
from vcs_track.porcelain.html_table import ROWS, html_table

if TYPE_CHECKING:
    from vcs_track.porcelain.diff.result import Diff

__all__ = ["diff_table"]

_TITLES = ("kind", "name", "old", "new", "change")


def diff_table(diff: Diff) -> str:
    """Return a table of what differs: HTML in which no value is markup.

    Args:
        diff: What differs.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> for lr in (0.1, 0.2):
        ...     repo.start_run(f"lr{lr}", hparams={"lr": lr}).finish()
        >>> diff = repo.diff("lr0.1", "lr0.2")
        >>> "<td style=" in diff._repr_html_(), repo.diff("@", "@")._repr_html_()
        (True, '<p>no differences</p>')
    """
    if not diff:
        return "<p>no differences</p>"
    rows = []
    for change in diff[:ROWS]:
        old, new = _side(change.old), _side(change.new)
        if str(old) == str(new):
            # 1 and '1' would look alike.
            old, new = repr(change.old), repr(change.new)
        relative = getattr(change, "relative", None)
        share = "" if relative is None else f"{relative * 100:+.3g} %"
        better = getattr(change, "better", None)
        verdict = "" if better is None else "better" if better else "worse"
        absent = {"added": ("", new), "removed": (old, "")}.get(change.way, (old, new))
        rows.append([change.kind, change.name, *absent, f"{share} {verdict}".strip()])
    caption = f"{diff.old.name} \N{RIGHTWARDS ARROW} {diff.new.name}"
    return html_table(_TITLES, rows, caption=caption, more=len(diff) - len(rows))


def _side(value: Any) -> Any:
    if isinstance(value, Course):
        return f"{value.count:,} points, last {_side(value.last)}"
    if isinstance(value, Blob):
        return f"{value.oid.removeprefix('x1-')[:8]} {value.size:,} B"
    if isinstance(value, CodeFile):
        return value.blob[:8]
    if isinstance(value, tuple | list):
        return ", ".join(str(_side(item)) for item in value)
    return f"{value:.6g}" if isinstance(value, float) else value

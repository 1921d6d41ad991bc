"""The beginning of a run, copied into another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb import history

if TYPE_CHECKING:
    from vcs_track.compat.wandb.run import Run
    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run import Run as Native
    from vcs_track.porcelain.run_view import RunView

__all__ = ["copy"]

_AS_THEY_ARE = ("image", "figure", "text", "fragment", "file")


def copy(run: Run, source: RunView, until: int) -> None:
    """Copy the rows of *source* up to *until*, and its media and files.

    Args:
        run: A run that has just started.
        source: The run to copy from.
        until: The last step to copy.
    """
    native, rows = run._native, run._rows  # noqa: SLF001 -- a run is made of its parts here
    for row in history.rows(source):
        if row.step > until:
            break
        found: dict[str, Any] = row.to_dict()
        rows.log({**found, "_timestamp": row.wall}, row.step, commit=True)
    for item in source.media():
        if not history.is_value(item) and (item.step is None or item.step <= until):
            _copy_item(native, item)
    rows.step = max(rows.step, until + 1)
    run.__dict__["_first_step"] = rows.step


def _copy_item(native: Native, item: Media) -> None:
    if item.kind == "histogram" and item.tag:
        found = item.histogram
        native.add_histogram(item.tag, found["counts"], found["edges"], item.step, item.epoch)
    elif item.kind in _AS_THEY_ARE:
        native.add_item(
            item.kind, item.data, mime=item.mime, step=item.step, tag=item.tag, epoch=item.epoch,
            name=item.name, meta=item.meta, walltime=item.walltime,
        )  # fmt: skip

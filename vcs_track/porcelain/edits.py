"""Edits of a sealed run: small manifests on top of one another.

Nothing is rewritten.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import RunNotFoundError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain.heads import current

if TYPE_CHECKING:
    from vcs_track.formats.manifest import RunManifest
    from vcs_track.plumbing.store import Store

__all__ = ["LABELS", "edit"]

LABELS: Final = ("name", "notes", "tags", "color", "project", "group", "job_type")


def edit(store: Store, run: str, **changes: Any) -> RunManifest:
    """Change labels, status, results or summary of a sealed run.

    Args:
        store: The store.
        run: Run id.
        **changes: New values of manifest fields; ``results`` and ``summary_set`` are merged
            into what is there.

    Returns:
        The new state. The old one stays in the history.

    Raises:
        RunNotFoundError: If the run is not in the store.
        StorageError: If the disk refuses; nothing has changed then.
    """
    store.require_writable()
    store.home.packs.refresh()
    heads = store.home.head_folder.of(run)
    if not heads:
        raise RunNotFoundError(f"no run has the id '{run}'")
    old = current(heads, store.home.objects)
    results = {**old.results, **changes.pop("results", {})}
    summary_set = {**old.summary_set, **changes.pop("summary_set", {})}
    if "tags" in changes:
        changes["tags"] = tuple(sorted(set(changes["tags"])))
    new = replace(
        old,
        **changes,
        results=results,
        summary_set=summary_set,
        summary={**old.summary, **results, **summary_set},
    )
    if new == old and len(heads) == 1:
        return old
    new = replace(new, parents=tuple(heads), time_us=max(time.time_ns() // 1000, old.time_us + 1))
    with fsio.storage_errors(f"edit run '{run}'"):
        writer = PackWriter(store.layout.tmp, store.format)
        try:
            oid = writer.add(new.encode())
            writer.install(store.home.packs.folder, "p", store.home.objects)
        except BaseException:
            writer.abandon()
            raise
        store.home.sync_packs()
        store.home.head_folder.add(run, oid, heads)
    return new

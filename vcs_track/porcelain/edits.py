"""Edits of a sealed run: small manifests on top of one another.

Nothing is rewritten.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError, RunNotFoundError
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain import values
from vcs_track.porcelain.heads import current
from vcs_track.porcelain.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.formats.manifest import RunManifest
    from vcs_track.plumbing.store import Store

__all__ = ["LABELS", "edit"]

LABELS: Final = ("name", "notes", "tags", "color", "project", "group", "job_type")


_CHECKS: Final[dict[str, Callable[[Any], Any]]] = {
    "name": values.check_name,
    "notes": values.check_note,
    "tags": values.check_tags,
    "color": lambda color: None if color is None else values.check_color(color),
    "status": values.check_status,
    "project": lambda label: values.check_label(label, "project"),
    "group": lambda label: values.check_label(label, "group"),
    "job_type": lambda label: values.check_label(label, "job_type"),
    "results": lambda results: values.check_mapping(results, "results"),
    "summary_set": lambda summary: values.check_mapping(summary, "summary_set"),
}


def _check(field: str, value: Any) -> Any:
    if field not in _CHECKS:
        raise InvalidValueError(f"'{field}' cannot be edited", hint=did_you_mean(field, _CHECKS))
    if field == "tags" and isinstance(value, str):
        value = (value,)
    if field == "status" and value == "running":
        raise InvalidValueError(
            "a run that has ended cannot run again by its status",
            hint="go on with start_run(id=..., resume='must')",
        )
    return _CHECKS[field](value)


def edit(store: Store, run: str, /, **changes: Any) -> RunManifest:
    """Change labels, status, results or summary of a sealed run.

    Args:
        store: The store.
        run: Run id.
        **changes: New values of manifest fields; ``results`` and ``summary_set`` are merged
            into what is there.

    Returns:
        The new state. The old one stays in the history.

    Raises:
        InvalidValueError: If a field cannot be edited, or not to this value.
        RunNotFoundError: If the run is not in the store.
        StorageError: If the disk refuses; nothing has changed then.
    """
    changes = {field: _check(field, value) for field, value in changes.items()}
    store.require_writable()
    store.home.packs.refresh()
    heads = store.home.head_folder.of(run)
    if not heads and store.layout.live_run(run).is_dir():
        raise InvalidValueError(
            f"run '{run}' is still going on", hint="edit it where it runs, or when it has ended"
        )
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
    if len(heads) == 1 and new.encode() == old.encode():
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

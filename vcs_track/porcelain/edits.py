"""Edits of a sealed run: small manifests on top of one another.

Nothing is rewritten.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError, RunNotFoundError
from vcs_track.formats.manifest import encode_document
from vcs_track.plumbing import fsio
from vcs_track.plumbing.pack_writer import PackWriter
from vcs_track.porcelain import values
from vcs_track.porcelain.heads import current
from vcs_track.porcelain.near import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vcs_track.formats.manifest import RunManifest
    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.store import Store

__all__ = ["LABELS", "clear", "edit", "edit_all"]

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
    "faces": lambda faces: values.check_mapping(faces, "faces"),
    "hparams": lambda hparams: values.check_mapping(hparams, "hparams"),
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
    """Change labels, status, values or results of a sealed run.

    Args:
        store: The store.
        run: Run id.
        **changes: New values of manifest fields; ``results``, ``summary_set`` and the facts of
            each of ``faces`` are merged into what is there, ``hparams`` stand in its place. What
            the run began with is not changed by it.

    Returns:
        The new state. The old one stays in the history.

    Raises:
        InvalidValueError: If a field cannot be edited, or not to this value.
        RunNotFoundError: If the run is not in the store.
        StorageError: If the disk refuses; nothing has changed then.
    """
    return edit_all(store, [run], changes)[run]


def edit_all(
    store: Store, runs: Sequence[str], changes: Mapping[str, Any], *,
    add: Iterable[str] = (), remove: Iterable[str] = (),
    redact: Mapping[str, dict[str, Any]] | None = None, kind: str = "edit",
) -> dict[str, RunManifest]:  # fmt: skip
    """Edit several sealed runs, all of them or none.

    Args:
        store: The store.
        runs: Run ids.
        changes: As `edit` takes them.
        add: Tags to add.
        remove: Tags to take away.
        redact: What is said of objects whose bytes are gone for good, where nothing is yet.
        kind: What is done, for the log.

    Returns:
        The new states, by run.

    Raises:
        InvalidValueError: If a field cannot be edited, or a run has not ended.
        RunNotFoundError: If a run is not in the store.
        StorageError: If the disk refuses; nothing has changed then.
    """
    checked = {field: _check(field, value) for field, value in changes.items()}
    document = _document(checked)
    if document:
        checked["hparams"] = store.format.hash(document)
    more, less = values.check_tags(tuple(add)), set(values.check_tags(tuple(remove)))
    store.require_writable()
    store.home.packs.refresh()
    states: dict[str, RunManifest] = {}
    moved: dict[str, tuple[list[ObjectId], RunManifest]] = {}
    for run in dict.fromkeys(runs):
        heads = _heads_of(store, run)
        old = current(heads, store.home.objects)
        new = _changed(old, checked)
        new = replace(
            new,
            tags=tuple(sorted({*new.tags, *more} - less)),
            redacted={**(redact or {}), **new.redacted},
        )
        if len(heads) > 1 or new.encode() != old.encode():
            later = max(time.time_ns() // 1000, old.time_us + 1)
            new = replace(new, parents=tuple(heads), time_us=later)
            moved[run] = heads, new
        states[run] = new
    what = f"edit run '{next(iter(moved))}'" if len(moved) == 1 else f"edit {len(moved)} runs"
    with fsio.storage_errors(what), store.log.operation(kind):
        _move(store, moved, document)
    return states


def _document(checked: Mapping[str, Any]) -> bytes:
    """Return the document of new hyperparameters; nothing where there are none."""
    hparams = checked.get("hparams")
    return encode_document("hparams/1", hparams) if hparams else b""


def clear(store: Store, run: str) -> RunManifest:
    """Begin the content of a run anew: points, media, hyperparameters.

    For importers whose source was written again. Labels stay, and so does the old state, in the
    history.

    Args:
        store: The store.
        run: Run id.

    Returns:
        The new state.

    Raises:
        InvalidValueError: If the run has not ended.
        RunNotFoundError: If the run is not in the store.
        StorageError: If the disk refuses; nothing has changed then.
    """
    store.require_writable()
    heads = _heads_of(store, run)
    old = current(heads, store.home.objects)
    new = replace(
        old, scalars=None, media=None, hparams=None, summary_set={}, gaps=(), summary=old.results,
        parents=tuple(heads), time_us=max(time.time_ns() // 1000, old.time_us + 1),
    )  # fmt: skip
    with fsio.storage_errors(f"edit run '{run}'"), store.log.operation("edit"):
        _move(store, {run: (heads, new)})
    return new


def _heads_of(store: Store, run: str) -> list[ObjectId]:
    heads = store.home.head_folder.of(run)
    if not heads and store.layout.live_run(run).is_dir():
        raise InvalidValueError(
            f"run '{run}' is still going on", hint="edit it where it runs, or when it has ended"
        )
    if not heads:
        raise RunNotFoundError(f"no run has the id '{run}'")
    return heads


def _changed(old: RunManifest, changes: dict[str, Any]) -> RunManifest:
    fields = dict(changes)
    if "hparams" in fields:
        fields["hparams"] = fields["hparams"] or None
    results = {**old.results, **fields.pop("results", {})}
    summary_set = {**old.summary_set, **fields.pop("summary_set", {})}
    if "faces" in fields:
        fields["extra"] = _with_faces(old.extra, fields.pop("faces"))
    if "tags" in fields:
        fields["tags"] = tuple(sorted(set(fields["tags"])))
    return replace(
        old,
        **fields,
        results=results,
        summary_set=summary_set,
        summary={**old.summary, **results, **summary_set},
    )


def _with_faces(extra: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return *extra* with more of what compatible APIs keep with the run."""
    faces = dict(extra.get("faces") or {})
    for face, facts in more.items():
        faces[face] = {**faces.get(face, {}), **values.check_mapping(facts, f"faces[{face!r}]")}
    return {**extra, "faces": faces}


def _move(
    store: Store, moved: dict[str, tuple[list[ObjectId], RunManifest]], document: bytes = b""
) -> None:
    """Store the new states, then make all of them heads, then drop the old heads.

    Args:
        store: The store.
        moved: Heads and new state of each run.
        document: What all of them lead to, or nothing.
    """
    made = {run: _packed(store, state, document) for run, (_, state) in moved.items()}
    if made:
        store.home.sync_packs()
    folder = store.home.head_folder
    try:
        for run, oid in made.items():
            folder.add(run, oid)
    except BaseException:
        for run, oid in made.items():
            with suppress(OSError):
                fsio.unlink(folder.path(run, oid))
        raise
    for run, (heads, _) in moved.items():
        for oid in heads:
            if oid != made[run]:
                fsio.unlink(folder.path(run, oid))
        store.log.note("edit", run, heads, [made[run]])


def _packed(store: Store, state: RunManifest, document: bytes) -> ObjectId:
    """Store a state, and the document that it leads to; return its id."""
    # A pack for each: whoever commits one run with git commits nothing of another.
    writer = PackWriter(store.layout.tmp, store.format)
    try:
        if document:
            writer.add(document)
        oid = writer.add(state.encode())
        writer.install(store.home.packs.folder, "p", store.home.objects)
    except BaseException:
        writer.abandon()
        raise
    return oid

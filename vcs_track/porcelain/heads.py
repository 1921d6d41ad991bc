"""The value of a run that has several heads.

Two clones may edit one run. ``docs/format/objects.md`` gives the rule; it depends on the
manifests alone, so every clone finds the same value.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from vcs_track.errors import ObjectNotFoundError
from vcs_track.formats.manifest import RunManifest, decode_run
from vcs_track.porcelain.values import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import Objects

__all__ = ["current", "history"]

_BY_KEY = ("summary", "summary_set", "results", "extra")
_OWN = {"run", "time_us", "parents", "tags", "writers", *_BY_KEY}
_FIELDS = [field.name for field in fields(RunManifest) if field.name not in _OWN]


def history(heads: Iterable[ObjectId], objects: Objects) -> dict[ObjectId, RunManifest]:
    """Return every manifest of a run that is at hand, newest first."""
    found: dict[ObjectId, RunManifest] = {}
    todo = list(heads)
    while todo:
        oid = todo.pop()
        if oid in found:
            continue
        try:
            found[oid] = decode_run(objects.read(oid))
        except ObjectNotFoundError:
            continue  # a partial bundle may leave out older states
        todo.extend(found[oid].parents)
    return dict(sorted(found.items(), key=lambda pair: (pair[1].time_us, pair[0]), reverse=True))


def _ancestors(oid: ObjectId, known: dict[ObjectId, RunManifest]) -> set[ObjectId]:
    found: set[ObjectId] = set()
    todo = list(known[oid].parents)
    while todo:
        parent = todo.pop()
        if parent not in found:
            found.add(parent)
            if parent in known:
                todo.extend(known[parent].parents)
    return found


def current(heads: Sequence[ObjectId], objects: Objects) -> RunManifest:
    """Return the value of a run with these *heads*.

    Args:
        heads: Ids of run manifests, at least one.
        objects: Where they are.

    Returns:
        The one head that no other replaces, or the merge of several.
    """
    if len(heads) == 1:
        return decode_run(objects.read(heads[0]))
    known = history(heads, objects)
    older = {oid: _ancestors(oid, known) for oid in heads if oid in known}
    tips = [oid for oid in older if not any(oid in others for others in older.values())]
    tips.sort(key=lambda oid: (known[oid].time_us, oid))
    if not tips:
        return decode_run(objects.read(heads[0]))
    if len(tips) == 1:
        return known[tips[0]]
    shared = set.intersection(*(older[oid] for oid in tips)) & known.keys()
    base = max(shared, key=lambda oid: (known[oid].time_us, oid), default=None)
    return _merge([known[oid] for oid in tips], known[base] if base else None)


def _merge(tips: list[RunManifest], base: RunManifest | None) -> RunManifest:
    # Oldest first: what a later one changed overwrites it.
    changes: dict[str, Any] = {}
    for tip in tips:
        for name in _FIELDS:
            value = getattr(tip, name)
            if base is None or value != getattr(base, name):
                changes[name] = value
    for name in _BY_KEY:
        changes[name] = _merge_keys(
            [getattr(tip, name) for tip in tips], getattr(base, name) if base else {}
        )
    changes["summary"] = {
        **changes["summary"], **changes["results"], **changes["summary_set"]
    }  # fmt: skip
    changes["gaps"] = _gaps(tips, base, changes)
    before = set(base.tags) if base else set()
    added = set().union(*(set(tip.tags) - before for tip in tips))
    removed = set().union(*(before - set(tip.tags) for tip in tips))
    writers: dict[str, int] = {}
    for tip in tips:
        for writer, n in tip.writers.items():
            writers[writer] = max(n, writers.get(writer, 0))
    newest = tips[-1]
    return replace(
        newest, **changes, tags=tuple(sorted((before - removed) | added)), writers=writers
    )


def _merge_keys(sides: list[dict[str, Any]], base: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for side in sides:
        merged.update((k, v) for k, v in side.items() if k not in base or not same(v, base[k]))
    return merged


def _gaps(
    tips: list[RunManifest], base: RunManifest | None, changes: dict[str, Any]
) -> tuple[dict[str, Any], ...]:
    gaps: list[dict[str, Any]] = []
    for tip in tips:
        gaps += [gap for gap in tip.gaps if gap not in gaps]
    for name in ("scalars", "media"):
        known = {getattr(tip, name) for tip in tips} - {getattr(base, name, None), None}
        for oid in sorted(known - {changes.get(name)}):
            # Both sides logged on; one series cannot be both. Nothing is deleted.
            gaps.append({name: oid, "why": "went on in two places; this part is in the history"})
    return tuple(gaps)

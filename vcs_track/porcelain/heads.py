"""The value of a run that has several heads.

Two clones may edit one run. ``docs/format/objects.md`` gives the rule; it depends on the
manifests alone, so every clone finds the same value.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import ObjectNotFoundError
from vcs_track.formats.manifest import RunManifest, decode_run
from vcs_track.porcelain.inputs import with_input
from vcs_track.porcelain.values import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import Objects

    History = dict[ObjectId, RunManifest]
    Values = dict[tuple[ObjectId, ...], RunManifest]

__all__ = ["current", "history", "tips"]

_BY_KEY = ("summary", "summary_set", "results", "redacted", "extra")
_OWN = {"run", "time_us", "parents", "tags", "writers", *_BY_KEY}
_FIELDS = [field.name for field in fields(RunManifest) if field.name not in _OWN]
_MOST: Final = 200  # merges of older states that one merge may ask for


def history(heads: Iterable[ObjectId], objects: Objects) -> dict[ObjectId, RunManifest]:
    """Return every manifest of a run that is at hand, newest first."""
    found: History = {}
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


def _ancestors(heads: Iterable[ObjectId], known: History) -> set[ObjectId]:
    """Return what *heads* replace, themselves left out."""
    found: set[ObjectId] = set()
    todo = list(heads)
    while todo:
        state = known.get(todo.pop())
        fresh = set(state.parents) - found if state is not None else set()
        found |= fresh
        todo.extend(fresh)
    return found


def _newest(heads: Iterable[ObjectId], known: History) -> list[ObjectId]:
    """Return those of *heads* that no other replaces, the latest last."""
    some = [oid for oid in heads if oid in known]
    old = _ancestors(some, known)
    return sorted((oid for oid in some if oid not in old), key=lambda o: (known[o].time_us, o))


def tips(heads: Sequence[ObjectId], objects: Objects) -> list[ObjectId]:
    """Return those of *heads* that no other replaces, the latest first."""
    if len(heads) < 2:
        return list(heads)
    return _newest(heads, history(heads, objects))[::-1] or list(heads)


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
    state = _value(_newest(heads, known), known, {})
    return decode_run(objects.read(heads[0])) if state is None else state


def _value(newest: list[ObjectId], known: History, done: Values) -> RunManifest | None:
    """Return what these states are together: one after the other is merged, oldest first."""
    key = tuple(newest)
    if not newest or key in done:
        return done.get(key)
    done[key] = known[newest[-1]]  # stands where the exchanges below are too many
    if len(done) > _MOST:
        return done[key]
    merged = known[newest[0]]
    for n, oid in enumerate(newest[1:], 1):
        # What both sides have; when exchanges crossed there are several such states, and what
        # they are together is what both sides began with.
        before = _ancestors(newest[:n], known) & _ancestors([oid], known)
        merged = _merge(merged, known[oid], _value(_newest(before, known), known, done))
    done[key] = merged
    return merged


def _merge(old: RunManifest, new: RunManifest, base: RunManifest | None) -> RunManifest:
    """Return both sides together; where both changed a field *new* stands."""
    changes: dict[str, Any] = {
        name: getattr(old, name)
        for name in _FIELDS
        if base is not None and getattr(new, name) == getattr(base, name)
    }
    for name in _BY_KEY:
        changes[name] = _merge_keys(
            getattr(old, name), getattr(new, name), getattr(base, name) if base else {}
        )
    changes["extra"].update(_faces(old, new, base))
    changes["summary"] = {
        **changes["summary"], **changes["results"], **changes["summary_set"]
    }  # fmt: skip
    stands = replace(new, **changes)
    before = set(base.tags) if base else set()
    removed = (before - set(old.tags)) | (before - set(new.tags))
    return replace(
        stands,
        command=_command(old, stands),
        gaps=_gaps(old, new, base, stands),
        tags=tuple(sorted({*old.tags, *new.tags} - removed)),
        writers={
            name: max(old.writers.get(name, 0), new.writers.get(name, 0))
            for name in {**old.writers, **new.writers}
        },
    )


def _merge_keys(old: dict[str, Any], new: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    changed = {k: v for k, v in new.items() if k not in base or not same(v, base[k])}
    return {**base, **old, **changed}


def _faces(
    old: RunManifest, new: RunManifest, base: RunManifest | None
) -> dict[str, dict[str, Any]]:
    """Return what compatible APIs keep with the run, fact by fact."""
    sides = [_dict(one.extra.get("faces")) if one else {} for one in (old, new, base)]
    merged = {
        face: _merge_keys(*(_dict(side.get(face)) for side in sides))
        for face in {**sides[2], **sides[0], **sides[1]}
    }
    return {"faces": merged} if merged else {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _command(old: RunManifest, new: RunManifest) -> dict[str, Any] | None:
    """Return the command of *new* with the inputs of both, for they are only ever added."""
    inputs = dict((new.command or {}).get("inputs", {}))
    for name, body in (old.command or {}).get("inputs", {}).items():
        inputs = with_input(inputs, name, body)
    return {**(new.command or {}), "inputs": inputs} if inputs else new.command


def _gaps(
    old: RunManifest, new: RunManifest, base: RunManifest | None, stands: RunManifest
) -> tuple[dict[str, Any], ...]:
    gaps = [*old.gaps, *(gap for gap in new.gaps if gap not in old.gaps)]
    for name in ("scalars", "media"):
        known = {getattr(old, name), getattr(new, name)} - {getattr(base, name, None), None}
        for oid in sorted(known - {getattr(stands, name)}):
            # Both sides logged on; one series cannot be both. Nothing is deleted.
            gap = {name: oid, "why": "went on in two places; this part is in the history"}
            gaps += [gap] if gap not in gaps else []
    return tuple(gaps)

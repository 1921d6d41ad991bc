"""What differs between the media, texts, files and inputs of two runs."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import VcsTrackError
from vcs_track.porcelain.diff.changes import (
    Blob,
    FileChange,
    InputChange,
    MediaChange,
    TextChange,
    way_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.run_view import RunView

    Read = Callable[[Any], bytes]
    Stored = MediaChange | TextChange | FileChange
    Key = tuple[str, str, int | None]

__all__ = ["blobs", "inputs", "lacking", "stored"]

_KINDS: Final[dict[str, type[Stored]]] = {
    "media": MediaChange, "text": TextChange, "file": FileChange,
}  # fmt: skip
_KIND_OF: Final = {
    "image": "media", "figure": "media", "histogram": "media", "console": "text", "cells": "text",
    "text": "text", "fragment": "text", "file": "file",
}  # fmt: skip
_SHOWN: Final = 3


def blobs(run: RunView) -> dict[Key, tuple[Blob, ...]]:
    """Return what *run* stores by kind, label and step, in order of logging."""
    found: dict[Key, list[Blob]] = {}
    for item in run.media():
        found.setdefault(_key(item), []).append(Blob(item.oid, item.size, item.mime))
    return {key: tuple(items) for key, items in found.items()}


def _key(item: Media) -> Key:
    label = item.name or item.tag or item.kind
    return _KIND_OF[item.kind], label, None if item.kind == "file" else item.step


def stored(
    old: RunView, new: RunView, kinds: Collection[str], globs: Sequence[str] = ()
) -> Iterator[Stored]:
    """Yield what differs in the media, texts and files of two runs.

    Args:
        old: The first run.
        new: The second run.
        kinds: Which of ``media text file`` are wanted.
        globs: Of media and texts only these tags.
    """
    if old.manifest.media == new.manifest.media or not any(kind in _KINDS for kind in kinds):
        return
    before, after = blobs(old), blobs(new)
    reads = old.objects.read, new.objects.read
    for key in sorted(before.keys() | after.keys(), key=_in_order):
        kind, label, step = key
        sides = before.get(key), after.get(key)
        wanted = kind == "file" or not globs or any(fnmatchcase(label, glob) for glob in globs)
        if kind not in kinds or not wanted or _alike(sides, reads):
            continue
        name = label if step is None else f"{label} @ {step}"
        yield _KINDS[kind](name, way_of(*sides), *sides, label, step, reads)


def _in_order(key: Key) -> tuple[str, str, float]:
    return key[0], key[1], -math.inf if key[2] is None else key[2]


def _alike(
    sides: tuple[Sequence[Blob] | None, Sequence[Blob] | None], reads: Sequence[Read]
) -> bool:
    old, new = (side or () for side in sides)
    if len(old) != len(new):
        return False
    for before, after in zip(old, new, strict=True):
        if before.oid == after.oid:
            continue
        if before.size != after.size or not _other_format(before.oid, after.oid):
            return False
        try:
            if reads[0](before.oid) != reads[1](after.oid):
                return False
        except VcsTrackError:
            return False  # told of in the notes
    return True


def _other_format(one: str, two: str) -> bool:
    """Return whether two ids are of different hashes: equal bytes have different ids then."""
    return len(one) != len(two)


def lacking(changes: Sequence[Stored], old: RunView, new: RunView) -> Iterator[str]:
    """Yield a note for each run of which bytes are not here.

    Args:
        changes: What differs; nothing else is looked for.
        old: The first run.
        new: The second run.
    """
    for run, side in ((old, "old"), (new, "new")):
        gone = [
            change.name
            for change in changes
            if any(blob.oid not in run.objects for blob in getattr(change, side) or ())
        ]
        if gone:
            more = ", ..." if len(gone) > _SHOWN else ""
            shown = ", ".join(f"'{name}'" for name in gone[:_SHOWN]) + more
            yield f"run '{run.id}' lacks the bytes of {len(gone)} of its items: {shown}"


def inputs(old: RunView, new: RunView, notes: list[str]) -> Iterator[InputChange]:
    """Yield the inputs that differ, by their content.

    Args:
        old: The first run.
        new: The second run.
        notes: Takes what cannot be told apart, and why.
    """
    before, after = ({one.name: one for one in run.inputs} for run in (old, new))
    for name in sorted(before.keys() | after.keys()):
        sides = [
            None if one is None else Blob(one.oid, one.size, "")
            for one in (before.get(name), after.get(name))
        ]
        one, two = sides
        if one == two:
            continue
        if one and two and one.size == two.size and _other_format(one.oid, two.oid):
            notes.append(f"input '{name}' has ids of two hashes: nobody knows whether it differs")
            continue
        yield InputChange(name, way_of(*sides), *sides)

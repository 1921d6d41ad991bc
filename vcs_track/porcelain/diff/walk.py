"""What differs between two runs.

Manifests are compared id by id: equal ids are equal content and are not read.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.series import combine
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vcs_track.formats.oid import ObjectId
    from vcs_track.porcelain.run_view import RunView

__all__ = ["KINDS", "Change", "diff"]

KINDS: Final = (
    "hparam", "summary", "result", "series", "media", "text", "file", "input", "env", "command",
    "note",
)  # fmt: skip

_MEDIA_KIND: Final = {
    "image": "media", "figure": "media", "histogram": "media", "console": "text", "cells": "text",
    "text": "text", "fragment": "text", "file": "file",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Attributes:
        kind: One of ``hparam summary result series media text file input env command note``.
        name: What it is called.
        old: Its value in the first run, or None where it has none.
        new: Its value in the second run, or None where it has none.
    """

    kind: str
    name: str
    old: Any
    new: Any

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain data, as ``--json`` prints it."""
        return asdict(self)


_MISSING: Any = object()


def _mappings(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name, _MISSING), new.get(name, _MISSING)
        if not values.same(before, after):
            yield Change(
                kind, name,
                None if before is _MISSING else before, None if after is _MISSING else after,
            )  # fmt: skip


def _value_ids(chunks: list[dict[str, Any]]) -> list[tuple[ObjectId, ...]]:
    # Wall times never agree between two runs and say nothing about the result.
    keys = ("value", "step", "epoch", "rep", "rank")
    return [tuple(chunk.get(key, "") for key in keys) for chunk in chunks]


def _series(old: RunView, new: RunView) -> Iterator[Change]:
    if old.manifest.scalars == new.manifest.scalars:
        return
    tags = sorted({*old.series_tags, *new.series_tags})
    for tag in tags:
        stats: list[dict[str, Any] | None] = []
        ids = []
        for run in (old, new):
            chunks = run.series(tag).chunks if tag in run.series_tags else []
            ids.append(_value_ids(chunks))
            stats.append(_brief(combine(chunks)) if chunks else None)
        if ids[0] != ids[1]:
            yield Change("series", tag, *stats)


def _brief(stats: dict[str, Any]) -> dict[str, Any]:
    return {key: stats[key] for key in ("count", "last", "min", "max", "mean")}


def _media(old: RunView, new: RunView) -> Iterator[Change]:
    if old.manifest.media == new.manifest.media:
        return
    sides = []
    for run in (old, new):
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for item in run.media():
            label = item.name or item.tag or item.kind
            if item.step is not None and item.kind != "file":
                label = f"{label} @ {item.step}"
            entry = {"oid": item.oid, "size": item.size, "mime": item.mime}
            found.setdefault((_MEDIA_KIND[item.kind], label), []).append(entry)
        sides.append(found)
    for key in sorted(sides[0].keys() | sides[1].keys()):
        before, after = sides[0].get(key), sides[1].get(key)
        if [e["oid"] for e in before or []] != [e["oid"] for e in after or []]:
            yield Change(*key, _one(before), _one(after))


def _one(entries: list[dict[str, Any]] | None) -> Any:
    return entries[0] if entries and len(entries) == 1 else entries


def _environment(old: RunView, new: RunView) -> Iterator[Change]:
    if old.manifest.env == new.manifest.env:
        return
    yield from _mappings("env", values.flatten(old.env), values.flatten(new.env))


def _beyond_results(run: RunView) -> dict[str, Any]:
    # Results are in the summary too; one change is one line.
    return {name: value for name, value in run.summary.items() if name not in run.results}


def _inputs(run: RunView) -> dict[str, Any]:
    return {one.name: {"oid": one.oid, "size": one.size} for one in run.inputs}


# Compared by themselves, or no difference at all: that it repeats another run, and the files
# that it imported, which are its code.
_NOT_COMMAND: Final = frozenset(["hparams", "inputs", "modules", "rerun_of"])


def _command(run: RunView) -> dict[str, Any]:
    return {key: value for key, value in run.command.items() if key not in _NOT_COMMAND}


def _labels(run: RunView) -> dict[str, Any]:
    m = run.manifest
    found = {
        "status": m.status, "note": m.notes, "tags": list(run.tags), "color": m.color,
        "project": m.project, "group": m.group, "job_type": m.job_type,
        "commit": run.git.get("commit"), "branch": run.git.get("branch"),
        "dirty": run.git.get("dirty"),
    }  # fmt: skip
    return {key: value for key, value in found.items() if value is not None}


def diff(old: RunView, new: RunView) -> list[Change]:
    """Return what differs, ordered by kind and name.

    Args:
        old: The first run.
        new: The second run.

    Returns:
        One change for each hyperparameter, summary value, result, series, item, input,
        environment fact and label that is not the same in both; none for a run and itself.
    """
    changes: list[Change] = []
    if old.manifest.hparams != new.manifest.hparams:
        changes += _mappings("hparam", values.flatten(old.hparams), values.flatten(new.hparams))
    changes += _mappings("summary", _beyond_results(old), _beyond_results(new))
    changes += _mappings("result", old.results, new.results)
    changes += _series(old, new)
    changes += _media(old, new)
    changes += _environment(old, new)
    changes += _mappings("input", _inputs(old), _inputs(new))
    changes += _mappings("command", _command(old), _command(new))
    changes += _mappings("note", _labels(old), _labels(new))
    return sorted(changes, key=lambda change: (KINDS.index(change.kind), change.name))

"""What differs between two mappings: hyperparameters, summary, results, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from vcs_track.porcelain import values
from vcs_track.porcelain.diff.changes import Change, HparamChange, way_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vcs_track.porcelain.diff.tolerance import Tolerance
    from vcs_track.porcelain.run_view import RunView

__all__ = ["COMMON", "UNIQUE", "command", "hparams", "identity", "labels", "mappings", "summary"]

_MISSING: Final[Any] = object()
_C = TypeVar("_C", bound=Change)

# What no two runs share, and what they may.
UNIQUE: Final = ("id", "name", "created", "ended", "duration")
COMMON: Final = ("status", "project", "group", "job_type", "commit", "branch", "dirty")

# Compared by themselves, or no difference at all: that it repeats another run, and the files
# that it imported, which are its code.
_NOT_COMMAND: Final = frozenset(["hparams", "inputs", "modules", "rerun_of"])


def mappings(
    kind: type[_C], old: Mapping[str, Any], new: Mapping[str, Any],
    tolerance: Tolerance | None = None,
) -> Iterator[_C]:  # fmt: skip
    """Yield a change for each name whose value is not the same in both.

    Args:
        kind: The class of the changes.
        old: The values of the first run.
        new: Those of the second run.
        tolerance: How far numbers may be apart.
    """
    for name in old.keys() | new.keys():
        before, after = old.get(name, _MISSING), new.get(name, _MISSING)
        if values.same(before, after):
            continue
        if tolerance is not None and tolerance.of(name).close(before, after):
            continue
        way = way_of(before, after, _MISSING)
        yield kind(
            name, way, None if way == "added" else before, None if way == "removed" else after
        )


def hparams(old: RunView, new: RunView) -> Iterator[HparamChange]:
    """Yield the hyperparameters that differ; equal documents are not read."""
    if old.manifest.hparams != new.manifest.hparams:
        yield from mappings(HparamChange, values.flatten(old.hparams), values.flatten(new.hparams))


def summary(run: RunView) -> dict[str, Any]:
    """Return the summary of *run* without its results: one change is one line.

    A result that was set to something else by hand is both.
    """
    results = run.manifest.results
    return {
        name: value
        for name, value in run.summary.items()
        if name not in results or not values.same(results[name], value)
    }


def identity(run: RunView, *, everything: bool) -> dict[str, Any]:
    """Return what *run* is; what it has not is left out.

    Args:
        run: The run.
        everything: Whether what no two runs share counts too.
    """
    m = run.manifest
    git = m.git or {}
    found = {
        "id": m.run, "name": m.name, "created": run.created, "ended": run.ended,
        "duration": run.duration, "status": m.status, "project": m.project, "group": m.group,
        "job_type": m.job_type, **{name: git.get(name) for name in ("commit", "branch", "dirty")},
    }  # fmt: skip
    names = (*UNIQUE, *COMMON) if everything else COMMON
    return {name: found[name] for name in names if found[name] is not None}


def labels(run: RunView) -> dict[str, Any]:
    """Return the note, the colour and the tags of *run*."""
    m = run.manifest
    found = {"note": m.notes, "color": m.color, "tags": run.tags}
    return {name: value for name, value in found.items() if value is not None}


def command(run: RunView) -> dict[str, Any]:
    """Return the command of *run*, without what is compared by itself."""
    return {key: value for key, value in run.command.items() if key not in _NOT_COMMAND}

"""A run as facts, each with its kind and name: what tables of many runs are made of."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from vcs_track.porcelain import values
from vcs_track.porcelain.diff import mappings as maps, things
from vcs_track.porcelain.diff.changes import KINDS, Blob
from vcs_track.porcelain.diff.curves import course_of, ids_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from vcs_track.porcelain.run_view import RunView

    Key = tuple[str, str]

__all__ = ["TAGGED", "Fact", "facts_of", "in_order", "shared"]

TAGGED: Final = ("summary", "series", "media", "text")
# What a run manifest names by an id, and the kinds that it decides.
_DOCUMENTS: Final = {
    "hparams": ("hparam",), "scalars": ("series",), "media": ("media", "text", "file"),
    "env": ("env",),
}  # fmt: skip


class Fact(NamedTuple):
    """A value of a run.

    Attributes:
        value: The value, as a change of its kind has it.
        same_as: What is equal where the value is.
    """

    value: Any
    same_as: Any


def shared(runs: Sequence[RunView]) -> frozenset[str]:
    """Return the kinds of which all *runs* have the same, told by ids alone."""
    equal = [
        kinds
        for name, kinds in _DOCUMENTS.items()
        if len({getattr(run.manifest, name) for run in runs}) == 1
    ]
    return frozenset(kind for kinds in equal for kind in kinds)


def facts_of(
    run: RunView, kinds: Collection[str], globs: Sequence[str] = (), *, everything: bool = False
) -> dict[Key, Fact]:
    """Return the facts of *run*, by kind and name.

    Args:
        run: The run.
        kinds: Which kinds are wanted; what is behind others is not read.
        globs: Of summary, series, media and texts only these tags.
        everything: Whether what no two runs share counts too.
    """
    found: dict[Key, Fact] = {}
    for kind in KINDS:
        if kind in kinds:
            for name, fact in _KINDS[kind](run, everything):
                tag = name.partition(" @ ")[0]
                if kind not in TAGGED or not globs or any(fnmatchcase(tag, g) for g in globs):
                    found[kind, name] = fact
    return found


def in_order(keys: Collection[Key]) -> list[Key]:
    """Return kinds and names in the order of a diff."""
    return sorted(keys, key=lambda key: (KINDS.index(key[0]), key[1]))


def _plain(mapping: dict[str, Any]) -> Iterator[tuple[str, Fact]]:
    return ((name, Fact(value, value)) for name, value in mapping.items())


def _series(run: RunView, _: bool) -> Iterator[tuple[str, Fact]]:
    for tag in run.series_tags:
        yield tag, Fact(course_of(run.series(tag).chunks), ids_of(run, tag))


def _stored(kind: str, run: RunView) -> Iterator[tuple[str, Fact]]:
    for (found, label, step), items in things.blobs(run).items():
        if found == kind:
            name = label if step is None else f"{label} @ {step}"
            yield name, Fact(items, [item.oid for item in items])


def _inputs(run: RunView, _: bool) -> Iterator[tuple[str, Fact]]:
    return ((one.name, Fact(Blob(one.oid, one.size, ""), one.oid)) for one in run.inputs)


def _code(run: RunView, _: bool) -> Iterator[tuple[str, Fact]]:
    if run.code is not None:
        yield "tree", Fact(run.git.get("tree") or run.code, run.git.get("tree") or run.code)


_KINDS: Final = {
    "identity": lambda run, everything: _plain(maps.identity(run, everything=everything)),
    "hparam": lambda run, _: _plain(values.flatten(run.hparams)),
    "summary": lambda run, _: _plain(maps.summary(run)),
    "result": lambda run, _: _plain(run.results),
    "series": _series,
    "media": lambda run, _: _stored("media", run),
    "text": lambda run, _: _stored("text", run),
    "file": lambda run, _: _stored("file", run),
    "input": _inputs,
    "env": lambda run, _: _plain(values.flatten(run.env)),
    "command": lambda run, _: _plain(maps.command(run)),
    "label": lambda run, _: _plain(maps.labels(run)),
    "code": _code,
}

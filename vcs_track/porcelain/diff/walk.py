"""Two runs, compared kind by kind.

Manifests are compared id by id: equal ids are equal content and are not read.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from vcs_track.porcelain.diff import mappings as maps
from vcs_track.porcelain.diff.changes import (
    KINDS,
    Change,
    CommandChange,
    IdentityChange,
    LabelChange,
    ResultChange,
    SummaryChange,
)
from vcs_track.porcelain.diff.kinds import kinds_of
from vcs_track.porcelain.diff.result import Diff
from vcs_track.porcelain.diff.tolerance import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.diff.tolerance import Tol
    from vcs_track.porcelain.run_view import RunView

__all__ = ["diff"]


def diff(
    old: RunView, new: RunView, *, only: str | Iterable[str] | None = None,
    tags: str | Iterable[str] | None = None, tol: Tol | None = None, everything: bool = False,
    store: Store | None = None,
) -> Diff:  # fmt: skip
    """Return what differs, ordered by kind and name.

    Args:
        old: The first run.
        new: The second run.
        only: Only these kinds, singular or plural. Default: all.
        tags: Of summary, series, media and texts only these tags, or patterns as ``val/*``.
        tol: Numbers of summary, results and series that are no further apart are the same:
            a distance (``1e-3``), a share of the old value (``"0.5%"``), or one of these for
            each name or pattern. Ints and floats are not told apart then.
        everything: Whether what no two runs share is a difference too: id, name and times.
        store: Where the git repository of both is found. Default: code is not compared.

    Returns:
        One change for each thing that is not the same in both; none for a run and itself.

    Raises:
        InvalidTypeError: If an argument has another type than these.
        InvalidValueError: If there is no such kind, or a tolerance is no number.
    """
    walk = _Walk(old, new, kinds_of(only, KINDS), _globs(tags), tol, everything, store)
    changes = sorted(walk.changes(), key=_place)
    return Diff(old, new, tuple(changes), tuple(walk.notes))


def _globs(tags: str | Iterable[str] | None) -> tuple[str, ...]:
    if tags is None:
        return ()
    return (tags,) if isinstance(tags, str) else tuple(tags)


_ORDER = {kind: place for place, kind in enumerate(KINDS)}


def _place(change: Change) -> tuple[Any, ...]:
    # Step 10 comes after step 9.
    label, step = getattr(change, "label", ""), getattr(change, "step", None)
    return _ORDER[change.kind], label or change.name, -1 if step is None else step, change.name


class _Walk:
    """Goes through two runs."""

    def __init__(
        self, old: RunView, new: RunView, kinds: frozenset[str], globs: tuple[str, ...],
        tol: Tol | None, everything: bool, store: Store | None,
    ) -> None:  # fmt: skip
        self.notes: list[str] = []
        self._sides = (old, new)
        self._kinds = kinds
        self._globs = globs
        self._tolerance = parse(tol)
        self._everything = everything
        self._store = store

    def changes(self) -> Iterator[Change]:
        """Yield what differs, kind by kind."""
        found: list[tuple[str, Callable[[], Iterable[Change]]]] = [
            ("identity", self._identity), ("hparam", lambda: maps.hparams(*self._sides)),
            ("summary", self._summary), ("result", self._results), ("series", self._series),
            ("media", self._stored), ("env", self._env),
            ("input", self._inputs), ("command", self._command),
            ("label", self._labels), ("code", self._code),
        ]  # fmt: skip
        for kind, find in found:
            if kind in self._kinds or (kind == "media" and self._kinds & {"text", "file"}):
                yield from find()

    def _identity(self) -> Iterator[Change]:
        old, new = (maps.identity(run, everything=self._everything) for run in self._sides)
        return maps.mappings(IdentityChange, old, new)

    def _summary(self) -> Iterator[Change]:
        old, new = ({name: value for name, value in maps.summary(run).items() if self._has(name)}
                    for run in self._sides)  # fmt: skip
        return maps.mappings(SummaryChange, old, new, self._tolerance)

    def _has(self, tag: str) -> bool:
        return not self._globs or any(fnmatchcase(tag, glob) for glob in self._globs)

    def _results(self) -> Iterator[Change]:
        old, new = self._sides
        return maps.mappings(ResultChange, old.results, new.results, self._tolerance)

    # What compares the rest is loaded where there is something to compare.

    def _series(self) -> Iterable[Change]:
        if self._alike("scalars"):
            return []
        from vcs_track.porcelain.diff import curves

        return curves.series(*self._sides, self._tolerance, self.notes, self._globs)

    def _stored(self) -> Iterable[Change]:
        if self._alike("media"):
            return []
        from vcs_track.porcelain.diff import things

        found = list(things.stored(*self._sides, self._kinds, self._globs))
        self.notes += things.lacking(found, *self._sides)
        return found

    def _env(self) -> Iterable[Change]:
        if self._alike("env"):
            return []
        from vcs_track.porcelain.diff.environment import environment

        return environment(*self._sides)

    def _inputs(self) -> Iterable[Change]:
        if not any(run.inputs for run in self._sides):
            return []
        from vcs_track.porcelain.diff import things

        return things.inputs(*self._sides, self.notes)

    def _alike(self, document: str) -> bool:
        """Return whether both have the same document, told by its id."""
        old, new = (getattr(run.manifest, document) for run in self._sides)
        return bool(old == new)

    def _command(self) -> Iterator[Change]:
        old, new = map(maps.command, self._sides)
        return maps.mappings(CommandChange, old, new)

    def _labels(self) -> Iterator[Change]:
        old, new = map(maps.labels, self._sides)
        return maps.mappings(LabelChange, old, new)

    def _code(self) -> Iterable[Change]:
        if self._store is None or self._alike("code"):
            return []
        from vcs_track.porcelain.diff.code import code_changes

        return code_changes(self._store, *self._sides, self.notes)

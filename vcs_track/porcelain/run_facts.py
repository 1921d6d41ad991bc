"""A run as a row: every value that a filter, a table or the index can name."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from vcs_track.formats.series import combine
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from vcs_track.formats.manifest import RunManifest
    from vcs_track.formats.series import Chunk

__all__ = ["RunFacts"]

_STATS: Final = ("min", "max", "mean", "last", "first", "count")


class RunFacts:
    """The part of a run view that gives its values by their names."""

    manifest: RunManifest
    hparams: Any
    env: Any
    tags: Any
    duration: Any

    @property
    def _scalars(self) -> dict[str, list[Chunk]]:
        raise AssertionError  # the view has it

    @property
    def faces(self) -> dict[str, Any]:
        """What compatible APIs keep with the run, by their names."""
        found = self.manifest.extra.get("faces")
        return found if isinstance(found, dict) else {}

    @cached_property
    def flat(self) -> dict[str, Any]:
        """Every value that a filter can name, by its full name."""
        row = dict(self.attributes)
        for prefix, group in self.groups.items():
            row.update((f"{prefix}.{key}", value) for key, value in group.items())
        for tag, stats in self.statistics.items():
            row.update((f"metrics.{tag}.{stat}", stats[stat]) for stat in _STATS)
        return {key: value for key, value in row.items() if value is not None}

    @property
    def attributes(self) -> dict[str, Any]:
        """What every run may have, by the names of filters, or None."""
        m = self.manifest
        git = m.git or {}
        return {
            "id": m.run, "name": m.name, "status": m.status, "project": m.project,
            "group": m.group, "job_type": m.job_type, "note": m.notes, "tags": self.tags,
            "created": m.created_us / 1e6, "started": m.created_us / 1e6,
            "ended": None if m.ended_us is None else m.ended_us / 1e6, "duration": self.duration,
            "commit": git.get("commit"), "code": git.get("tree"), "branch": git.get("branch"), "dirty": git.get("dirty"),
            "host": self.env.get("host"), "user": self.env.get("user"),
        }  # fmt: skip

    @property
    def groups(self) -> dict[str, dict[str, Any]]:
        """The values that filters name behind a prefix, without series."""
        m = self.manifest
        return {
            "hparams": values.flatten(self.hparams), "summary": m.summary, "results": m.results,
            "git": m.git or {}, "env": self.machine,
        }  # fmt: skip

    @property
    def statistics(self) -> dict[str, dict[str, Any]]:
        """``min max mean last first count`` and more of each series, by its tag."""
        return {tag: combine(chunks) for tag, chunks in self._scalars.items()}

    @cached_property
    def machine(self) -> dict[str, Any]:
        """The environment as filters see it."""
        # Packages are hundreds of names that hardly anybody filters by.
        env = {key: value for key, value in self.env.items() if key != "packages"}
        python = env.pop("python", None)
        flat = values.flatten(env)
        if isinstance(python, dict):
            flat.update(values.flatten(python, "python."), python=python.get("version"))
        return flat

    def get(self, name: str) -> Any:
        """Return one value by its full name, as a filter sees it.

        Raises:
            KeyError: If the run has no such value.
        """
        return self.flat[name]

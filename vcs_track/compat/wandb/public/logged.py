"""What a run that is read back logged: its rows, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb import history, nested
from vcs_track.compat.wandb.config_values import plain
from vcs_track.compat.wandb.public.samples import chosen, samples_of
from vcs_track.compat.wandb.public.summary import Summary
from vcs_track.compat.wandb.system import system_of
from vcs_track.compat.wandb.term import termerror, termwarn
from vcs_track.errors import NotInstalledError
from vcs_track.formats import typed_json
from vcs_track.porcelain.frames import plain_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run_view import RunView

__all__ = ["Logged"]


class Logged:
    """The part of a run that gives its rows and its summary."""

    _repo: Repository
    _view: RunView
    _face: dict[str, Any]
    _summary: Summary | None
    _rows: list[history.Row] | None

    def _take(self, view: RunView) -> None:
        raise NotImplementedError  # the run has it

    @property
    def summary(self) -> Summary:
        """The summary, nested as it was logged."""
        if self._summary is None:
            found = self._values("")
            ends = history.latest(self._view)
            if ends:
                last = ends[-1]
                found.update(_step=last.step, _timestamp=last.wall, _runtime=last.runtime)
            self._summary = Summary(found, self._set_summary)
        return self._summary

    def _values(self, name: str) -> dict[str, Any]:
        """Return the summary, as far as *name* needs it: rows are only read for ``_step``."""
        if name.startswith("_"):
            return self.summary
        known = history.paths(self._view)
        hidden = system_of(self._face)
        found: dict[str, Any] = {}
        for key, value in self._view.summary.items():
            if key not in hidden:
                nested.put(found, known.get(key, (key,)), value)
        return found

    @property
    def summary_metrics(self) -> dict[str, Any]:
        """The summary, as a plain dictionary."""
        return dict(self.summary)

    def _set_summary(self, values: dict[str, Any]) -> None:
        names = {path: name for name, path in history.paths(self._view).items()}
        found = dict(self._view.manifest.summary_set)
        merged = {name: typed_json.thaw(value) for name, value in found.items()}
        for key, value in values.items():
            leaves = dict(nested.leaves({key: plain(value)}))
            # What was logged keeps its names; what is new is one value, a dictionary or not.
            if leaves.keys() <= names.keys():
                merged.update({names[path]: leaf for path, leaf in leaves.items()})
            else:
                merged[key] = plain(value)
        self._take(self._repo.edit(self._view.id, summary_set=merged))

    @property
    def lastHistoryStep(self) -> int:  # noqa: N802 -- wandb's name
        """The step of the last row, or -1."""
        rows = self._all_rows()
        return rows[-1].step if rows else -1

    @property
    def history_keys(self) -> dict[str, Any]:
        """The keys of the rows."""
        keys: dict[str, Any] = {key: {} for row in self._all_rows() for key in _flat(row)}
        return {"keys": keys, "lastStep": self.lastHistoryStep}

    def _all_rows(self) -> list[history.Row]:
        if self._rows is None:
            self._rows = history.rows(self._view)
        return self._rows

    def scan_history(
        self, keys: Sequence[str] | None = None, page_size: int = 1000, min_step: int = 0,
        max_step: int | None = None, use_cache: bool = False,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        """Yield all rows, flat, by step.

        Args:
            keys: Keys, of which a row must have all. Default: any row, with all of it.
            page_size: Without effect.
            min_step: The first step.
            max_step: The step behind the last one. Default: none.
            use_cache: Without effect.
        """
        del page_size, use_cache
        wanted = None if keys is None else list(keys)
        for row in self._all_rows():
            if row.step < min_step or (max_step is not None and row.step >= max_step):
                continue
            found = _flat(row)
            if wanted is None:
                yield found
            elif all(key in found for key in wanted):
                yield {key: found[key] for key in wanted}

    beta_scan_history = scan_history

    def history(
        self, samples: int | None = 500, keys: Sequence[str] | None = None, x_axis: str = "_step",
        pandas: bool = True, stream: str = "default",
    ) -> Any:  # fmt: skip
        """Return rows, evenly chosen where there are more than wanted.

        The same call returns the same rows each time.

        Args:
            samples: How many rows at most; None for all of them.
            keys: Keys, of which a row must have all; *x_axis* is added to them.
            x_axis: The key that counts.
            pandas: Whether to return a data frame; a list of dictionaries otherwise, and where
                pandas is not installed.
            stream: ``default``, or ``system`` for the samples of the machine.
        """
        if keys is not None and not isinstance(keys, list | tuple):
            termerror("keys must be specified in a list")
            return []
        found: list[dict[str, Any]] = []
        if stream == "system":
            found = chosen(samples_of(self._view, keys), samples)
        elif stream == "default":
            wanted = None if keys is None else list(dict.fromkeys([*keys, x_axis]))
            found = chosen(list(self.scan_history(wanted)), samples)
        if not pandas:
            return found
        names = list(dict.fromkeys(name for row in found for name in row))
        try:
            return plain_frame(names, [[row.get(name) for name in names] for row in found], None)
        except NotInstalledError:
            termwarn("Unable to load pandas, call history with pandas=False", repeat=False)
            return found


def _flat(row: history.Row) -> dict[str, Any]:
    found = {".".join(path): value for path, value in row.leaves.items()}
    return {**found, "_step": row.step, "_timestamp": row.wall, "_runtime": row.runtime}

"""The rows of a run: the one that is being filled, and how it is committed."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.wandb import convert, nested
from vcs_track.compat.wandb.convert import NUMBERS, PLAIN
from vcs_track.compat.wandb.errors import LogDataError
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import InvalidValueError, VcsTrackError
from vcs_track.formats import canonical, typed_json
from vcs_track.porcelain import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vcs_track.compat.wandb.keys import Names
    from vcs_track.compat.wandb.metric import Metrics
    from vcs_track.compat.wandb.tally import Tally
    from vcs_track.porcelain.run import Run

    Path = tuple[str, ...]

__all__ = ["VALUE", "Rows"]

VALUE: Final = "application/vnd.wandb.value+json"
_OWN: Final = ("_step", "_runtime", "_timestamp")
_NUMBERS: Final = (bool, int, float)
_PLANS: Final = 1000


class Rows:
    """Merges what is logged at one step, and commits it as a row.

    Args:
        native: The run of the store.
        names: Names of its series.
        metrics: Its definitions.
        tally: What the summary is told.
        step: The first step.

    Attributes:
        step: Step of the row that is committed next.
        started: Whether a row was committed, or a step was given.
    """

    def __init__(
        self, native: Run, names: Names, metrics: Metrics, tally: Tally, step: int = 0
    ) -> None:
        self.step = step
        self._native = native
        self._names = names
        self._metrics = metrics
        self._tally = tally
        self._lock = threading.RLock()
        self._pending: dict[str, Any] = {}
        # Sets of keys that need nothing but to be written: all are series of their own name.
        self._plans: set[tuple[str, ...]] = set()

    def forget(self) -> None:
        """Look again at what keys need."""
        self._plans.clear()

    def after_fork(self) -> None:
        """Leave the lock and the unfinished row to the parent."""
        self._lock = threading.RLock()
        self._pending = {}

    def log(self, data: Any, step: Any = None, commit: bool | None = None) -> None:
        """Merge *data* into the row, and commit it where that is due.

        Args:
            data: Values by key.
            step: Step of the row. Default: that of the row at hand.
            commit: Whether the row is complete. Default: it is where no step is given.

        Raises:
            LogDataError: If *data* cannot be logged; nothing has changed then.
        """
        with self._lock:
            # The short way: what it costs is paid by each step of a training.
            if (
                step is None
                and commit is not False
                and not self._pending
                and type(data) is dict
                and tuple(data) in self._plans
                and self._write(data)
            ):
                self.step += 1
                return
            self._log(data, step, commit)

    def _log(self, data: Any, step: Any, commit: bool | None) -> None:
        row = _row(data)
        at = self.step if step is None else _step(step)
        if at < self.step:
            termwarn(
                f"Step must only increase in log calls.  Tried to log to step {at} that is less "
                f"than the current step {self.step}. Steps must be monotonically increasing, so "
                f"this data will be ignored; dropping {list(row)!r:.200}"
            )
            return
        if any(key in row for key in _OWN):
            row.pop("_step", None)
            row.pop("_runtime", None)
            if not _is_time(row.get("_timestamp", 0)):
                raise LogDataError("'_timestamp' is no time", hint="give seconds since 1970")
        if not PLAIN.issuperset(map(type, row.values())):
            row = convert.keep(row, self._native, at)
        if at > self.step:
            self.flush()
            self.step = at
        nested.merge(self._pending, row)
        if commit if commit is not None else step is None:
            self.flush()
            self.step += 1

    def flush(self) -> None:
        """Commit the row at hand, if there is one."""
        with self._lock:
            row, self._pending = self._pending, {}
            if row and not (tuple(row) in self._plans and self._write(row)):
                self._write_slowly(row)

    # ---- the store ---------------------------------------------------------------------

    def _write(self, row: dict[str, Any]) -> bool:
        """Append a row whose keys are series; return whether its values are numbers."""
        if not NUMBERS.issuperset(map(type, row.values())):
            return False
        native = self._native
        try:
            if len(row) == 1:
                for key, value in row.items():
                    native.add_scalar(key, value, self.step)
            else:
                native.add_scalars(row, self.step)
        except InvalidValueError:
            return False  # an integer beyond 64 bits, which the long way makes a float
        self._tally.row(self.step, row)
        return True

    def _write_slowly(self, row: dict[str, Any]) -> None:
        given = row.pop("_timestamp", None)
        wall = time.time() if given is None else float(given)
        found = dict(nested.leaves(row))
        self._insert_steps(found)
        numbers: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for path, value in found.items():
            into = numbers if isinstance(value, _NUMBERS) else others
            into[self._names.of(path)] = value
        self._native.add_scalars(numbers, self.step, walltime=given)
        for name, value in others.items():
            self._keep(name, value, wall)
        self._tally.leaves(self.step, found, wall)
        if given is None and not others and self._is_plain(row, found):
            if len(self._plans) > _PLANS:
                self._plans.clear()
            self._plans.add(tuple(row))

    def _keep(self, name: str, value: Any, wall: float) -> None:
        """Keep a value that is no number under the name of its series."""
        if isinstance(value, str):
            data, mime = value.encode("utf-8", "replace"), "text/plain"
        else:
            data, mime = canonical.dumps(typed_json.freeze(value)), VALUE
        meta = {"api": "wandb"}
        self._native.add_item(
            "text", data, mime=mime, tag=name, step=self.step, meta=meta, walltime=wall
        )

    def _insert_steps(self, found: dict[Path, Any]) -> None:
        """Give the row the steps that its keys are counted by, where it lacks them."""
        if not self._metrics:
            return
        for path in list(found):
            metric = self._metrics.of(path)
            wanted = None if metric is None else metric.synced_to
            if wanted is not None and wanted not in found:
                found[wanted] = self._tally.last(wanted, 0)

    def _is_plain(self, row: Mapping[str, Any], found: Mapping[Path, Any]) -> bool:
        """Return whether a row of these keys, if of numbers, is only to be written."""
        return len(row) == len(found) and all(
            len(path) == 1 and self._names.of(path) == path[0] and not self._tally.is_special(path)
            for path in found
        )


def _row(data: Any) -> dict[str, Any]:
    if type(data) is dict and PLAIN.issuperset(map(type, data.values())):
        with suppress(TypeError):
            if all(map(str.isascii, data)) and not any(map(_is_huge, data.values())):
                return dict(data)
    if not hasattr(data, "items") or not hasattr(data, "keys"):
        raise LogDataError(
            "wandb.log must be passed a dictionary", hint="write wandb.log({'loss': 0.5})"
        )
    return convert.row(data)


def _is_huge(number: float) -> bool:
    return type(number) is int and not -(2**63) <= number < 2**64


def _is_time(value: Any) -> bool:
    with suppress(VcsTrackError):
        values.check_walltime(value)
        return True
    return False


def _step(step: Any) -> int:
    if type(step) is int and -(2**62) < step < 2**62:
        return step
    try:
        return values.check_step(step)
    except VcsTrackError:
        raise LogDataError(f"step must be an integer, not {step!r:.40}") from None

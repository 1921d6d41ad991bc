"""One experiment, as Crayon's scripts use it."""

from __future__ import annotations

import math
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track.compat.crayon.refusals import NoFileError, NotJSONError, RefusedError
from vcs_track.errors import RunSealedError
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from vcs_track.compat.crayon.client import CrayonClient
    from vcs_track.compat.crayon.link import Link

__all__ = ["CrayonExperiment"]

_NEEDED: Final = {"bucket", "bucket_limit", "max", "min", "num"}
_SUMS: Final = {"sum", "sum_squares"}
_LOOK: Final = 0.1  # seconds after which a writer looks whether somebody removed its experiment


class CrayonExperiment:
    """Writes and reads one experiment.

    Made by :meth:`CrayonClient.create_experiment` and :meth:`CrayonClient.open_experiment`.
    A call that returned survives the death of the process.

    Attributes:
        client: Its client.
        xp_name: Its name.
        scalar_steps: The next step of each series of this object.
        hist_steps: The next step of each series of histograms of this object.
    """

    def __init__(
        self,
        xp_name: str,
        client: CrayonClient,
        zip_file: str | Path | None = None,
        create: bool = False,
    ) -> None:
        self.client = client
        self.xp_name = xp_name
        self.scalar_steps: defaultdict[Any, int] = defaultdict(int)
        self.hist_steps: defaultdict[Any, int] = defaultdict(int)
        self._link: Link = client._link  # noqa: SLF001 -- the two are one interface
        self._parity = client.parity
        self._tags: dict[str, str] = {}
        self._until = 0.0
        self._clock = time.monotonic
        self._point: Any = None
        if zip_file:
            if not create:
                raise RefusedError("an archive makes a new experiment", hint="use create=True")
            self._link.restore(xp_name, _content(zip_file))
            if not self._parity:
                self._count_on()
        elif create:
            self._link.create(xp_name)
        else:
            self._count_on()

    def _count_on(self) -> None:
        last = self._link.last_steps(self.xp_name)
        for steps, kind in ((self.scalar_steps, "scalars"), (self.hist_steps, "histograms")):
            steps.update((name, step + 1) for name, step in last[kind].items())

    # ---- scalars -----------------------------------------------------------------------

    def get_scalar_names(self) -> list[str]:
        """Return the names of the series that have points, in any order."""
        return self._link.details(self.xp_name)["scalars"]

    def add_scalar_value(
        self, name: str, value: float, wall_time: float = -1, step: int = -1
    ) -> None:
        """Append a point.

        Args:
            name: The series, any text.
            value: A number.
            wall_time: Seconds since 1970 UTC. -1: now.
            step: Step. -1: the one after the last that this object gave to the series.

        Raises:
            TypeError: If the step is no number, or the value is none of JSON.
            ValueError: If the value is no number, the name is empty, or the experiment was
                removed.
        """
        if step == -1:
            step = self.scalar_steps[name]
        self.scalar_steps[name] = step + 1
        # The short way: a float under a name that is known. What it costs is paid by each
        # point of a training.
        if wall_time == -1 and type(value) is float:
            tag = self._tags.get(name)
            if tag is not None and self._clock() < self._until:
                try:
                    self._point(tag, value, step)
                except (RunSealedError, TypeError, ValueError):
                    pass  # the other way says it in Crayon's words, or opens the run again
                else:
                    return
        self._add_scalar(name, value, wall_time, step)

    def _add_scalar(self, name: Any, value: Any, wall_time: Any, step: Any) -> None:
        self._refuse_strange([wall_time, step, value])
        # The store keeps microseconds.
        wall = time.time_ns() // 1000 / 1e6 if wall_time == -1 else wall_time
        record = self._link.add_scalar(self.xp_name, str(name), [wall, step, value])
        if record is not None and not self._parity:
            self._tags = record.tags
            self._point = record.run().add_scalar
            self._until = self._clock() + _LOOK

    def _refuse_strange(self, numbers: list[Any]) -> None:
        """Refuse what today's `requests` does, where that is asked for."""
        if self._parity and any(isinstance(n, float) and not math.isfinite(n) for n in numbers):
            raise NotJSONError("Out of range float values are not JSON compliant")

    def add_scalar_dict(
        self, data: dict[str, float], wall_time: float = -1, step: int = -1
    ) -> None:
        """Append a point to each series named in *data*, in its order.

        Args:
            data: Values by name.
            wall_time: As in :meth:`add_scalar_value`.
            step: As in :meth:`add_scalar_value`.

        Raises:
            ValueError: If a name is no text; what stands before it is kept.
        """
        for name, value in data.items():
            if not isinstance(name, str):
                raise RefusedError(f"Scalar name should be a string, got: {name}.")
            self.add_scalar_value(name, value, wall_time, step)

    def get_scalar_values(self, name: str) -> list[list[Any]]:
        """Return wall time, step and value of each point, in order of arrival.

        Raises:
            ValueError: If the series has no data.
        """
        return self._link.scalars(self.xp_name, str(name))

    # ---- histograms --------------------------------------------------------------------

    def get_histogram_names(self) -> list[str]:
        """Return the names of the series that have histograms, in any order."""
        return self._link.details(self.xp_name)["histograms"]

    def add_histogram_value(
        self,
        name: str,
        hist: dict[str, Any] | list[float],
        tobuild: bool = False,
        wall_time: float = -1,
        step: int = -1,
    ) -> None:
        """Append a histogram.

        Args:
            name: The series, any text.
            hist: With *tobuild* a list of numbers. Else a dictionary with ``min``, ``max``,
                ``num``, ``bucket_limit`` (the right limit of each bucket), ``bucket`` (what is
                in each), and if known ``sum`` and ``sum_squares``.
            tobuild: Whether the histogram is still to be built.
            wall_time: As in :meth:`add_scalar_value`.
            step: -1: the one after the last that this object gave to the series.

        Raises:
            ValueError: If *hist* is none of that, or the experiment was removed.
        """
        step = self._step_of_histogram(name, step)
        sound = isinstance(hist, list) if tobuild else _is_histogram(hist)
        if not sound:
            raise RefusedError("Data was not provided in a valid format!")
        wall = time.time() if wall_time == -1 else wall_time
        self._link.add_histogram(self.xp_name, str(name), [wall, step, hist], to_build=tobuild)

    def _step_of_histogram(self, name: Any, step: Any) -> Any:
        # The original counts histograms with the scalars, and an explicit step is given twice.
        steps = self.scalar_steps if self._parity else self.hist_steps
        given = step != -1
        if not given:
            step = steps[name]
        steps[name] = step if given and self._parity else step + 1
        return step

    def get_histogram_values(self, name: str) -> list[list[Any]]:
        """Return wall time, step and histogram of each, in order of arrival.

        A histogram is a list: min, max, num, sum, sum_squares, the limits, the buckets.

        Raises:
            ValueError: If the series has no data.
        """
        return self._link.histograms(self.xp_name, str(name))

    # ---- archives ----------------------------------------------------------------------

    def to_zip(self, filename: str | Path | None = None, *, exact: bool = False) -> str:
        """Write the experiment to a zip; return its name.

        Args:
            filename: ``.zip`` is appended always. Default: a name with the experiment's and
                the time, in the current folder.
            exact: Whether the data goes along as it is too. Event files have numbers of 32
                bits.

        Raises:
            ValueError: If the experiment was removed.
        """
        data = self._link.backup(self.xp_name, exact=exact)
        chosen = os.fspath(filename) if filename else ""
        if not chosen:
            # The name is data: it must not lead out of the folder.
            chosen = f"backup_{_as_file(self.xp_name)}_{time.time()}"
        path = f"{chosen}.zip"
        with fsio.storage_errors(f"write '{path}'"):
            fsio.replace(Path(path).absolute(), data)
        return path


def _content(zip_file: str | Path) -> bytes:
    path = Path(zip_file)
    try:
        return fsio.read(path)
    except FileNotFoundError:
        raise NoFileError(f"there is no archive '{path}'") from None
    except OSError as error:
        with fsio.storage_errors(f"read '{path}'"):
            raise error from None


def _as_file(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_. " else "-" for c in name)[:100]


def _is_histogram(hist: object) -> bool:
    if not isinstance(hist, dict):
        return False
    return hist.keys() >= _NEEDED and hist.keys() <= _NEEDED | _SUMS

"""Numbers of the machine that a run took place on, beside its rows.

They are series named ``system/...``, which no row has; which ones they are is kept with the
run, so that a key of the same name is another series.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vcs_track.porcelain.load import Load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vcs_track.compat.wandb.keys import Names
    from vcs_track.porcelain.run import Run as Native

__all__ = ["PREFIX", "System", "sampler", "system_of"]

PREFIX: Final = "system:"
_INTERVAL: Final = 15.0  # seconds between two samples, as in wandb


def system_of(facts: Any) -> dict[str, str]:
    """Return the keys that *facts* keep, by the name of the series."""
    if not isinstance(facts, dict):
        return {}
    return {
        name.removeprefix(PREFIX): key
        for name, key in facts.items()
        if name.startswith(PREFIX) and isinstance(key, str)
    }


class System:
    """Writes samples.

    Args:
        native: The run of the store.
        names: Names of its series.
        tell: Is called with the name of a series and its key.
        known: Keys by name of series, from before this process.
    """

    def __init__(
        self, native: Native, names: Names, tell: Callable[[str, str], None],
        known: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._native = native
        self._names = names
        self._tell = tell
        self._by_key = {key: name for name, key in (known or {}).items()}

    def add(self, sample: Mapping[str, float], walltime: float | None = None) -> None:
        """Write a sample.

        Args:
            sample: Numbers by key.
            walltime: When it was taken, seconds since 1970 UTC. Default: now.
        """
        row = {self._name(key): value for key, value in sample.items()}
        native = self._native
        with native._lock:  # noqa: SLF001 -- of one mechanism with it
            last = native._last_step  # noqa: SLF001 -- a sample is no step of the training
            native.add_scalars(row, walltime=walltime)
            native._last_step = last  # noqa: SLF001 -- as above

    def _name(self, key: str) -> str:
        name = self._by_key.get(key)
        if name is None:
            name = self._by_key[key] = self._names.reserve(f"system/{key}")
            self._tell(name, key)
        return name


def sampler(settings: Any, system: System) -> tuple[float, Callable[[], None]] | None:
    """Return the seconds between two samples and what takes one, or None.

    They are where a setting asks for it: one that switches them on, or their interval.

    Args:
        settings: The settings of a run.
        system: What writes them.
    """
    off, interval = settings.x_disable_stats, settings.x_stats_sampling_interval
    if off or (off is None and interval is None):
        return None
    load = Load()
    load.sample()  # what is counted, is counted from here on
    return interval or _INTERVAL, lambda: system.add(load.sample())

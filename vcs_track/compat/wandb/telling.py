"""What a run is told beside its rows, and the words that only a server would use."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vcs_track.compat.wandb.errors import MissingNameError
from vcs_track.compat.wandb.facts import FACE, Facts
from vcs_track.compat.wandb.past import Past

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from vcs_track.compat.wandb.alerts import AlertLevel, Alerts
    from vcs_track.compat.wandb.console import Console
    from vcs_track.compat.wandb.history import Row
    from vcs_track.compat.wandb.run_config import Config

__all__ = ["RunHistory", "RunStatus", "StaticConfig", "Telling"]


@dataclass(frozen=True, slots=True)
class RunStatus:
    """How much is still to be sent: nothing.

    Attributes:
        sync_items_total: 0.
        sync_items_pending: 0.
        sync_time: None.
    """

    sync_items_total: int = 0
    sync_items_pending: int = 0
    sync_time: None = None


class StaticConfig:
    """The configuration, to be read only.

    Args:
        config: The configuration.
    """

    def __init__(self, config: Config) -> None:
        object.__setattr__(self, "_config", config)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._config, name)

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __setattr__(self, name: str, value: object) -> None:
        raise MissingNameError("Error: wandb.run.config_static is a readonly object")

    __setitem__ = __setattr__

    def keys(self) -> list[str]:
        """Return the names."""
        return list(self._config.keys())

    def __str__(self) -> str:
        return str(self._config)


class RunHistory:
    """The rows of a run, as scripts of wandb 0.10 have them.

    Args:
        step: Returns the step of the next row.
        log: Logs a row.
        rows: Returns the rows that are committed.
    """

    def __init__(
        self,
        step: Callable[[], int],
        log: Callable[[Mapping[str, Any]], None],
        rows: Callable[[], list[Row]],
    ) -> None:
        self._next = step
        self._log = log
        self._rows = rows

    @property
    def _step(self) -> int:
        return self._next()

    def add(self, d: Mapping[str, Any]) -> None:
        """Log a row."""
        self._log(d)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (row.to_dict() for row in self._rows())

    def __len__(self) -> int:
        return len(self._rows())


class Telling(Facts):
    """The part of a run that takes words."""

    config: Config
    _alerts: Alerts
    _console: Console
    _single: dict[str, dict[str, Any]]
    _log: Callable[..., None]

    def alert(
        self,
        title: str,
        text: str,
        level: str | AlertLevel | None = None,
        wait_duration: float | timedelta | None = None,
    ) -> None:
        """Keep an alert with the run, and say it on standard error.

        Args:
            title: What it is about.
            text: What there is to say.
            level: ``INFO``, ``WARN`` or ``ERROR``.
            wait_duration: Seconds in which the same title is kept, and not said again.
                Default: 60.

        Raises:
            ValueError: If the level is another one.
            TypeError: If *wait_duration* is no time.
        """
        self._check("alert")
        self._alerts.alert(title, text, level, wait_duration, self.step)

    def mark_preempting(self) -> None:
        """Keep with the run that it is about to be stopped from outside."""
        self._check("mark_preempting")
        self._native.set_face(FACE, preempting=True)

    def status(self) -> RunStatus:
        """Return that nothing is left to be sent."""
        self._check("status")
        return RunStatus()

    def write_logs(self, text: str) -> None:
        """Add a line to the console output of the run."""
        self._check("write_logs")
        self._console.take(1, f"{text}\n")

    def pin_config_keys(self, keys: Sequence[str]) -> None:
        """Keep with the run which values of the configuration matter most."""
        self._check("pin_config_keys")
        self._native.set_face(FACE, pinned=list(map(str, keys)))

    @property
    def config_static(self) -> StaticConfig:
        """The configuration, to be read only."""
        return StaticConfig(self.config)

    @property
    def history(self) -> RunHistory:
        """The rows that are committed."""
        return RunHistory(
            lambda: self.step, self._log, lambda: Past.of(self._native.view()).rows()
        )

    def display(self, height: int = 420, hidden: bool = False) -> Literal[False]:
        """Return False: there is no page to show."""
        del height, hidden
        return False

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return the run as a line of HTML."""
        del height, hidden
        return f"<p>run <code>{html.escape(self.path)}</code> {html.escape(self.name)}</p>"

    def _repr_html_(self) -> str:
        return self.to_html()

    def _label(self, *args: object, **kwargs: object) -> None:
        """Do nothing: nobody counts which frameworks are used."""

    def _add_singleton(self, data_type: str, key: str, value: Any) -> None:
        """Keep *value* once for all rows, in a part of the configuration that is not shown."""
        known = self._single.setdefault(str(data_type), {})
        if known.get(key) != value:
            known[key] = value
            self._native.set_face(FACE, singletons=self._single)

    # ---- pages of a server -------------------------------------------------------------

    @property
    def url(self) -> None:
        """None: there is no page."""
        return

    @property
    def project_url(self) -> None:
        """None: there is no page."""
        return

    @property
    def sweep_url(self) -> None:
        """None: there is no page."""
        return

    def get_url(self) -> None:
        """Return None: there is no page."""
        return

    def get_project_url(self) -> None:
        """Return None: there is no page."""
        return

    def get_sweep_url(self) -> None:
        """Return None: there is no page."""
        return

"""The run of disabled mode: takes every call, writes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Self

from vcs_track.compat.wandb import state
from vcs_track.compat.wandb.errors import MissingKeyError
from vcs_track.compat.wandb.names import generate_id
from vcs_track.compat.wandb.run import Run
from vcs_track.compat.wandb.run_config import Config
from vcs_track.compat.wandb.settings import Settings
from vcs_track.compat.wandb.telling import RunStatus

__all__ = ["NoopRun", "Nothing", "PlainSummary"]

_DUMMY = "dummy"


class Nothing:
    """Whatever is asked of it, it answers with itself."""

    def __getattr__(self, name: str) -> Self:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: object, **kwargs: object) -> Self:
        """Return itself."""
        del args, kwargs
        return self

    def __getitem__(self, key: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None: ...


class PlainSummary(dict[str, Any]):
    """A dictionary whose values are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise MissingKeyError(f"{name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self.pop(name, None)

    @property
    def _json_dict(self) -> dict[str, Any]:
        return dict(self)


class NoopRun(Run):
    """A run that is none.

    Args:
        settings: What was asked for.
        config: The configuration.

    Example:
        >>> from vcs_track.compat import wandb
        >>> run = wandb.init(mode="disabled", config={"lr": 0.1})
        >>> run.log({"loss": 0.5})
        >>> run.summary["loss"], run.config.lr, run.project
        (0.5, 0.1, 'dummy')
        >>> run.finish()
    """

    def __init__(self, settings: Settings, config: dict[str, Any]) -> None:  # pylint: disable=super-init-not-called
        run_id = generate_id()
        kept = Config(may_change=bool(settings.allow_val_change))
        kept._items.update(config)  # noqa: SLF001 -- it is new
        self.__dict__.update(
            _id=run_id, _given=settings, _finished=False, _start_time=0.0, _exit_code=None,
            summary=PlainSummary(), config=kept,
        )  # fmt: skip

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)

    # ---- what it is --------------------------------------------------------------------

    id = property(lambda self: self._id)
    name = property(lambda self: f"{_DUMMY}-{self._id}")
    project = property(lambda _: _DUMMY)
    entity = property(lambda _: _DUMMY)
    path = property(lambda self: f"{_DUMMY}/{_DUMMY}/{self._id}")
    notes = property(lambda _: None)
    tags = property(lambda _: ())
    group = property(lambda _: "")
    job_type = property(lambda _: "")
    sweep_id = property(lambda _: None)
    step = property(lambda _: 0)
    starting_step = property(lambda _: 0)
    start_time = property(lambda self: self._start_time)
    resumed = property(lambda _: False)
    disabled = property(lambda _: True)
    offline = property(lambda _: False)
    mode = property(lambda _: "dryrun")
    settings = property(lambda self: self._given.copy())
    _settings = property(lambda self: self._given)

    def project_name(self) -> str:
        """Return ``dummy``."""
        return _DUMMY

    @property
    def dir(self) -> str:
        """A path in the temporary folder, which is not made."""
        return str(Path(tempfile.gettempdir()) / f"wandb-{_DUMMY}-{self._id}" / "files")

    @property
    def sync_dir(self) -> str:
        """The folder above :attr:`dir`."""
        return str(Path(self.dir).parent)

    @property
    def history(self) -> Any:
        """No rows."""
        return Nothing()

    # ---- what it takes -----------------------------------------------------------------

    def log(self, data: Any, step: Any = None, commit: Any = None, sync: Any = None) -> None:
        """Set values of the summary."""
        del step, commit, sync
        self.summary.update(data)

    def define_metric(self, *args: Any, **kwargs: Any) -> Any:
        """Do nothing."""
        del args, kwargs
        return Nothing()

    def save(self, *args: Any, **kwargs: Any) -> bool:
        """Do nothing; return False."""
        del args, kwargs
        return False

    def status(self) -> RunStatus:
        """Return that nothing is left to be sent."""
        return RunStatus()

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End it."""
        del quiet
        self._end("finished", exit_code=exit_code)

    def _end(self, status: str, **facts: Any) -> None:
        del status
        self._finished = True
        self._exit_code = facts.get("exit_code")
        state.closed(self)


def _none(self: NoopRun, *args: Any, **kwargs: Any) -> None:
    """Do nothing."""
    del self, args, kwargs


def _nothing(self: NoopRun, *args: Any, **kwargs: Any) -> Nothing:
    """Do nothing; return what answers with itself."""
    del self, args, kwargs
    return Nothing()


for _name in (
    "alert", "link_artifact", "link_model", "log_code", "mark_preempting", "pin_config_keys",
    "plot_table", "restore", "unwatch", "use_artifact", "use_model", "watch", "write_logs",
    "_label", "_add_singleton",
):  # fmt: skip
    setattr(NoopRun, _name, _none)
for _name in ("log_artifact", "log_model", "upsert_artifact", "finish_artifact"):
    setattr(NoopRun, _name, _nothing)

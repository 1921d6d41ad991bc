"""The run of disabled mode: takes every call, writes nothing."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from vcs_track.compat.wandb import state
from vcs_track.compat.wandb.errors import MissingKeyError
from vcs_track.compat.wandb.names import generate_id
from vcs_track.compat.wandb.run import Run
from vcs_track.compat.wandb.run_config import Config
from vcs_track.compat.wandb.telling import RunStatus

if TYPE_CHECKING:
    from vcs_track.compat.wandb.wanted import Wanted

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
        wanted: What was asked for.
        config: The configuration.

    Example:
        >>> from vcs_track.compat import wandb
        >>> run = wandb.init(mode="disabled", config={"lr": 0.1})
        >>> run.log({"loss": 0.5})
        >>> run.summary["loss"], run.config.lr, run.project
        (0.5, 0.1, 'dummy')
        >>> run.finish()
    """

    def __init__(self, wanted: Wanted, config: dict[str, Any]) -> None:  # pylint: disable=super-init-not-called
        run_id = wanted.id or generate_id()
        kept = Config(may_change=bool(wanted.settings.allow_val_change))
        kept._adopt(config)  # noqa: SLF001 -- it is new
        self.__dict__.update(
            _wanted=wanted, _finished=False, _exit_code=None, _id=run_id,
            _name=wanted.name or f"{_DUMMY}-{run_id}", _project=wanted.project or _DUMMY,
            _entity=wanted.entity or _DUMMY, _tags=wanted.tags, _notes=wanted.notes,
            _start_time=time.time(), summary=PlainSummary(), config=kept,
        )  # fmt: skip

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("name", "notes", "tags"):
            name = f"_{name}"
        if name.startswith("_"):
            object.__setattr__(self, name, value)

    # ---- what it is --------------------------------------------------------------------

    name = property(lambda self: self._name)
    entity = property(lambda self: self._entity)
    notes = property(lambda self: self._notes)
    tags = property(lambda self: self._tags)
    step = property(lambda _: 0)
    starting_step = property(lambda _: 0)
    resumed = property(lambda _: False)
    disabled = property(lambda _: True)

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

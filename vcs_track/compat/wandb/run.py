"""A run as wandb's scripts use it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final, Self

from vcs_track.compat.wandb import ending, folder as folders, state
from vcs_track.compat.wandb.alerts import Alerts
from vcs_track.compat.wandb.artifacts.of_run import RunArtifacts
from vcs_track.compat.wandb.console import LOG, Console
from vcs_track.compat.wandb.errors import Error
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.filing import Filing
from vcs_track.compat.wandb.ledger import Ledger
from vcs_track.compat.wandb.past import Past
from vcs_track.compat.wandb.pulse import Pulse
from vcs_track.compat.wandb.rows import Rows
from vcs_track.compat.wandb.run_config import Config
from vcs_track.compat.wandb.run_summary import Summary
from vcs_track.compat.wandb.saved import SavedFiles
from vcs_track.compat.wandb.system import System, sampler
from vcs_track.compat.wandb.tally import Tally
from vcs_track.compat.wandb.telling import Telling
from vcs_track.compat.wandb.term import termwarn
from vcs_track.compat.wandb.watching import Watches
from vcs_track.errors import RunSealedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from vcs_track.compat.wandb.folder import Folder
    from vcs_track.compat.wandb.metric import Metric, Metrics
    from vcs_track.compat.wandb.sweeps.rungs import Judge
    from vcs_track.compat.wandb.tensorboard import Mirror
    from vcs_track.compat.wandb.wanted import Wanted
    from vcs_track.porcelain.run import Run as Native

__all__ = ["Run"]

_FLUSH: Final = 1.0  # seconds between two flushes of the console output
_LOOK: Final = 5.0  # seconds between two looks at files that are saved live


class Run(Filing, Telling, RunArtifacts):
    """An experiment that is going on, made by :func:`init`.

    A row that is committed survives the death of the process. As a context manager the run
    finishes itself, with exit code 1 when the body raises.

    Args:
        native: The run of the store.
        wanted: What was asked for.
        folder: Its folder.
        past: What is known of it from before this process.
        resumed: Whether it goes on.

    Attributes:
        config: The configuration.
        summary: The summary.

    Example:
        >>> import os, tempfile
        >>> from vcs_track.compat import wandb
        >>> os.chdir(tempfile.mkdtemp())
        >>> run = wandb.init(project="demo", config={"lr": 0.1}, settings={"silent": True})
        >>> for step in range(3):
        ...     wandb.log({"loss": 1 / (step + 1)})
        >>> run.finish()
        >>> dict(run.config), run.summary["loss"]
        ({'lr': 0.1}, 0.3333333333333333)
    """

    config: Config
    summary: Summary
    _ledger: Ledger
    _metrics: Metrics
    _tally: Tally
    _ending: ending.Ending
    _written: list[str]
    _exit_code: int | None
    _init_pid: int
    _mirror: Mirror | None
    _pulse: Pulse
    _system: System
    _judge: Judge | None
    _watches: Watches

    def __init__(
        self, native: Native, wanted: Wanted, folder: Folder, past: Past, *, resumed: bool
    ) -> None:
        now = time.time()
        put = self.__dict__
        put.update(
            _native=native, _init_pid=os.getpid(), _wanted=wanted, _folder=folder, _finished=False, _resumed=resumed,
            _id=wanted.id, _name=native.name, _tags=wanted.tags or past.tags,
            _notes=past.notes if wanted.notes is None else wanted.notes,
            _project=wanted.project, _start_time=now - past.runtime, _exit_code=None,
            _first_step=past.next_step, _written=list(past.written), _alerts=Alerts(native),
            _mirror=None, _judge=None, _watches=Watches(lambda data: self._log(data, commit=False)),
            _single=dict(past.facts.get("singletons", {})),
            _saved_files=SavedFiles(native, folder, wanted.settings.ignore_globs or ()),
            _console=Console(native, folder.files / LOG), _pulse=Pulse(),
        )  # fmt: skip
        names = past.names(native)
        metrics = past.metrics(native)
        tally = Tally(metrics, now - past.runtime, follows=wanted.settings.summary_follows_log)
        past.fill(tally)
        put.update(
            _names=names, _system=past.system(native, names), _metrics=metrics, _tally=tally,
            _rows=Rows(native, names, metrics, tally, past.next_step),
        )  # fmt: skip
        put["_ledger"] = Ledger(
            native, names, tally, lambda: self._check("summary"), self._rows.forget
        )
        put["summary"] = Summary(self._ledger)
        put["config"] = Config(
            self._tell_config,
            lambda: self._check("config"),
            may_change=bool(wanted.settings.allow_val_change),
        )
        put["_ending"] = ending.watched(self)

    def _look_after(self) -> None:
        """Begin what goes on beside the script."""
        self._console.listen(self._wanted.settings.console or "auto")
        if self._console.listens:
            self._pulse.every(_FLUSH, self._console.flush)
        wanted = sampler(self._wanted.settings, self._system)
        if wanted is not None:
            self._pulse.every(*wanted)
        self._pulse.every(_LOOK, self._saved_files.look)

    def _tell_config(self, values: Mapping[str, Any]) -> None:
        self._native.add_hparams(values)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        elif name in ("config", "summary"):
            raise AttributeError(f"'{name}' of a run cannot be replaced; use {name}.update()")
        else:
            raise Error(f"Attribute {name} is not supported on Run object.")

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return _attached, (self._id,)

    def __repr__(self) -> str:
        return f"<wandb.Run {self.path} '{self._name}'>"

    # ---- rows --------------------------------------------------------------------------

    def log(
        self,
        data: Mapping[str, Any],
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,
    ) -> None:
        """Log values at a step.

        Args:
            data: Values by key: numbers, texts, lists, nested dictionaries, media.
            step: The step. Default: that of the row at hand. A smaller one than that is
                dropped with a warning.
            commit: Whether the row is complete. Default: it is where no step is given.
            sync: Without effect.

        Raises:
            LogDataError: If *data* cannot be logged, which is a ValueError and a TypeError;
                nothing has changed then.
            UsageError: If the run is finished.
            EarlyStop: If its sweep ends it early, after the values are logged.
        """
        del sync
        if self._finished:
            self._refuse("log")
        if step is not None and self._mirror is not None:
            termwarn(
                "Step cannot be set when using tensorboard syncing. Please log your step values "
                "as a metric such as 'global_step'",
                repeat=False,
            )
            step = None
        try:
            self._rows.log(data, step, commit)
        except RunSealedError:
            self._refuse("log")  # another thread has just finished it
        if self._judge is not None:
            self._judge.look(data)

    def _log(
        self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None
    ) -> None:
        self.log(data, step, commit)

    def _mirrored(self, data: Mapping[str, Any]) -> None:
        """Log a row that was written for TensorBoard."""
        self._rows.log(data, None, True)

    def watch(
        self,
        models: Any,
        criterion: Any = None,
        log: str | None = "gradients",
        log_freq: int = 1000,
        idx: int | None = None,
        log_graph: bool = False,
    ) -> None:
        """Log histograms of gradients and parameters while models are trained.

        Args:
            models: Models of torch, one or several.
            criterion: Without effect.
            log: ``gradients``, ``parameters``, ``all`` or None.
            log_freq: They are logged every so many passes.
            idx: Number of the model. Default: how many there are before it.
            log_graph: Without effect.

        Raises:
            Error: If the program does not use torch.
            ValueError: If *log* is another word, or a model is watched already.
            TypeError: If a model is none of torch.
        """
        del criterion, log_graph
        self._check("watch")
        self._watches.watch(models, log, log_freq, idx)

    def unwatch(self, models: Any = None) -> None:
        """Log nothing more of *models*, or of any."""
        self._check("unwatch")
        self._watches.unwatch(models)

    def define_metric(
        self,
        name: str,
        step_metric: str | Metric | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> Metric:
        """Say how a key is counted and summed up.

        Args:
            name: The key, or its beginning and a ``*``.
            step_metric: Key that counts its steps.
            step_sync: Whether rows that lack that key get its last value. Default: yes.
            hidden: Whether it is left out of charts.
            summary: ``min``, ``max``, ``mean``, ``last``, ``first``, ``best``, ``none`` or
                ``copy``, several with commas.
            goal: ``minimize`` or ``maximize``, for ``best``.
            overwrite: Whether an earlier definition is forgotten.

        Raises:
            Error: If an argument cannot be used.
        """
        self._check("define_metric")
        metric = self._metrics.define(
            name,
            step_metric=getattr(step_metric, "name", step_metric),
            step_sync=step_sync, hidden=hidden, summary=summary, goal=goal, overwrite=overwrite,
        )  # fmt: skip
        self._rows.forget()
        missing = self._tally.uncounted()
        if missing:
            rows = Past.of(self._native.view())
            for path in missing:
                self._tally.count(path, rows.values(path))
        return metric

    # ---- the end -----------------------------------------------------------------------

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End the run; harmless when repeated.

        Args:
            exit_code: 0 is ``finished``, anything else ``failed``. Default: 0.
            quiet: Without effect.
        """
        del quiet
        code = 0 if exit_code is None else int(exit_code)
        self._end("finished" if code == 0 else "failed", exit_code=code)

    def join(self, exit_code: int | None = None) -> None:
        """End the run, as :meth:`finish`."""
        self.finish(exit_code)

    def _end(self, status: str, **facts: Any) -> None:
        """End the run with a status of the store."""
        with state.lock:
            if self._finished:
                return
            # A forked child says nothing about the end of the run, which is its parent's.
            own = self._init_pid == os.getpid()
            try:
                self._watches.unwatch()
                if self._mirror is not None:
                    self._mirror.flush()
                self._rows.flush()
                if own:
                    self._pulse.stop()
                    self._console.close()
                    self._complete(facts.get("exit_code"))
            finally:
                self._finished = True
                self._exit_code = facts.get("exit_code")
                state.closed(self)
                ending.forget(self._ending)
                told = facts if own else {"error": facts.get("error", "")}
                self._native.finish(status, **told)
                if own:
                    self._pulse.join()
                if own and status == "finished" and self._wanted.resume == "auto":
                    folders.forget(self._wanted.settings.root_dir, self._id)

    def _complete(self, code: int | None) -> None:
        """Write what only the end knows."""
        tally = self._tally
        self.config._settle()  # noqa: SLF001 -- a part of the run
        written = self._ledger.complete(self._written)
        self._saved_files.complete()
        self._native.set_face(
            FACE, exit_code=code, written=written,
            by_hand=[list(path) for path in tally.by_hand],
            removed=[list(path) for path in tally.removed],
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if error is None:
            self.finish()
        else:
            self._end(**ending.facts_of(error))


def _attached(run_id: str) -> Run:
    """Return the open run of this process with an id: what a copied run means.

    Raises:
        Error: If there is none; a run cannot travel to another process.
    """
    for run in state.active():
        if run.id == run_id:
            return run
    raise Error(f"run '{run_id}' is not open in this process")

"""Sweeps: a function is called, or a program started, with one choice after the other.

The sweep and how many choices were taken stand in a file of the repository, so that several
agents share one sweep.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track import api, environ
from vcs_track.compat.wandb import site
from vcs_track.compat.wandb.errors import BadValueError
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.names import generate_id
from vcs_track.compat.wandb.restoring import find_run
from vcs_track.compat.wandb.state import active
from vcs_track.compat.wandb.sweeps import command, plan
from vcs_track.compat.wandb.sweeps.book import Book
from vcs_track.compat.wandb.sweeps.rungs import EarlyStop
from vcs_track.compat.wandb.term import termerror, termlog
from vcs_track.errors import RepositoryNotFoundError, VcsTrackError
from vcs_track.formats import canonical
from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vcs_track.compat.wandb.sweeps.book import Entry
    from vcs_track.porcelain.repository import Repository

__all__ = ["Failures", "agent", "sweep"]

_FIRST: Final = 5  # failures at the beginning, or three within a minute, end an agent
_MANY: Final = 3
_MINUTE: Final = 60.0
_PATIENCE: Final = 30.0  # seconds that a program has to end when it is asked to
_PATH: Final = "PYTHONPATH"


def sweep(
    sweep: Any, entity: str | None = None, project: str | None = None,
    prior_runs: Sequence[str] | None = None,
) -> str:  # fmt: skip
    """Keep what a sweep is made of; return its id.

    Args:
        sweep: A dictionary with ``method`` (``grid`` or ``random``) and ``parameters``, or a
            function that returns one.
        entity: Without effect.
        project: Project of its runs. Default: that of the sweep, or of each run.
        prior_runs: Ids of runs that belong to it too.

    Raises:
        BadValueError: If it has no parameters, or a part of it cannot be used; nothing is kept
            then.
        RunNotFoundError: If one of *prior_runs* is not there.
        UnsupportedError: If its method is another one.
    """
    del entity
    config = plan.checked(sweep() if callable(sweep) else sweep)
    config["project"] = project or config.get("project")
    repo = _repository()
    before = [find_run(run) for run in prior_runs or ()]
    sweep_id = Book(repo.store).add(config)
    for view in before:
        repo.edit(view.id, faces={FACE: {"sweep": sweep_id}})
    termlog(f"Created sweep with ID: {sweep_id}")
    return sweep_id


def agent(
    sweep_id: str, function: Callable[[], Any] | None = None, entity: str | None = None,
    project: str | None = None, count: int | None = None, **more: Any,
) -> None:  # fmt: skip
    """Run one choice of the parameters after the other.

    Args:
        sweep_id: Id of the sweep, maybe behind ``entity/project/``.
        function: Calls ``wandb.init()``, whose configuration has the choice. Default: the
            program of the sweep is started, without a shell.
        entity: Without effect.
        project: Project of the runs. Default: that of the sweep.
        count: How many choices at most. Default: all of a grid, and no end of random ones.
        **more: Without effect.

    Raises:
        BadValueError: If there is neither a function nor a program.
        RunNotFoundError: If there is no such sweep.
    """
    del entity, more
    book = Book(_repository().store)
    entry = book.entry(str(sweep_id).rpartition("/")[2])
    _check_runner(entry, function)
    home = project or entry.config.get("project")
    failures = Failures()
    while count is None or failures.done < count:
        chosen = book.take(entry.id)
        if chosen is None:
            break
        run_id = generate_id()
        with _told(entry.id, run_id, chosen, home) as folder:
            well = _called(function) if function else _started(entry.config, chosen, folder)
        if failures.are_too_many(well=well):
            termerror(f"sweep {entry.id} ends: {failures.said}")
            break
        _look_at_target(book, entry, run_id)


class Failures:
    """Counts runs that failed, as an agent gives up over them.

    Args:
        clock: Tells the time, in seconds.

    Attributes:
        done: How many runs there were.

    Example:
        >>> from vcs_track.compat.wandb.sweeping import Failures
        >>> failures = Failures(clock=lambda: 0.0)
        >>> [failures.are_too_many(well=well) for well in (True, False, False, False)]
        [False, False, False, True]
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.done = 0
        self._clock = clock
        self._failed: list[float] = []
        said = environ.prefixed("WANDB_AGENT_")
        self._flaps = said.get("WANDB_AGENT_DISABLE_FLAPPING", "").lower() == "true"
        first = said.get("WANDB_AGENT_MAX_INITIAL_FAILURES", "")
        self._first = int(first) if first.isdecimal() and first.isascii() else _FIRST

    @property
    def said(self) -> str:
        """How many runs failed."""
        return f"{len(self._failed)} of {self.done} runs failed"

    def are_too_many(self, *, well: bool) -> bool:
        """Take in how a run ended; return whether it was one failure too many."""
        self.done += 1
        if well:
            return False
        self._failed.append(self._clock())
        recent = [at for at in self._failed if self._failed[-1] - at < _MINUTE]
        flaps = len(recent) >= _MANY and not self._flaps
        return flaps or len(self._failed) == self.done >= self._first


# ---- one run ---------------------------------------------------------------------------


def _repository() -> Repository:
    try:
        return api.open()
    except RepositoryNotFoundError:
        return api.init()


def _check_runner(entry: Entry, function: Any) -> None:
    if function is not None:
        return
    if not (entry.config.get("program") or entry.config.get("command")):
        raise BadValueError(
            f"sweep '{entry.id}' has no program, and no function is given",
            hint="wandb.agent(sweep_id, function=train), or 'program': 'train.py' in the sweep",
        )
    command.words(entry.config, {}, "")  # a variable that is not set is told before any run


@contextmanager
def _told(
    sweep: str, run_id: str, chosen: Mapping[str, Any], project: str | None
) -> Iterator[Path]:  # fmt: skip
    """Tell the run of the body, by variables, which choice it has; yield a folder for it."""
    with tempfile.TemporaryDirectory(prefix="wandb-sweep-") as folder:
        path = Path(folder) / "parameters.yaml"
        said = {key: {"value": value} for key, value in chosen.items()}
        fsio.write_new(path, canonical.dumps(said), sync=False)
        variables: dict[str, str | None] = {
            "WANDB_SWEEP_ID": sweep, "WANDB_RUN_ID": run_id, "WANDB_SWEEP_PARAM_PATH": str(path),
        }  # fmt: skip
        if project:
            variables["WANDB_PROJECT"] = project
        with _set(variables):
            yield Path(folder)


@contextmanager
def _set(variables: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: environ.prefixed(name).get(name) for name in variables}
    for name, value in variables.items():
        environ.put(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            environ.put(name, value)


def _called(function: Callable[[], Any]) -> bool:
    """Call *function*; return whether it ended well."""
    code = 0
    try:
        function()
    except EarlyStop:
        pass
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:  # noqa: BLE001 -- a run that fails is a part of a sweep
        termerror(traceback.format_exc())
        code = 1
    for run in active():
        run.finish(code)
    return code == 0


def _started(config: Mapping[str, Any], chosen: Mapping[str, Any], folder: Path) -> bool:
    """Start the program of a sweep; return whether it ended well."""
    json_file = folder / "parameters.json"
    fsio.write_new(json_file, canonical.dumps(dict(chosen)), sync=False)
    argv = command.words(config, chosen, json_file)
    known = environ.prefixed(_PATH).get(_PATH, "")
    # The program imports wandb by its own name.
    path = os.pathsep.join(part for part in (str(Path(site.__file__).parent), known) if part)
    termlog(f"Agent starts: {' '.join(argv)}")
    try:
        # Its own variables: other threads may start programs meanwhile.
        child = subprocess.Popen(argv, env={**environ.prefixed(""), _PATH: path})
    except OSError as error:
        termerror(f"cannot start '{argv[0]}': {error.strerror}")
        return False
    try:
        return child.wait() == 0
    except BaseException:
        _end(child)
        raise


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and end it if it does not."""
    said = environ.prefixed("WANDB_AGENT_").get("WANDB_AGENT_KILL_DELAY", "")
    child.terminate()
    try:
        child.wait(int(said) if said.isdecimal() and said.isascii() else _PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _look_at_target(book: Book, entry: Entry, run_id: str) -> None:
    """End the sweep where its metric has come to its target."""
    metric = entry.config.get("metric") or {}
    target = metric.get("target")
    if target is None:
        return
    try:
        value = find_run(run_id).summary.get(metric["name"])
    except VcsTrackError:
        return  # the function gave its run another id, or made none
    if isinstance(value, dict):
        value = value.get("min" if plan.goal_of(entry.config) == "minimize" else "max")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    low = plan.goal_of(entry.config) == "minimize"
    if value <= target if low else value >= target:
        termlog(f"sweep {entry.id} ends: {metric['name']} is {value:g}")
        book.end(entry.id, "target")

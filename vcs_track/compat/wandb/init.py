"""Starting a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vcs_track.compat.wandb import config_files, starting, state
from vcs_track.compat.wandb.config_values import as_mapping, plain
from vcs_track.compat.wandb.errors import UsageError
from vcs_track.compat.wandb.place import in_notebook
from vcs_track.compat.wandb.term import be_silent, termlog, termwarn
from vcs_track.compat.wandb.wanted import Wanted, heard

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.compat.wandb.run import Run
    from vcs_track.compat.wandb.settings import Settings

__all__ = ["init"]


def init(
    job_type: str | None = None,
    dir: str | Path | None = None,  # noqa: A002 -- wandb's word
    config: Any = None,
    project: str | None = None,
    entity: str | None = None,
    reinit: bool | str | None = None,
    tags: Any = None,
    group: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    magic: Any = None,
    config_exclude_keys: Any = None,
    config_include_keys: Any = None,
    anonymous: Any = None,
    mode: str | None = None,
    allow_val_change: bool | None = None,
    resume: bool | str | None = None,
    force: bool | None = None,
    tensorboard: Any = None,
    sync_tensorboard: Any = None,
    monitor_gym: bool | None = None,
    save_code: bool | None = None,
    id: str | None = None,  # noqa: A002 -- as above
    settings: Settings | dict[str, Any] | None = None,
    *,
    fork_from: str | None = None,
    resume_from: str | None = None,
) -> Run:
    """Start a run, and let the functions of the module speak of it.

    Args:
        job_type: Type of job, for grouping.
        dir: Folder in which the folder ``wandb`` of the runs is. Default: the current one.
        config: The configuration: a mapping, an object with attributes, or a YAML file.
        project: Project. Default: the name of the git repository.
        entity: A free label.
        reinit: What to do about a run that is open.
        tags: Tags; one text is one tag.
        group: Group, for grouping.
        name: Display name. Default: two words and a number.
        notes: Notes.
        magic: Without effect.
        config_exclude_keys: Names of *config* to leave out.
        config_include_keys: The only names of *config* to take.
        anonymous: Without effect.
        mode: ``online`` and ``offline`` are the same here; ``disabled`` writes nothing.
        allow_val_change: Whether values of the configuration may change.
        resume: ``allow``, ``must``, ``never`` or ``auto``.
        force: Without effect.
        tensorboard: As *sync_tensorboard*.
        sync_tensorboard: Whether what is written for TensorBoard is logged too.
        monitor_gym: Whether videos that gymnasium records are logged.
        save_code: Whether the script is kept as a file, beside the code itself.
        id: Id of the run. Default: eight new letters and digits.
        settings: :class:`Settings`, or a dictionary of them.
        fork_from: ``<run>?_step=<n>``: begin with the rows of another run.
        resume_from: ``<run>?_step=<n>``: go on with a run from a step on.

    Raises:
        UsageError: If an argument cannot be used, or *resume* does not fit.
    """
    given = {key: value for key, value in locals().items() if value is not None}
    if tensorboard and sync_tensorboard is None:
        given["sync_tensorboard"] = tensorboard
    wanted = heard(given, settings)
    be_silent(bool(wanted.settings.silent))
    if magic:
        termwarn("magic is not supported locally, and has no effect", repeat=False)
    paths = wanted.settings.config_paths
    if wanted.settings.allow_val_change is None and in_notebook():
        wanted.settings.allow_val_change = True
    values = _config(config, paths, config_include_keys, config_exclude_keys)
    with state.lock:
        run = _previous(wanted)
        if run is None:
            run = starting.start(wanted, values)
            state.opened(run)
        return run


def _previous(wanted: Wanted) -> Run | None:
    """Return the open run that this call gets, if it gets one."""
    open_runs = state.own()
    if not open_runs:
        return None
    word = wanted.reinit
    if word == "default" and in_notebook():
        word = "finish_previous"  # a cell that is executed again means a new run
    if word == "finish_previous":
        for run in open_runs:
            run.finish()
        return None
    if word == "create_new":
        if wanted.id in {run.id for run in open_runs}:
            raise UsageError(f"run '{wanted.id}' is open already", hint="choose another id")
        return None
    termlog(
        "wandb.init() called while a run is open: it goes on, and the arguments are ignored. "
        "Use reinit='finish_previous' or 'create_new' for another run."
    )
    return open_runs[0]


def _config(config: Any, paths: Any, include: Any, exclude: Any) -> dict[str, Any]:
    """Return the values of the configuration, from all that give some."""
    if include and exclude:
        raise UsageError("Expected at most only one of exclude or include")
    found = {str(key).strip("-"): value for key, value in as_mapping(config).items()}
    if include:
        found = {key: value for key, value in found.items() if key in include}
    if exclude:
        found = {key: value for key, value in found.items() if key not in exclude}
    below = config_files.defaults()
    for path in paths or ():
        below.update(config_files.read_file(path))
    return {key: plain(value) for key, value in {**below, **found}.items()}

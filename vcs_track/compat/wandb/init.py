"""Starting a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track import api
from vcs_track.compat.wandb import folder, names, state
from vcs_track.compat.wandb.config_values import as_mapping, plain
from vcs_track.compat.wandb.errors import RunNotFoundError, UsageError, UsageValueError
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.past import Past
from vcs_track.compat.wandb.run import Run
from vcs_track.compat.wandb.term import be_silent, termlog
from vcs_track.compat.wandb.wanted import Wanted, heard
from vcs_track.errors import RepositoryNotFoundError
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from vcs_track.compat.wandb.settings import Settings
    from vcs_track.porcelain.repository import Repository

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
        monitor_gym: Whether videos of gym are logged.
        save_code: Whether the script is kept as a file, beside the code itself.
        id: Id of the run. Default: eight new letters and digits.
        settings: :class:`Settings`, or a dictionary of them.
        fork_from: ``<run>?_step=<n>``: begin with the rows of another run.
        resume_from: ``<run>?_step=<n>``: go on with a run from a step on.

    Raises:
        UsageError: If an argument cannot be used, or *resume* does not fit.
    """
    given = {key: value for key, value in locals().items() if value is not None}
    wanted = heard(given, settings)
    be_silent(bool(wanted.settings.silent))
    values = _config(config, config_include_keys, config_exclude_keys)
    with state.lock:
        run = _previous(wanted)
        return run if run is not None else _start(wanted, values)


def _previous(wanted: Wanted) -> Run | None:
    """Return the open run that this call gets, if it gets one."""
    open_runs = state.active()
    if not open_runs:
        return None
    if wanted.reinit == "finish_previous":
        for run in open_runs:
            run.finish()
        return None
    if wanted.reinit == "create_new":
        if wanted.id in {run.id for run in open_runs}:
            raise UsageError(f"run '{wanted.id}' is open already", hint="choose another id")
        return None
    termlog(
        "wandb.init() called while a run is open: it goes on, and the arguments are ignored. "
        "Use reinit='finish_previous' or 'create_new' for another run."
    )
    return open_runs[0]


def _config(config: Any, include: Any, exclude: Any) -> dict[str, Any]:
    if include and exclude:
        raise UsageError("Expected at most only one of exclude or include")
    found = {str(key).strip("-"): value for key, value in as_mapping(config).items()}
    if include:
        found = {key: value for key, value in found.items() if key in include}
    if exclude:
        found = {key: value for key, value in found.items() if key not in exclude}
    return {key: plain(value) for key, value in found.items()}


def _repository() -> Repository:
    try:
        return api.open()
    except RepositoryNotFoundError:
        return api.init()


def _project() -> str:
    here = Path.cwd()
    root = find_root(here)
    if root is None:
        return "uncategorized"
    below = here.resolve().relative_to(root).as_posix()
    name = root.name if below == "." else f"{root.name}-{below.replace('/', '_')}"
    return "".join("_" if c in "/\\#?%:" or not c.isprintable() else c for c in name)[:128]


def _start(wanted: Wanted, config: dict[str, Any]) -> Run:
    repo = _repository()
    root = wanted.settings.root_dir
    if wanted.resume == "auto" and wanted.id is None:
        wanted.id = folder.unfinished(root)
    wanted.id = wanted.id or names.generate_id()
    wanted.project = wanted.project or _project()
    old = _old(repo, wanted)
    past = Past() if old is None else Past.of(repo.run(old))
    joins = old is not None and old in live_runs(repo.store)
    native_id = old or names.next_native_id(repo.store, wanted.id)
    if not wanted.name and old is None:
        number = len(repo.store.home.heads()) + 1
        wanted.name = names.display_name(wanted.id, number)
    place = folder.Folder.make(root, wanted.id, offline=wanted.mode == "offline")
    if wanted.resume == "auto":
        folder.leave(root, wanted.id)
    s = wanted.settings
    source = repo.with_defaults(capture_git=False) if s.disable_git else repo
    native = source.start_run(
        wanted.name, hparams=config, id=native_id, project=wanted.project,
        group=wanted.group or None, job_type=wanted.job_type or None,
        tags=dict.fromkeys(wanted.tags), notes=wanted.notes,
        resume=None if old is None or joins else "must", capture_code=not s.disable_code,
        faces={FACE: {"id": wanted.id, "entity": wanted.entity, "mode": wanted.mode,
                      "tags": list(wanted.tags), "sweep": s.sweep_id}},
    )  # fmt: skip
    run = Run(native, wanted, place, past, resumed=old is not None)
    run.config._items.update({**past.config, **config})  # noqa: SLF001 -- they are stored
    state.opened(run)
    return run


def _old(repo: Repository, wanted: Wanted) -> str | None:
    """Return the run of the store that this call goes on with, or None for a new one.

    Raises:
        RunNotFoundError: If there has to be one and is none.
        UsageError: If there is one and must not be.
    """
    there = names.generations(repo.store, wanted.id or "")
    if wanted.resume == "must" and not there:
        raise RunNotFoundError(
            f"resume='must', and there is no run '{wanted.id}'",
            hint="use resume='allow' to start it",
        )
    if wanted.resume == "never" and there:
        raise UsageValueError(
            f"resume='never', and there is a run '{wanted.id}'", hint="choose another id"
        )
    if not there or (wanted.resume is None and there[-1] not in live_runs(repo.store)):
        return None
    return there[-1]

"""From what is wanted to a run: a new one, one that goes on, or a copy of the beginning of one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vcs_track import api
from vcs_track.compat.wandb import code_files, config_files, copying, folder, names
from vcs_track.compat.wandb.console import LOG
from vcs_track.compat.wandb.errors import RunNotFoundError, UsageValueError
from vcs_track.compat.wandb.facts import FACE
from vcs_track.compat.wandb.past import Past
from vcs_track.compat.wandb.restoring import file_of
from vcs_track.compat.wandb.run import Run
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import InvalidValueError, RepositoryNotFoundError
from vcs_track.formats.manifest import GIT_ID
from vcs_track.formats.remote_url import clean_url
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain.seal import live_runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track.compat.wandb.settings import Settings
    from vcs_track.compat.wandb.sweeps.rungs import Judge
    from vcs_track.compat.wandb.wanted import Wanted
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run as Native

__all__ = ["start"]


class _Before(NamedTuple):
    """What the run goes on from.

    Attributes:
        native: Id of the run of the store that goes on, or None for a new one.
        past: What is known.
        copied: The run of the store whose beginning is copied, or None.
        until: Last step that is copied.
        joins: Whether another process writes the run at this moment.
    """

    native: str | None
    past: Past
    copied: str | None = None
    until: int = -1
    joins: bool = False

    @property
    def goes_on(self) -> bool:
        return self.native is not None


def start(wanted: Wanted, config: dict[str, Any]) -> Run:
    """Start the run that is wanted.

    Args:
        wanted: What is asked for; what it leaves open is filled in.
        config: The configuration.

    Raises:
        RunNotFoundError: If a run has to be there, and is not.
        UsageError: If one is there that must not be.
    """
    if wanted.mode == "disabled":
        from vcs_track.compat.wandb.noop import NoopRun

        return NoopRun(wanted, config)
    repo = _repository()
    before = _before(repo, wanted)
    _fill(repo, wanted, before)
    mirrored = _check_others(wanted)
    root, given = wanted.settings.root_dir, config
    sweep = _sweep(wanted)
    config = {**before.past.config, **config, **sweep}
    try:
        native = _native(repo, wanted, before, config if before.copied else {**given, **sweep})
    except InvalidValueError as error:
        raise UsageValueError(error.message, hint=error.hint) from None
    place = folder.Folder.make(root, wanted.id or "", offline=wanted.mode == "offline")
    if wanted.resume == "auto":
        folder.leave(root, wanted.id or "")
    run = Run(native, wanted, place, before.past, resumed=before.goes_on)
    if mirrored:
        run.__dict__["_mirror"] = mirrored(run)
    if wanted.settings.sweep_id:
        run.__dict__["_judge"] = _judge(repo, native, wanted.settings.sweep_id)
    _set_config(run, config, sweep)
    if before.copied is not None:
        copying.copy(run, repo.run(before.copied), before.until)
        run.__dict__["_resumed"] = wanted.resume_from is not None
    if wanted.settings.save_code:
        code_files.keep_script(native, wanted.settings.program)
    native.set_face(FACE, origins=[*_origins(before), [run.step, run.start_time]])
    if before.goes_on and not before.joins:
        run._console.begin_with(file_of(repo.run(native.id), LOG))  # noqa: SLF001 -- its own part
    run._look_after()  # noqa: SLF001 -- from here on it is the script's
    return run


def _check_others(wanted: Wanted) -> Callable[[Run], Any] | None:
    """Return what makes the mirror of TensorBoard, where one is wanted.

    Raises:
        Error: If something is wanted that cannot be.
    """
    if wanted.settings.monitor_gym:
        from vcs_track.compat.wandb import gym_videos

        gym_videos.begin()
    if not wanted.settings.sync_tensorboard:
        return None
    from vcs_track.compat.wandb import tensorboard

    tensorboard.begin()
    return tensorboard.Mirror


def _judge(repo: Repository, native: Native, sweep: str) -> Judge | None:
    """Return what ends a run of a sweep early, where its sweep does."""
    from vcs_track.compat.wandb.sweeps.early import judge_of

    return judge_of(
        repo.store, sweep, native.id, lambda why: native.set_face(FACE, early_stop=why)
    )


def _set_config(run: Run, config: dict[str, Any], sweep: dict[str, Any]) -> None:
    # They are in the store already.
    run.config._adopt(config)  # noqa: SLF001 -- the beginning of the same configuration
    if sweep:
        run.config.update_locked(sweep, "sweep")


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


def _sweep(wanted: Wanted) -> dict[str, Any]:
    path = wanted.settings.sweep_param_path
    return config_files.read_file(path) if path else {}


def _fill(repo: Repository, wanted: Wanted, before: _Before) -> None:
    """Fill in what the call left open."""
    old = before.past.facts
    if before.goes_on:
        wanted.group = wanted.group or before.past.group
        wanted.job_type = wanted.job_type or before.past.job_type
        wanted.entity = wanted.entity or str(old.get("entity") or "")
    wanted.id = wanted.id or names.generate_id()
    wanted.project = wanted.project or before.past.project or _project()
    if wanted.resume_from:
        wanted.name = wanted.name or before.past.name
    if not wanted.name and not before.goes_on:
        number = len({*live_runs(repo.store), *repo.store.home.heads()}) + 1
        wanted.name = names.display_name(wanted.id, number)


def _before(repo: Repository, wanted: Wanted) -> _Before:
    moment = wanted.fork_from or wanted.resume_from
    if moment is not None:
        return _at_moment(repo, *moment)
    if wanted.resume == "auto" and wanted.id is None:
        wanted.id = folder.unfinished(wanted.settings.root_dir)
    if wanted.id is None:
        wanted.id = names.generate_id()
        return _Before(None, Past())
    there = names.generations(repo.store, wanted.id)
    if wanted.resume == "must" and not there:
        raise RunNotFoundError(
            f"resume='must', and there is no run '{wanted.id}'",
            hint="use resume='allow' to start it",
        )
    if wanted.resume == "never" and there:
        raise UsageValueError(
            f"resume='never', and there is a run '{wanted.id}'", hint="choose another id"
        )
    joins = bool(there) and there[-1] in live_runs(repo.store)
    if not there or (wanted.resume is None and not joins):
        return _Before(None, Past())
    past = Past.of(repo.run(there[-1]))
    if wanted.resume is None:
        past.next_step = 0  # another process has steps of its own
    return _Before(there[-1], past, joins=joins)


def _at_moment(repo: Repository, run_id: str, step: int) -> _Before:
    there = names.generations(repo.store, run_id)
    if not there:
        raise RunNotFoundError(f"there is no run '{run_id}' to go on from")
    whole = Past.of(repo.run(there[-1]))
    past = whole.until(step)
    past.name, past.project = whole.name, whole.project
    return _Before(None, past, copied=there[-1], until=step)


def _origins(before: _Before) -> list[list[float]]:
    old = [list(one) for one in before.past.facts.get("origins", ())]
    return [one for one in old if before.copied is None or one[0] <= before.until]


def _native(
    repo: Repository, wanted: Wanted, before: _Before, config: dict[str, Any]
) -> Any:  # fmt: skip
    s, run_id = wanted.settings, wanted.id or ""
    facts: dict[str, Any] = {
        "id": run_id, "entity": wanted.entity, "mode": wanted.mode, "tags": list(wanted.tags),
        "sweep": s.sweep_id, "started": time.time(),
    }  # fmt: skip
    said = _git(s)
    if said:
        facts["git"] = said
    if before.copied is not None:
        facts["copied"] = {"run": before.copied, "step": before.until}
        facts["metrics"] = before.past.facts.get("metrics")
    source = repo.with_defaults(capture_git=False) if s.disable_git else repo
    return source.start_run(
        wanted.name,
        hparams=config,
        id=before.native or names.next_native_id(repo.store, run_id),
        project=wanted.project,
        group=wanted.group or None,
        job_type=wanted.job_type or None,
        tags=dict.fromkeys(wanted.tags),
        notes=wanted.notes,
        resume="must" if before.goes_on and not before.joins else None,
        capture_code=not s.disable_code,
        faces={FACE: facts},
        git=said if _is_whole(said) else {key: said[key] for key in said if key != "commit"},
    )


def _git(settings: Settings) -> dict[str, str]:
    """Return what settings say of git: the run keeps it beside what git says itself."""
    said = {"commit": settings.git_commit, "remote": settings.git_remote_url}
    found = {key: str(value).strip() for key, value in said.items() if value}
    if "remote" in found:
        found["remote"] = clean_url(found["remote"])
    if not _is_whole(found):
        termwarn(
            f"commit {found['commit']!r:.80} is kept as it is, and no link to git: that takes "
            "all digits of its id",
            repeat=False,
        )
    return found


def _is_whole(said: dict[str, str]) -> bool:
    return GIT_ID.fullmatch(said.get("commit", "0" * 40).lower()) is not None

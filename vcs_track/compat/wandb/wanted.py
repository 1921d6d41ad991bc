"""What a call of ``init`` asks for, once arguments, settings and environment are heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vcs_track.compat.wandb import names
from vcs_track.compat.wandb.errors import UsageError, UsageValueError
from vcs_track.compat.wandb.settings import MODES, Settings
from vcs_track.compat.wandb.settings_files import surroundings
from vcs_track.compat.wandb.term import termwarn

__all__ = ["REINIT", "Wanted", "heard"]

REINIT: Final = {
    None: "default", "default": "default", True: "finish_previous", False: "return_previous",
    "finish_previous": "finish_previous", "return_previous": "return_previous",
    "create_new": "create_new", "true": "finish_previous", "false": "return_previous",
    "allow": "finish_previous",
}  # fmt: skip
_RESUME: Final = {
    None: None, False: None, "": None, True: "auto", "auto": "auto", "true": "auto",
    "allow": "allow", "must": "must", "never": "never", "false": None,
}  # fmt: skip
# Arguments of `init` by the setting that they are.
_ARGUMENTS: Final = {
    "project": "project", "entity": "entity", "name": "run_name", "notes": "run_notes",
    "tags": "run_tags", "group": "run_group", "job_type": "run_job_type", "id": "run_id",
    "mode": "mode", "resume": "resume", "resume_from": "resume_from", "fork_from": "fork_from",
    "dir": "root_dir", "save_code": "save_code", "allow_val_change": "allow_val_change",
    "reinit": "reinit", "sync_tensorboard": "sync_tensorboard", "monitor_gym": "monitor_gym",
}  # fmt: skip


@dataclass(slots=True)
class Wanted:
    """A run that somebody asks for.

    Attributes:
        settings: All of it, as settings.
        mode: ``online``, ``offline`` or ``disabled``.
        id: The id, or None for a new one.
        project: The project, or None.
        entity: The entity; an empty text without one.
        name: The name, or None for one to be made.
        notes: The notes, or None.
        tags: The tags.
        group: The group; an empty text without one.
        job_type: The type of job; an empty text without one.
        resume: ``allow``, ``must``, ``never``, ``auto`` or None.
        reinit: What to do about a run that is open.
        fork_from: Run and step to copy from, or None.
        resume_from: Run and step to go on from, or None.
    """

    settings: Settings
    mode: str = "online"
    id: str | None = None
    project: str | None = None
    entity: str = ""
    name: str | None = None
    notes: str | None = None
    tags: tuple[str, ...] = ()
    group: str = ""
    job_type: str = ""
    resume: str | None = None
    reinit: str = "default"
    fork_from: tuple[str, int] | None = None
    resume_from: tuple[str, int] | None = None
    told: frozenset[str] = field(default_factory=frozenset)


def heard(given: Mapping[str, Any], settings: Any) -> Wanted:
    """Return what is wanted.

    An argument comes before a setting, a setting before a variable, and a variable before a
    file.

    Args:
        given: Arguments of ``init`` that were given.
        settings: :class:`Settings`, a dictionary or None.

    Raises:
        UsageError: If one of them cannot be used.
    """
    if settings is not None and not isinstance(settings, Settings | Mapping):
        raise UsageValueError(f"settings must be Settings or a dict, not {settings!r:.40}")
    root = given.get("dir") or (settings.get("root_dir") if settings is not None else None)
    found = surroundings(root)
    found.update(settings)
    for name, value in given.items():
        if value is not None and name in _ARGUMENTS:
            setattr(found, _ARGUMENTS[name], value)
    _keep_told(found)
    return _checked(found)


def _keep_told(found: Settings) -> None:
    """Let what an agent told a run of its sweep stand over what the script says."""
    told = Settings.of_environment()
    if told.get("sweep_id") is None:
        return
    for key in ("project", "entity", "run_id"):
        before, said = told.get(key), found.get(key)
        if before is not None and said != before:
            termwarn(f"Ignoring {key} {said!r:.80} when running a sweep.")
            setattr(found, key, before)


def _checked(found: Settings) -> Wanted:
    def text(name: str) -> str | None:
        value = getattr(found, name)
        return None if value is None else names.check_text(value, name.removeprefix("run_"))

    wanted = Wanted(
        found,
        mode="disabled" if found.disabled else MODES[found.mode or "online"],
        id=None if found.run_id is None else names.check_id(found.run_id),
        project=names.check_project(found.project) if found.project else None,
        entity=text("entity") or "",
        name=text("run_name") or None,
        notes=None if found.run_notes is None else str(found.run_notes),
        tags=found.run_tags or (),
        group=text("run_group") or "",
        job_type=text("run_job_type") or "",
        resume=_one_of(_RESUME, found.resume, "resume"),
        reinit=_one_of(REINIT, found.reinit, "reinit") or "default",
        fork_from=_moment(found.fork_from, "fork_from"),
        resume_from=_moment(found.resume_from, "resume_from"),
        told=frozenset(found.keys()),
    )
    _check_together(wanted)
    return wanted


def _check_together(wanted: Wanted) -> None:
    several = [n for n in ("resume", "fork_from", "resume_from") if getattr(wanted, n)]
    if len(several) > 1:
        raise UsageValueError(
            f"`{several[0]}` and `{several[1]}` exclude each other", hint="give one of them"
        )
    if wanted.fork_from and wanted.id == wanted.fork_from[0]:
        raise UsageError("a run cannot be forked into its own id", hint="leave the id out")
    if wanted.resume_from:
        if wanted.id not in (None, wanted.resume_from[0]):
            raise UsageError("`id` and `resume_from` name two runs", hint="leave the id out")
        wanted.id = wanted.resume_from[0]


def _one_of(words: Mapping[Any, str | None], value: Any, what: str) -> str | None:
    word = value.lower() if isinstance(value, str) else value
    try:
        return words[word]
    except (KeyError, TypeError):
        shown = sorted({word for word in words if isinstance(word, str) and word})
        raise UsageValueError(
            f"{what} {value!r:.40} is none of {', '.join(shown)}"
        ) from None  # fmt: skip


def _moment(text: Any, what: str) -> tuple[str, int] | None:
    """Return run and step of ``<run>?_step=<n>``."""
    if text is None:
        return None
    run, _, query = str(text).partition("?")
    key, _, step = query.partition("=")
    if key != "_step" or not step.isdecimal() or not run:
        raise UsageValueError(
            f"{what} {text!r:.80} does not say which step", hint="write '<run>?_step=<n>'"
        )
    return names.check_id(run), int(step)

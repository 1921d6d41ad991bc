"""Settings: what a script gives to ``init``, and what the environment says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from vcs_track import environ
from vcs_track.compat.wandb.errors import UsageValueError
from vcs_track.compat.wandb.names import check_tags
from vcs_track.compat.wandb.term import termwarn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["MODES", "Settings"]

# What each mode of wandb, of any era, is here.
MODES: Final = {
    "online": "online", "offline": "offline", "disabled": "disabled", "dryrun": "offline",
    "run": "online", "shared": "online",
}  # fmt: skip
# Ways to keep the console output, of any era.
_CONSOLES: Final = (
    "auto", "off", "wrap", "redirect", "wrap_raw", "wrap_emu", "iowrap", "notebook", "file",
)  # fmt: skip
_SHORTEST: Final = 0.1
_TRUE: Final = ("true", "1", "yes", "on", "t", "y")
_FALSE: Final = ("false", "0", "no", "off", "f", "n", "")


def _same(value: Any) -> Any:
    return value


def _flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise UsageValueError(f"{value!r:.40} is neither true nor false", hint="use true or false")


def _mode(value: Any) -> str:
    if value not in MODES:
        raise UsageValueError(
            f"Invalid mode {value!r:.40}", hint=f"use one of {', '.join(MODES)}"
        )  # fmt: skip
    return str(value)


def _console(value: Any) -> str:
    if value not in _CONSOLES:
        raise UsageValueError(
            f"Invalid console {value!r:.40}", hint=f"use one of {', '.join(_CONSOLES)}"
        )
    return str(value)


def _interval(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = 0.0
    if not _SHORTEST <= seconds < float("inf"):
        raise UsageValueError(
            f"Stats sampling interval {value!r:.40} is less than {_SHORTEST} seconds"
        )
    return seconds


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(map(str, value))


_FIELDS: Final[dict[str, Callable[[Any], Any]]] = {
    "mode": _mode, "project": _same, "entity": _same, "run_id": _same, "run_name": _same,
    "run_notes": _same, "run_tags": check_tags, "run_group": _same, "run_job_type": _same,
    "resume": _same, "resume_from": _same, "fork_from": _same, "reinit": _same,
    "root_dir": str, "silent": _flag, "quiet": _flag, "console": _console, "show_errors": _flag,
    "show_warnings": _flag, "show_info": _flag,
    "save_code": _flag, "disable_code": _flag, "disable_git": _flag, "git_commit": _same,
    "git_remote_url": _same, "program": _same, "sweep_id": _same, "sweep_param_path": _same,
    "config_paths": _names, "ignore_globs": _names, "allow_val_change": _flag,
    "anonymous": _same, "api_key": _same, "base_url": _same, "host": _same, "username": _same,
    "email": _same, "login_timeout": _same, "init_timeout": _same, "start_method": _same,
    "sync_tensorboard": _flag, "monitor_gym": _flag, "force": _flag, "relogin": _flag,
    "disabled": _flag, "symlink": _flag, "strict": _same, "azure_account_url_to_access_key": _same,
    "table_raise_on_max_row_limit_exceeded": _flag, "summary_follows_log": _flag,
    "max_end_of_run_history_metrics": _same, "max_end_of_run_summary_metrics": _same,
    "heartbeat_seconds": _same, "summary_timeout": _same, "launch": _flag, "launch_config_path": _same,
    "label_disable": _flag, "docker": _same, "entity_name": _same, "sagemaker_disable": _flag,
    "organization": _same, "job_name": _same, "job_source": _same, "disable_job_creation": _flag,
    "disable_git_fork_point": _flag, "settings_system": _same, "http_proxy": _same,
    "https_proxy": _same, "insecure_disable_ssl": _flag, "deployment": _same, "colab_url": _same,
    "x_disable_stats": _flag, "x_stats_sampling_interval": _interval,
    "notebook_name": _same, "app_url": _same, "console_multipart": _flag, "sync_dir": _same,
}  # fmt: skip

# Variables, and the settings they give.
_VARIABLES: Final = {
    "MODE": "mode", "PROJECT": "project", "ENTITY": "entity", "RUN_ID": "run_id",
    "NAME": "run_name", "NOTES": "run_notes", "RUN_GROUP": "run_group", "JOB_TYPE": "run_job_type",
    "RESUME": "resume", "TAGS": "run_tags", "DIR": "root_dir", "SILENT": "silent",
    "QUIET": "quiet", "CONSOLE": "console", "SAVE_CODE": "save_code",
    "DISABLE_CODE": "disable_code", "DISABLE_GIT": "disable_git", "GIT_COMMIT": "git_commit",
    "GIT_REMOTE_URL": "git_remote_url", "SWEEP_ID": "sweep_id", "PROGRAM": "program",
    "SWEEP_PARAM_PATH": "sweep_param_path", "CONFIG_PATHS": "config_paths",
    "IGNORE_GLOBS": "ignore_globs", "RESUME_FROM": "resume_from", "FORK_FROM": "fork_from",
    "_DISABLE_STATS": "x_disable_stats", "X_DISABLE_STATS": "x_disable_stats",
    "X_STATS_SAMPLING_INTERVAL": "x_stats_sampling_interval",
    "HOST": "host", "USERNAME": "username", "REINIT": "reinit",
}  # fmt: skip
_DEFAULTS: Final = {
    "silent": False, "quiet": False, "disable_code": False, "disable_git": False,
    "save_code": None, "summary_follows_log": False, "run_tags": (), "config_paths": (),
    "ignore_globs": (), "disabled": False,
}  # fmt: skip


class Settings:
    """What a run is started with; names as wandb's own.

    A name that wandb does not know is kept, with a warning.

    Args:
        **given: Settings by name.

    Raises:
        UsageError: If a value cannot be used.

    Example:
        >>> from vcs_track.compat.wandb import Settings
        >>> settings = Settings(silent="true", run_tags="baseline")
        >>> settings.silent, settings.run_tags, settings.project
        (True, ('baseline',), None)
    """

    def __init__(self, **given: Any) -> None:
        object.__setattr__(self, "_given", {})
        for name, value in given.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        known = name.removeprefix("_")
        field = next((one for one in (name, known, f"x_{known}") if one in _FIELDS), None)
        if field is None:
            if not name.startswith(("_", "x_")):
                termwarn(f"unknown setting '{name}' is kept and has no effect", repeat=False)
            self._given[name] = value
            return
        self._given[field] = None if value is None else _FIELDS[field](value)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        given = self.__dict__.get("_given", {})
        known = name.removeprefix("_")
        for each in (name, known, f"x_{known}"):
            if each in given:
                return given[each]
        if name in _FIELDS or known in _FIELDS or name.startswith(("_", "x_")):
            return _DEFAULTS.get(known)
        raise AttributeError(f"Settings has no setting '{name}'")

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)

    def __contains__(self, name: object) -> bool:
        return name in self._given or name in _FIELDS

    def get(self, name: str, default: Any = None) -> Any:
        """Return a setting, or *default*."""
        found = getattr(self, name, None)
        return default if found is None else found

    def keys(self) -> list[str]:
        """Return the names that were given."""
        return list(self._given)

    def copy(self) -> Self:
        """Return a copy of its own."""
        copied = type(self)()
        copied._given.update(self._given)  # noqa: SLF001 -- of the same class
        return copied

    def update(self, more: Mapping[str, Any] | Settings | None = None, **given: Any) -> None:
        """Set several settings."""
        found = more.to_dict() if isinstance(more, Settings) else more
        for name, value in {**(found or {}), **given}.items():
            setattr(self, name, value)

    def to_dict(self) -> dict[str, Any]:
        """Return what was given."""
        return dict(self._given)

    def __repr__(self) -> str:
        hidden = {name: value for name, value in self._given.items() if name != "api_key"}
        return f"<Settings {hidden}>"

    @classmethod
    def of_environment(cls) -> Self:
        """Return what the variables of the process say.

        Raises:
            UsageError: If one of them cannot be used.
        """
        said = environ.prefixed("WANDB_")
        found = cls()
        for word, name in _VARIABLES.items():
            value = said.get(f"WANDB_{word}", "")
            if value:
                setattr(found, name, _names(value) if name == "run_tags" else value)
        if said.get("WANDB_DISABLED", "").strip().lower() not in _FALSE:
            found.mode = "disabled"
        own = environ.prefixed("VCS_TRACK_")
        if own.get("VCS_TRACK_WANDB_SUMMARY", "").strip().lower() == "last":
            found.summary_follows_log = True
        if own.get("VCS_TRACK_MODE", "").strip().lower() == "disabled":
            found.mode = "disabled"
        return found

"""Settings of one process, from the two places that hold them.

The only reader of the environment, and of ``[tool.vcs-track]`` in ``pyproject.toml``.
A ``VCS_TRACK_*`` variable wins over the file; an empty variable counts as not set.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vcs_track.errors import InvalidValueError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "Settings", "as_bytes", "columns", "force_color", "no_color", "prefixed", "put", "read", "serve_token",
]  # fmt: skip

_FILE: Final = "pyproject.toml"
_TABLE: Final = "tool.vcs-track"

_RECORDED: Final = (
    "ASCEND_RT_VISIBLE_DEVICES",
    "BUILDKITE_BUILD_NUMBER",
    "BUILD_NUMBER",
    "CI",
    "CI_COMMIT_SHA",
    "CI_JOB_ID",
    "CI_PIPELINE_ID",
    "CONDA_DEFAULT_ENV",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_DEVICE_ORDER",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_VISIBLE_DEVICES",
    "GITHUB_ACTIONS",
    "GITHUB_REF_NAME",
    "GITHUB_RUN_ATTEMPT",
    "GITHUB_RUN_ID",
    "GITHUB_SHA",
    "GROUP_RANK",
    "HIP_VISIBLE_DEVICES",
    "JAX_PLATFORMS",
    "KMP_AFFINITY",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "LSB_JOBID",
    "MKL_NUM_THREADS",
    "NODE_RANK",
    "NUMEXPR_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "OPENBLAS_NUM_THREADS",
    "PBS_ARRAYID",
    "PBS_JOBID",
    "PYTHONHASHSEED",
    "PYTORCH_CUDA_ALLOC_CONF",
    "RANK",
    "ROCR_VISIBLE_DEVICES",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_JOB_ID",
    "SLURM_JOB_NAME",
    "SLURM_JOB_PARTITION",
    "SLURM_LOCALID",
    "SLURM_NNODES",
    "SLURM_NODEID",
    "SLURM_NTASKS",
    "SLURM_PROCID",
    "TF_CPP_MIN_LOG_LEVEL",
    "TF_DETERMINISTIC_OPS",
    "TORCHELASTIC_RESTART_COUNT",
    "TORCHELASTIC_RUN_ID",
    "TZ",
    "VECLIB_MAXIMUM_THREADS",
    "WORLD_SIZE",
    "XLA_FLAGS",
)
_SECRET: Final = ("KEY", "TOKEN", "SECRET", "PASSW", "CREDENTIAL")


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process wants its runs; arguments in the code win over it.

    Attributes:
        dir: Folder of the repository, absolute. Default: found upward.
        mode: ``normal`` or ``disabled``.
        project: Project of new runs.
        name: Name of the next run.
        run_id: The run to join, as ``vcs-track run`` hands it to its child.
        group: Group of new runs.
        job_type: Job type of new runs.
        tags: Tags of new runs.
        notes: Note of new runs.
        rank: Rank of this process in a distributed training, as its launcher says it.
        resume: What to do when the run is there already.
        silent: Print nothing.
        strict: Trouble with the store raises instead of being said once.
        capture_git: Ask git where the code stands.
        capture_code: Keep the code itself.
        code_largest: Bytes of a file of the code; of larger ones only the hash is kept.
        code_most: Bytes of such files of one run together.
        include_ignored: Patterns of files to keep although git ignores them.
        commit_largest: Bytes of a pack that git may get; a larger one is refused.
        sync_interval: Seconds between two syncs of a journal to the disk, > 0.
        object_format: Of repositories made from now on: ``sha256`` or ``xxh128``.
        journal_engine: ``auto``, ``mmap`` or ``pwrite``.
        cache: Folder of the user for what can be made again; None where there is none.
        variables: Environment variables to record with a run.

    Example:
        >>> from vcs_track.environ import Settings
        >>> Settings().mode, Settings(tags=("baseline",)).tags
        ('normal', ('baseline',))
    """

    dir: Path | None = None
    mode: str = "normal"
    project: str | None = None
    name: str | None = None
    run_id: str | None = None
    group: str | None = None
    job_type: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None
    resume: str | None = None
    rank: int | None = None
    silent: bool = False
    strict: bool = False
    capture_git: bool = True
    capture_code: bool = True
    code_largest: int = 5 << 20
    code_most: int = 50 << 20
    include_ignored: tuple[str, ...] = ()
    commit_largest: int = 50 << 20
    sync_interval: float = 1.0
    object_format: str = "sha256"
    journal_engine: str = "auto"
    cache: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


# --- values; each takes what the file or a variable holds, and returns it or complains ---


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _BadValueError("a string")
    return value


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise _BadValueError("true or false")


def _names(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise _BadValueError("a list of strings")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _seconds(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if isinstance(value, bool) or not (math.isfinite(number) and number > 0):
        raise _BadValueError("a number of seconds above 0")
    return number


_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def _bytes(value: object) -> int:
    match = re.fullmatch(r"([0-9]{1,12})\s*([kmg]?)(i?b)?", str(value).strip().lower())
    if match is None or isinstance(value, bool | float):
        raise _BadValueError("a size, as 500 KB or 5 MB")
    return int(match[1]) * _UNITS[match[2]]


def as_bytes(text: str) -> int:
    """Return the size that *text* names.

    Raises:
        InvalidValueError: If it names none.

    Example:
        >>> from vcs_track.environ import as_bytes
        >>> as_bytes("500 KB"), as_bytes("2g")
        (512000, 2147483648)
    """
    try:
        return _bytes(text)
    except _BadValueError as error:
        raise InvalidValueError(f"{text!r} is not {error.expected}") from None


def _count(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", value.strip()):
        raise _BadValueError("a whole number from 0")
    return int(value)


def _one_of(*choices: str) -> Callable[[object], str]:
    def choose(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            from difflib import get_close_matches

            near = get_close_matches(str(value).lower(), choices, n=1, cutoff=0.5)
            raise _BadValueError(" or ".join(repr(choice) for choice in choices), near)
        return value

    return choose


class _BadValueError(Exception):
    def __init__(self, expected: str, near: Iterable[str] = ()) -> None:
        super().__init__(expected)
        self.expected = expected
        self.near = tuple(near)


_VALUES: Final[Mapping[str, Callable[[object], Any]]] = {
    "dir": _text,
    "mode": _one_of("normal", "disabled"),
    "project": _text,
    "name": _text,
    "run_id": _text,
    "group": _text,
    "job_type": _text,
    "tags": _names,
    "notes": _text,
    "rank": _count,
    "resume": _text,
    "silent": _flag,
    "strict": _flag,
    "capture_git": _flag,
    "capture_code": _flag,
    "code_largest": _bytes,
    "code_most": _bytes,
    "include_ignored": _names,
    "commit_largest": _bytes,
    "sync_interval": _seconds,
    "object_format": _one_of("sha256", "xxh128"),
    "journal_engine": _one_of("auto", "mmap", "pwrite"),
    "env": _names,
}
# A file is shared by all runs of a project: these belong to one.
_ONE_RUN: Final = frozenset({"name", "run_id", "rank"})
# Where launchers of distributed training say which process this is, and of how many.
_RANKS: Final = (
    ("RANK", "WORLD_SIZE"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
)
# Variables that are named by what they switch off.
_DISABLING: Final = {
    "capture_git": "VCS_TRACK_DISABLE_GIT",
    "capture_code": "VCS_TRACK_DISABLE_CODE",
}


# --- reading ---


def read(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings for a process that works in *path*.

    Args:
        path: Where to look for ``pyproject.toml``, here and above, up to the top of the
            git work tree. Default: the current folder.
        environ: Variables. Default: those of the process.

    Raises:
        InvalidValueError: If a key is unknown or a value unusable; names file, key and
            the nearest key.
        StorageError: If the file cannot be read.

    Example:
        >>> from vcs_track.environ import read
        >>> read(environ={"VCS_TRACK_TAGS": "a, b"}).tags
        ('a', 'b')
    """
    given = os.environ if environ is None else environ
    values = {**_from_file(path), **_from_variables(given)}
    globs = values.pop("env", ())
    values.setdefault("rank", _launched_rank(given))
    return Settings(**values, cache=_cache(given), variables=_recorded(given, globs))


def _cache(environ: Mapping[str, str]) -> Path | None:
    """Return our part of the user's folder for what can be made again."""
    above = environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(above):  # noqa: PTH117 -- a text that may be anything
        home = environ.get("HOME", "")
        above = f"{home}/.cache" if os.path.isabs(home) else ""  # noqa: PTH117 -- as above
    return Path(above, "vcs-track") if above else None


def _launched_rank(environ: Mapping[str, str]) -> int | None:
    for rank, size in _RANKS:
        try:
            if int(environ[size]) > 1:
                return _count(environ[rank])
        except (KeyError, ValueError, _BadValueError):
            continue  # not this launcher, or a variable of somebody else's
    return None


def _from_file(start: Path | None) -> dict[str, Any]:
    file, table = _find_table(start or Path())
    values: dict[str, Any] = {}
    for written, value in table.items():
        key = written.replace("-", "_")
        if key in _ONE_RUN or key not in _VALUES:
            raise _unknown_key(f"{file}", written)
        values[key] = _checked(key, value, f"'{_TABLE}.{written}' in '{file}'")
    if "dir" in values:
        values["dir"] = _folder(values["dir"], file.parent, f"'{_TABLE}.dir' in '{file}'")
    return values


def _find_table(start: Path) -> tuple[Path, dict[str, Any]]:
    """Return the nearest file with our table in it, and the table."""
    try:
        start = start.resolve()
    except OSError:
        return start, {}  # the current folder was deleted
    for folder in (start, *start.parents):
        file = folder / _FILE
        content = _bytes_of(file)
        table = _table_in(file, content) if b"vcs-track" in content else {}
        if table:
            return file, table
        if os.path.lexists(folder / ".git"):
            break
    return start, {}


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""
    except OSError as error:
        raise StorageError(f"'{file}' cannot be read: {error.strerror}") from error


def _table_in(file: Path, content: bytes) -> dict[str, Any]:
    import tomllib  # only where there is something to parse

    try:
        tool = tomllib.loads(content.decode("utf-8")).get("tool", {})
    except ValueError as error:
        raise InvalidValueError(f"'{file}' is not valid TOML: {error}") from error
    table = tool.get("vcs-track", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise InvalidValueError(
            f"'{_TABLE}' in '{file}' is not a table", hint=f"write '[{_TABLE}]' above the keys"
        )
    return table


def _from_variables(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key in _VALUES:
        name = _DISABLING.get(key, f"VCS_TRACK_{key.upper()}")
        written = environ.get(name, "")
        if written.strip():
            value = _checked(key, written, f"'{name}'")
            values[key] = not value if key in _DISABLING else value
    if "dir" in values:
        values["dir"] = _folder(values["dir"], Path(), "'VCS_TRACK_DIR'")
    return values


def _checked(key: str, value: object, where: str) -> object:
    try:
        return _VALUES[key](value)
    except _BadValueError as error:
        hint = f"did you mean '{error.near[0]}'?" if error.near else ""
        message = f"{where} is {value!r}, expected {error.expected}"
        raise InvalidValueError(message, hint=hint) from None


def _unknown_key(file: str, written: str) -> InvalidValueError:
    key = written.replace("-", "_")
    message = f"'{file}' has an unknown key '{_TABLE}.{written}'"
    if key in _ONE_RUN:
        return InvalidValueError(message, hint=f"set VCS_TRACK_{key.upper()} for one run instead")
    keys = sorted(_VALUES.keys() - _ONE_RUN)
    from difflib import get_close_matches

    near = get_close_matches(key, keys, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"keys are {', '.join(keys)}"
    return InvalidValueError(message, hint=hint)


def _folder(value: str, base: Path, where: str) -> Path:
    try:
        return (base / Path(value).expanduser()).resolve()
    except (OSError, RuntimeError) as error:
        # No such user, or the current folder was deleted.
        raise InvalidValueError(f"{where} is {value!r}, no usable folder: {error}") from error


# --- what is recorded ---


def _recorded(environ: Mapping[str, str], globs: tuple[str, ...]) -> dict[str, str]:
    wanted = {name for name in _RECORDED if name in environ}
    for glob in globs:
        wanted.update(name for name in environ if fnmatchcase(name, glob))
    kept = (name for name in sorted(wanted) if not any(s in name.upper() for s in _SECRET))
    return {_clean(name): _clean(environ[name]) for name in kept}


def _clean(value: str) -> str:
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"(?<=://)[^/\s]*@", "***@", text)


def serve_token() -> str | None:
    """Return what clients of a server have to know; no file has it."""
    return os.environ.get("VCS_TRACK_SERVE_TOKEN") or None


def prefixed(prefix: str) -> dict[str, str]:
    """Return the variables of the process whose names begin with *prefix*."""
    return {name: value for name, value in os.environ.items() if name.startswith(prefix)}


def put(name: str, value: str | None) -> None:
    """Set a variable, for programs that start later too; None removes it."""
    os.environ.pop(name, None)
    if value is not None:
        os.environ[name] = value


# --- the terminal ---


def no_color(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether the user wants no colour: ``NO_COLOR``, or a dumb terminal.

    Example:
        >>> from vcs_track.environ import no_color
        >>> no_color({"NO_COLOR": "1"}), no_color({"NO_COLOR": ""})
        (True, False)
    """
    given = os.environ if environ is None else environ
    if given.get("NO_COLOR"):
        return True
    return given.get("TERM") == "dumb" and not force_color(given)


def force_color(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether ``FORCE_COLOR`` asks for colour without a terminal.

    ``NO_COLOR`` wins.

    Example:
        >>> from vcs_track.environ import force_color
        >>> force_color({"FORCE_COLOR": "1"}), force_color({"FORCE_COLOR": "0"})
        (True, False)
    """
    given = os.environ if environ is None else environ
    return given.get("FORCE_COLOR", "0") not in {"", "0"} and not given.get("NO_COLOR")


def columns(environ: Mapping[str, str] | None = None) -> int | None:
    """Return the width ``COLUMNS`` asks for; None when it is not set to one.

    Example:
        >>> from vcs_track.environ import columns
        >>> columns({"COLUMNS": "72"}), columns({"COLUMNS": "wide"}), columns({})
        (72, None, None)
    """
    written = (os.environ if environ is None else environ).get("COLUMNS", "").strip()
    return int(written) if re.fullmatch(r"[1-9][0-9]{0,4}", written) else None

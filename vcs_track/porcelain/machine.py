"""What a run ran on: Python, machine, packages and command line.

Cheap enough for the start of every run: no process is started, nothing is imported
that the program did not need, and what cannot change is looked up once a process.
"""

from __future__ import annotations

import os
import re
import sys
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vcs_track.plumbing.lock import user

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["MASK", "command_line", "describe", "redact_argv", "redact_text"]

MASK: Final = "***"
_LONGEST_ARGUMENT: Final = 4096
_MOST_CHARACTERS: Final = 65_536
# A script's own folder is on sys.path too, and may hold a million images.
_MOST_NAMES: Final = 20_000


def describe(
    variables: Mapping[str, str], *, argv: Sequence[str] | None = None, root: Path | None = None,
    cwd: Path | None = None,
) -> dict[str, object]:  # fmt: skip
    """Return what this process runs on, in plain JSON types.

    Args:
        variables: Environment variables to keep, as they are; the caller chose them.
        argv: Command line. Default: the one that Python was started with.
        root: Top of the work tree; the folder of the command is kept relative to it.
        cwd: That folder. Default: the current one.

    Returns:
        ``python`` (``version``, ``implementation``, ``executable``), ``platform``,
        ``host``, ``user``, ``cpus``, ``memory`` (bytes), ``gpus`` (names), ``packages``
        (name to version), ``variables``, ``command`` (arguments, secrets masked), and
        ``cwd`` (None outside *root*). What is not known is None or empty.

    Example:
        >>> from vcs_track.porcelain.machine import describe
        >>> found = describe({"CI": "1"}, argv=["train.py", "--token=abc"])
        >>> found["variables"], found["command"]
        ({'CI': '1'}, ['train.py', '--token=***'])
    """
    return {
        **_machine(),
        "packages": dict(_packages(tuple(sys.path))),
        "variables": {_clean(name): _clean(value) for name, value in variables.items()},
        **command_line(argv, root, cwd),
    }


def command_line(
    argv: Sequence[str] | None, root: Path | None, cwd: Path | None = None
) -> dict[str, object]:
    """Return ``command`` and ``cwd`` as :func:`describe` does."""
    return {
        "command": redact_argv(sys.orig_argv if argv is None else argv),
        "cwd": None if root is None else _below(root, cwd),
    }


# --- the machine ---


def _machine() -> dict[str, object]:
    # The lists and tables of a cached value must not be shared.
    implementation, version, platform, host, user, cpus, memory, gpus = _facts()
    python = {
        "version": version,
        "implementation": implementation,
        "executable": _clean(sys.executable or ""),
    }
    return {
        "python": python,
        "platform": platform,
        "host": host,
        "user": user,
        "cpus": cpus,
        "memory": memory,
        "gpus": list(gpus),
    }


@lru_cache(maxsize=1)
def _facts() -> tuple[
    str, str, str, str | None, str | None, int | None, int | None, tuple[str, ...]
]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info.releaselevel != "final":
        version += f"-{sys.version_info.releaselevel}{sys.version_info.serial}"
    platform, host = _system()
    return (
        sys.implementation.name,
        version,
        platform,
        host,
        _user(),
        os.cpu_count(),
        _memory(),
        _gpus(Path("/proc/driver/nvidia/gpus")),
    )


def _system() -> tuple[str, str | None]:
    if hasattr(os, "uname"):
        # The platform module may start 'uname' and reads the interpreter's own file.
        system = os.uname()
        return _clean(f"{system.sysname}-{system.release}-{system.machine}"), _clean(
            system.nodename
        )
    import platform  # Windows only

    return platform.platform(), platform.node() or None


def _user() -> str | None:
    name = user()
    return None if name is None else _clean(name)


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _gpus(folder: Path) -> tuple[str, ...]:
    """Read the names that NVIDIA's driver leaves in *folder*, one a card."""
    try:
        files = [card / "information" for card in sorted(folder.iterdir())]
        texts = [file.read_bytes() for file in files]
    except OSError:
        return ()
    found = (re.search(rb"^Model:\s*(.+?)\s*$", text, re.MULTILINE) for text in texts)
    return tuple(match[1].decode("utf-8", "replace") for match in found if match)


def _below(root: Path, cwd: Path | None) -> str | None:
    try:
        here = os.path.realpath(Path.cwd() if cwd is None else cwd)
        return _clean(Path(here).relative_to(os.path.realpath(root)).as_posix())
    except (OSError, ValueError):
        return None


def _clean(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


# --- packages ---


@lru_cache(maxsize=4)
def _packages(folders: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """List what is installed in *folders*; the first of a name is imported.

    The names of the metadata folders say it all. ``importlib.metadata`` would open
    each of them.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for entry in _metadata_names(folder or "."):
            name, version = _name_and_version(folder or ".", entry)
            if name and not name.startswith("~"):  # pip's left-overs
                found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return tuple(sorted((_clean(name), _clean(version)) for name, version in found.items()))


def _metadata_names(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, _MOST_NAMES):
                if entry.name.endswith((".dist-info", ".egg-info")):
                    yield entry.name
    except OSError:
        return  # a zip, or not there


def _name_and_version(folder: str, entry: str) -> tuple[str, str]:
    stem = entry.rpartition(".")[0]
    if entry.endswith(".egg-info"):
        stem = re.sub(r"-py\d+(\.\d+)*$", "", stem)
    name, _, version = stem.partition("-")
    return name, version or _written_version(Path(folder, entry))


def _written_version(folder: Path) -> str:
    # A project installed for development has no version in the folder's name.
    for file in (folder / "PKG-INFO", folder / "METADATA", folder):
        try:
            with file.open("rb") as stream:
                head = stream.read(4096)
        except OSError:
            continue
        match = re.search(rb"^Version:[ \t]*(\S+)", head, re.MULTILINE)
        return match[1].decode("utf-8", "replace") if match else ""
    return ""


# --- the command line ---

_OPTION: Final = re.compile(r"(?P<name>[-+]{0,2}[\w.\-/]+)=(?P<value>.+)", re.DOTALL)
_PAIR: Final = re.compile(
    r"""(?<![\w.\-])(?P<name>[\w.\-]{1,200})(?P<mid>["']?\s*[=:]\s*)(?P<value>"[^"]*"|'[^']*'|[^\s,;&}"']+)"""
)
_WORD: Final = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"']|["'])+""")
_USERINFO: Final = re.compile(r"(?<=://)[^/\s]*@")
_HEADER: Final = re.compile(
    r"""(authorization["']?\s*[=:]\s*["']?)(?:(?:basic|bearer|digest|token)\s+)?[^\s"']+""",
    re.IGNORECASE,
)
# Shapes that well-known issuers give to what nobody else may see.
_ISSUED: Final = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w\-]{16,}|hf_\w{20,}|sk-[\w\-]{20,}"
    r"|xox[abprs]-[\w\-]{10,}|AKIA[A-Z0-9]{16}|eyJ[\w\-]{10,2000}\.[\w\-]{10,}\.[\w\-]*)"
)
_SECRET_PART: Final = ("passw", "passphrase", "secret", "credential")
_SECRET_END: Final = ("token", "apikey", "accesskey", "privatekey", "pwd", "passwd")
_SECRET_LAST: Final = ("key", "auth", "authorization", "pat")


def redact_argv(argv: Sequence[str]) -> list[str]:
    """Return the arguments with everything that looks like a secret masked.

    Masked are the values of options and assignments that are named as a token, key,
    password, secret or credential; users in URLs; and strings that look like an access
    token. Each argument is kept up to 4,096 characters.

    Example:
        >>> from vcs_track.porcelain.machine import redact_argv
        >>> redact_argv(["x", "--password", "p", "WANDB_API_KEY=k", "--max-tokens", "5"])
        ['x', '--password', '***', 'WANDB_API_KEY=***', '--max-tokens', '5']
    """
    return list(_redacted(tuple(argv)))


def redact_text(text: str) -> str:
    r"""Return *text* with everything that looks like a secret masked.

    Example:
        >>> from vcs_track.porcelain.machine import redact_text
        >>> redact_text("%env API_KEY=abc\nlr = 0.1\n")
        '%env API_KEY=***\nlr = 0.1\n'
    """
    return "".join(_masked(line) for line in _clean(text).splitlines(keepends=True))


@lru_cache(maxsize=4)
def _redacted(argv: tuple[str, ...]) -> tuple[str, ...]:
    kept = []
    hide_next = False
    for argument in argv:
        text = _clean(argument[:_MOST_CHARACTERS])
        if hide_next and not text.startswith("--"):
            kept.append(MASK)
            hide_next = False
            continue
        hide_next = text.startswith("-") and "=" not in text and _is_secret(text)
        masked = _masked(text)
        if len(masked) > _LONGEST_ARGUMENT:
            masked = masked[: _LONGEST_ARGUMENT - 1] + "\N{HORIZONTAL ELLIPSIS}"
        kept.append(masked)
    return tuple(kept)


def _masked(text: str) -> str:
    option = _OPTION.fullmatch(text)
    if option is not None and _is_secret(option["name"]):
        return f"{option['name']}={MASK}"
    text = _ISSUED.sub(MASK, _USERINFO.sub(f"{MASK}@", text))
    text = _HEADER.sub(rf"\g<1>{MASK}", text)
    text = _PAIR.sub(_masked_pair, text)
    return _masked_words(text) if re.search(r"\s", text) else text


def _masked_pair(match: re.Match[str]) -> str:
    if not _is_secret(match["name"]):
        return match[0]
    value = match["value"]
    quote = value[0] if value[0] in "\"'" else ""
    return f"{match['name']}{match['mid']}{quote}{MASK}{quote}"


def _masked_words(text: str) -> str:
    """Mask ``--password x`` inside one argument, as in ``sh -c '...'``."""
    pieces, end, hide_next = [], 0, False
    for match in _WORD.finditer(text):
        pieces.append(text[end : match.start()])
        end = match.end()
        word = match[0]
        pieces.append(MASK if hide_next and not word.startswith("--") else word)
        hide_next = word.startswith("-") and "=" not in word and _is_secret(word)
    return "".join(pieces) + text[end:]


def _is_secret(name: str) -> bool:
    # 'apiKey' and 'API_KEY' are two words, 'max_tokens' and 'key_frames' no secrets.
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    last = re.split(r"[\W_]+", words.rstrip("-_. :"))[-1]
    return (
        any(part in words for part in _SECRET_PART)
        or last.endswith(_SECRET_END)
        or last in _SECRET_LAST
    )

"""What a run of a table starts with: its configuration, its arguments, its code."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from vcs_track.compat.deepboard.refusals import refused, wrong
from vcs_track.errors import GitError
from vcs_track.formats import canonical
from vcs_track.formats.oid import object_format
from vcs_track.plumbing import fsio, gitlink
from vcs_track.plumbing.git_patch import patch
from vcs_track.porcelain.machine import redact_argv

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "ALLOWED",
    "DEFAULT",
    "Code",
    "Config",
    "arguments",
    "check_columns",
    "code_of",
    "command",
    "key_of",
]

DEFAULT = ("experiment", "config", "config_hash", "cli", "comment", "tag")
ALLOWED = (*DEFAULT, "command", "commit_hash", "diff")


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration file as it was when the run started.

    Attributes:
        path: What was given, or None for an open file.
        data: The bytes, or None where there is none.
        binary: Whether it is read back as bytes.
    """

    path: str | None = None
    data: bytes | None = None
    binary: bool = False

    @property
    def digest(self) -> str | None:
        """The SHA-256 of the bytes."""
        return None if self.data is None else str(object_format("sha256").hash(self.data))

    @property
    def name(self) -> str:
        """A name for the file that is kept with the run."""
        name = PurePath(self.path or "config").name
        return name if name.isprintable() and 0 < len(name) <= 250 and name.strip() else "config"

    @classmethod
    def read(cls, configfile: object) -> Config:
        """Read *configfile*: a path, an open file, or None.

        Raises:
            FileNotFoundError: If there is no such file.
            UnicodeDecodeError: If the file of a path is not UTF-8.
            InvalidTypeError: If it is none of these.
        """
        if configfile is None:
            return cls()
        if isinstance(configfile, str | PurePath):
            data = fsio.read(Path(configfile))
            data.decode("utf-8")
            return cls(str(configfile), data)
        return cls(None, *_content(configfile))


def _content(file: Any) -> tuple[bytes, bool]:
    """Return the bytes of an open file, which is rewound, and whether it is binary."""
    if not hasattr(file, "read") or not hasattr(file, "seek"):
        raise wrong(
            TypeError, f"a configuration cannot be read from a {type(file).__name__}",
            "give a path or an open file",
        )  # fmt: skip
    file.seek(0)
    found = file.read()
    file.seek(0)
    if isinstance(found, str):
        return found.encode("utf-8"), False
    return bytes(found), True


def arguments(cli: object) -> str:
    """Return *cli*, names and values, as one text.

    Raises:
        AttributeError: If it is no mapping.
    """
    if not cli:
        return ""
    if not hasattr(cli, "items"):
        raise wrong(AttributeError, f"cli must be a mapping, not {type(cli).__name__}")
    return " ".join(f"{name}={value}" for name, value in cli.items())


def command() -> str:
    """Return the command line of this process, secrets masked."""
    return shlex.join(redact_argv(sys.argv))


@dataclass(frozen=True, slots=True)
class Code:
    """What git says of the current folder.

    Attributes:
        commit: First seven digits of the commit, or None without one.
        patch: What tracked files have that it has not, or None likewise.
    """

    commit: str | None = None
    patch: bytes | None = None

    @property
    def diff(self) -> str | None:
        """The patch as text."""
        return None if self.patch is None else self.patch.decode("utf-8", "replace")


def code_of(folder: Path) -> Code:
    """Return the commit of *folder*, and how its files differ; never raises."""
    state = gitlink.read_state(folder)
    if not isinstance(state, gitlink.GitState) or state.commit is None:
        return Code()
    if not state.dirty:
        return Code(state.commit[:7], b"")
    try:
        return Code(state.commit[:7], patch(folder) or b"\n")
    except GitError:
        return Code(state.commit[:7], b"\n")


def key_of(facts: Mapping[str, Any], columns: Iterable[str]) -> str:
    """Return what two runs have in common when one repeats the other.

    The tag is left out: it changes.

    Args:
        facts: What the run started with.
        columns: Names of the columns that tell runs apart.
    """
    told = {name: facts.get(name) for name in sorted(columns) if name != "tag"}
    return str(object_format("sha256").hash(canonical.dumps(told)))[:32]


def check_columns(columns: Iterable[str]) -> tuple[str, ...]:
    """Return *columns* if each can tell runs apart.

    Raises:
        ValueError: If one cannot.
    """
    found = tuple(columns)
    for name in found:
        if name not in ALLOWED:
            raise refused(
                ValueError, f"'{name!s:.40}' is no column that can tell runs apart",
                f"choose among {', '.join(ALLOWED)}",
            )  # fmt: skip
    return found

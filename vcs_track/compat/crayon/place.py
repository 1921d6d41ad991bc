"""Which repository a hostname stands for, or which server."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import Final

from vcs_track import api
from vcs_track.compat.crayon.refusals import RefusedError, not_up
from vcs_track.errors import InvalidTypeError, InvalidValueError, RepositoryNotFoundError
from vcs_track.plumbing.layout import FOLDER
from vcs_track.plumbing.worktree import find_root
from vcs_track.porcelain.repository import Repository

__all__ = ["check_port", "is_remote", "repository", "url_of"]

_HERE: Final = ("localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0", "")  # noqa: S104 -- what scripts name


def is_remote(hostname: object) -> bool:
    """Return whether *hostname* is that of a server.

    Example:
        >>> from vcs_track.compat.crayon.place import is_remote
        >>> is_remote("http://localhost"), is_remote("localhost"), is_remote("results")
        (True, False, False)
    """
    return isinstance(hostname, str) and hostname.startswith(("http://", "https://"))


def url_of(hostname: str, port: object) -> str:
    """Return the URL as Crayon's client makes it."""
    url = f"{hostname}:{port}"
    return url if is_remote(url) else f"http://{url}"


def check_port(port: object) -> None:
    """Refuse a port that cannot be one.

    Raises:
        InvalidTypeError: If it is neither an integer nor text.
        RefusedError: If it is out of range.
    """
    if isinstance(port, bool) or not isinstance(port, int | str):
        raise InvalidTypeError(f"port must be an integer, not {type(port).__name__}")
    text = str(port)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 1 << 16):
        raise RefusedError(f"there is no port '{text[:40]}'", hint="ports go from 1 to 65535")


def repository(hostname: object, port: object) -> Repository:
    """Return the repository that *hostname* stands for.

    It is made where there is none.

    Args:
        hostname: This machine's name for itself, for the repository of the current folder;
            or the path of a folder.
        port: For the message.

    Raises:
        InvalidTypeError: If it is neither text nor a path.
        RefusedError: If it is the name of another machine.
        InvalidValueError: If the folder is not there.
    """
    if not isinstance(hostname, str | PurePath):
        kind = type(hostname).__name__
        raise InvalidTypeError(f"hostname must be text or a path, not {kind}")
    if isinstance(hostname, str) and hostname.lower() in _HERE:
        try:
            return api.open()
        except RepositoryNotFoundError:
            return api.init()
    text = os.fspath(hostname)
    if "\0" in text:
        raise RefusedError("the path of a folder has a NUL in it")
    path = Path(text).expanduser().absolute()  # a later os.chdir must not move it
    if not path.is_dir():
        if isinstance(hostname, str) and os.sep not in text and not text.startswith((".", "~")):
            hint = f"for a server write 'http://{text}', for a folder make it first"
            raise not_up(text, port, hint)
        raise InvalidValueError(f"there is no folder '{path}'", hint="make it first")
    folder = (path.parent if path.name == FOLDER else path).resolve()
    try:
        return api.open(folder)
    except RepositoryNotFoundError:
        return api.init(find_root(folder) or folder)

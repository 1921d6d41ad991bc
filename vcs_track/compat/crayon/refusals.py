"""Errors that are ours and also of the type that a Crayon script catches."""

from __future__ import annotations

from vcs_track.errors import InvalidTypeError, InvalidValueError, StorageError, VcsTrackError

__all__ = [
    "NameTypeError",
    "NoFileError",
    "NotJSONError",
    "RefusedError",
    "ServerError",
    "UnreachableError",
    "not_up",
    "went_wrong",
]


class RefusedError(InvalidValueError):
    """What a server of Crayon refuses, in its words."""


class NameTypeError(InvalidTypeError, AssertionError):
    """The name of an experiment is no text."""


class ServerError(VcsTrackError, RuntimeError):
    """What answers is no server that this client can speak to."""


class UnreachableError(StorageError, ConnectionError):
    """The server went away, or does not answer."""


class NotJSONError(VcsTrackError, OSError):
    """A number cannot be sent.

    In parity with today's `requests` it is no ValueError.
    """


class NoFileError(InvalidValueError, FileNotFoundError):
    """The archive to restore is not there."""


def went_wrong(text: str, hint: str = "") -> RefusedError:
    """Return the error of a client whose server answered *text*."""
    return RefusedError(f"Something went wrong. Server sent: {text}.", hint=hint)


def not_up(hostname: object, port: object, hint: str = "") -> RefusedError:
    """Return the error of a client whose server does not answer at all."""
    message = f"The server at {hostname}:{port} does not appear to be up!"
    return RefusedError(message, hint=hint)

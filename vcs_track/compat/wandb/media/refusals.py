"""Errors of the data types, each also of the type that the original raises."""

from __future__ import annotations

from vcs_track.compat.wandb.errors import BadTypeError, BadValueError, Error

__all__ = [
    "BadArgumentError",
    "MissingEntryError",
    "MissingFieldError",
    "MissingFileError",
    "NotAFieldError",
    "NotInstalledError",
]


class BadArgumentError(BadTypeError, AssertionError):
    """An argument that the original refuses with an assertion."""


class MissingFileError(BadValueError, FileNotFoundError):
    """A file that is not there."""


class MissingFieldError(BadValueError, KeyError):
    """A part that a value needs."""


class NotAFieldError(BadValueError, TypeError, AttributeError):
    """A value of a type that the original stumbles over."""


class NotInstalledError(Error, ImportError):
    """A type needs a package that is not installed."""


class MissingEntryError(BadValueError, KeyError):
    """A file that an artifact has not got."""

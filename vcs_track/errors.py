"""The one tree of errors: a message, a hint and an exit code.

::

    VcsTrackError                         1
    +-- InvalidValueError (ValueError)    2
    |   +-- ExpressionError               2   text, position
    +-- InvalidTypeError (TypeError)      2
    +-- RunSealedError (RuntimeError)     1   run_id
    +-- DuplicateRunError (RuntimeError)  1   run_id
    +-- GitError (RuntimeError)           1
    |   +-- CommitNotFoundError           1
    +-- NotInstalledError (ImportError)   1   package
    +-- StorageError (OSError)            1
    +-- RepositoryNotFoundError           10  (FileNotFoundError)
    +-- RepositoryFormatError             1   path
    +-- NotFoundError (KeyError)          11
    |   +-- RunNotFoundError              11
    |   +-- AmbiguousRunError             11  candidates
    |   +-- SeriesNotFoundError           11
    |   +-- ObjectNotFoundError           11  oid
    |       +-- RedactedError             11  oid, reason
    +-- CorruptError                      12
    |   +-- CorruptObjectError            12  oid
    +-- LockedError                       13

Messages follow git's rules: lower case, no full stop, what failed first, the
subject in single quotes. The hint says what to do next.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AmbiguousRunError",
    "CommitNotFoundError",
    "CorruptError",
    "CorruptObjectError",
    "DuplicateRunError",
    "ExpressionError",
    "GitError",
    "InvalidTypeError",
    "InvalidValueError",
    "LockedError",
    "NotFoundError",
    "NotInstalledError",
    "ObjectNotFoundError",
    "RedactedError",
    "RepositoryFormatError",
    "RepositoryNotFoundError",
    "RunNotFoundError",
    "RunSealedError",
    "SeriesNotFoundError",
    "StorageError",
    "VcsTrackError",
]


class VcsTrackError(Exception):
    """The root of every error that this package raises on purpose.

    Attributes:
        message: What failed, one line.
        hint: What to do about it, or an empty string.
        exit_code: What the command line returns for it.

    Example:
        >>> from vcs_track.errors import InvalidValueError
        >>> error = InvalidValueError("step is negative", hint="steps start at 0")
        >>> str(error), error.hint, error.exit_code
        ('step is negative', 'steps start at 0', 2)
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        # KeyError would print the repr, OSError would look for an errno.
        return self.message


class InvalidValueError(VcsTrackError, ValueError):
    """An argument has a value that cannot be used."""

    exit_code = 2


class ExpressionError(InvalidValueError):
    """A filter expression cannot be understood; *position* counts from 0."""

    def __init__(self, message: str, *, text: str, position: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.text = text
        self.position = position


class InvalidTypeError(VcsTrackError, TypeError):
    """An argument has a type that cannot be used."""

    exit_code = 2


class RunSealedError(VcsTrackError, RuntimeError):
    """The run has ended: its points and media can no longer change."""

    def __init__(self, message: str, *, run_id: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.run_id = run_id


class DuplicateRunError(VcsTrackError, RuntimeError):
    """A run that began in the same way is there already."""

    def __init__(self, message: str, *, run_id: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.run_id = run_id


class GitError(VcsTrackError, RuntimeError):
    """A git command failed, or git is missing."""


class CommitNotFoundError(GitError):
    """Git knows no commit, or no range of commits, of this name."""


class NotInstalledError(VcsTrackError, ImportError):
    """A feature needs a package that is not installed."""

    def __init__(self, message: str, *, package: str, hint: str = "") -> None:
        super().__init__(message, hint=hint or f"install it with 'pip install {package}'")
        self.package = package


class StorageError(VcsTrackError, OSError):
    """The disk is full, read-only, or refused a call."""


class RepositoryNotFoundError(VcsTrackError, FileNotFoundError):
    """No ``.runs`` folder here or above."""

    exit_code = 10


class RepositoryFormatError(VcsTrackError):
    """The ``.runs`` folder comes from a version or format not known here."""

    def __init__(self, message: str, *, path: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.path = path


class NotFoundError(VcsTrackError, KeyError):
    """A named thing does not exist."""

    exit_code = 11


class RunNotFoundError(NotFoundError):
    """No run has this id, prefix or name."""


class AmbiguousRunError(NotFoundError):
    """More than one run matches; *candidates* are their ids."""

    def __init__(self, message: str, *, candidates: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.candidates = candidates


class SeriesNotFoundError(NotFoundError):
    """A run has no series of this tag."""


class ObjectNotFoundError(NotFoundError):
    """An object is in none of the packs at hand."""

    def __init__(self, message: str, *, oid: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.oid = oid


class RedactedError(ObjectNotFoundError):
    """The bytes of an object were removed on purpose; *reason* says why."""

    def __init__(self, message: str, *, oid: str, reason: str, hint: str = "") -> None:
        super().__init__(message, oid=oid, hint=hint)
        self.reason = reason


class CorruptError(VcsTrackError):
    """Stored bytes are damaged."""

    exit_code = 12


class CorruptObjectError(CorruptError):
    """The bytes of an object do not hash to its id."""

    def __init__(self, message: str, *, oid: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.oid = oid


class LockedError(VcsTrackError):
    """Another process holds what this one needs."""

    exit_code = 13

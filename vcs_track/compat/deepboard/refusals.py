"""Errors that are ours and also of the type that the caller's script catches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.errors import InvalidTypeError, InvalidValueError, RunNotFoundError, VcsTrackError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["no_such_run", "refused", "refused_by_sqlite", "wrong"]


_made: dict[tuple[type, type], Callable[..., VcsTrackError]] = {}


def _both(ours: type[VcsTrackError], theirs: type[Exception]) -> Callable[..., VcsTrackError]:
    if issubclass(ours, theirs):
        return ours
    if (ours, theirs) not in _made:
        _made[ours, theirs] = type(ours.__name__, (ours, theirs), {})
    return _made[ours, theirs]


def refused(kind: type[Exception], message: str, hint: str = "") -> VcsTrackError:
    """Return an :class:`InvalidValueError` that is a *kind* too."""
    return _both(InvalidValueError, kind)(message, hint=hint)


def wrong(kind: type[Exception], message: str, hint: str = "") -> VcsTrackError:
    """Return an :class:`InvalidTypeError` that is a *kind* too."""
    return _both(InvalidTypeError, kind)(message, hint=hint)


def no_such_run(kind: type[Exception], number: object) -> VcsTrackError:
    """Return the error for a run that is not in the table; it is a *kind* too."""
    shown = f"{number!s:.40}"
    hint = "the attribute 'runs' of the table lists those that are"
    return _both(RunNotFoundError, kind)(f"run '{shown}' does not exist", hint=hint)


def refused_by_sqlite(name: str, message: str, hint: str = "") -> VcsTrackError:
    """Return the error that SQLite would have given.

    Args:
        name: Its type in the module :mod:`sqlite3`, for example ``ProgrammingError``.
        message: What failed.
        hint: What to do about it.
    """
    import sqlite3

    kind: type[Exception] = getattr(sqlite3, name)
    return refused(kind, message, hint)
